"""Subprocess that runs the library `evtx`, to contain hostile chunks.

Templates in a chunk of 64 KiB can repeat a value so often, if nested, that the texts exhaust any memory. The
process may use MOST_BYTES, and MOST_SECONDS per chunk; beyond that it ends, the chunk counts as one damaged
record, and a new process continues.
"""

from __future__ import annotations

import faulthandler
import os
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import suppress

from lamsach.errors import InputError
from lamsach.logs.binary.evtx.records import CHUNK_BYTES, record_texts

MOST_BYTES = 1 << 29
"""Memory limit of the process, where the system supports it."""
MOST_SECONDS = 20
_READY = b"ready"
_SERVE = "from lamsach.logs.binary.evtx.worker import serve; serve()"
_ANSWER = struct.Struct("<QQ")
_local = threading.local()


def texts_of(chunks: Iterable[bytes]) -> Iterator[list[str | None]]:
    """Yield `record_texts` of each chunk in order, reading the next one meanwhile.

    Raises what the chunks raise, after the texts of all before."""
    worker = _local.__dict__.pop("worker", None)
    if worker is None or not worker.is_own():
        worker = _Worker()
    source, error, waiting = iter(chunks), None, False
    while True:
        try:
            chunk = next(source, None)
        except InputError as raised:
            chunk, error = None, raised
        texts = worker.receive() if waiting else []
        if chunk is not None:
            worker.send(chunk.ljust(CHUNK_BYTES, b"\0"))
        if waiting:
            yield texts
        if chunk is None:
            break
        waiting = True
    _local.worker = worker
    if error is not None:
        raise error


class _Worker:
    """The subprocess, restarted after a chunk that exceeded its limits.

    If none can be started, the library runs in this process."""

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._chunk = b""
        self._begin()

    def _begin(self) -> None:
        self._process = _start()
        if self._process is not None:
            weakref.finalize(self, _end, self._process, self._owner)

    def is_own(self) -> bool:
        """Return False in a fork of the process that started it."""
        return self._owner == os.getpid()

    def send(self, chunk: bytes) -> None:
        """Request the texts of a chunk of CHUNK_BYTES."""
        self._chunk = chunk
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):  # it has ended, which `receive` detects
                self._process.stdin.write(chunk)
                self._process.stdin.flush()

    def receive(self) -> list[str | None]:
        """Return the texts of the last chunk sent."""
        if self._process is None or self._process.stdout is None:
            return record_texts(self._chunk)
        head = self._process.stdout.read(_ANSWER.size)
        if len(head) == _ANSWER.size:
            count, size = _ANSWER.unpack(head)
            data = self._process.stdout.read(size)
            if len(data) == size:
                return [text or None for text in data.decode().split("\0")] if count else []
        _end(self._process, self._owner)
        self._begin()
        return [None]


def _start() -> subprocess.Popen[bytes] | None:
    """Start a process that answers, with this one's import paths but without the working directory.

    The working directory may contain hostile modules."""
    paths = os.pathsep.join(path for path in sys.path if path)
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _SERVE],
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError:
        return None
    if process.stdout is not None and process.stdout.read(len(_READY)) == _READY:
        return process
    _end(process, os.getpid())
    return None


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if owner == os.getpid():
        process.kill()
        with suppress(OSError, ValueError):  # pending input can no longer be written
            process.communicate()


def serve() -> None:
    """Answer chunks from standard input with their texts on standard output."""
    with suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    chunks, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(_READY)
    answers.flush()
    while len(chunk := chunks.read(CHUNK_BYTES)) == CHUNK_BYTES:
        faulthandler.dump_traceback_later(MOST_SECONDS, exit=True)
        texts = record_texts(chunk)
        faulthandler.cancel_dump_traceback_later()
        data = "\0".join(text or "" for text in texts).encode()
        answers.write(_ANSWER.pack(len(texts), len(data)) + data)
        answers.flush()
