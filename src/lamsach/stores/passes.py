"""The lines of a period in a store, all in memory and in order of time, or an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lamsach.stores.base import Span, Store
from lamsach.stores.client import Failure, StoreError
from lamsach.stores.questions import Question
from lamsach.stores.sources import Source, day_span, line_of

MAX_LINES = 50_000
MAX_LINE_BYTES = 96 << 20
"""Maximum lines, and bytes of lines, in memory at a time."""
MAX_SPAN = timedelta(days=31)
"""A longer period is searched in parts, for lines that state no year."""
_SHORTEST = timedelta(milliseconds=1)
_TRIES = 2
Item = tuple[datetime | None, str, bytes]
"""Time in the store, source, line."""


class TooManyError(Exception):
    """A period has too many lines for memory."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over sources: the lines that match prepared questions about a field (none: all lines).

    `alone`: there are no other sources.
    """

    store: Store
    field: str | None
    questions: Sequence[Question]
    sources: Sequence[Source]
    alone: bool


def gather(wanted: Pass, span: Span | None) -> list[Item]:
    """Return the lines of a period. Raises TooManyError, StoreError."""
    for trial in range(_TRIES):
        try:
            return sorted(_gathered(wanted, span), key=lambda item: _at(item, span))
        except StoreError as error:
            if error.failure not in (Failure.EXPIRED, Failure.BROKEN) or trial == _TRIES - 1:
                raise
    raise AssertionError


def _at(item: Item, span: Span | None) -> datetime:
    return item[0] or (span.begin if span else datetime.min.replace(tzinfo=UTC))


def _gathered(wanted: Pass, span: Span | None) -> list[Item]:
    """Merge the answers to several questions, with each line as often as it is in the store."""
    names = None if wanted.alone else [source.name for source in wanted.sources]
    fields = {source.name: source.line_field for source in wanted.sources}
    found: list[Item] = []
    size, known = 0, Counter[Item]()
    for question in wanted.questions or (None,):
        received = Counter[Item]()
        for document in wanted.store.documents(span, question, wanted.field, names):
            if document.source not in fields:
                continue
            item = (document.time, document.source, line_of(document, fields[document.source]))
            if len(wanted.questions) > 1:
                received[item] += 1
                if received[item] <= known[item]:
                    continue
                known[item] = received[item]
            found.append(item)
            size += len(item[2])
            if len(found) > MAX_LINES or size > MAX_LINE_BYTES:
                raise TooManyError
    return found


def halves(span: Span | None, day_of: ZoneInfo | None = None) -> tuple[Span, ...]:
    """Split a period in halves, at midnight of a zone if given; empty if it cannot be split."""
    if span is None or span.end - span.begin <= _SHORTEST:
        return ()
    middle = span.begin + (span.end - span.begin) / 2
    if day_of is not None:
        day = middle.astimezone(day_of).date()
        middle = datetime.combine(day, time(), day_of).astimezone(UTC)
        if not span.begin < middle < span.end:
            middle = datetime.combine(day + timedelta(days=1), time(), day_of).astimezone(UTC)
        if not span.begin < middle < span.end:
            return ()
    return Span(span.begin, middle), Span(middle, span.end)


def spans_of(days: Sequence[date], zone: ZoneInfo) -> Iterator[Span]:
    """Yield periods that cover the days, none longer than MAX_SPAN."""
    first = 0
    for place in range(1, len(days) + 1):
        if place == len(days) or days[place] - days[first] >= MAX_SPAN:
            begin, end = day_span(days[first], zone), day_span(days[place - 1], zone)
            if begin and end:
                yield Span(begin.begin, end.end)
            first = place


def shown_days(days: Iterable[date | None]) -> str:
    """Format days as ranges: `2022-09-01 - 2022-09-03, 2022-09-07`."""
    ranges: list[list[date]] = []
    for day in sorted(day for day in days if day is not None):
        if ranges and day - ranges[-1][-1] == timedelta(days=1):
            ranges[-1][1:] = [day]
        else:
            ranges.append([day])
    shown = [" - ".join(map(str, pair)) for pair in ranges]
    return ", ".join([*shown, *("?" for day in days if day is None)])
