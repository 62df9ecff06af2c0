"""One line for the portal's page of the fleet: what it holds, that it arrives once, waits, and never stops a look."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lamsach.cli import main
from lamsach.cli.scan_report import report_result
from lamsach.cli.scan_send import KEPT, unsent_folder
from lamsach.errors import ExitStatus, OutputError
from lamsach.results.summaries import Reporter
from lamsach.scanner.findings import Result
from lamsach.scanner.options import Mode
from lamsach.scanner.report.fleet import fleet_record, is_whole, still_there

from .planted import EICAR, lookat

TOKEN = "word"


class Portal(ThreadingHTTPServer):
    """Takes summaries as the portal's interface does; the first answers are given by `answers`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken: list[dict[str, Any]] = []
        self.answers: list[tuple[int, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api/campaigns/3/scans"


class Handler(BaseHTTPRequestHandler):
    server: Portal

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.server.answers.pop(0) if self.server.answers else (200, '{"taken": true}')
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            status, body = 401, "{}"
        if status == 200 and "true" in body:
            self.server.taken.append(json.loads(data))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    monkeypatch.setenv("LAMSACH_TOKEN", TOKEN)
    with Portal() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def result(tmp_path: Path) -> Result:
    (tmp_path / "a.com").write_bytes(EICAR)
    found = lookat(tmp_path / "a.com")
    found.mode = Mode.QUICK
    return found


def quick(portal: Portal, token: str = TOKEN) -> Reporter:
    return Reporter(portal.url, token, wait=lambda _: None)


def test_the_line_names_no_person_and_no_path(result: Result, tmp_path: Path) -> None:
    result.host = replace(result.host, name="PC-01", user="an", addresses=("192.0.2.7",))
    told = fleet_record(result, [])
    assert (told["host"], told["malicious"], told["left"], told["done"], told["mode"]) == (
        "PC-01",
        1,
        1,
        0,
        "quick",
    )
    text = json.dumps(told)
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
        ([FILE | {"area": "events"}, FILE | {"area": "browser"}], [], (0, 0)),  # the past stays
        ([FILE | {"area": "connection"}], [], (1, 0)),
        ([FILE | {"values": "x", "subject": None}], [{"outcome": "done"}], (1, 0)),
    ],
)
def test_what_is_still_there(findings: list[Any], actions: list[Any], expected: tuple[int, int]) -> None:
    assert still_there(findings, actions) == expected


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
    report_result(result, (portal.url, TOKEN), [], quick(portal))
    assert [told["malicious"] for told in portal.taken] == [1]
    assert not list(unsent_folder().iterdir())


def test_what_cannot_be_sent_goes_with_the_next(portal: Portal, result: Result) -> None:
    with pytest.raises(OutputError):
        report_result(result, (portal.url, TOKEN), [], quick(portal, "wrong"))
    assert len(list(unsent_folder().iterdir())) == 1
    report_result(result, (portal.url, TOKEN), [], quick(portal))
    assert len(portal.taken) == 2
    assert not list(unsent_folder().iterdir())


@pytest.mark.parametrize(
    "answer",
    [(409, '{"taken": false, "problem": "over"}'), (422, '{"detail": []}'), (200, '{"taken": false}')],
)
def test_what_will_never_be_taken_does_not_wait(
    portal: Portal, result: Result, answer: tuple[int, str]
) -> None:
    portal.answers = [answer]
    with pytest.raises(OutputError, match="did not take"):
        report_result(result, (portal.url, TOKEN), [], quick(portal))
    assert not list(unsent_folder().iterdir())


def test_few_wait_and_damaged_ones_are_dropped(portal: Portal, result: Result) -> None:
    unsent_folder().mkdir(parents=True)
    for number in range(KEPT + 5):
        (unsent_folder() / f"20260101-{number:06}-aa.json").write_bytes(
            b"{" if number % 2 else b'{"host": "old"}'
        )
    report_result(result, (portal.url, TOKEN), [], quick(portal))
    assert len(portal.taken) == KEPT // 2 + 1
    assert not list(unsent_folder().iterdir())


def test_by_the_command(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp/a.com").write_bytes(EICAR)
    with pytest.raises(SystemExit) as ended:
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
                portal.url,
            ]
        )
    assert ended.value.code == ExitStatus.FOUND
    assert capsys.readouterr().out.strip().endswith("sent=1")
    assert portal.taken[0]["left"] == 1


@pytest.mark.parametrize(
    ("words", "token", "reported"),
    [
        ([], True, True),
        ([], False, False),
        (["PATHS"], True, False),
        (["--report", "OTHER"], True, False),
    ],
)
def test_a_bundle_reports_where_its_campaign_says(
    portal: Portal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    token: bool,
    reported: bool,
) -> None:
    from lamsach.cli import scan

    monkeypatch.setattr(scan, "HOME", portal.url.removesuffix("/scans"))
    if not token:
        monkeypatch.delenv("LAMSACH_TOKEN")
    (tmp_path / "x").mkdir()
    other = "http://127.0.0.1:1/api/campaigns/1/scans"
    monkeypatch.setattr("lamsach.results.sending.time.sleep", lambda _: None)
    monkeypatch.setattr("lamsach.results.summaries.TRIES", 1)
    said = [str(tmp_path / "x") if word == "PATHS" else other if word == "OTHER" else word for word in words]
    with pytest.raises(SystemExit):
        main(["scan", *said, "--quiet", "--jobs", "0", "--root", str(tmp_path / "x")])
    assert bool(portal.taken) is reported


def test_paths_are_not_reported(portal: Portal, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["scan", str(tmp_path), "--report", portal.url])
    assert ended.value.code == ExitStatus.USAGE
    assert not portal.taken
