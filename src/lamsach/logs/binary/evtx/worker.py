"""The library `evtx` in a process of its own: what a hostile chunk does to it stays there.

Templates in a chunk of 64 KiB can put one value in many times, and nested ones so often that the texts would
fill any memory. The process may use MOST_BYTES, and MOST_SECONDS for a chunk; beyond that it ends, the chunk
counts as one damaged record, and another process goes on.
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
"""Memory of the process, where the system can limit it."""
MOST_SECONDS = 20
_READY = b"ready"
_SERVE = "from lamsach.logs.binary.evtx.worker import serve; serve()"
_ANSWER = struct.Struct("<QQ")
_kept = threading.local()


def texts_of(chunks: Iterable[bytes]) -> Iterator[list[str | None]]:
    """`record_texts` of each chunk, in order, while the next is read.

    Raises what the chunks raise, after the texts of all before."""
    worker = _kept.__dict__.pop("worker", None)
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
    _kept.worker = worker
    if error is not None:
        raise error


class _Worker:
    """The process, which is begun again after a chunk that was too much for it.

    Where none can be begun, the library is called here."""

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._chunk = b""
        self._begin()

    def _begin(self) -> None:
        self._process = _begun()
        if self._process is not None:
            weakref.finalize(self, _end, self._process, self._owner)

    def is_own(self) -> bool:
        """False in a fork of the process that began it."""
        return self._owner == os.getpid()

    def send(self, chunk: bytes) -> None:
        """Ask for the texts of a chunk of CHUNK_BYTES."""
        self._chunk = chunk
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):  # it has ended, which `receive` finds
                self._process.stdin.write(chunk)
                self._process.stdin.flush()

    def receive(self) -> list[str | None]:
        """The texts of the chunk that was sent last."""
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


def _begun() -> subprocess.Popen[bytes] | None:
    """A process that answers, with the paths of this one but without the working directory, which may hold
    anything."""
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
        with suppress(OSError, ValueError):  # what it was sent cannot be written any more
            process.communicate()


def serve() -> None:
    """Run the process: answer chunks from standard input with their texts on standard output."""
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
