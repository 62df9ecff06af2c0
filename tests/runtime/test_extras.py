"""Table of extras: declared in pyproject, and a single clear error where one is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.channels.xml_signature import sign
from lamsach.errors import ExitStatus, MissingExtraError
from lamsach.runtime import extras
from tests.channels.edxml_samples import dispatch, signer
from tests.cli.command_runner import write_list
from tests.rows import each_row

from .absent import lamsach_without

ROOT = Path(__file__).parents[2]


def test_an_error_of_an_import_names_the_extra_also_as_a_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "installed", lambda module: module == "django")
    try:
        try:
            raise ModuleNotFoundError("No module named 'typst'", name="typst.compiler")
        except ModuleNotFoundError as error:
            raise ValueError("the PDF") from error
    except ValueError as error:
        problem = extras.missing(error)
    assert isinstance(problem, MissingExtraError)
    assert (problem.where, problem.todo) == ("typst", "Install it: pip install 'lamsach[docs]'")
    assert extras.missing(ModuleNotFoundError("ours", name="lamsach.nothing")) is None
    assert extras.missing(ModuleNotFoundError("there", name="django.nothing")) is None
    assert extras.missing(ValueError("typst")) is None


def test_every_extra_of_the_table_has_its_advice_in_vietnamese() -> None:
    advice = {extras.INSTALL.format(extra=extra) for extra in extras.MODULES.values()}
    assert {text for text in advice if text not in VIETNAMESE} == set()


@each_row(
    "row",
    [
        ({"django"}, "portal", ("serve",)),
        ({"distributed"}, "cluster", ("hunt", "{log}", "-i", "{list}", "--scheduler", "tcp://127.0.0.1:1")),
        ({"confluent_kafka"}, "kafka",
         ("collect", "--archive", "{folder}/archive", "--kafka", "127.0.0.1:1", "--topic", "a")),
        ({"s3fs"}, "s3", ("archive", "verify", "s3://bucket/logs")),
        ({"pyarrow"}, "tables", ("logs", "read", "{log}", "-o", "{folder}/events.parquet")),
        ({"yara_x"}, "scanner", ("scan", "{folder}", "--rules", "{folder}/a.yar")),
    ],
)  # fmt: skip
def test_a_command_without_its_extra_names_it_in_one_line(row: Any, tmp_path: Path) -> None:
    absent, extra, words = row
    log = tmp_path / "dns.log"
    log.write_text("2026-06-10 client 192.0.2.1 asked www.evil.example\n")
    (tmp_path / "a.yar").write_text('rule a { strings: $a = "abc" condition: $a }')
    places = {"log": log, "list": write_list(tmp_path / "list.txt"), "folder": tmp_path}
    arguments = [word.format(**places) for word in words]
    ran = lamsach_without(
        absent, *arguments, variables={"LANG": "en", "LAMSACH_DATA": str(tmp_path / "data")}
    )
    assert ran.status == ExitStatus.USAGE, ran.errors
    assert [line for line in ran.errors if f"pip install 'lamsach[{extra}]'" in line] == ran.errors
    assert len(ran.errors) == 1


def test_a_signed_dispatch_is_read_unchecked_without_the_extra(tmp_path: Path) -> None:
    file = tmp_path / "a.edxml"
    file.write_bytes(sign(dispatch().encode(), signer("Don vi A")))
    ran = lamsach_without({"signxml", "lxml", "pyhanko"}, "dispatch", "read", file, variables={"LANG": "en"})
    shown = json.loads(ran.out)
    assert (ran.status, shown["number"], shown["signature"]) == (0, "1298", "unchecked")
    assert shown["signature_reason"] == "Install it: pip install 'lamsach[sign]'"


def test_a_table_among_the_logs_is_unread_without_its_extra(tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_text("2026-06-10 client 192.0.2.1 asked www.evil.example\n")
    (tmp_path / "events.parquet").write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    words = ("hunt", log, tmp_path / "events.parquet", "-i", write_list(tmp_path / "list.txt"))
    ran = lamsach_without({"pyarrow"}, *words, variables={"LANG": "en"})
    assert ran.status == ExitStatus.PARTIAL, ran.errors
    assert "pip install 'lamsach[tables]'" in "\n".join([*ran.errors, ran.out])
