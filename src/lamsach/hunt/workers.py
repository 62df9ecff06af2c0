"""Threads that run the kernel over chunks, and hand the results on in the order of the input.

A thread takes the next chunk of the input under a lock (so files are read in order) and sieves it without the interpreter's
lock. The buffers are few, so a reader that is ahead waits. The caller's thread is one of them: while the result that comes next is
not there yet, it sieves too. So there are never more busy threads than were asked for, and none that holds the interpreter's lock
must wait for a processor.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamsach.hunt.chunks import Chunk, Pool
from lamsach.hunt.compiled import CompiledSet
from lamsach.hunt.engine import Sieve
from lamsach.hunt.line_index import LineIndex


@dataclass(slots=True)
class Sieved:
    """A chunk, its source (an index into the caller's files), positions inside candidate lines in order, and its lines."""

    source: int
    chunk: Chunk
    hits: NDArray[np.int64]
    lines: LineIndex


_SWITCH_S = 0.0005
"""How long a worker that comes back from the kernel may wait for the interpreter's lock; the usual 5 ms are as long as a chunk takes."""

_SOON_S = 0.002
"""How long the caller's thread waits for another to have read, or for the next result, before it looks again for the other of the two."""

Source = Iterator[tuple[int, Chunk]]


def sieve_chunk(sieve: Sieve, source: int, chunk: Chunk) -> Sieved:
    """Run the kernel over one chunk."""
    data = chunk.buffer.array
    hits, feeds = sieve.search(data, chunk.begin, chunk.end)
    return Sieved(source, chunk, hits, LineIndex(data, chunk.begin, chunk.end, feeds))


def sieved(compiled: CompiledSet, source: Source, free: Pool, threads: int) -> Iterator[Sieved]:
    """The chunks of the source, sieved, in order. The caller returns each chunk's buffer to the pool `free` after use.

    `free` holds at least threads + 1 buffers. With one thread no other thread is started.
    """
    if threads <= 1:
        sieve = Sieve(compiled)
        for index, chunk in source:
            yield sieve_chunk(sieve, index, chunk)
        return
    yield from _Team(compiled, source, free, threads - 1).results()


class _Team:
    def __init__(self, compiled: CompiledSet, source: Source, free: Pool, helpers: int) -> None:
        self._compiled = compiled
        self._source = source
        self._free = free
        self._reading = threading.Lock()
        self._ready = threading.Condition()
        self._done: dict[int, Sieved | BaseException] = {}
        self._taken = 0
        self._total: int | None = None
        self._stopped = False
        self._threads = [threading.Thread(target=self._help, daemon=True) for _ in range(helpers)]

    def _help(self) -> None:
        sieve = Sieve(self._compiled)
        while self._sieve_next(sieve, wait=True):
            pass

    def _sieve_next(self, sieve: Sieve, *, wait: bool) -> bool:
        """Read and sieve the next chunk. False when there is none; without `wait` also when no buffer is free, or another thread reads for long."""
        if not self._reading.acquire(timeout=-1 if wait else _SOON_S):
            return False
        try:
            if self._total is not None or self._stopped or (not wait and self._free.empty()):
                return False
            number = self._taken
            try:
                index, chunk = next(self._source)
            except StopIteration:
                self._finish(number)
                return False
            except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
                self._put(number, error)
                self._finish(number + 1)
                return False
            self._taken += 1
        finally:
            self._reading.release()
        self._put(number, self._guarded(sieve_chunk, sieve, index, chunk))
        return True

    @staticmethod
    def _guarded(function: Callable[..., Sieved], *arguments: Any) -> Sieved | BaseException:
        try:
            return function(*arguments)
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            return error

    def _put(self, number: int, result: Sieved | BaseException) -> None:
        with self._ready:
            self._done[number] = result
            self._ready.notify_all()

    def _finish(self, total: int) -> None:
        with self._ready:
            self._total = total
            self._ready.notify_all()

    def results(self) -> Iterator[Sieved]:
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        for thread in self._threads:
            thread.start()
        try:
            yield from self._in_order(Sieve(self._compiled))
        finally:
            self._stopped = True
            sys.setswitchinterval(usual)

    def _in_order(self, sieve: Sieve) -> Iterator[Sieved]:
        number = 0
        while True:
            with self._ready:
                result = self._done.pop(number, None)
                if result is None and self._total is not None and number >= self._total:
                    return
            if isinstance(result, BaseException):
                raise result
            if result is not None:
                yield result
                number += 1
            elif not self._sieve_next(sieve, wait=False):
                with self._ready:
                    if number not in self._done:
                        self._ready.wait(_SOON_S)
