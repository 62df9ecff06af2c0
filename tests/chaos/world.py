"""Processes of a chaos run: a collector, a portal with its worker, PostgreSQL.

A growing, rotated file, and a sender of syslog.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from tests.portal.postgres import _as_user, programs
from tests.ports import free_port

START = "import sys; from lamsach.cli import main; main(sys.argv[1:])"
PATIENCE_S = 180.0
"""Longest wait: two slow cores that compile the kernel simultaneously."""
PLANTED = "chaos-c2.xyz"
EVERY = 97
"""One line in this many contains a listed value."""


@cache
def stamp() -> str:
    """Return a time yesterday, also for a clock that is some hours behind."""
    return f"{datetime.now(UTC) - timedelta(days=1):%b %e %H:%M:%S}"


@cache
def clock_library() -> str:
    """Return the library that `faketime` preloads (for programs with threads); empty if not installed."""
    if not shutil.which("faketime"):
        return ""
    words = ["faketime", "-m", "-f", "+0", "printenv", "LD_PRELOAD"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def clock(skew: str) -> dict[str, str]:
    """Return the environment of a program whose wall clock is shifted, but not its monotonic clock.

    The command `faketime` would not do: it waits for the program as its child, so that signals end the
    command and never reach the program.
    """
    if not skew or not clock_library():
        return {}
    return {
        "LD_PRELOAD": clock_library(),
        "FAKETIME": skew,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DISABLE_SHM": "1",
    }


class Child:
    """Program of the product that is started, killed, restarted."""

    def __init__(self, words: list[str], log: Path, environment: dict[str, str]) -> None:
        self.words, self.log, self.environment = words, log, environment
        self.process: subprocess.Popen[bytes] | None = None
        self.skew = ""

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", START, *self.words],
                stdout=out,
                stderr=out,
                env={**os.environ, **self.environment, **clock(self.skew), "LANG": "en_US.UTF-8"},
                start_new_session=True,
            )

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to it and its children, and wait."""
        if self.process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait(10)

    @property
    def alive(self) -> bool:
        """Return whether it runs."""
        return self.process is not None and self.process.poll() is None


class Postgres:
    """Separate cluster that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        found = programs()
        assert found is not None
        self.bin, self.data, self.port = found, folder / "data", free_port()
        user = _as_user()
        folder.mkdir()
        if user:
            shutil.chown(folder, "postgres", "postgres")
        self._run("initdb", "-D", str(self.data), "-U", "lamsach", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [*_as_user(), str(self.bin / program), *words],
            cwd="/",
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, (program, words)

    @property
    def address(self) -> str:
        """Return the address as in DATABASE_URL."""
        return f"postgres://lamsach@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        log = str(self.data.parent / "log")
        self._run("pg_ctl", "-D", str(self.data), "-l", log, "-w", "-t", "180", "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self.data), "-m", how, "-w", "-t", "180", "stop")


class Disk:
    """File system of a few hundred megabytes for archive and spool, where this machine allows it."""

    def __init__(self, folder: Path, megabytes: int = 300) -> None:
        self.folder = folder
        folder.mkdir()
        self.small = False
        if os.geteuid() == 0 and shutil.which("mount"):
            words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "lamsach-chaos", str(folder)]
            self.small = subprocess.run(words, capture_output=True, check=False).returncode == 0

    def fill(self) -> bool:
        """Use up every byte; returns whether that succeeded."""
        if not self.small:
            return False
        with contextlib.suppress(OSError), (self.folder / "filler").open("wb") as file:
            while True:
                file.write(b"\0" * (1 << 16))
                file.flush()
        return True

    def empty(self) -> None:
        (self.folder / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        if self.small:
            subprocess.run(["umount", "-l", str(self.folder)], capture_output=True, check=False)


class Writer:
    """Log that grows, is renamed, and copied and truncated."""

    def __init__(self, path: Path, rng: random.Random) -> None:
        self.path, self.rng, self.written, self.turns = path, rng, 0, 0

    def write(self, count: int) -> None:
        with self.path.open("a") as file:
            file.writelines(line_of("file", self.written + number) for number in range(count))
        self.written += count

    def rotate(self) -> None:
        self.turns += 1
        self.path.rename(self.path.with_name(f"fw.log.{10_000 - self.turns}"))


def line_of(kind: str, number: int) -> str:
    """Return a numbered line; one in EVERY contains a listed value."""
    host = PLANTED if number % EVERY == 0 else "www.example.org"
    return f"{stamp()} fw app: {kind} {number} 10.1.2.{number % 250 + 1} asked for {host}\n"


def send(port: int, first: int, count: int) -> int:
    """Send numbered messages; return how many the system accepted."""
    sent = 0
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection,
    ):
        for number in range(first, first + count):
            connection.sendall(b"<13>" + line_of("tcp", number).encode())
            sent += 1
    return sent


def wait_for(url: str, child: Child | None = None) -> bool:
    """Wait for status 200 from the address; false after a timeout, or if the child has ended."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and (child is None or child.alive):
        with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return True
        time.sleep(0.2)
    return False
