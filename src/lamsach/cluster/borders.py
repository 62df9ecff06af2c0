"""Chunks over the borders of pieces: a piece is cut exactly where one process would have cut the whole log (`hunt.chunks.cut`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lamsach.hunt.chunks import OVERLAP, Buffer, Chunk, Pool
from lamsach.hunt.kernel.layout import PAD

_FEEDS = b"\n" * PAD
Text = bytes | bytearray


@dataclass(frozen=True, slots=True)
class Border:
    """What the pieces before leave to the next: bytes that are in no chunk yet, and whether they begin with a line's start."""

    carry: bytes = b""
    whole_start: bool = True


@dataclass(frozen=True, slots=True)
class Cut:
    """A chunk as places in the joined bytes: where it begins and ends, and what `Chunk` says of it."""

    begin: int
    end: int
    whole_start: bool
    whole_end: bool
    last: bool


def cuts(joined: Text, whole_start: bool, chunk_bytes: int, *, last: bool) -> Iterator[Cut | Border]:
    """The chunks of the joined bytes; at the end, unless they are the log's last, what is left for the next piece."""
    begin = 0
    while len(joined) - begin >= chunk_bytes:
        filled = begin + chunk_bytes
        newline = joined.rfind(b"\n", begin, filled)
        whole_end = newline >= 0
        end = newline + 1 if whole_end else filled
        yield Cut(begin, end, whole_start, whole_end, False)
        begin = end if whole_end else max(begin, filled - OVERLAP)
        whole_start = whole_end
    if last:
        yield Cut(begin, len(joined), whole_start, True, True)
    else:
        yield Border(bytes(joined[begin:]), whole_start)


def border_after(before: Border, raw: Text, chunk_bytes: int) -> Border:
    """What a piece leaves to the next."""
    *_, border = cuts(before.carry + raw, before.whole_start, chunk_bytes, last=False)
    assert isinstance(border, Border)
    return border


def chunks(before: Border, raw: Text, free: Pool, chunk_bytes: int, *, last: bool) -> Iterator[Chunk]:
    """The chunks that end in a piece, in buffers of the pool."""
    joined = before.carry + raw if before.carry else raw
    for cut in cuts(joined, before.whole_start, chunk_bytes, last=last):
        if isinstance(cut, Border):
            return
        buffer: Buffer = free.get()
        end = PAD + cut.end - cut.begin
        buffer.memory[PAD:end] = memoryview(joined)[cut.begin : cut.end]
        buffer.memory[end : end + PAD] = _FEEDS
        yield Chunk(buffer, PAD, end, cut.whole_start, cut.whole_end, 0, cut.last)
