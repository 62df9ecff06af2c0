"""Lines of one file in its format, joined to multi-line records."""

from __future__ import annotations

from collections.abc import Iterator

from lamsach.hunt.chunks import Chunk
from lamsach.logs.base import FileContext
from lamsach.logs.formats.generic.unknown_text import UnknownText
from lamsach.logs.opening.encodings import decode_line
from lamsach.logs.reading.detect import Detection
from lamsach.logs.reading.lines import LineParser

LONGEST_LINE = 1 << 20
"""A longer line is not parsed but searched token by token around each hit."""
CONTINUATIONS = 200
"""Maximum number of lines of one record."""
_NEARBY_BYTES = 1 << 16
"""Distance before and after a line within which the rest of its record is searched."""
_CACHED_LINE = 4096
"""Maximum length of cached lines."""


class Records:
    """Finder of a line's record. `tail`: the text before the chunk, which may begin its first record."""

    def __init__(self, detection: Detection, context: FileContext) -> None:
        self.parser = LineParser(detection, context)
        self.unknown = UnknownText(context)
        self.file = context.file
        self.tail = b""
        self._known: dict[bytes, tuple[str, bool]] = {}

    def remember(self, chunk: Chunk) -> None:
        """Retain the end of a chunk for the next one's first record."""
        if self.parser.multiline:
            self.tail = bytes(chunk.buffer.memory[max(chunk.begin, chunk.end - _NEARBY_BYTES) : chunk.end])

    def whole(self, chunk: Chunk, start: int, end: int, text: str, number: int) -> tuple[str, int]:
        """Return the whole record of a line and the number of its first line."""
        parser = self.parser
        if not parser.multiline:
            return text, number
        memory = chunk.buffer.memory
        lines = [text]
        if not self._line(bytes(memory[start:end]))[1]:
            for raw in self._before(chunk, start):
                line, begins = self._line(raw)
                lines.append(line)
                number -= 1
                if begins:
                    break
            lines.reverse()
        at, stop = end + 1, min(chunk.end, end + _NEARBY_BYTES)
        for _ in range(CONTINUATIONS):
            feed = memory.find(b"\n", at, stop)
            following, begins = self._line(bytes(memory[at : stop if feed < 0 else feed]))
            if begins:
                break
            lines.append(following)
            if feed < 0:
                break
            at = feed + 1
        return "\n".join(lines).rstrip("\n"), number

    def _before(self, chunk: Chunk, start: int) -> Iterator[bytes]:
        """Yield the lines before an offset, the nearest first."""
        before = self.tail + bytes(chunk.buffer.memory[max(chunk.begin, start - _NEARBY_BYTES) : start])
        feed = len(before) - 1
        for _ in range(CONTINUATIONS - 1):
            if feed < 0:
                return
            begin = before.rfind(b"\n", 0, feed) + 1
            yield before[begin:feed]
            feed = begin - 1

    def _line(self, raw: bytes) -> tuple[str, bool]:
        """Return a line's text and whether it begins a record; cached, since neighbours ask again."""
        known = self._known.get(raw)
        if known is None:
            text = decode_line(raw)
            known = text, self.parser.starts_record(text)
            if len(raw) > _CACHED_LINE:
                return known
            if len(self._known) >= 4 * CONTINUATIONS:
                self._known.clear()
            self._known[raw] = known
        return known
