"""Chunks across the borders of pieces, cut exactly as in one process (`hunt.chunks.cut`)."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO

import numpy as np

from lamsach.cluster.texts import FileText, Loaded, OnDisk, Text, WholeError
from lamsach.hunt.chunks import OVERLAP, Buffer, Chunk
from lamsach.hunt.kernel.layout import PAD
from lamsach.hunt.memory import Memory


class Mapped(Buffer):
    """Mapped bytes [begin:end] of a file, read-only. `shift`: offset of `begin` in `memory`.

    If the file is truncated meanwhile, the process dies (SIGBUS); when its work is repeated, the file is
    found too short. Raises WholeError when it is too short already.
    """

    def __init__(self, handle: FileIO, begin: int, end: int) -> None:
        self.shift = begin % mmap.ALLOCATIONGRANULARITY
        start = begin - self.shift
        try:
            memory = Memory(handle.fileno(), end - start, access=mmap.ACCESS_READ, offset=start)
        except ValueError as error:  # the file does not reach so far
            raise WholeError(str(error)) from None
        self.memory = memory
        self.array = np.frombuffer(memory, np.uint8)
        self.limit = len(memory)


_FEEDS = b"\n" * PAD
Piece = bytes | bytearray | OnDisk


@dataclass(frozen=True, slots=True)
class Border:
    """Remainder of the previous pieces: bytes in no chunk yet, or their offset, and whether a line starts."""

    carry: bytes = b""
    whole_start: bool = True
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """A chunk as offsets in the joined bytes, with the flags of `Chunk`."""

    begin: int
    end: int
    whole_start: bool
    whole_end: bool
    last: bool


@contextmanager
def joined(before: Border, piece: Piece) -> Iterator[Text]:
    """Yield the remainder of the previous pieces, followed by this piece's text. Raises WholeError."""
    if isinstance(piece, OnDisk):
        with piece.opened(piece.begin if before.offset is None else before.offset) as text:
            yield text
    else:
        yield Loaded(before.carry + piece if before.carry else piece)


def cuts(text: Text, whole_start: bool, chunk_bytes: int, *, last: bool) -> Iterator[Cut]:
    """Yield the chunks of the joined bytes; the rest is left to the next piece unless the log ends."""
    begin = 0
    while len(text) - begin >= chunk_bytes:
        filled = begin + chunk_bytes
        newline = text.last_feed(begin, filled)
        whole_end = newline >= 0
        end = newline + 1 if whole_end else filled
        yield Cut(begin, end, whole_start, whole_end, False)
        begin = end if whole_end else max(begin, filled - OVERLAP)
        whole_start = whole_end
    if last:
        yield Cut(begin, len(text), whole_start, True, True)


def border_after(before: Border, piece: Piece, chunk_bytes: int) -> Border:
    """Return the remainder that a piece leaves to the next. Raises WholeError."""
    with joined(before, piece) as text:
        begin, whole_start = 0, before.whole_start
        for cut in cuts(text, whole_start, chunk_bytes, last=False):
            whole_start = cut.whole_end
            begin = cut.end if whole_start else max(cut.begin, cut.end - OVERLAP)
        if isinstance(piece, OnDisk):
            start = piece.begin if before.offset is None else before.offset
            return Border(b"", whole_start, start + begin)
        carry = bytearray(len(text) - begin)
        text.copy(begin, memoryview(carry))
        return Border(bytes(carry), whole_start)


def chunks(before: Border, piece: Piece, buffer: Buffer, chunk_bytes: int, *, last: bool) -> Iterator[Chunk]:
    """Yield the chunks that end in a piece, in turn in the buffer. Raises WholeError."""
    with joined(before, piece) as text:
        for cut in cuts(text, before.whole_start, chunk_bytes, last=last):
            yield _copied(text, cut, buffer)


def sparse_chunks(
    before: Border, piece: Piece, buffer: Buffer, chunk_bytes: int, *, last: bool
) -> Iterator[Chunk]:
    """Yield the same chunks for sparse access: mapped for a plain file, but the last. Raises WholeError."""
    with joined(before, piece) as text:
        mapped = (
            Mapped(text.handle, text.begin, text.end) if isinstance(text, FileText) and len(text) else None
        )
        for cut in cuts(text, before.whole_start, chunk_bytes, last=last):
            size = cut.end - cut.begin
            if mapped is not None and mapped.shift + cut.end + PAD <= mapped.limit:
                begin = mapped.shift + cut.begin
                yield Chunk(mapped, begin, begin + size, cut.whole_start, cut.whole_end, 0, cut.last)
            else:
                yield _copied(text, cut, buffer)


def _copied(text: Text, cut: Cut, buffer: Buffer) -> Chunk:
    end = PAD + cut.end - cut.begin
    text.copy(cut.begin, buffer.view[PAD:end])
    buffer.memory[end : end + PAD] = _FEEDS
    return Chunk(buffer, PAD, end, cut.whole_start, cut.whole_end, 0, cut.last)
