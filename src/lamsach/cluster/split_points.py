"""Points at which a large log can be cut for parallel reading: plain bytes, zstd frames, gzip members.

Zstd: RFC 8878 section 3.1 (independent frames in sequence). Gzip: RFC 1952 section 2.2 (independent members);
BGZF, the SAM/BAM specification section 4.1, states each member's size. A false start of a member is detected
when the piece before it is read, because that does not end there; the log is then read as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from lamsach.logs.opening.peeked import compression_of
from lamsach.logs.opening.signatures import SKIPPABLE_MAGICS, ZSTD_MAGIC
from lamsach.logs.opening.zstd import FrameTracker

PART_BYTES = 16 << 20
"""Approximate bytes of text in a piece."""
_LONG, _SHORT = 32, 10
"""Maximum and minimum length of a large plain file's pieces, in multiples of PART_BYTES."""
RATIO = 8
"""Assumed ratio of text to compressed bytes where none is stated."""
_GZIP_MAGIC = b"\x1f\x8b\x08"
_SCAN_BYTES = 4 << 20
_HEADER_BYTES = 18
_KNOWN_SYSTEMS = frozenset((*range(14), 255))
_LEVELS = frozenset((0, 2, 4))


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an input: bytes from `offset`; the first `skip` bytes of its text are a byte order mark."""

    offset: int
    length: int
    packed: bool
    last: bool
    skip: int = 0


def parts_of(
    handle: IO[bytes], size: int, skip: int = 0, part_bytes: int = PART_BYTES, threads: int = 0
) -> list[Part]:
    """Split an input of this size into pieces; a single one if it cannot be cut. Moves the handle.

    Plain bytes shared by `threads` are cut into long pieces first, which cost little, and into short ones
    towards the end, so that all threads end together.
    """
    handle.seek(0)
    head = handle.read(_HEADER_BYTES)
    packed = compression_of(head) is not None
    if not packed:
        cuts = _shrinking(size, part_bytes, threads) if threads else list(range(0, max(size, 1), part_bytes))
    elif head[:4] == ZSTD_MAGIC or head[:4] in SKIPPABLE_MAGICS:
        cuts = _grouped(_frames(handle, size), part_bytes)
    elif head[:3] == _GZIP_MAGIC:
        cuts = _members(handle, size, part_bytes // RATIO)
    else:
        cuts = [0]
    ends = [*cuts[1:], size]
    return [
        Part(begin, end - begin, packed, end == size, skip if begin == 0 else 0)
        for begin, end in zip(cuts, ends, strict=True)
    ]


def _shrinking(size: int, part_bytes: int, threads: int) -> list[int]:
    """Return the starts of pieces, each half of a thread's share of the rest.

    A piece costs some 15 ms, so the last ones are not too short.
    """
    shortest = max(part_bytes, min(_SHORT * part_bytes, size // (4 * threads)))
    cuts = [0]
    while (rest := size - cuts[-1]) > shortest:
        cuts.append(cuts[-1] + max(shortest, min(_LONG * part_bytes, rest // (2 * threads))))
    return cuts


def _grouped(frames: Iterator[tuple[int, int]], part_bytes: int) -> list[int]:
    """Return the starts of groups of frames with about `part_bytes` of text each."""
    cuts, gathered = [0], 0
    for begin, text_bytes in frames:
        if gathered >= part_bytes:
            cuts.append(begin)
            gathered = 0
        gathered += text_bytes
    return cuts


def _frames(handle: IO[bytes], size: int) -> Iterator[tuple[int, int]]:
    """Yield each frame's start and approximate text size; end where something else begins."""
    place = 0
    while place < size:
        handle.seek(place)
        head = handle.read(_HEADER_BYTES)
        if head[:4] in SKIPPABLE_MAGICS and len(head) >= 8:
            yield place, 0
            place += 8 + int.from_bytes(head[4:8], "little")
            continue
        if head[:4] != ZSTD_MAGIC or len(head) < 6:
            return
        begin = place
        place = _frame_end(handle, begin, head)
        if place <= begin:
            return
        yield begin, _content_size(head) or (place - begin) * RATIO


def _content_size(head: bytes) -> int:
    """Return a frame's stated content size (RFC 8878 section 3.1.1.1.4); 0 when not stated."""
    descriptor = head[4]
    single = descriptor >> 5 & 1
    width = (single, 2, 4, 8)[descriptor >> 6]
    place = 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3]
    value = int.from_bytes(head[place : place + width], "little")
    return value + 256 if width == 2 else value


class _Headers(FrameTracker):
    """Tracker that steps from header to header, skipping the content."""

    def __init__(self) -> None:  # no input: headers are passed to `step`
        self._skip = 0
        self._in_frame = False
        self._checksum_bytes = 0
        self._broken = False
        self._ended = False

    def step(self, head: bytes) -> int:
        """Return the number of bytes from this header to the next; 0 if it is invalid."""
        return self._skip if self._header(head) else 0

    @property
    def in_frame(self) -> bool:
        """Return whether a block of the same frame follows."""
        return self._in_frame


def _frame_end(handle: IO[bytes], begin: int, head: bytes) -> int:
    headers, place = _Headers(), begin
    piece = head[:8]
    while True:
        step = headers.step(piece)
        if not step:
            return -1
        place += step
        if not headers.in_frame:
            return place
        handle.seek(place)
        piece = handle.read(3)


def _members(handle: IO[bytes], size: int, step: int) -> list[int]:
    """Return the offsets of members about `step` compressed bytes apart.

    A log of a single member has only the first.
    """
    cuts, place = [0], 0
    while True:
        blocks = _block_starts(handle, place, size, step)
        place = blocks if blocks else _next_member(handle, place + step, size)
        if not 0 < place < size:
            return cuts
        cuts.append(place)


def _block_starts(handle: IO[bytes], place: int, size: int, step: int) -> int:
    """Return the first BGZF block at least `step` bytes after the one at `place`; 0 if there is none."""
    wanted = place + step
    while place < wanted:
        handle.seek(place)
        head = handle.read(_HEADER_BYTES)
        if len(head) < _HEADER_BYTES or head[:4] != _GZIP_MAGIC + b"\x04" or head[12:14] != b"BC":
            return 0
        place += int.from_bytes(head[16:18], "little") + 1
        if place >= size:
            return 0
    return place


def _next_member(handle: IO[bytes], place: int, size: int) -> int:
    """Return the offset at or soon after `place` that looks like a member's header; 0 if none does."""
    if place >= size:
        return 0
    handle.seek(place)
    data = handle.read(_SCAN_BYTES)
    found = data.find(_GZIP_MAGIC)
    while found >= 0:
        head = data[found : found + 10]
        if len(head) == 10 and not head[3] & 0xE0 and head[8] in _LEVELS and head[9] in _KNOWN_SYSTEMS:
            return place + found
        found = data.find(_GZIP_MAGIC, found + 1)
    return 0
