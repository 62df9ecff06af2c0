"""Text encodings: detection, and decoding of single lines.

UTF-16 and UTF-32 are converted before any search for line ends (`transcoder`). All other encodings pass
unchanged: hunted values are ASCII in all of them.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

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
    pairs = len(head) // 2
    if pairs < 4:
        return None
    first_zero, second_zero = (head[place : 2 * pairs : 2].count(0) / pairs for place in (0, 1))
    if second_zero > 0.7 and first_zero < 0.05:
        return "utf-16-le"
    if first_zero > 0.7 and second_zero < 0.05:
        return "utf-16-be"
    return None


def bom_bytes(head: bytes, encoding: str) -> int:
    """Return the size of the byte order mark at the start of a file."""
    return _BOM_SIZES[encoding] if any(head.startswith(b) for b, name in _BOMS if name == encoding) else 0


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
