"""Outputs that cannot be written.

Refused before the work; a full disk behind standard output is no defect.
"""

from __future__ import annotations

import os
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from lamsach.errors import ExitStatus
from tests.rows import each_row

from .command_runner import COMMAND, environment, lamsach, write_list, write_log


def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def working(*_: object, **__: object) -> None:
        raise AssertionError("the work has begun")

    for module, name in (("hunt_run", "investigate"), ("trace_run", "run_trace"), ("scan.run", "run")):
        monkeypatch.setattr(import_module(f"lamsach.cli.{module}"), name, working)
    log, listed = write_log(tmp_path / "a.log"), write_list(tmp_path / "list.txt")
    (tmp_path / "folder.html").mkdir()
    words = {
        "hunt": ("hunt", log, "-i", listed),
        "trace": ("trace", listed, "--logs", log),
        "scan": ("scan", tmp_path),
    }

    @each_row(
        "row",
        [(name, path) for name in words for path in ("no/such/a.html", "folder.html", "a" * 300 + ".html")],
    )
    def refused(row: tuple[str, str]) -> None:
        ran = lamsach(*words[row[0]], "-o", tmp_path / row[1])
        assert (ran.status, ran.out, len(ran.errors)) == (ExitStatus.OUTPUT, "", 1)

    refused()
    assert not list(tmp_path.glob(".lamsach*"))
    assert (
        lamsach("hunt", log, "-i", listed, "-o", tmp_path / "a.html").status == ExitStatus.INTERNAL
    )  # the work has begun
    assert not (tmp_path / "a.html").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_standard_output_has_its_status(tmp_path: Path) -> None:
    log, listed = write_log(tmp_path / "a.log"), write_list(tmp_path / "list.txt")

    @each_row(
        "words",
        [
            ("--version",), ("--help",), ("hunt", log, "-i", listed, "-o", tmp_path / "a.csv"),
            ("logs", "formats"), ("logs", "read", log), ("indicators", "read", listed),
            ("indicators", "check", "evil.example", "-i", listed),
            ("indicators", "export", listed, "--to", "rpz"),
        ],
    )  # fmt: skip
    def full(words: tuple[object, ...]) -> None:
        with open("/dev/full", "wb") as nowhere:
            ran = subprocess.run(
                [COMMAND, *map(str, words)],
                stdout=nowhere,
                stderr=subprocess.PIPE,
                env=environment(),
                check=False,
            )
        errors = ran.stderr.decode()
        assert ran.returncode == ExitStatus.OUTPUT, errors
        assert "Standard output could not be written." in errors
        assert "Traceback" not in errors
        assert "Exception ignored" not in errors

    full()
    assert (tmp_path / "a.csv").exists()  # the files are written nevertheless


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    log = write_log(tmp_path / "a.log", ["192.0.2.1"] * 5000)
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [COMMAND, "logs", "read", str(log)],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment(),
        check=False,
    )
    os.close(writing)
    assert ran.returncode == 0
    assert b"Traceback" not in ran.stderr
