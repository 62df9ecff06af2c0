"""Sources of a store: their first lines, documents per day, observers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from lamsach.hunt.account import Account
from lamsach.hunt.chunks import Pool, cut
from lamsach.hunt.coverage import CoverageCount, LineKind
from lamsach.hunt.examine import Examiner
from lamsach.hunt.line_index import LineIndex
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.workers import Sieved
from lamsach.logs.base import FileContext
from lamsach.logs.opening.inputs import HEAD_BYTES
from lamsach.logs.reading.detect import Detection, detect
from lamsach.logs.reading.lines import LineParser
from lamsach.stores.base import Document, Span, Store
from lamsach.stores.lines import field_of, text_of

MARGIN = timedelta(days=1)
"""Maximum difference between a document's time and its line's (wrong clocks, late shippers)."""
_DAY = timedelta(days=1)
_FIRST_LINES, _MIN_LINES, _SOURCE_LINES = 200, 20, 3000
"""Lines read of a day, at most and at least; lines of a source, approximately."""
_HEAD_LINES = 500
_NO_HITS = np.empty(0, np.int64)


@dataclass(slots=True)
class Source:
    """One source of a store.

    `days`: documents counted by the store; `line_field`: the field with the lines; `whole`: all documents
    must be fetched, since records have several lines or state addresses as numbers; `head`, `shown`: lines of
    all days, and of each; `kinds`: their kinds, by day; `away`: days whose lines state times more than MARGIN
    away; `first`, `last`: times of those lines.
    """

    name: str
    file: str
    days: dict[date | None, int]
    detection: Detection
    line_field: str | None
    whole: bool
    head: bytes
    shown: dict[date | None, list[bytes]]
    kinds: dict[date | None, dict[LineKind, int]] = field(default_factory=dict)
    away: set[date | None] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None

    def context(self, zone: ZoneInfo, until: datetime) -> FileContext:
        """Return the context for a reader of lines up to this time."""
        return FileContext(self.file, zone, min(until, datetime.now(UTC)) + MARGIN, self.detection.lines)

    def read(self, rules: Rules) -> None:
        """Read the first lines of each day, and drop them."""
        for day, lines in self.shown.items():
            self._read(day, lines, rules)
        self.shown.clear()

    def _read(self, day: date | None, lines: Sequence[bytes], rules: Rules) -> None:
        span = day_span(day, rules.zone)
        coverage = CoverageCount()
        nothing = Matcher(Builder().compiled())
        context = self.context(rules.zone, span.end if span else datetime.now(UTC))
        examiner = Examiner(self.detection, context, nothing, rules, {}, coverage, Account())
        free = Pool(1)
        for chunk in cut(TextStream(iter(lines)), free):
            index = LineIndex(chunk.buffer.array, chunk.begin, chunk.end)
            examiner.chunk(Sieved(0, chunk, _NO_HITS, index))
            free.put(chunk.buffer)
        self.kinds[day] = coverage.lines
        first, last = examiner.state.first, examiner.state.last
        if first is None or last is None:
            return
        self.first, self.last = min(self.first or first, first), max(self.last or last, last)
        if span is not None and (first < span.begin - MARGIN or last >= span.end + MARGIN):
            self.away.add(day)

    @property
    def observers(self) -> set[str]:
        """Observers of the source's lines."""
        return {kind.observer for kinds in self.kinds.values() for kind in kinds}

    def coverage(self, day: date | None) -> Iterator[tuple[LineKind, int, int]]:
        """Yield (kind, documents, lines read) of a day, in the proportions of the lines read."""
        kinds = self.kinds.get(day, {})
        read, total, assigned, read_so_far = sum(kinds.values()), self.days[day], 0, 0
        for kind, count in kinds.items():
            read_so_far += count
            share = total * read_so_far // read - assigned
            assigned += share
            yield LineKind(kind.observer, kind.format, day, kind.parsed), share, count


def day_span(day: date | None, zone: ZoneInfo) -> Span | None:
    """Return the day's span on the zone's calendar; None for documents without a time."""
    if day is None:
        return None
    begin, end = (datetime.combine(moment, time(), zone).astimezone(UTC) for moment in (day, day + _DAY))
    return Span(begin, end)


class TextStream:
    """Lines as a stream for `hunt.chunks.cut`."""

    def __init__(self, texts: Iterator[bytes]) -> None:
        self._texts = texts
        self._rest = memoryview(b"")
        self.name = ""
        self.position = 0

    def readinto(self, buffer: memoryview) -> int:
        """See `hunt.chunks.Stream`."""
        while not self._rest:
            text = next(self._texts, None)
            if text is None:
                return 0
            self._rest = memoryview(text)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self.position += count
        return count

    def close(self) -> None:
        """See `logs.opening.sources.ByteSource`."""


def line_of(document: Document, field_name: str | None) -> bytes:
    """Return the document's line, which ends in a line feed."""
    return (text_of(document.fields, field_name).rstrip("\r\n") + "\n").encode(errors="replace")


def source_of(
    store: Store, name: str, days: dict[date | None, int], stated: str | None, zone: ZoneInfo
) -> Source:
    """Describe a source from some documents of each day. Raises StoreError."""
    count = max(_MIN_LINES, min(_FIRST_LINES, _SOURCE_LINES // len(days)))
    samples = {day: store.first(name, day_span(day, zone), count) for day in sorted(days, key=str)}
    documents = [document for sample in samples.values() for document in sample]
    field_name = field_of([document.fields for document in documents], stated)
    shown = {
        day: [line_of(document, field_name) for document in sorted(sample, key=_order)]
        for day, sample in samples.items()
    }
    lines = [line for sample in shown.values() for line in sample]
    head = b"".join(lines[:: max(1, len(lines) // _HEAD_LINES)])[:HEAD_BYTES]
    detection = detect(head)
    parser = LineParser(detection, FileContext(name, zone, datetime.now(UTC), detection.lines))
    numbers = any(map(parser.states_numbers, detection.lines))
    whole = parser.multiline or parser.header_prefix is not None or numbers
    return Source(name, _file(store, name), days, detection, field_name, whole, head, shown)


def _order(document: Document) -> tuple[bool, datetime | None]:
    return document.time is not None, document.time


def _file(store: Store, name: str) -> str:
    address = store.client.address
    return str(address) if name in ("", address.target) else f"{address.kind}+{address.url}/{name}"
