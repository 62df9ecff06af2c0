"""`lamsach demo` as run by people and programs.

On a terminal it ends in a portal until Ctrl-C, otherwise after the report; `--once` never serves.
"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.poll import until
from tests.portal.serve_process import MAIN, clean_environment, page_of

from .command_runner import lamsach

ROOT = Path(__file__).parents[2]
DEMO = [sys.executable, *MAIN, "demo"]


def environment(folder: Path) -> dict[str, str]:
    inherited = {name: value for name, value in clean_environment().items() if name != "CI"}
    return {**inherited, "TMPDIR": str(folder), "LANG": "en_US.UTF-8", "LANGUAGE": "en", "COLUMNS": "100"}


def test_without_a_terminal_it_ends_with_table_and_report(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    ran = subprocess.run(
        [*DEMO, str(folder)],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (0, 4), ran.stderr
    last = ran.stdout.strip().splitlines()[-1]
    assert last.endswith(str(folder / "report.html")), ran.stdout[-2000:]
    assert (folder / "report.html").stat().st_size > 10_000
    assert re.search(r"PC-|LAP|10\.", ran.stdout), "the table of machines"
    assert "lamsach demo" in ran.stderr


def test_once_never_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Even on a terminal; and does not speak of the portal."""
    hunted: list[tuple[Path, int]] = []
    monkeypatch.setattr("lamsach.cli.demo._hunt", lambda *month: hunted.append(month))
    monkeypatch.setattr("lamsach.cli.demo._portal", lambda *_: pytest.fail("served"))
    monkeypatch.setattr("lamsach.cli.demo._is_interactive", lambda: True)
    ran = lamsach("demo", "--once", tmp_path / "out")
    assert hunted == [(tmp_path / "out", 2022)]
    assert (ran.status, ran.errors) == (0, [])


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, command: list[str], variables: dict[str, str]) -> None:
        self.text = ""
        self.pid, self._handle = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, variables)

    def read(self, pattern: str) -> str:
        """Return the first group of the pattern once it is printed."""
        end = time.monotonic() + 240
        while time.monotonic() < end:
            if found := re.search(pattern, self.text):
                return found[1]
            if not self._more(0.5):
                break
        raise AssertionError(self.text[-3000:])

    def _more(self, wait_s: float) -> bool:
        """Read more output; return False once the command has ended."""
        try:
            if select.select([self._handle], [], [], wait_s)[0]:
                self.text += os.read(self._handle, 65536).decode("utf-8", "replace")
        except OSError:  # the other side is closed
            return False
        return True

    def press(self, keys: bytes) -> None:
        """Type keys."""
        os.write(self._handle, keys)

    def status(self) -> int:
        """Return the exit status once the command has ended; reads its output meanwhile."""
        end = time.monotonic() + 120
        while self._more(0.5):
            assert time.monotonic() < end, self.text[-3000:]
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_on_a_terminal_the_ministry_is_served_until_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    terminal = Terminal([*DEMO, str(folder)], environment(tmp_path))
    address = terminal.read(r"The portal: (http://127\.0\.0\.1:\d+)\s")
    terminal.read(r"(Ctrl-C ends)")
    assert f"The report: {folder / 'report.html'}" in terminal.text
    assert b"<h1>" in until(lambda: page_of(f"{address}/"))
    terminal.press(b"\x03")
    assert terminal.status() in (0, 130), terminal.text[-3000:]
    assert "Traceback" not in terminal.text
    assert [path.name for path in tmp_path.iterdir()] == ["out"], "the portal is gone, the report stays"


def test_make_demo_runs_it() -> None:
    ran = subprocess.run(
        ["make", "-n", "--no-print-directory", "demo", "DEMO=place"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip().splitlines()[-1].endswith("lamsach demo place")
