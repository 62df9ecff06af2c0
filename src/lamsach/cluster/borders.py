"""Chunks over the borders of pieces: a piece is cut exactly where one process would have cut the whole log
(`hunt.chunks.cut`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lamsach.cluster.mapped import Mapped
from lamsach.cluster.texts import FileText, Loaded, OnDisk, Text
from lamsach.hunt.chunks import OVERLAP, Buffer, Chunk
from lamsach.hunt.kernel.layout import PAD

_FEEDS = b"\n" * PAD
Piece = bytes | bytearray | OnDisk


@dataclass(frozen=True, slots=True)
class Border:
    """Remainder passed on by the pieces before: bytes that are in no chunk yet (or where they begin in a
    plain file), and whether they begin with a line's start.
    """

    carry: bytes = b""
    whole_start: bool = True
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """A chunk as places in the joined bytes: where it begins and ends, and what `Chunk` says of it."""

    begin: int
    end: int
    whole_start: bool
    whole_end: bool
    last: bool


@contextmanager
def joined(before: Border, piece: Piece) -> Iterator[Text]:
    """Yield what the pieces before left, and this piece's text behind it. Raises WholeError."""
    if isinstance(piece, OnDisk):
        with piece.opened(piece.begin if before.place is None else before.place) as text:
            yield text
    else:
        yield Loaded(before.carry + piece if before.carry else piece)


def cuts(text: Text, whole_start: bool, chunk_bytes: int, *, last: bool) -> Iterator[Cut]:
    """The chunks of the joined bytes; unless these are the log's last, the end of them belongs to the next
    piece.
    """
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
    """Return what a piece leaves to the next. Raises WholeError."""
    with joined(before, piece) as text:
        begin, whole_start = 0, before.whole_start
        for cut in cuts(text, whole_start, chunk_bytes, last=False):
            whole_start = cut.whole_end
            begin = cut.end if whole_start else max(cut.begin, cut.end - OVERLAP)
        if isinstance(piece, OnDisk):
            start = piece.begin if before.place is None else before.place
            return Border(b"", whole_start, start + begin)
        carry = bytearray(len(text) - begin)
        text.copy(begin, memoryview(carry))
        return Border(bytes(carry), whole_start)


def chunks(before: Border, piece: Piece, buffer: Buffer, chunk_bytes: int, *, last: bool) -> Iterator[Chunk]:
    """The chunks that end in a piece, one after the other in the buffer. Raises WholeError."""
    with joined(before, piece) as text:
        for cut in cuts(text, before.whole_start, chunk_bytes, last=last):
            yield _copied(text, cut, buffer)


def looked_at(
    before: Border, piece: Piece, buffer: Buffer, chunk_bytes: int, *, last: bool
) -> Iterator[Chunk]:
    """The same chunks for one who looks at little of them: those of a plain file stay where they are, but for
    its last. Raises WholeError.
    """
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
