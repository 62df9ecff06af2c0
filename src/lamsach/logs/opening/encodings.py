"""Text encodings: detection, and conversion of UTF-16 and UTF-32 to UTF-8.

Those are converted before any search for line ends. All other encodings pass unchanged: hunted values are
ASCII in all of them, and `decode_line` decodes single lines.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

from lamsach.logs.opening.sources import ByteSource

UTF8 = "utf-8"
UTF8_BOM = "utf-8-sig"
EIGHT_BIT = "8-bit"
BINARY = "binary"
_BOMS = (
    (codecs.BOM_UTF8, UTF8_BOM),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BOM_SIZES = {UTF8_BOM: 3, "utf-32-le": 4, "utf-32-be": 4, "utf-16-le": 2, "utf-16-be": 2}
SNIFF_BYTES = 4096
"""Bytes at the start of a file that determine the encoding."""
_CHUNK_BYTES = 1 << 18
# ECMA-48: colours, and "erase to the end of the line", of a program that logs as to a terminal
_COLOURS = re.compile(rb"\x1b\[[0-9;:]{0,40}[mK]")
# <13>Nov 20 ...   Nov 20 10:00:00 ...   2026-11-20T10:00:00+07:00 gw ...: a relay's header
_RELAYED = re.compile(
    r"(?:\d{1,6} )?<\d{1,3}>|[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d "
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,16} \S",
    re.ASCII,
)
# rsyslog, `$EscapeControlCharactersOnReceive`: a control character as `#` and three octal digits
_ESCAPED = re.compile(r"#011|#015#012|#012|#015")


def encoding_of(head: bytes) -> str:
    """Return the encoding of a file with this beginning.

    One of `utf-8`, `utf-8-sig`, `utf-16-le`, `utf-16-be`, `utf-32-le`, `utf-32-be`, `8-bit`."""
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    wide = _utf16_without_bom(head[:SNIFF_BYTES])
    if wide:
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return EIGHT_BIT
    return UTF8


def _utf16_without_bom(head: bytes) -> str | None:
    """Detect UTF-16 of mostly ASCII text, where every other byte is zero."""
    pairs = np.frombuffer(head[: len(head) // 2 * 2], dtype=np.uint8).reshape(-1, 2)
    if len(pairs) < 4:
        return None
    first_zero, second_zero = (pairs == 0).mean(axis=0)
    if second_zero > 0.7 and first_zero < 0.05:
        return "utf-16-le"
    if first_zero > 0.7 and second_zero < 0.05:
        return "utf-16-be"
    return None


def bom_bytes(head: bytes, encoding: str) -> int:
    """Return the size of the byte order mark at the start of a file."""
    return _BOM_SIZES[encoding] if any(head.startswith(b) for b, name in _BOMS if name == encoding) else 0


class Transcoder:
    """A UTF-16 or UTF-32 source converted to UTF-8.

    Invalid units become U+FFFD; an incomplete one at the end is dropped."""

    def __init__(self, source: ByteSource, encoding: str) -> None:
        self.name = source.name
        self._source = source
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._unit = 4 if "32" in encoding else 2
        self._dtype = np.dtype(f"{'<' if encoding.endswith('le') else '>'}u{self._unit}")
        self._buffer = bytearray(_CHUNK_BYTES)
        self._partial = 0  # incomplete unit at the start of the buffer
        self._pending = False  # the decoder has half a surrogate pair
        self._ready = b""

    @property
    def position(self) -> int:
        """Bytes on disk consumed so far."""
        return self._source.position

    def close(self) -> None:
        """See ByteSource."""
        self._source.close()

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


def decode_line(line: bytes) -> str:
    """Decode a line as UTF-8, else CP1258 (Vietnamese Windows), else Latin-1; never fails.

    Removes the line end, NUL bytes around the text (inside they become spaces) and colours; restores tabs
    and line ends that a syslog relay wrote as `#011` and `#012`."""
    text = _decoded(line.rstrip(b"\r\n\0").lstrip(b"\0"))
    return restore_control_characters(text) if "#01" in text and _RELAYED.match(text) else text


def restore_control_characters(text: str) -> str:
    """Restore the control characters that rsyslog escaped."""
    return _ESCAPED.sub(lambda found: "\t" if found[0] == "#011" else "\n", text).rstrip("\n")


def _decoded(line: bytes) -> str:
    if b"\x1b" in line:
        line = _COLOURS.sub(b"", line)
    if b"\0" in line:
        line = line.replace(b"\0", b" ")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        whole = line[: error.start]
        if error.reason == "unexpected end of data" and not whole.isascii():  # UTF-8, truncated
            return whole.decode("utf-8")
    try:
        return unicodedata.normalize("NFC", line.decode("cp1258"))
    except UnicodeDecodeError:
        return line.decode("latin-1")
