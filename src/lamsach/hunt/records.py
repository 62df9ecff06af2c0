"""One file's lines as its format reads them, joined to records where a record may have several."""

from __future__ import annotations

from lamsach.hunt.chunks import Chunk
from lamsach.logs.base import FileContext
from lamsach.logs.formats.generic.unknown_text import UnknownText
from lamsach.logs.opening.decoding import decode_line
from lamsach.logs.reading.detect import Detection
from lamsach.logs.reading.lines import LineParser

LONGEST_LINE = 1 << 20
"""A longer line is not parsed but searched token by token around each hit."""
CONTINUATIONS = 200
"""Lines that one multi-line record may have."""
_NEARBY_BYTES = 1 << 16
"""Distance before and behind a line within which the rest of its record is looked for."""


class Records:
    """Finds the record that holds a line. `tail`: the text before the chunk at hand, which may begin its first record."""

    def __init__(self, detection: Detection, context: FileContext) -> None:
        self.parser = LineParser(detection, context)
        self.unknown = UnknownText(context)
        self.file = context.file
        self.tail = b""

    def remember(self, chunk: Chunk) -> None:
        """Keep the end of a chunk for the next one's first record."""
        if self.parser.multiline:
            self.tail = bytes(chunk.buffer.memory[max(chunk.begin, chunk.end - _NEARBY_BYTES) : chunk.end])

    def whole(self, chunk: Chunk, start: int, end: int, text: str, number: int) -> tuple[str, int]:
        """The whole record that holds a line, for formats with records of several lines, and its first line's number."""
        parser = self.parser
        if not parser.multiline:
            return text, number
        memory = chunk.buffer.memory
        before = self.tail + bytes(memory[max(chunk.begin, start - _NEARBY_BYTES) : start])
        lines = [text]
        if not parser.starts_record(text):
            for line in reversed(before.split(b"\n")[-CONTINUATIONS:-1]):
                lines.insert(0, decode_line(line))
                number -= 1
                if parser.starts_record(lines[0]):
                    break
        after = bytes(memory[end + 1 : min(chunk.end, end + _NEARBY_BYTES)])
        for line in after.split(b"\n")[:CONTINUATIONS]:
            following = decode_line(line)
            if parser.starts_record(following):
                break
            lines.append(following)
        return "\n".join(lines).rstrip("\n"), number
