"""Ends of a helper: a killed worker costs one file; a real ClamAV daemon answers."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lamsach.scanner.workers import INLINE_FILES
from tests.poll import came
from tests.programs import require_program

from .planted import reasons, scan_paths

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Unix sockets that tell who asks")
DEADLY = b"this file ends whoever examines it"


class Killer(threading.Thread):
    """A daemon like clamd's that kills the sender of deadly content, like a fault of a parser."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen(64)
        self.killed: list[int] = []

    def run(self) -> None:
        while True:
            try:
                link, _ = self._listening.accept()
            except OSError:
                return
            with (
                link,
                suppress(OSError),
            ):  # the sender may have ended meanwhile, with its worker
                self._answer(link)

    def _answer(self, link: socket.socket) -> None:
        asking = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        data = b""
        while not data.endswith(b"\0\0\0\0") and (piece := link.recv(65536)):
            data += piece
        if DEADLY in data:
            self.killed.append(asking)
            os.kill(asking, signal.SIGKILL)
        else:
            link.sendall(b"stream: OK\0")

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def test_a_file_that_ends_a_worker_costs_that_file_alone(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(INLINE_FILES + 5):
        (folder / f"{number:04}").write_bytes(DEADLY if number == 77 else b"harmless %d" % number)
    killer = Killer(tmp_path / "socket")
    killer.start()
    try:
        result = scan_paths(folder, jobs=2, clamd=str(tmp_path / "socket"))
    finally:
        killer.close()
    assert len(killer.killed) == 2  # once among others, once alone
    assert os.getpid() not in killer.killed
    assert [(Path(skip.subject).name, skip.reason) for skip in result.skips] == [("0077", "worker_ended")]
    assert result.counts.files == INLINE_FILES + 4


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real clamd with one test signature."""
    program = require_program("clamd", f"{os.environ.get('PATH', '')}:/usr/sbin")
    folder = tmp_path_factory.mktemp("clamd")
    (folder / "base").mkdir()
    content = b"a planted file that only our own signature knows"
    (folder / "base" / "own.hdb").write_text(
        f"{hashlib.md5(content).hexdigest()}:{len(content)}:Planted.Test\n"
    )
    lines = {
        "LocalSocket": folder / "s",
        "DatabaseDirectory": folder / "base",
        "Foreground": "yes",
        "User": "root" if os.geteuid() == 0 else os.environ.get("USER", "nobody"),
        "StreamMaxLength": "1M",
    }
    (folder / "clamd.conf").write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
    with subprocess.Popen(
        [program, "-c", str(folder / "clamd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        came((folder / "s").exists, still=lambda: process.poll() is None)
        if not (folder / "s").exists():
            process.kill()
            pytest.fail(f"clamd does not start: {process.poll()}")
        yield str(folder / "s")
        process.terminate()


def test_the_real_daemon(daemon: str, tmp_path: Path) -> None:
    (tmp_path / "planted").write_bytes(b"a planted file that only our own signature knows")
    (tmp_path / "clean").write_bytes(b"clean")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "large").write_bytes(b"0123456789abcdef" * (2 << 16))
    result = scan_paths(tmp_path, clamd=daemon)
    assert reasons(result) == {("planted", "clamd")}
    assert result.findings[0].threat.startswith("Planted.Test")
    assert [(Path(skip.subject).name, skip.reason) for skip in result.skips] == [("large", "clamd_limit")]
