"""Chunks of a stream, cut at line ends, in reused buffers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lamsach.errors import InputError
from lamsach.hunt.kernel.layout import PAD
from lamsach.hunt.memory import anonymous

CHUNK_BYTES = (4 << 20) - 2 * PAD
"""With its padding a whole number of huge pages."""
OVERLAP = 4096
"""Bytes of a long line that the next piece repeats: more than the longest indicator."""
_FEEDS = b"\n" * PAD


class Stream(Protocol):
    """Interface of `lamsach.logs.opening.inputs.LogStream` that chunks need."""

    @property
    def position(self) -> int:
        """Bytes of the input consumed so far."""

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer from its start; 0 at the end."""


class Buffer:
    """Memory for one chunk, padded with line feeds. `holder`: the last thread to fill it."""

    def __init__(self, size: int = CHUNK_BYTES) -> None:
        self.memory = anonymous(PAD + size + PAD)
        self.memory[:PAD] = _FEEDS
        self.view = memoryview(self.memory)
        self.array: NDArray[np.uint8] = np.frombuffer(self.memory, np.uint8)
        self.limit = PAD + size
        self.holder = 0


class Pool:
    """Pool of at most `count` buffers, allocated on demand.

    A thread gets back the buffer that it used last, whose memory is still in its processor's cache.
    """

    def __init__(self, count: int, size: int = CHUNK_BYTES) -> None:
        self._size = size
        self._unallocated = count
        self._free: list[Buffer] = []
        self._changed = threading.Condition()

    def get(self) -> Buffer:
        """Return a free buffer, waiting for one if necessary."""
        with self._changed:
            self._changed.wait_for(lambda: not self.empty())
            buffer = self._last_of(threading.get_ident()) or self._any()
        buffer.holder = threading.get_ident()
        return buffer

    def _last_of(self, thread: int) -> Buffer | None:
        for place in reversed(range(len(self._free))):
            if self._free[place].holder == thread:
                return self._free.pop(place)
        return None

    def _any(self) -> Buffer:
        """Return any free buffer, else a new one: first use of memory is slower."""
        if self._free:
            return self._free.pop()
        self._unallocated -= 1
        return Buffer(self._size)

    def put(self, buffer: Buffer) -> None:
        """Return a buffer to the pool."""
        with self._changed:
            self._free.append(buffer)
            self._changed.notify()

    def empty(self) -> bool:
        """Return whether `get` would wait."""
        return not self._free and not self._unallocated


@dataclass(slots=True)
class Chunk:
    """Whole lines in buffer.memory[begin:end]. `consumed`: input bytes read so far.

    `whole_start` and `whole_end` are false for a piece of a line longer than a chunk; its first OVERLAP bytes
    repeat the end of the previous piece.
    """

    buffer: Buffer
    begin: int
    end: int
    whole_start: bool
    whole_end: bool
    consumed: int
    last: bool = False
    problem: InputError | None = None


def cut(stream: Stream, free: Pool) -> Iterator[Chunk]:
    """Cut a stream into chunks. When reading fails, the last chunk carries the problem."""
    carry = b""
    whole_start = True
    ended = False
    while not ended:
        buffer = free.get()
        filled = PAD + len(carry)
        buffer.memory[PAD:filled] = carry
        problem: InputError | None = None
        while filled < buffer.limit:
            try:
                count = stream.readinto(buffer.view[filled : buffer.limit])
            except InputError as error:
                problem, count = error, 0
            if not count:
                ended = True
                break
            filled += count
        end, whole_end, carry_start = filled, True, filled
        if not ended:
            newline = buffer.memory.rfind(b"\n", PAD, filled)
            if newline >= 0:
                end = carry_start = newline + 1
            else:
                whole_end = False
                carry_start = max(PAD, filled - OVERLAP)
        carry = bytes(buffer.memory[carry_start:filled])
        buffer.memory[end : end + PAD] = _FEEDS
        yield Chunk(buffer, PAD, end, whole_start, whole_end, stream.position, ended, problem)
        whole_start = whole_end
