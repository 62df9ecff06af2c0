"""Streams of zstd, decompressed in bounded memory."""

from __future__ import annotations

from typing import IO, cast

import zstandard

from lamsach.errors import LimitError, UnreadableError
from lamsach.logs.opening.damage import STEP_BYTES, cut_short, damaged, too_much_memory
from lamsach.logs.opening.limits import Limits
from lamsach.logs.opening.sources import ByteSource, InputBuffer
from lamsach.logs.opening.zstd_frames import FrameTracker


class ZstdStreams:
    """zstd (RFC 8878), several frames; windows up to the limit.

    The reader does not tell a frame that is cut short from a whole one, so the frames are counted on the way in.
    """

    def __init__(self, source: ByteSource, limits: Limits) -> None:
        self.name = source.name
        self._source = source
        self._frames = FrameTracker(InputBuffer(source, 1 << 19))
        self._limits = limits
        self._output = 0
        self._error: UnreadableError | LimitError | None = None
        self._reader = zstandard.ZstdDecompressor(max_window_size=limits.max_window_bytes).stream_reader(
            cast("IO[bytes]", self._frames), read_size=1 << 19, read_across_frames=True, closefd=False
        )

    @property
    def position(self) -> int:
        """Bytes on disk consumed so far."""
        return self._source.position

    def close(self) -> None:
        """See ByteSource."""
        self._source.close()

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        if self._error is not None:
            raise self._error
        try:
            self._limits.check(self._output, self._source.position, self.name)
            count = int(self._reader.readinto1(view[:STEP_BYTES]))  # not more: an error would take it along
            if count == 0 and len(view) and not self._frames.complete:
                raise cut_short(self.name)
            self._output += count
            return count
        except zstandard.ZstdError as error:
            self._error = self._explain(error)
            raise self._error from None
        except (UnreadableError, LimitError) as error:
            self._error = error
            raise

    def _explain(self, error: zstandard.ZstdError) -> UnreadableError | LimitError:
        if "memory" in str(error) or "window" in str(error).lower():
            return too_much_memory(self.name)
        return damaged(self.name)
