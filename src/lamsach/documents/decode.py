"""Text from bytes of unknown encoding: UTF-8, -16, -32 (with or without a mark), CP1258, Latin-1."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

HEAD_BYTES = 256 * 1024
"""Size of a file's beginning from which its format is detected."""
BLOCK_BYTES = 1024 * 1024
MAX_LINE = 1024 * 1024
"""Maximum length of a line, in bytes (UTF-8) or characters."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# terminal control sequences, no text: colours and links in what was copied or saved from one (ECMA-48; `grep
# --color`, `ls`)
_ESCAPES = re.compile(
    r"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\)"  # a window's title, a link's address
    r"|\x1b[ -/]{0,8}[0-~]?"
)
# ^[[31mevil^[[0m.example, \033[1mevil\033[0m.example: as `cat -v` shows them, as scripts write them
SPELT_ESCAPES = re.compile(r"(?:\^\[|\u241b|\\e|\\033|\\x1b|\\u001b)\[[0-9;]{0,40}[mK]", re.IGNORECASE)
# of zero width: programs insert them into a long word so that a line may break there
_NO_WIDTH = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff]")


def without_zero_width(text: str) -> str:
    """Remove characters of zero width."""
    return text if text.isascii() else _NO_WIDTH.sub("", text)


@dataclass(frozen=True, slots=True)
class Encoding:
    """Encoding of a file's bytes. `binary`: it is no text at all."""

    name: str
    mark_bytes: int = 0
    binary: bool = False

    def decode_head(self, head: bytes) -> str:
        """Decode a file's first bytes, which may end within a character."""
        cut = self.name == "utf-8" and len(head) >= HEAD_BYTES and b"\n" in head
        return self.decode(head[: head.rfind(b"\n") + 1] if cut else head)

    def decode(self, data: bytes) -> str:
        """Decode a whole file's bytes, without terminal control sequences. Never fails."""
        data = data[self.mark_bytes :]
        text = decode_8bit(data) if self.name == "utf-8" else data.decode(self.name, "replace")
        return without_escapes(text)


def detect_encoding(head: bytes) -> Encoding:
    """Detect the encoding from a file's first bytes."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name, len(mark))
    zeros = head[:4096].count(0)
    if zeros == 0:
        return Encoding("utf-8")
    sample = head[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 4 and even * 8 < odd:
        return Encoding("utf-16-le")
    if even > len(sample) // 4 and odd * 8 < even:
        return Encoding("utf-16-be")
    return Encoding("utf-8", binary=True)


def decode_8bit(data: bytes) -> str:
    """Decode UTF-8, else CP1258 (Windows for Vietnamese, composed to NFC), else Latin-1. Never fails."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return unicodedata.normalize("NFC", data.decode("cp1258"))
    except UnicodeDecodeError:
        return data.decode("latin-1")


def blocks(stream: BinaryIO, encoding: Encoding) -> Iterator[str | None]:
    """Yield the text in blocks of whole lines without the last line end; None for an overlong line."""
    stream.read(encoding.mark_bytes)
    parts: Iterable[bytes] = iter(lambda: stream.read(BLOCK_BYTES), b"")
    if encoding.name != "utf-8":
        decoder = codecs.getincrementaldecoder(encoding.name)("replace")
        parts = (decoder.decode(part).encode() for part in parts)
    for block in _whole_lines(parts):
        if block is None:
            yield None
            continue
        if "\r" in block:
            block = block.replace("\r\n", "\n").replace("\r", "\n")
        yield without_escapes(block.removesuffix("\n"))


def _whole_lines(parts: Iterable[bytes]) -> Iterator[str | None]:
    carry = b""
    skipping = False
    for part in parts:
        cut = part.rfind(b"\n") + 1 or part.rfind(b"\r", 0, -1) + 1
        if cut == 0:
            carry = b"" if skipping else carry + part
            if len(carry) > MAX_LINE:
                skipping, carry = True, b""
                yield None
            continue
        whole = carry + part[:cut]
        if skipping:
            end = min(place for place in (part.find(b"\n"), part.find(b"\r"), cut) if place >= 0) + 1
            whole, skipping = part[end:cut], False
        carry = part[cut:]
        if whole:
            yield from _checked(_decode_lines(whole))
    if carry and not skipping:
        yield from _checked(_decode_lines(carry))


def _decode_lines(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(map(decode_8bit, data.splitlines(keepends=True)))


def _checked(block: str) -> Iterator[str | None]:
    if len(block) <= MAX_LINE or max(map(len, block.split("\n"))) <= MAX_LINE:
        yield block
        return
    for line in block.removesuffix("\n").split("\n"):
        yield line if len(line) <= MAX_LINE else None


def without_escapes(text: str) -> str:
    """Remove terminal control sequences, line for line. Linear in the text's length."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text
