"""Observer, format and day of a chunk's lines, from a parsed sample."""

from __future__ import annotations

from collections.abc import Sequence

from lamsach.errors import LineError
from lamsach.hunt import unread
from lamsach.hunt.chunks import Chunk
from lamsach.hunt.coverage import CoverageCount, LineKind, Sample
from lamsach.hunt.records import LONGEST_LINE, Records
from lamsach.hunt.rules import FileState, Rules
from lamsach.hunt.workers import Sieved
from lamsach.logs.events.ends import as_opened
from lamsach.logs.formats.generic.unknown_text import UnknownText
from lamsach.logs.opening.encodings import decode_line
from lamsach.model import Event

FIRST_LINES, FIRST_OF_MANY = 200, 50
"""Lines parsed at the start of a file: of a file in a single chunk, of any other."""
SPREAD = 64
"""Of FIRST_LINES, those spread over a longer one-chunk file, which may hold several products' lines."""
STEP = 8192
"""Interval of lines parsed further on."""


class Sampler:
    """Counter of a file's lines by chunk in `coverage`. `last_kind`: kind of the line before the chunk."""

    def __init__(self, records: Records, rules: Rules, coverage: CoverageCount, state: FileState) -> None:
        self._records = records
        self._rules = rules
        self._state = state
        self._last_day: LineKind | None = None
        self.last_kind: LineKind | None = None
        self.coverage = coverage

    def go_on_from(self, kind: LineKind) -> None:
        """Set the kind of the line before the next chunk."""
        self.last_kind = kind
        self._last_day = kind if kind.parsed else None

    def long_line(self, start: int) -> None:
        """Count a line that is too long to be parsed."""
        kind = LineKind(self._records.file, UnknownText.name, None, parsed=False)
        self.coverage.spread([Sample(0, start, kind)], 1, lambda _left, _right: None)

    def cover(self, sieved: Sieved, total: int) -> None:
        """Parse a sample of the chunk's lines and attribute all lines."""
        if not total:
            return
        chunk = sieved.chunk
        samples: list[Sample] = []
        offset = chunk.begin
        for number in self._sample_numbers(total, whole=chunk.last and not self._state.lines):
            offset = sieved.lines.start_of(number)
            samples.append(Sample(number, offset, self._kind_at(chunk, offset, number, watch=True)))
        last = chunk.buffer.memory.rfind(b"\n", chunk.begin, max(chunk.begin, chunk.end - 1)) + 1
        if last > offset or not samples:
            last = max(last, chunk.begin)
            samples.append(Sample(total - 1, last, self._kind_at(chunk, last, total - 1, watch=False)))
        before = Sample(-1, chunk.begin - 1, self.last_kind) if self.last_kind else None
        self.coverage.spread(samples, total, lambda left, right: self._probe(sieved, left, right), before)
        self.last_kind = samples[-1].kind

    def _sample_numbers(self, total: int, *, whole: bool) -> list[int]:
        """Return the 0-based numbers of the lines to parse: the file's first and every STEP-th.

        Also the chunk's first if the line before has no known kind, and some spread over a `whole` file.
        """
        base = self._state.lines
        spread: Sequence[int] = ()
        first = range(min(total, max(0, (FIRST_LINES if whole else FIRST_OF_MANY) - base)))
        if whole and total > FIRST_LINES:
            first = range(FIRST_LINES - SPREAD)
            spread = [len(first) + number * (total - len(first)) // SPREAD for number in range(SPREAD)]
        start = (0,) if self.last_kind is None else ()
        return sorted({*start, *first, *spread, *range((-base) % STEP, total, STEP)})

    def _probe(self, sieved: Sieved, left: int, right: int) -> Sample | None:
        chunk = sieved.chunk
        start = chunk.buffer.memory.rfind(b"\n", left, (left + right) // 2) + 1
        if start <= left:
            start = chunk.buffer.memory.find(b"\n", (left + right) // 2, right - 1) + 1
        if not left < start < right:
            return None
        number = sieved.lines.number_at(start)
        return Sample(number, start, self._kind_at(chunk, start, number, watch=False))

    def _kind_at(self, chunk: Chunk, start: int, number: int, *, watch: bool) -> LineKind:
        memory = chunk.buffer.memory
        end = memory.find(b"\n", start, min(chunk.end, start + LONGEST_LINE))
        end = end if end >= 0 else min(chunk.end, start + LONGEST_LINE)
        text = decode_line(bytes(memory[start:end]))
        if self._records.parser.multiline:
            if self._records.parser.starts_record(text):
                text, _ = self._records.whole(chunk, start, end, text, number)
            elif self._last_day is not None:
                return self._last_day
        try:
            event, parsed = self._records.parser.parse(text, self._state.lines + number + 1), True
        except LineError:
            event, parsed = (
                self._records.unknown.parse(text, self._state.lines + number + 1),
                self._is_blank(text),
            )
            if not parsed and self._records.parser.format is not None:
                self.coverage.refuse(self._kind(event, parsed=False))
        if event is None and self._is_unread(text):
            event, parsed = self._records.unknown.parse(text, self._state.lines + number + 1), False
            self.coverage.refuse(self._kind(event, parsed=False))
        if event is None or (parsed and event.time is None and self._last_day is not None):
            return self._last_day or self._kind(None, parsed=True)
        if parsed and not self._state.numbers:
            self._state.numbers = self._records.parser.states_numbers(text)
        if watch and parsed:
            self._rules.observe(as_opened(event))
        if event.time is not None:
            self._state.see(event.time)
        kind = self._kind(event, parsed=parsed)
        if parsed:
            self._last_day = kind
        return kind

    def _is_unread(self, record: str) -> bool:
        """Return whether a record was passed over because its reader does not know its content."""
        reader = self._records.parser.reader
        return reader is not None and not reader.passes_over(record) and unread.holds_a_value(record)

    @staticmethod
    def _is_blank(text: str) -> bool:
        return not text or text.isspace()

    def _kind(self, event: Event | None, *, parsed: bool) -> LineKind:
        name = event.format if event is not None and event.format and parsed else self._format_name()
        observer = event.observer if event is not None and event.observer else ""
        if not observer:
            observer = name if name != UnknownText.name else self._records.file
        day = event.time.astimezone(self._rules.zone).date() if event is not None and event.time else None
        return LineKind(observer, name, day, parsed)

    def _format_name(self) -> str:
        log_format = self._records.parser.format
        return log_format.name if log_format is not None else UnknownText.name
