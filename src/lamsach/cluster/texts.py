"""A piece's text: unpacked in memory, or still in the log's file on a local or shared disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Protocol

from lamsach.cluster.split_points import Part

_STEPS = (4096, 1 << 16, 1 << 20)
"""Bytes read in search of a line feed: first a line's worth, then more."""


class WholeError(Exception):
    """The log has to be read as a whole: one process will tell what is the matter."""


class Text(Protocol):
    """Bytes in a row, of which only those are read that are asked for."""

    def __len__(self) -> int:
        """Return how many there are."""

    def last_feed(self, begin: int, end: int) -> int:
        """Return where the last line feed of [begin:end] is; -1 for nowhere."""

    def copy(self, begin: int, view: memoryview) -> None:
        """Fill the view with what begins there."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Text in memory."""

    data: bytes | bytearray

    def __len__(self) -> int:
        """See Text."""
        return len(self.data)

    def last_feed(self, begin: int, end: int) -> int:
        """See Text."""
        return self.data.rfind(b"\n", begin, end)

    def copy(self, begin: int, view: memoryview) -> None:
        """See Text."""
        view[:] = memoryview(self.data)[begin : begin + len(view)]


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A piece of a plain file that every worker sees under this path. It is sent instead of its bytes."""

    path: str
    part: Part

    @property
    def begin(self) -> int:
        """Return where its text begins in the file."""
        return self.part.offset + self.part.skip

    @contextmanager
    def opened(self, begin: int) -> Iterator[FileText]:
        """The file's bytes from `begin` to the end of the piece. Raises WholeError when unreadable."""
        try:
            with Path(self.path).open("rb", buffering=0) as handle:
                yield FileText(handle, begin, self.part.offset + self.part.length)
        except OSError as error:
            raise WholeError(str(error)) from None


@dataclass(frozen=True, slots=True)
class FileText:
    """Bytes [begin:end] of an open file.

    Methods raise WholeError when the file has become shorter, OSError when it cannot be read.
    """

    handle: FileIO
    begin: int
    end: int

    def __len__(self) -> int:
        """See Text."""
        return self.end - self.begin

    def last_feed(self, begin: int, end: int) -> int:
        """See Text."""
        step = 0
        while begin < end:
            start = max(begin, end - _STEPS[min(step, len(_STEPS) - 1)])
            block = bytearray(end - start)
            self.copy(start, memoryview(block))
            found = block.rfind(b"\n")
            if found >= 0:
                return start + found
            end, step = start, step + 1
        return -1

    def copy(self, begin: int, view: memoryview) -> None:
        """See Text."""
        filled = 0
        self.handle.seek(self.begin + begin)
        while filled < len(view):
            count = self.handle.readinto(view[filled:])
            if not count:
                raise WholeError("cut short")
            filled += count
