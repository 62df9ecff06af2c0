"""Threads that run the kernel over chunks, with results in the order of the input.

One thread at a time reads the next chunk (so files are read in order); each sieves without the interpreter's
lock. Buffers are few, so a reader that is ahead waits. The caller's thread is one of the workers: it sieves
while the next result is missing. So there are never more busy threads than requested, and no holder of the
interpreter's lock waits for a processor.
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
from lamsach.hunt.engine import Sieve
from lamsach.hunt.line_index import LineIndex
from lamsach.hunt.sets.compiled import CompiledSet


@dataclass(slots=True)
class Sieved:
    """A chunk, its source (index of the caller's file), positions in candidate lines, and its lines."""

    source: int
    chunk: Chunk
    hits: NDArray[np.int64]
    lines: LineIndex


_SWITCH_S = 0.0005
"""Seconds that a worker waits for the interpreter's lock; the default of 5 ms is a chunk's time."""

Source = Iterator[tuple[int, Chunk]]


def sieve_chunk(sieve: Sieve, source: int, chunk: Chunk) -> Sieved:
    """Run the kernel over one chunk."""
    data = chunk.buffer.array
    hits, feeds = sieve.search(data, chunk.begin, chunk.end)
    return Sieved(source, chunk, hits, LineIndex(data, chunk.begin, chunk.end, feeds))


def sieved(compiled: CompiledSet, source: Source, free: Pool, threads: int) -> Iterator[Sieved]:
    """Yield the source's chunks, sieved, in order. The caller returns each buffer to the pool `free`.

    `free` holds at least threads + 1 buffers. With one thread no other is started.
    """
    if threads <= 1:
        sieve = Sieve(compiled)
        for index, chunk in source:
            yield sieve_chunk(sieve, index, chunk)
        return
    yield from _Team(compiled, source, free, threads - 1).results()


class _Team:
    """Workers of one source. `_ready` guards the shared state."""

    def __init__(self, compiled: CompiledSet, source: Source, free: Pool, helpers: int) -> None:
        self._compiled = compiled
        self._source = source
        self._free = free
        self._ready = threading.Condition()
        self._reading = False
        self._reading_is_ours = False
        self._done: dict[int, Sieved | BaseException] = {}
        self._claimed = 0
        self._total: int | None = None
        self._stopped = False
        self._threads = [threading.Thread(target=self._help, daemon=True) for _ in range(helpers)]

    def results(self) -> Iterator[Sieved]:
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        for thread in self._threads:
            thread.start()
        try:
            yield from self._in_order(Sieve(self._compiled))
        finally:
            with self._ready:
                self._stopped = True
                self._ready.notify_all()
            sys.setswitchinterval(usual)

    def _in_order(self, sieve: Sieve) -> Iterator[Sieved]:
        """Yield the results in order; while the next is missing and reading is free, sieve here too."""
        number = 0
        while not self._over(number):
            result = self._awaited(number)
            if isinstance(result, BaseException):
                raise result
            if result is not None:
                yield result
                number += 1
            elif self._reading_is_ours:
                self._sieve_next(sieve)

    def _awaited(self, number: int) -> Sieved | BaseException | None:
        """Return the result; None when there will be none, or when this thread now has the right to read."""
        with self._ready:
            self._ready.wait_for(
                lambda: number in self._done or self._over(number) or self._may_read(wait=False)
            )
            result = self._done.pop(number, None)
            self._reading_is_ours = result is None and not self._over(number)
            self._reading = self._reading or self._reading_is_ours
            return result

    def _help(self) -> None:
        sieve = Sieve(self._compiled)
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._ended() or self._may_read(wait=True))
                if self._ended():
                    return
                self._reading = True
            self._sieve_next(sieve)

    def _ended(self) -> bool:
        return self._stopped or self._total is not None

    def _over(self, number: int) -> bool:
        return self._total is not None and number >= self._total

    def _may_read(self, *, wait: bool) -> bool:
        """Return whether more can be read and no thread is reading; without `wait` a buffer must be free."""
        return not self._reading and not self._ended() and (wait or not self._free.empty())

    def _sieve_next(self, sieve: Sieve) -> None:
        """Read the next chunk, give up the right to read, and sieve the chunk."""
        try:
            index, chunk = next(self._source)
        except StopIteration:
            self._end_reading(ended=True)
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            self._put(self._end_reading(ended=True, failed=True), error)
        else:
            number = self._end_reading()
            self._put(number, self._guarded(sieve_chunk, sieve, index, chunk))

    def _end_reading(self, *, ended: bool = False, failed: bool = False) -> int:
        """Release the right to read; return the number of the chunk just read."""
        with self._ready:
            number = self._claimed
            self._claimed += not ended or failed
            if ended:
                self._total = self._claimed
            self._reading = False
            self._ready.notify_all()
            return number

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
