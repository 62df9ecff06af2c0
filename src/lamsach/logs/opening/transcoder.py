"""Conversion of UTF-16 and UTF-32 to UTF-8, and detection of text in two encodings.

Windows appends to a file in another encoding than it has (`>>` of PowerShell and of `cmd`).
"""

from __future__ import annotations

import codecs
import re

import numpy as np
from numpy.typing import NDArray

from lamsach.errors import UnreadableError
from lamsach.logs.opening.sources import ByteSource, SourceLayer

_CHUNK_BYTES = 1 << 18
# d.a.t.e.=.: UTF-16 in text of single bytes
_WIDE = re.compile(rb"(?:\0[\t\n\r\x20-\x7e]){8}")
_RUN = 24
"""Units of UTF-16, none of them ASCII but each of two bytes that are: no text, but single bytes."""
_ASCII = np.zeros(256, bool)
_ASCII[[0, 9, 10, 13, *range(0x20, 0x7F)]] = True


def _two_encodings(name: str) -> UnreadableError:
    return UnreadableError(
        "Part of the text is in another encoding than its beginning, and was not searched.",
        name,
        "Split the file where the encoding changes, and give the parts.",
    )


class OneEncoding(SourceLayer):
    """Text of single bytes; raises UnreadableError at its end if a part of it is UTF-16."""

    def __init__(self, source: ByteSource) -> None:
        super().__init__(source)
        self._mixed = False

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        count = self._source.readinto(view)
        if not count:
            if self._mixed and len(view):
                raise _two_encodings(self.name)
        elif not self._mixed and not np.frombuffer(view[:count], np.uint8).all():
            self._mixed = _WIDE.search(view[:count]) is not None
        return count


class Transcoder(SourceLayer):
    """A UTF-16 or UTF-32 source converted to UTF-8.

    Invalid units become U+FFFD; an incomplete one at the end is dropped. Raises UnreadableError at the end
    if a part is text of single bytes."""

    def __init__(self, source: ByteSource, encoding: str) -> None:
        super().__init__(source)
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._unit = 4 if "32" in encoding else 2
        self._dtype = np.dtype(f"{'<' if encoding.endswith('le') else '>'}u{self._unit}")
        self._buffer = bytearray(_CHUNK_BYTES)
        self._partial = 0  # incomplete unit at the start of the buffer
        self._pending = False  # the decoder has half a surrogate pair
        self._ready = b""
        self._mixed = False

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        while not self._ready:
            room = memoryview(self._buffer)[self._partial : max(self._partial + 1, self._room(len(view)))]
            count = self._source.readinto(room)
            if count == 0:
                self._ready = self._decoder.decode(b"", True).encode() if self._pending else b""
                self._pending = False
                if self._mixed and not self._ready and len(view):
                    raise _two_encodings(self.name)
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
        runs = units[: len(units) // _RUN * _RUN].reshape(-1, _RUN)
        foreign = _ASCII[runs.view(np.uint8)].all(axis=1) & (runs >= 0x80).all(axis=1)
        self._mixed = self._mixed or bool(foreign.any())
        text = self._decoder.decode(units.tobytes())
        self._pending = bool(self._decoder.getstate()[0])
        self._ready = text.encode("utf-8", "replace")
        return 0
