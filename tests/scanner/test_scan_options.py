"""Scans with a daemon, with limits, and of untrusted trees."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import threading
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lamsach.errors import InputError
from lamsach.scanner.examine import Examiner, FileReport, Settings
from lamsach.scanner.file_walk import Walk
from lamsach.scanner.options import Limits
from lamsach.scanner.rules import rule_sources

from .planted import EICAR, SMALL, reasons, scan_paths

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="no such files there")


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() != 0, reason="makes a device")
def test_a_device_is_not_opened(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "zero", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this machine lets nobody make devices")
    assert scan_paths(tmp_path / "zero").skipped == {"not_regular": 1}


def test_many_entries_and_limits(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}").write_bytes(b"")
    skips: list[object] = []
    assert sum(1 for _ in Walk([str(tmp_path)], skips.append, Limits(entries=100))) == 100
    assert len(skips) == 1
    assert scan_paths(tmp_path).counts.files == 300


def test_workers_give_the_same(tmp_path: Path) -> None:
    for number in range(250):
        (tmp_path / f"{number}.bin").write_bytes(EICAR if number % 50 == 0 else b"x" * number)
    alone, together = scan_paths(tmp_path), scan_paths(tmp_path, jobs=2)
    assert [finding.key for finding in alone.findings] == [finding.key for finding in together.findings]
    assert (len(alone.findings), together.counts.files) == (5, 250)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"x" * 100_000)
    examiner, report = Examiner(Settings(rule_sources(), limits=SMALL)), FileReport()
    real = Examiner._search
    monkeypatch.setattr(Examiner, "_search", lambda *a, **k: (file.write_bytes(b"y" * 50), real(*a, **k)))
    examiner.examine(str(file), report)
    assert [skip.reason for skip in report.skips] == ["changed"]


def test_since_and_exclude(tmp_path: Path) -> None:
    (tmp_path / "a.com").write_bytes(EICAR)
    (tmp_path / "b.com").write_bytes(EICAR)
    assert scan_paths(tmp_path, since=datetime(2100, 1, 1, tzinfo=UTC)).skipped == {"older": 2}
    result = scan_paths(tmp_path, exclude=[str(tmp_path / "a*")])
    assert (len(result.findings), result.skipped) == (1, {"excluded": 1})


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        scan_paths(tmp_path / "none")
    (tmp_path / "a").write_bytes(b"")
    assert [problem.where for problem in scan_paths(tmp_path / "a", tmp_path / "none").problems] == [
        str(tmp_path / "none")
    ]


def test_the_daemon_s_verdict_and_failure_are_noted(tmp_path: Path) -> None:
    """A test daemon: it finds files with BAD, and breaks off for files with BREAK."""
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("no such sockets here")
    path = f"/tmp/lamsach-{os.getpid()}.sock"
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()

    def answer() -> None:
        for _ in range(3):
            link, _ = server.accept()
            with link:
                data = b""
                while not data.endswith(b"\0\0\0\0"):
                    data += link.recv(65536)
                if b"BREAK" not in data:
                    link.sendall(b"stream: Test.Bad FOUND\0" if b"BAD" in data else b"stream: OK\0")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    for name, content in (("a", b"fine"), ("b", b"BAD"), ("c", b"BREAK")):
        (tmp_path / name).write_bytes(content)
    try:
        result = scan_paths(tmp_path, clamd=path)
    finally:
        thread.join(5)
        server.close()
        os.unlink(path)
    assert reasons(result) == {("b", "clamd")}
    assert [(skip.subject[-1], skip.reason) for skip in result.skips] == [("c", "clamd_failed")]


@pytest.mark.parametrize("suffix", [".zip", ".html", ".jsonl"])
def test_each_kind_of_result_is_written_whole_and_harmless(tmp_path: Path, suffix: str) -> None:
    from lamsach.scanner.report.output import write_result

    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "<script>.com").write_bytes(EICAR)
    result = scan_paths(tmp_path / "f")
    path = tmp_path / f"r{suffix}"
    write_result(result, path, "vi")
    if suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            for name, entry in manifest["contents"].items():
                assert hashlib.sha256(archive.read(name)).hexdigest() == entry["sha256"]
            assert json.loads(archive.read("findings.jsonl"))["level"] == "malicious"
    else:
        text = path.read_text("utf-8")
        assert ("<script" not in text) if suffix == ".html" else '"summary"' in text
        assert not [name for name in os.listdir(tmp_path) if name.startswith(".lamsach")]


def test_nothing_is_found_in_the_system() -> None:
    """A part of the system's own files; `make soak` scans all."""
    roots = [
        Path(path) for path in ("/usr/bin", "/usr/sbin", "/usr/share/doc", "/etc") if Path(path).is_dir()
    ]
    entries = [
        entry.path for entry in Walk([str(root) for root in roots], lambda _: None) if entry.size < 1 << 20
    ][::12]
    result = scan_paths(*map(Path, entries[:400]))
    assert [(finding.subject, finding.reason) for finding in result.findings] == []


@pytest.mark.soak
def test_nothing_is_found_in_the_whole_system() -> None:
    result = scan_paths(Path("/usr"), jobs=None)
    assert [(finding.subject, finding.reason) for finding in result.findings] == []
    assert result.counts.files > 10_000
