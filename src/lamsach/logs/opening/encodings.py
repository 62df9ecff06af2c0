"""Text encodings: what a log's bytes are, and how they become UTF-8.

UTF-16 and UTF-32 are turned into UTF-8 before anything looks for a line end. Every other encoding passes as
it is: the values that a hunt looks for are ASCII in all of them, and `decode_line` reads the text of a single
line.
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
"""How many first bytes the encoding is decided on."""
_CHUNK_BYTES = 1 << 18
# ECMA-48: colours, and "erase to the end of the line", of a program that took its log for a terminal
_COLOURS = re.compile(rb"\x1b\[[0-9;:]{0,40}[mK]")
# <13>Nov 20 ...   Nov 20 10:00:00 ...   2026-11-20T10:00:00+07:00 gw ...: what a relay puts before a line
_RELAYED = re.compile(
    r"(?:\d{1,6} )?<\d{1,3}>|[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d "
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,16} \S",
    re.ASCII,
)
# rsyslog, `$EscapeControlCharactersOnReceive`: a control character as `#` and three octal digits
_ESCAPED = re.compile(r"#011|#015#012|#012|#015")


def encoding_of(head: bytes) -> str:
    """The encoding of a file that begins so: `utf-8`, `utf-8-sig`, `utf-16-le`, `utf-16-be`, `utf-32-le`,
    `utf-32-be` or `8-bit`."""
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
    """UTF-16 by its pattern: logs are mostly ASCII, so every other byte is zero and the ones between
    are not."""
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
    """Return how many bytes of byte order mark the file begins with."""
    return _BOM_SIZES[encoding] if any(head.startswith(b) for b, name in _BOMS if name == encoding) else 0


class Transcoder:
    """UTF-16 or UTF-32 of a source as UTF-8.

    What is not valid becomes U+FFFD; an odd byte at the end is dropped."""

    def __init__(self, source: ByteSource, encoding: str) -> None:
        self.name = source.name
        self._source = source
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._unit = 4 if "32" in encoding else 2
        self._dtype = np.dtype(f"{'<' if encoding.endswith('le') else '>'}u{self._unit}")
        self._buffer = bytearray(_CHUNK_BYTES)
        self._kept = 0  # bytes at the start of the buffer that are less than one unit
        self._midway = False  # the decoder holds half a surrogate pair
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
            room = memoryview(self._buffer)[self._kept : max(self._kept + 1, self._room(len(view)))]
            count = self._source.readinto(room)
            if count == 0:
                self._ready = self._decoder.decode(b"", True).encode() if self._midway else b""
                self._midway = False
                break
            size = self._kept + count
            whole = size // self._unit * self._unit
            units = np.frombuffer(self._buffer, dtype=self._dtype, count=whole // self._unit)
            done = self._units(units, view)
            self._kept = size - whole
            self._buffer[: self._kept] = self._buffer[whole:size]
            if done:
                return done
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _room(self, view_bytes: int) -> int:
        """So many bytes that ASCII fits the caller's memory without another copy."""
        return min(len(self._buffer), view_bytes * self._unit)

    def _units(self, units: NDArray[np.uint16], view: memoryview) -> int:
        if len(units) and not self._midway and len(units) <= len(view) and not bool((units >= 0x80).any()):
            np.frombuffer(view, dtype=np.uint8)[: len(units)] = units
            return len(units)
        text = self._decoder.decode(units.tobytes())
        self._midway = bool(self._decoder.getstate()[0])
        self._ready = text.encode("utf-8", "replace")
        return 0


def decode_line(line: bytes) -> str:
    """The text of a line: UTF-8, else CP1258 (Vietnamese Windows), else Latin-1. Never fails.

    The line end is taken off. Tabs and line ends that a syslog relay wrote as `#011` and `#012` are put back.
    NUL bytes around the text are taken off too; one inside becomes a space, so that it goes on separating.
    Colours are taken out."""
    text = _decoded(line.rstrip(b"\r\n\0").lstrip(b"\0"))
    return unrelayed(text) if "#01" in text and _RELAYED.match(text) else text


def unrelayed(text: str) -> str:
    """The text with the control characters that rsyslog escaped."""
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
        if error.reason == "unexpected end of data" and not whole.isascii():  # UTF-8, its last letter was cut
            return whole.decode("utf-8")
    try:
        return unicodedata.normalize("NFC", line.decode("cp1258"))
    except UnicodeDecodeError:
        return line.decode("latin-1")
