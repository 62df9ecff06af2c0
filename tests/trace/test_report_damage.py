"""Lists that are damaged, strange or none; no row is lost silently."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import ExitStatus, LamsachError
from lamsach.model import Problem
from lamsach.trace.reports import read_reports

from .lists import SEEN, TABLE, csv, read, read_with_problems, short


def test_an_e_mail_without_a_list_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(
        b"From: a@authority.example\nTo: b@unit.example\nSubject: x\n\nXin chao.\n"
    )
    result, problems = read_with_problems(tmp_path / "mail.eml")
    assert (result.rows, len(problems)) == ([], 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"), (b" \n ", "empty"), (b"Ten,Phong\nA,B\nC,D\n", "No column of addresses"),
        (b"PK\x03\x04broken", "damaged"), (b"%PDF-1.7 broken", "damaged"), (b"{broken", "No column"),
        (b'[{"ip": "203.0.113.5"', "JSON"), (b"\x00\x01\x02\x03" * 100, "not known"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ""),
    ],
)  # fmt: skip
def test_a_document_without_a_list_is_one_clear_problem(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "list"
    path.write_bytes(data)
    problems: list[Problem] = []
    assert read_reports([str(path), str(tmp_path / "missing")], problems.append).rows == []
    assert len(problems) == 2
    assert words in problems[0].what
    assert ExitStatus.INPUT == 5


def test_rows_before_the_damage_are_read(tmp_path: Path) -> None:
    import gzip

    chance = random.Random(1)
    filling = csv([(str(n), chance.randbytes(300).hex(), "1", "2", "-") for n in range(3000)])
    (tmp_path / "list.csv.gz").write_bytes(gzip.compress(csv(TABLE) + filling)[:-1000])
    result, problems = read_with_problems(tmp_path / "list.csv.gz")
    assert (len(problems), short(result.rows)) == (1, SEEN)
    rows = [
        json.dumps({"ip": "203.0.113.5", "port": 4321, "time": "2026-11-03T02:05:09Z"}),
        "{broken",
        json.dumps({"ip": "203.0.113.6"}),
    ]
    broken = read(tmp_path, "\n".join(rows).encode())
    assert (len(broken.rows), len(broken.refusals)) == (2, 1)


def test_a_list_that_is_fine_is_read_though_another_is_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "b").write_bytes(csv(TABLE))
    result, problems = read_with_problems(tmp_path)
    assert (len(result.rows), len(problems)) == (2, 1)
    assert result.documents == [str(tmp_path / "b")]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.one_of(
                st.text(max_size=30),
                st.sampled_from(
                    ["203.0.113.5", "4321", "03/11/2026", "IP", "Port", "Thời gian", "{", "[", '"']
                ),
            ),
            max_size=6,
        ),
        max_size=12,
    )
)
def test_no_table_is_too_strange(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("strange") / "list"
    path.write_bytes("\n".join(",".join(row) for row in rows).encode("utf-8", "replace"))
    result, problems = read_with_problems(path)
    assert result.rows or problems
    assert not any(isinstance(problem, LamsachError) for problem in problems)


def test_unusable_rows_are_refused_with_their_place(tmp_path: Path) -> None:
    result = read(tmp_path, csv((*TABLE, ("3", "không rõ", "80", "04/11/2026 10:00:00", "Mirai"))))
    assert len(result.rows) == 2
    [refused] = result.refusals
    assert refused.reference.row == 4
    assert "không rõ" in refused.value
