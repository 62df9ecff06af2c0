"""One file's sieved chunks, in order: candidate lines parsed and matched, a sample of the others parsed for coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from lamsach.errors import LineError
from lamsach.hunt import merge, unread
from lamsach.hunt.asked import Asked
from lamsach.hunt.chunks import Chunk
from lamsach.hunt.coverage import CoverageCount, LineKind, Sample
from lamsach.hunt.engine import next_line
from lamsach.hunt.line_index import LineIndex
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.unread import Rest
from lamsach.hunt.workers import Sieved
from lamsach.logs.base import FileContext
from lamsach.logs.decoding import decode_line
from lamsach.logs.detect import Detection
from lamsach.logs.direction import as_opened
from lamsach.logs.formats.unknown_text import UnknownText
from lamsach.logs.lines import LineParser
from lamsach.model import Event, Identity, Match

LONGEST_LINE = 1 << 20
"""A longer line is not parsed but searched token by token around each hit."""
AROUND = 1024
"""Bytes on each side of a hit that are looked at in such a line."""
FIRST_LINES, FIRST_OF_MANY = 200, 50
STEP = 8192
CONTINUATIONS = 200
"""Lines that one multi-line record may have."""


@dataclass(slots=True)
class Rules:
    """What a hunt asks of each line: who the device is, what else to tell of an event, and which times count."""

    identify: Callable[[Event], Identity]
    observe: Callable[[Event], None]
    zone: ZoneInfo
    since: datetime | None = None
    until: datetime | None = None

    def in_time(self, time: datetime | None) -> bool:
        """Whether an event of this time is searched for; one without a time always is."""
        if time is None:
            return True
        return not (self.since and time < self.since) and not (self.until and time >= self.until)


@dataclass(slots=True)
class FileState:
    """How far a file has been read: lines and first and last time so far."""

    lines: int = 0
    first: datetime | None = None
    last: datetime | None = None
    long_line_hits: set[str] = field(default_factory=set)

    def see(self, time: datetime) -> None:
        """Widen the file's time to hold this one."""
        self.first = time if self.first is None or time < self.first else self.first
        self.last = time if self.last is None or time > self.last else self.last


