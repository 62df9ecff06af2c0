"""Summary of a scan for the portal's fleet page.

Its content, that it arrives once, waits, and never stops a scan.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lamsach.cli import main
from lamsach.cli.scan.report import report_result
from lamsach.cli.scan.send import MAX_WAITING, unsent_folder
from lamsach.errors import ExitStatus, OutputError
from lamsach.results.upload import Reporter
from lamsach.scanner.findings import Result
from lamsach.scanner.options import Mode
from lamsach.scanner.report.fleet import fleet_record, is_whole, remaining

from .planted import EICAR, scan_paths
from .portals import TOKEN, Portal


@pytest.fixture
def result(tmp_path: Path) -> Result:
    (tmp_path / "a.com").write_bytes(EICAR)
    found = scan_paths(tmp_path / "a.com")
    found.mode = Mode.QUICK
    return found


def quick(portal: Portal, token: str = TOKEN) -> Reporter:
    return Reporter(portal.scans, token, wait=lambda _: None)


def test_the_line_names_no_person_and_no_path(result: Result, tmp_path: Path) -> None:
    result.host = replace(result.host, name="PC-01", user="an", addresses=("192.0.2.7",))
    summary = fleet_record(result, [])
    assert (summary["host"], summary["malicious"], summary["left"], summary["done"], summary["mode"]) == (
        "PC-01",
        1,
        1,
        0,
        "quick",
    )
    text = json.dumps(summary)
    assert str(tmp_path) not in text
    assert "192.0.2.7" not in text
    assert '"an"' not in text


FILE = {"id": "1", "level": "malicious", "area": "file", "subject": "/a"}
DONE = {"outcome": "done", "verified": True, "finding": "1", "subject": "/a"}


@pytest.mark.parametrize(
    ("findings", "actions", "expected"),
    [
        ([], [], (0, 0)),
        ([FILE], [], (1, 0)),
        ([FILE], [DONE], (0, 1)),
        ([FILE], [DONE | {"verified": False}], (1, 0)),
        ([FILE], [DONE | {"outcome": "at_restart"}], (1, 0)),
        ([FILE | {"level": "suspicious"}], [], (0, 0)),
        ([FILE, FILE | {"id": "2"}], [DONE], (0, 2)),  # two rules, one file
        ([FILE | {"id": "3", "subject": "/a!inner.exe"}], [DONE], (0, 1)),
        ([FILE | {"id": "3", "subject": "/b!/a"}], [DONE], (1, 0)),
        (
            [FILE | {"id": "4", "area": "start", "subject": "unit", "values": {"program": "/a"}}],
            [DONE],
            (0, 1),
        ),
        ([FILE | {"area": "events"}, FILE | {"area": "browser"}], [], (0, 0)),  # past events remain
        ([FILE | {"area": "connection"}], [], (1, 0)),
        ([FILE | {"values": "x", "subject": None}], [{"outcome": "done"}], (1, 0)),
    ],
)
def test_remaining_findings_are_counted(
    findings: list[Any], actions: list[Any], expected: tuple[int, int]
) -> None:
    assert remaining(findings, actions) == expected


@pytest.mark.parametrize(
    ("facts", "whole"),
    [
        (("", {}, []), True),
        (("", {"excluded": 3, "not_regular": 1}, []), True),
        (("", {"no_right": 1}, []), False),
        (("time", {}, []), False),
        (("", {}, ["x"]), False),
        ((None, None, None), True),
    ],
)
def test_whether_all_was_examined(facts: tuple[Any, Any, Any], whole: bool) -> None:
    assert is_whole(*facts) is whole


def test_sent_after_a_break(portal: Portal, result: Result) -> None:
    portal.answers = [(503, ""), (200, "<html>a proxy's page</html>"), (429, '{"taken": false}')]
    report_result(result, (portal.scans, TOKEN), [], quick(portal))
    assert [summary["malicious"] for summary in portal.summaries] == [1]
    assert not list(unsent_folder().iterdir())


def test_an_unsent_summary_is_sent_with_the_next(portal: Portal, result: Result) -> None:
    with pytest.raises(OutputError):
        report_result(result, (portal.scans, TOKEN), [], quick(portal, "wrong"))
    assert len(list(unsent_folder().iterdir())) == 1
    report_result(result, (portal.scans, TOKEN), [], quick(portal))
    assert len(portal.summaries) == 2
    assert not list(unsent_folder().iterdir())


@pytest.mark.parametrize(
    "answer",
    [(409, '{"taken": false, "problem": "over"}'), (422, '{"detail": []}'), (200, '{"taken": false}')],
)
def test_a_refused_summary_does_not_wait(portal: Portal, result: Result, answer: tuple[int, str]) -> None:
    portal.answers = [answer]
    with pytest.raises(OutputError, match="did not take"):
        report_result(result, (portal.scans, TOKEN), [], quick(portal))
    assert not list(unsent_folder().iterdir())


def test_few_wait_and_damaged_ones_are_dropped(portal: Portal, result: Result) -> None:
    unsent_folder().mkdir(parents=True)
    for number in range(MAX_WAITING + 5):
        (unsent_folder() / f"20260101-{number:06}-aa.json").write_bytes(
            b"{" if number % 2 else b'{"host": "old"}'
        )
    report_result(result, (portal.scans, TOKEN), [], quick(portal))
    assert len(portal.summaries) == MAX_WAITING // 2 + 1
    assert not list(unsent_folder().iterdir())


def test_by_the_command(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp/a.com").write_bytes(EICAR)
    with pytest.raises(SystemExit) as exited:
        main(
            [
                "scan",
                "--quick",
                "--quiet",
                "--jobs",
                "0",
                "--root",
                str(tmp_path),
                "--random-delay",
                "0",
                "--report",
                portal.scans,
            ]
        )
    assert exited.value.code == ExitStatus.FOUND
    assert capsys.readouterr().out.strip().endswith("sent=1")
    assert portal.summaries[0]["left"] == 1


def test_paths_are_not_reported(portal: Portal, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as exited:
        main(["scan", str(tmp_path), "--report", portal.scans])
    assert exited.value.code == ExitStatus.USAGE
    assert not portal.summaries
