"""Examination of one file's sieved chunks, in order: candidates are matched, samples show coverage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lamsach.errors import LineError
from lamsach.hunt import merge, unread
from lamsach.hunt.account import Account, RecentQueries
from lamsach.hunt.chunks import Chunk
from lamsach.hunt.coverage import CoverageCount
from lamsach.hunt.engine import next_line
from lamsach.hunt.line_index import LineIndex
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.records import LONGEST_LINE, Records
from lamsach.hunt.rules import FileState, Rules
from lamsach.hunt.sampler import Sampler
from lamsach.hunt.stated_source import with_stated_source
from lamsach.hunt.unread import Rest
from lamsach.hunt.workers import Sieved
from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import as_opened
from lamsach.logs.formats.generic.unknown_text import UnknownText
from lamsach.logs.opening.encodings import decode_line
from lamsach.logs.reading.detect import Detection
from lamsach.model import AsideReason, Event, Match

AROUND = 1024
"""Bytes searched on each side of a hit in a line too long to be parsed."""


class Examiner:
    """Examiner of the chunks of one file, in order."""

    def __init__(
        self,
        detection: Detection,
        context: FileContext,
        matcher: Matcher,
        rules: Rules,
        found: merge.RawSightings,
        coverage: CoverageCount,
        account: Account,
    ) -> None:
        self.records = Records(detection, context)
        self.found = found
        self.account = account
        self.state = FileState()
        self.sampler = Sampler(self.records, rules, coverage, self.state)
        self.longest_line = LONGEST_LINE
        self._parser = self.records.parser
        self._unknown = self.records.unknown
        self._matcher = matcher
        self._rules = rules
        self._read_all = any(map(self._parser.states_numbers, detection.lines))
        self._mixed = bool(detection.mixed)
        self._last_record = 0
        self._rest = Rest(Event())
        self._accounted: set[str] = set()
        self._queries = RecentQueries()

    @property
    def format_name(self) -> str | None:
        """The file's format; `mixed` when lines of several were expected, None for unknown text."""
        log_format = self._parser.format
        return log_format.name if log_format is not None else ("mixed" if self._mixed else None)

    @property
    def passes_over_numbers(self) -> bool:
        """Return whether lines state addresses as numbers but not every line was read."""
        return self.state.numbers and not self._read_all

    def states_numbers(self, line: str) -> bool:
        """Return whether a line states addresses as numbers."""
        return self._parser.states_numbers(line)

    def read_each(self) -> None:
        """Read each line from here on, not only the sieve's candidates."""
        self._read_all = True

    def gather_into(self, found: merge.RawSightings, coverage: CoverageCount, account: Account) -> None:
        """Collect findings and counts from here on in these."""
        self.found = found
        self.account = account
        self.sampler.coverage = coverage

    def chunk(self, sieved: Sieved) -> None:
        """Examine one chunk: headers and candidates in line order, then the sample for coverage."""
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
            elif end - start > self.longest_line:
                self._around(chunk, [int(h) for h in sieved.hits if start <= h < end], number + 1)
                self.state.long_line_hits.clear()
            else:
                self._candidate(chunk, start, end, number + 1)
        total = sieved.lines.feeds + (chunk.end > chunk.begin and memory[chunk.end - 1] != 10)
        self._count(sieved, total)
        self.state.lines += total
        self.records.remember(chunk)

    def _count(self, sieved: Sieved, total: int) -> None:
        """Count the chunk's lines for coverage."""
        self.sampler.cover(sieved, total)

    def _lines_of_interest(self, sieved: Sieved) -> Iterator[tuple[int, bool]]:
        """Yield (start, is a header) of the lines to read and header lines, in order, each once."""
        chunk = sieved.chunk
        headers = self._headers(chunk)
        header = next(headers, None)
        last = -1
        for start in self._starts(sieved):
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

    def _starts(self, sieved: Sieved) -> Iterator[int]:
        """Yield the starts of the lines to read: those with a hit, or all."""
        chunk, memory = sieved.chunk, sieved.chunk.buffer.memory
        if not self._read_all:
            for hit in sieved.hits.tolist():
                yield max(memory.rfind(b"\n", chunk.begin, hit) + 1, chunk.begin)
            return
        start = chunk.begin
        while start < chunk.end:
            yield start
            end = memory.find(b"\n", start, chunk.end)
            start = end + 1 if end >= 0 else chunk.end

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
        record, first = self.records.whole(chunk, start, end, text, number)
        if first != self._last_record:
            self._last_record, self._accounted = first, set()
            self._rest = self._read(record, first, text)
        for match, reason in unread.account_for(self._matcher, self._rest, text, number, self._accounted):
            self._accounted.add(match.indicator.value)
            if reason is None:
                self._add(match)
            else:
                self.account.set_aside(match, reason)

    def _read(self, record: str, number: int, text: str) -> Rest:
        """Match the event of a record; return the part of its lines that is still to be searched."""
        try:
            event = self._parser.parse(record, number)
        except LineError:
            return self._as_text(text, number)
        if event is None:
            return self._passed_over(record, number)
        event = as_opened(event)
        self._rules.observe(event)
        if not self._rules.in_time(event.time):
            return Rest(event, reason=AsideReason.OUT_OF_TIME)
        as_text = self._as_text(text, number) if _has_nothing_to_match(event) else None
        if as_text and not event.file_names:
            return as_text
        event = with_stated_source(event, record)
        for match in self._matcher.event(event, text):
            self._accounted.add(match.indicator.value)
            if not self._queries.is_counted(match):
                self._add(match)
        return as_text or unread.rest_of(event, record)

    def _as_text(self, text: str, number: int) -> Rest:
        event = self._unknown.parse(text, number)
        return Rest(event, reason=self._untimely(event))

    def _passed_over(self, record: str, number: int) -> Rest:
        reader = self._parser.reader
        event = self._unknown.parse(record, number)
        if reader is None or reader.passes_over(record):
            return Rest(event, reason=AsideReason.NO_RECORD)
        reason = self._untimely(event)
        return Rest(event, reason=reason) if reason else unread.passed_over(event, reader, record)

    def _untimely(self, event: Event) -> AsideReason | None:
        return None if self._rules.in_time(event.time) else AsideReason.OUT_OF_TIME

    def _add(self, match: Match) -> None:
        self.account.report(match)
        merge.add(self.found, match, self._rules.identify(match.event), self._rules.zone)

    def _long_line(self, sieved: Sieved) -> None:
        """Search a piece of a line longer than a chunk: each hit as text with its surroundings."""
        chunk = sieved.chunk
        number = self.state.lines + 1
        if chunk.whole_start:
            self.state.long_line_hits.clear()
        end = chunk.end if not chunk.whole_end else chunk.buffer.memory.find(b"\n", chunk.begin, chunk.end)
        end = chunk.end if end < 0 else end
        if not chunk.whole_end and not chunk.whole_start:
            self._around(chunk, sieved.hits.tolist(), number)
            return
        if chunk.whole_start:  # the long line fills the buffer: none precedes it
            self._around(chunk, sieved.hits.tolist(), number)
            return
        self._around(chunk, [hit for hit in sieved.hits.tolist() if hit < end], number)
        self.state.long_line_hits.clear()
        self.sampler.long_line(chunk.begin)
        self.state.lines += 1
        rest = replace(chunk, begin=min(end + 1, chunk.end), whole_start=True)
        if rest.begin < rest.end:
            hits = sieved.hits[sieved.hits >= rest.begin]
            lines = LineIndex(chunk.buffer.array, rest.begin, rest.end)
            self.chunk(Sieved(sieved.source, rest, hits, lines))

    def _around(self, chunk: Chunk, hits: list[int], number: int) -> None:
        """Search a line too long to parse around each hit, and from there to the end of its piece."""
        memory, file, stop = chunk.buffer.memory, self.records.file, chunk.begin
        for hit in hits:
            if hit < stop:
                continue
            begin = max(chunk.begin, hit - AROUND)
            line_end = memory.find(b"\n", hit, chunk.end)
            stop = chunk.end if line_end < 0 else line_end
            while begin < stop:
                text = decode_line(bytes(memory[begin : min(stop, begin + 4 * AROUND)]))
                event = Event(observer=file, format=UnknownText.name, file=file, line=number)
                for match in self._matcher.line(event, text):
                    if match.indicator.value not in self.state.long_line_hits:
                        self.state.long_line_hits.add(match.indicator.value)
                        self._add(match)
                begin += 3 * AROUND


class Uncounted(Examiner):
    """Examiner of lines whose coverage is counted elsewhere."""

    def __init__(
        self,
        detection: Detection,
        context: FileContext,
        matcher: Matcher,
        rules: Rules,
        found: merge.RawSightings,
        account: Account,
    ) -> None:
        super().__init__(detection, context, matcher, rules, found, CoverageCount(), account)

    def _count(self, sieved: Sieved, total: int) -> None:
        pass


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
