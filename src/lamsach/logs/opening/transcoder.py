"""Conversion of UTF-16 and UTF-32 to UTF-8."""

from __future__ import annotations

import codecs

import numpy as np
from numpy.typing import NDArray

from lamsach.logs.opening.sources import ByteSource, SourceLayer

_CHUNK_BYTES = 1 << 18


class Transcoder(SourceLayer):
    """A UTF-16 or UTF-32 source converted to UTF-8.

    Invalid units become U+FFFD; an incomplete one at the end is dropped."""

    def __init__(self, source: ByteSource, encoding: str) -> None:
        super().__init__(source)
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._unit = 4 if "32" in encoding else 2
        self._dtype = np.dtype(f"{'<' if encoding.endswith('le') else '>'}u{self._unit}")
        self._buffer = bytearray(_CHUNK_BYTES)
        self._partial = 0  # incomplete unit at the start of the buffer
        self._pending = False  # the decoder has half a surrogate pair
        self._ready = b""

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        while not self._ready:
            room = memoryview(self._buffer)[self._partial : max(self._partial + 1, self._room(len(view)))]
            count = self._source.readinto(room)
            if count == 0:
                self._ready = self._decoder.decode(b"", True).encode() if self._pending else b""
                self._pending = False
                break
            size = self._partial + count
            whole = size // self._unit * self._unit
            units = np.frombuffer(self._buffer, dtype=self._dtype, count=whole // self._unit)
            done = self._units(units, view)
            self._partial = size - whole
            self._buffer[: self._partial] = self._buffer[whole:size]
            if done:
                return done
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _room(self, view_bytes: int) -> int:
        """Limit input so that ASCII fits the caller's buffer without another copy."""
        return min(len(self._buffer), view_bytes * self._unit)

    def _units(self, units: NDArray[np.uint16], view: memoryview) -> int:
        if len(units) and not self._pending and len(units) <= len(view) and not bool((units >= 0x80).any()):
            np.frombuffer(view, dtype=np.uint8)[: len(units)] = units
            return len(units)
        text = self._decoder.decode(units.tobytes())
        self._pending = bool(self._decoder.getstate()[0])
        self._ready = text.encode("utf-8", "replace")
        return 0