class Examiner:
    """Examines the chunks of one file, in order."""

    def __init__(
        self,
        detection: Detection,
        context: FileContext,
        matcher: Matcher,
        rules: Rules,
        found: merge.RawSightings,
        coverage: CoverageCount,
    ) -> None:
        self._parser = LineParser(detection, context)
        self._unknown = UnknownText(context)
        self._matcher = matcher
        self._rules = rules
        self._found = found
        self._coverage = coverage
        self._context = context
        self._mixed = bool(detection.mixed)
        self._tail = b""
        self._last_record = 0
        self._rest: Rest | None = None
        self._told: set[str] = set()
        self._asked = Asked()
        self._last_day: LineKind | None = None
        self._last_kind: LineKind | None = None
        self.state = FileState()

    @property
    def format_name(self) -> str | None:
        """The file's format; `mixed` when lines of several were expected, None for unknown text."""
        log_format = self._parser.format
        return log_format.name if log_format is not None else ("mixed" if self._mixed else None)

    def chunk(self, sieved: Sieved) -> None:
        """Examine one chunk: its headers and candidates in the order of lines, then the sample for coverage."""
        chunk = sieved.chunk
        if not chunk.whole_start or not chunk.whole_end:
            self._long_line(sieved)
            return
        memory, before = chunk.buffer.memory, self.state.lines
        for start, is_header in self._lines_of_interest(sieved):
            number = before + sieved.lines.number_at(start)
            end = memory.find(b"\n", start, chunk.end)
            end = chunk.end if end < 0 else end
            if is_header:
                self._parser.header(decode_line(bytes(memory[start:end])))
            elif end - start > LONGEST_LINE:
                self._around(chunk, [int(h) for h in sieved.hits if start <= h < end], number + 1)
                self.state.long_line_hits.clear()
            else:
                self._candidate(chunk, start, end, number + 1)
        total = sieved.lines.feeds + (chunk.end > chunk.begin and memory[chunk.end - 1] != 10)
        self._cover(sieved, total)
        self.state.lines += total
        if self._parser.multiline:
            self._tail = bytes(memory[max(chunk.begin, chunk.end - (1 << 16)) : chunk.end])

    def _lines_of_interest(self, sieved: Sieved) -> Iterator[tuple[int, bool]]:
        """The starts of candidate lines and header lines, in order; each line once."""
        chunk, memory = sieved.chunk, sieved.chunk.buffer.memory
        headers = self._headers(chunk)
        header = next(headers, None)
        last = -1
        for hit in sieved.hits.tolist():
            start = max(memory.rfind(b"\n", chunk.begin, hit) + 1, chunk.begin)
            if start == last:
                continue
            last = start
            while header is not None and header <= start:
                yield header, True
                header = next(headers, None)
            yield start, False
        while header is not None:
            yield header, True
            header = next(headers, None)

    def _headers(self, chunk: Chunk) -> Iterator[int]:
        prefix = self._parser.header_prefix
        if prefix is None:
            return
        memory = chunk.buffer.memory
        if memory.startswith(prefix, chunk.begin, chunk.end):
            yield chunk.begin
        place = next_line(chunk.buffer.array, chunk.begin, chunk.end, prefix[0])
        while place >= 0:
            if memory.startswith(prefix, place, chunk.end):
                yield place
            place = next_line(chunk.buffer.array, place, chunk.end, prefix[0])

    def _candidate(self, chunk: Chunk, start: int, end: int, number: int) -> None:
        text = decode_line(bytes(chunk.buffer.memory[start:end]))
        record, first = self._record(chunk, start, end, text, number)
        if first != self._last_record:
            self._last_record, self._told = first, set()
            self._rest = self._read(record, first, text)
        if self._rest is None:
            return
        for match in unread.found(self._matcher, self._rest, text, number, self._told):
            self._told.add(match.indicator.value)
            self._add(match)

    def _read(self, record: str, number: int, text: str) -> Rest | None:
        """Match the event that a record tells. What its lines hold besides is still to be searched; None when nothing is."""
        try:
            event = self._parser.parse(record, number)
        except LineError:
            return self._as_text(text, number)
        if event is None:
            return self._passed_over(record, number)
        event = as_opened(event)
        self._rules.observe(event)
        if not self._rules.in_time(event.time):
            return None
        if _has_nothing_to_match(event):
            return self._as_text(text, number)
        for match in self._matcher.event(event, text):
            self._told.add(match.indicator.value)
            if not self._asked.is_counted(match):
                self._add(match)
        return unread.beside(event, record)

    def _as_text(self, text: str, number: int) -> Rest | None:
        event = self._unknown.parse(text, number)
        return Rest(event) if self._rules.in_time(event.time) else None

    def _passed_over(self, record: str, number: int) -> Rest | None:
        reader = self._parser.reader
        if reader is None or reader.passes_over(record):
            return None
        event = self._unknown.parse(record, number)
        return unread.passed_over(event, reader, record) if self._rules.in_time(event.time) else None

    def _add(self, match: Match) -> None:
        merge.add(self._found, match, self._rules.identify(match.event), self._rules.zone)

    def _record(self, chunk: Chunk, start: int, end: int, text: str, number: int) -> tuple[str, int]:
        """The whole record that holds a line, for formats with records of several lines, and its first line's number."""
        parser = self._parser
        if not parser.multiline:
            return text, number
        memory = chunk.buffer.memory
        before = self._tail + bytes(memory[max(chunk.begin, start - (1 << 16)) : start])
        lines = [text]
        if not parser.starts_record(text):
            for line in reversed(before.split(b"\n")[-CONTINUATIONS:-1]):
                lines.insert(0, decode_line(line))
                number -= 1
                if parser.starts_record(lines[0]):
                    break
        after = bytes(memory[end + 1 : min(chunk.end, end + (1 << 16))])
        for line in after.split(b"\n")[:CONTINUATIONS]:
            following = decode_line(line)
            if parser.starts_record(following):
                break
            lines.append(following)
        return "\n".join(lines).rstrip("\n"), number

    def _long_line(self, sieved: Sieved) -> None:
        """A piece of a line longer than a chunk: each hit with what is around it, as text of unknown format."""
        chunk = sieved.chunk
        number = self.state.lines + 1
        if chunk.whole_start:
            self.state.long_line_hits.clear()
        end = chunk.end if not chunk.whole_end else chunk.buffer.memory.find(b"\n", chunk.begin, chunk.end)
        end = chunk.end if end < 0 else end
        if not chunk.whole_end and not chunk.whole_start:
            self._around(chunk, sieved.hits.tolist(), number)
            return
        if chunk.whole_start:  # lines may stand before the long one: there are none, it fills the buffer
            self._around(chunk, sieved.hits.tolist(), number)
            return
        self._around(chunk, [hit for hit in sieved.hits.tolist() if hit < end], number)
        self.state.long_line_hits.clear()
        kind = LineKind(self._context.file, UnknownText.name, None, parsed=False)
        self._coverage.spread([Sample(0, chunk.begin, kind)], 1, lambda _left, _right: None)
        self.state.lines += 1
        rest = replace(chunk, begin=min(end + 1, chunk.end), whole_start=True)
        if rest.begin < rest.end:
            hits = sieved.hits[sieved.hits >= rest.begin]
            lines = LineIndex(chunk.buffer.array, rest.begin, rest.end)
            self.chunk(Sieved(sieved.source, rest, hits, lines))

    def _around(self, chunk: Chunk, hits: list[int], number: int) -> None:
        """Search a line too long to parse around each hit, and on from there to the end of the line's piece."""
        memory = chunk.buffer.memory
        for hit in hits:
            begin = max(chunk.begin, hit - AROUND)
            line_end = memory.find(b"\n", hit, chunk.end)
            stop = chunk.end if line_end < 0 else line_end
            while begin < stop:
                text = decode_line(bytes(memory[begin : min(stop, begin + 4 * AROUND)]))
                event = Event(
                    observer=self._context.file, format=UnknownText.name, file=self._context.file, line=number
                )
                for match in self._matcher.line(event, text):
                    if match.indicator.value not in self.state.long_line_hits:
                        self.state.long_line_hits.add(match.indicator.value)
                        self._add(match)
                begin += 3 * AROUND

    def _cover(self, sieved: Sieved, total: int) -> None:
        """Parse a sample of the chunk's lines and attribute all of them."""
        if not total:
            return
        chunk = sieved.chunk
        samples: list[Sample] = []
        offset = chunk.begin
        for number in self._wanted(total, whole=chunk.last and not self.state.lines):
            offset = sieved.lines.start_of(number)
            samples.append(Sample(number, offset, self._kind_at(chunk, offset, number, watch=True)))
        last = chunk.buffer.memory.rfind(b"\n", chunk.begin, max(chunk.begin, chunk.end - 1)) + 1
        if last > offset or not samples:
            last = max(last, chunk.begin)
            samples.append(Sample(total - 1, last, self._kind_at(chunk, last, total - 1, watch=False)))
        before = Sample(-1, chunk.begin - 1, self._last_kind) if self._last_kind else None
        self._coverage.spread(samples, total, lambda left, right: self._look(sieved, left, right), before)
        self._last_kind = samples[-1].kind

    def _wanted(self, total: int, *, whole: bool) -> list[int]:
        """Which lines of a chunk are parsed (0-based in the chunk): of the file the first ones (more when this is the `whole` of it) and
        every STEP-th."""
        base = self.state.lines
        first = range(min(total, max(0, (FIRST_LINES if whole else FIRST_OF_MANY) - base)))
        return sorted({*first, *range((-base) % STEP, total, STEP)})

    def _look(self, sieved: Sieved, left: int, right: int) -> Sample | None:
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
        if self._parser.multiline:
            if self._parser.starts_record(text):
                text, _ = self._record(chunk, start, end, text, number)
            elif self._last_day is not None:
                return self._last_day
        try:
            event, parsed = self._parser.parse(text, self.state.lines + number + 1), True
        except LineError:
            event, parsed = self._unknown.parse(text, self.state.lines + number + 1), self._is_blank(text)
            if not parsed and self._parser.format is not None:
                self._coverage.refuse(self._kind(event, parsed=False))
        if event is None and self._is_unread(text):
            event, parsed = self._unknown.parse(text, self.state.lines + number + 1), False
            self._coverage.refuse(self._kind(event, parsed=False))
        if event is None or (parsed and event.time is None and self._last_day is not None):
            return self._last_day or self._kind(None, parsed=True)
        if watch and parsed:
            self._rules.observe(as_opened(event))
        if event.time is not None:
            self.state.see(event.time)
        kind = self._kind(event, parsed=parsed)
        if parsed:
            self._last_day = kind
        return kind

    def _is_unread(self, record: str) -> bool:
        """Whether the reader that passed over a record did so because it does not know what it holds."""
        reader = self._parser.reader
        return reader is not None and not reader.passes_over(record) and unread.holds_a_value(record)

    @staticmethod
    def _is_blank(text: str) -> bool:
        return not text or text.isspace()

    def _kind(self, event: Event | None, *, parsed: bool) -> LineKind:
        name = event.format if event is not None and event.format and parsed else self._format_name()
        observer = event.observer if event is not None and event.observer else ""
        if not observer:
            observer = name if name != UnknownText.name else self._context.file
        day = event.time.astimezone(self._rules.zone).date() if event is not None and event.time else None
        return LineKind(observer, name, day, parsed)

    def _format_name(self) -> str:
        log_format = self._parser.format
        return log_format.name if log_format is not None else UnknownText.name


def _has_nothing_to_match(event: Event) -> bool:
    return not (
        event.source_ip
        or event.destination_ip
        or event.domain
        or event.url
        or event.answers
        or event.hashes
        or event.mentioned
    )
