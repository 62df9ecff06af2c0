"""A real collector, killed at random (SIGKILL).

Each line of a followed file is archived once, and losses of TCP are recorded.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lamsach.archive.archive import Archive
from lamsach.archive.export import export
from lamsach.archive.records import GAP, records
from lamsach.archive.verification import verify
from tests.poll import at_any_moment, came

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
START = "import sys; from lamsach.cli import main; main(sys.argv[1:])"
PATIENCE_S = 120.0


class Child:
    """Collector in its own process."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        self.more = more
        self.process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> None:
        words = [
            "collect",
            "--archive",
            str(self.folder / "archive"),
            "--host",
            "127.0.0.1",
            "--syslog-tcp",
            str(self.port),
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, *words, "--seal", "1", *self.more],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "LANG": "en_US.UTF-8"},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "tcp" in line, line
        self.port = int(line.split("tcp ")[1].split()[0].strip(","))

    def end(self, number: int) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        return status


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    made = Child(tmp_path, "--follow", str(tmp_path / "fw.log"))
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def lines_of(archive: Archive, pattern: str, folder: Path) -> list[str]:
    return [
        line
        for item in export(archive, folder, pattern=pattern)
        for line in item.path.read_text().splitlines()
    ]


def send(port: int, first: int, count: int) -> int:
    """Send numbered messages; return how many the system accepted."""
    sent = 0
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
        for number in range(first, first + count):
            connection.sendall(f"<13>Oct 11 22:14:15 gw app: message {number}\n".encode())
            sent += 1
    return sent


@pytest.mark.parametrize("seed", [1])
def test_killed_again_and_again(seed: int, child: Child, tmp_path: Path) -> None:
    rng = random.Random(seed)
    log = tmp_path / "fw.log"
    written = sent = 0
    certain: list[int] = []
    for turn in range(3):
        child.start()
        if not turn:  # a file that was rotated away before it was ever seen cannot be known
            log.write_text("line 1\n")
            written = 1
            _wait_for(child.folder / "archive", "*fw.log", "line 1", 1)
        for _ in range(rng.randrange(3, 9)):
            with log.open("a") as file:
                for _ in range(rng.randrange(2000)):
                    written += 1
                    file.write(f"line {written}\n")
            if rng.random() < 0.3 and written:
                log.rename(tmp_path / f"fw.log.{9 - turn}{rng.randrange(10**6)}")
            count = send(child.port, sent, rng.randrange(500))
            sent += count
            at_any_moment(rng, 0.15)
        if turn < 2:
            child.end(signal.SIGKILL)
        else:
            certain = list(range(sent - count, sent))
            _wait_for(child.folder / "archive", "syslog*", f"message {sent - 1}", count)
            _wait_for(child.folder / "archive", "*fw.log", f"line {written}", 1)
            assert child.end(signal.SIGTERM) == 0
    archive = Archive(str(tmp_path / "archive"))
    assert verify(archive).problems == []
    followed = lines_of(archive, "*fw.log", tmp_path / "out")
    assert followed == [f"line {number}" for number in range(1, written + 1)]
    received = [int(line.rpartition(" ")[2]) for line in lines_of(archive, "syslog*", tmp_path / "out")]
    assert len(set(received)) == len(received)
    assert set(certain) <= set(received) <= set(range(sent))
    gaps = [record.values for record in records(archive) if record.kind == GAP]
    assert gaps
    assert all(not gap["clean"] and gap["since"] < gap["until"] for gap in gaps)


def _wait_for(archive: Path, pattern: str, text: str, count: int) -> None:
    """Wait until the text is in the spool or in the archive's segments, if any was sent."""

    def is_stored() -> bool:
        spooled = b"".join(path.read_bytes() for path in (archive / "spool").glob("*.wal"))
        if f"{text}\n".encode() in spooled:
            return True
        out = archive.parent / f"look-{time.monotonic_ns()}"
        return any(line.endswith(text) for line in lines_of(Archive(str(archive)), pattern, out))

    if count:
        came(is_stored, PATIENCE_S, 0.1)
