"""Streams of zstd (RFC 8878), decompressed in bounded memory, with detection of truncated files."""

from __future__ import annotations

from typing import IO, cast

import zstandard

from lamsach.logs.opening.limits import (
    STEP_BYTES,
    Limits,
    cut_short,
    damaged,
    too_much_memory,
    unread_rest,
)
from lamsach.logs.opening.signatures import SKIPPABLE_MAGICS, ZSTD_MAGIC
from lamsach.logs.opening.sources import ByteSource, Decompressed, InputBuffer

_CONTENT_SIZE_BYTES = (0, 2, 4, 8)
_DICTIONARY_BYTES = (0, 1, 2, 4)


class FrameTracker:
    """File object for the decompressor that follows frames by their headers (RFC 8878 section 3.1).

    It returns one block at a time, so that damage costs no earlier block, ends before bytes of no frame
    (zeros are padding), and knows whether it met such bytes and whether the last frame was complete."""

    def __init__(self, source: InputBuffer) -> None:
        self._input = source
        self._piece = b""
        self._at = 0  # offset of the next read in the piece
        self._skip = 0  # remaining bytes of the last header's block
        self._in_frame = False  # whether a block header comes next
        self._checksum_bytes = 0
        self._broken = False
        self._ended = False
        self.has_rest = False

    @property
    def complete(self) -> bool:
        """Return whether the bytes handed out so far end with a frame."""
        return not self._in_frame and self._skip == 0 and not self._broken

    def read(self, size: int) -> bytes:
        """Return a header or block, or the available part of it; empty at the end."""
        if self._skip == 0 and not self._ended:
            self._next_part()
        if self._ended:
            return b""
        if self._at == len(self._piece):
            self._piece, self._at = self._input.take(), 0
        start = self._at
        self._at += min(self._skip, len(self._piece) - start)
        self._skip -= self._at - start
        return self._piece[start : self._at]

    def _next_part(self) -> None:
        """Parse the next header; without one the frames have ended."""
        head = self._peek(3 if self._in_frame else 8)
        if not self._in_frame and head[:1] == b"\0":
            self._input.put_back(self._piece[self._at :])
            self._input.skip_zeros()
            self._piece, self._at = b"", 0
            head = self._peek(8)
        self._ended = not head or not self._header(head)
        self.has_rest = self._ended and bool(head)

    def _peek(self, needed: int) -> bytes:
        while len(self._piece) - self._at < needed and (more := self._input.take()):
            self._piece, self._at = self._piece[self._at :] + more, 0
        return self._piece[self._at : self._at + needed]

    def _header(self, head: bytes) -> bool:
        """Parse a header and set the size of its block; False without a header."""
        if self._in_frame:
            return self._block(head)
        if head[:4] in SKIPPABLE_MAGICS and len(head) >= 8:
            self._skip = 8 + int.from_bytes(head[4:8], "little")
            return True
        if head[:4] != ZSTD_MAGIC:
            return False
        if len(head) < 5:
            self._broken = True
            return False
        descriptor = head[4]
        single = descriptor >> 5 & 1
        content_size = _CONTENT_SIZE_BYTES[descriptor >> 6] or single
        self._checksum_bytes = 4 * (descriptor >> 2 & 1)
        self._skip = 5 + (1 - single) + _DICTIONARY_BYTES[descriptor & 3] + content_size
        self._in_frame = True
        return True

    def _block(self, head: bytes) -> bool:
        if len(head) < 3:
            return False
        value = int.from_bytes(head, "little")
        last, kind, size = value & 1, value >> 1 & 3, value >> 3
        self._skip = 3 + (1 if kind == 1 else size)
        if last:
            self._in_frame = False
            self._skip += self._checksum_bytes
        return True


class ZstdStreams(Decompressed):
    """Concatenated zstd frames, with windows up to the limit.

    The decompressor does not report a truncated frame, so frames are tracked in its input."""

    def __init__(self, source: ByteSource, limits: Limits) -> None:
        super().__init__(source, limits)
        self._frames = FrameTracker(InputBuffer(source, 1 << 19))
        self._reader = zstandard.ZstdDecompressor(max_window_size=limits.max_window_bytes).stream_reader(
            cast("IO[bytes]", self._frames), read_size=1 << 19, read_across_frames=True, closefd=False
        )

    def _step(self, view: memoryview) -> int:
        try:
            count = int(self._reader.readinto1(view[:STEP_BYTES]))  # small, as an error loses it
        except zstandard.ZstdError as error:
            if "memory" in str(error) or "window" in str(error).lower():
                raise too_much_memory(self.name) from None
            raise damaged(self.name) from None
        if count == 0 and not self._frames.complete:
            raise cut_short(self.name)
        if count == 0 and self._frames.has_rest:
            raise unread_rest(self.name)
        return count
