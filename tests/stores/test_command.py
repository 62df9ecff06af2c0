"""`lamsach retro --store`: exit statuses, results, and options that exclude each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lamsach.errors import ExitStatus
from tests.archive.builders import write_list
from tests.cli.command_runner import lamsach
from tests.rows import each_row
from tests.stores.test_failures import BUSY, LINES, is_candidates
from tests.stores.test_stores import firewall, opensearch, victorialogs


def test_a_list_against_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMSACH_STORE_USER", "reader")
    monkeypatch.setenv("LAMSACH_STORE_PASSWORD", "secret")
    out = tmp_path / "found.jsonl"
    with victorialogs(firewall()) as (address, web):
        ran = lamsach(
            "retro", "--store", address, "-i", write_list(tmp_path), "-o", out, "--stats", "--language", "en"
        )
    assert ran.status == ExitStatus.FOUND
    assert web.headers[0]["Authorization"].startswith("Basic ")
    assert "secret" not in ran.out + "".join(ran.errors) + out.read_text()
    assert "evil.example" in out.read_text()
    figures = json.loads(next(line for line in ran.errors if "documents" in line))
    assert figures["documents"] == 400
    assert figures["given"] < 30
    assert {method for method, _, _ in web.requests} == {"POST"}


def test_nothing_found_and_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamsach.stores.client.TRIES", 2)
    monkeypatch.setattr("lamsach.stores.client.LONGEST_PAUSE_S", 0)
    words = ("-i", write_list(tmp_path), "--language", "vi")
    with opensearch(LINES, analysers={"message": "keyword"}) as (address, web):
        assert lamsach("retro", "--store", address, *words).status == ExitStatus.NOTHING_FOUND
        web.change = lambda _method, path, body: BUSY if is_candidates(path, body) else None
        ran = lamsach("retro", "--store", address, *words)
        assert ran.status == ExitStatus.INPUT
        web.change = lambda _method, _path, _body: (401, {}, b"")
        ran = lamsach("retro", "--store", address, *words)
        assert ran.status == ExitStatus.INPUT
        assert any("LAMSACH_STORE_USER" in line for line in ran.errors)
    with opensearch(LINES) as (address, _):  # analysed text: values behind escapes cannot be queried
        assert lamsach("retro", "--store", address, *words).status == ExitStatus.PARTIAL
        assert lamsach("retro", "--store", address, "--whole", *words).status == ExitStatus.NOTHING_FOUND


WRONG = (
    ("--archive", "a", "--store", "victorialogs+http://127.0.0.1:1"),
    (),
    ("--archive", "a", "--field", "raw"),
    ("--archive", "a", "--whole"),
    ("--store", "victorialogs+http://127.0.0.1:1", "--scheduler", "tcp://127.0.0.1:1"),
    ("--store", "https://127.0.0.1:1/x"),
)


@each_row("words", WRONG)
def test_options_that_exclude_each_other(words: tuple[str, ...], tmp_path: Path) -> None:
    assert lamsach("retro", *words, "-i", write_list(tmp_path)).status == ExitStatus.USAGE
