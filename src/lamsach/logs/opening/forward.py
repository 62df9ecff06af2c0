"""Members of an archive that can only be read forward, because it is compressed as a whole: one reader serves
them all.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from lamsach.logs.opening.damage import archive_cut_short
from lamsach.logs.opening.sources import ByteSource, Opener

_PREFIX_BYTES = 1 << 19
_PREFIXES_KEPT = 32


class Forward:
    """Reads the archive's bytes at any offset, going back to the start only when it must."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._idle: tuple[ByteSource, int] | None = None
        self.prefixes: list[MemberState] = []

    def borrow(self, offset: int) -> tuple[ByteSource, int]:
        """A reader and its place: at the offset or before it."""
        with self._lock:
            idle, self._idle = self._idle, None
        if idle is not None:
            if idle[1] <= offset:
                return idle
            idle[0].close()
        return self._opener(), 0

    def give_back(self, source: ByteSource, at: int) -> None:
        """Keep the reader for the next member."""
        with self._lock:
            older, self._idle = self._idle, (source, at)
        if older is not None:
            older[0].close()

    def close(self) -> None:
        """Close the reader that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, None
        if idle is not None:
            idle[0].close()


@dataclass
class MemberState:
    """The memory of a member: its first bytes, so that looking at it does not cost another pass."""

    offset: int
    size: int
    scale: float
    prefix: bytes = b""


class MemberSource:
    """The bytes of one member of a compressed archive."""

    def __init__(self, archive: Forward, state: MemberState, name: str) -> None:
        self.name = name
        self._archive = archive
        self._state = state
        self._done = 0
        self._reader: tuple[ByteSource, int] | None = None

    @property
    def position(self) -> int:
        """The member's share of the archive's bytes on disk."""
        return int(self._done * self._state.scale)

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        state = self._state
        view = view[: state.size - self._done]
        if not len(view):
            return 0
        prefix = state.prefix
        if self._done < len(prefix):
            count = min(len(view), len(prefix) - self._done)
            view[:count] = prefix[self._done : self._done + count]
        else:
            count = self._forward(view)
            if self._done == len(prefix) < _PREFIX_BYTES:
                self._remember(view[:count])
        self._done += count
        return count

    def _remember(self, data: memoryview) -> None:
        state, kept = self._state, self._archive.prefixes
        if state not in kept:
            kept.append(state)
            if len(kept) > _PREFIXES_KEPT:
                kept.pop(0).prefix = b""
        state.prefix += bytes(data[: _PREFIX_BYTES - len(state.prefix)])

    def _forward(self, view: memoryview) -> int:
        wanted = self._state.offset + self._done
        if self._reader is None:
            self._reader = self._archive.borrow(wanted)
        source, at = self._reader
        self._reader = (source, skip_to(source, at, wanted))
        count = source.readinto(view)
        if count == 0:
            raise archive_cut_short(self.name)
        self._reader = (source, wanted + count)
        return count

    def close(self) -> None:
        """See ByteSource."""
        if self._reader is not None:
            self._archive.give_back(*self._reader)
            self._reader = None


def skip_to(source: ByteSource, at: int, wanted: int) -> int:
    """Read on until the offset; returns it. Raises UnreadableError when the archive ends before."""
    buffer = memoryview(bytearray(min(max(wanted - at, 0), 1 << 18)))
    while at < wanted:
        count = source.readinto(buffer[: wanted - at])
        if count == 0:
            raise archive_cut_short(source.name)
        at += count
    return wanted
