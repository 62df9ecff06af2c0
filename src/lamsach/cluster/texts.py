"""Text of a piece: unpacked in memory, or still in the log's file on a local or shared disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Protocol

from lamsach.cluster.split_points import Part

_STEPS = (4096, 1 << 16, 1 << 20)
"""Bytes read in search of a line feed: first about a line, then more."""


class WholeError(Exception):
    """The log must be read as a whole, by one process that reports the cause."""


class Text(Protocol):
    """Sequence of bytes, read on demand."""

    def __len__(self) -> int:
        """Return the number of bytes."""

    def last_feed(self, begin: int, end: int) -> int:
        """Return the offset of the last line feed of [begin:end]; -1 if there is none."""

    def copy(self, begin: int, view: memoryview) -> None:
        """Fill the view with the bytes from `begin`."""


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
    """A piece of a plain file that every worker sees under this path; sent instead of its bytes."""

    path: str
    part: Part

    @property
    def begin(self) -> int:
        """Offset of its text in the file."""
        return self.part.offset + self.part.skip

    @contextmanager
    def opened(self, begin: int) -> Iterator[FileText]:
        """Open the file's bytes from `begin` to the end of the piece. Raises WholeError when unreadable."""
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
