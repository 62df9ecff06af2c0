"""Coverage: lines per observer, format and day, estimated from a sample of parsed lines.

Logs are in order of time, so the lines between two sampled lines of one day are of that day; where neighbours
of the sample differ, the border is found by bisection. Line counts are exact; days assume a log in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from lamsach.model import UNKNOWN_TEXT, Coverage

HALVINGS = 400
"""Maximum number of lines of one chunk parsed to find borders between days."""


@dataclass(frozen=True, slots=True)
class LineKind:
    """Facts of one line for coverage. `parsed` is false for a line that no format reads."""

    observer: str
    format: str
    day: date | None
    parsed: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """A parsed line: 0-based number within its chunk, byte offset of its start, kind."""

    number: int
    offset: int
    kind: LineKind


Probe = Callable[[int, int], Sample | None]
"""Parse a line strictly between two byte offsets, near their middle; None if there is none."""


class CoverageCount:
    """Counts of lines by kind. Merging is associative and commutative."""

    def __init__(self) -> None:
        self.lines: dict[LineKind, int] = {}
        self.sampled: dict[LineKind, int] = {}
        self.refused: dict[LineKind, int] = {}

    def spread(self, samples: list[Sample], total: int, probe: Probe, before: Sample | None = None) -> None:
        """Attribute the `total` lines of a chunk to the kinds of its samples, one or more in order.

        `before` is the line before the chunk, numbered -1; without it the first sample must be the chunk's
        first line.
        """
        budget = HALVINGS
        for sample in samples:
            self.sampled[sample.kind] = self.sampled.get(sample.kind, 0) + 1
        pending = list(pairwise([before, *samples] if before else samples))[::-1]
        while pending:
            left, right = pending.pop()
            middle = None
            if right.number - left.number > 1 and left.kind.day != right.kind.day and budget:
                budget -= 1
                middle = probe(left.offset, right.offset)
            if middle is None:
                self._count(left.kind, right.number - max(left.number, 0))
            else:
                pending += [(middle, right), (left, middle)]
        self._count(samples[-1].kind, total - samples[-1].number)

    def _count(self, kind: LineKind, lines: int) -> None:
        self.lines[kind] = self.lines.get(kind, 0) + lines

    def refuse(self, kind: LineKind) -> None:
        """Count a record that was examined but not read."""
        self.refused[kind] = self.refused.get(kind, 0) + 1

    def rows(self) -> tuple[Coverage, ...]:
        """The counts per observer, format and day, in order."""
        merged: dict[tuple[str, str, date | None], list[int]] = {}
        for counts, place in ((self.lines, 0), (self.refused, 2), (self.sampled, 3)):
            for kind, count in counts.items():
                row = merged.setdefault((kind.observer, kind.format, kind.day), [0, 0, 0, 0])
                row[1 if place == 0 and not kind.parsed else place] += count
        return tuple(
            Coverage(observer, log_format, day, parsed + unparsed, parsed, unparsed, refused, sampled)
            for (observer, log_format, day), (parsed, unparsed, refused, sampled) in sorted(
                merged.items(), key=lambda item: (item[0][0], item[0][1], item[0][2] or date.min)
            )
            if parsed + unparsed
        )


def blind_days(
    rows: Iterable[Coverage], since: datetime | None, until: datetime | None
) -> tuple[tuple[str, date], ...]:
    """Days without a line, of each observer that has lines on other days, within the period or all days.

    `rows` are those of all days; `until` is exclusive. If the period has no recognized line, every observer
    is blind on each of its days; else only observers with a dated line in it are judged.
    """
    rows = list(rows)
    days: dict[str, set[date]] = {}
    for row in rows:
        if row.day is not None and (row.proves_day or row.format == UNKNOWN_TEXT):
            days.setdefault(row.observer, set()).add(row.day)
    first = since.date() if since else None
    last = (until - timedelta(microseconds=1)).date() if until else None
    inside = {
        row.day for row in rows if row.day is not None and row.proves_day and _between(first, row.day, last)
    }
    if not inside and first and last:  # nothing recognized in the whole period: all of it is blind
        observers = {row.observer for row in rows}
    else:
        observers = {name for name, seen in days.items() if any(_between(first, day, last) for day in seen)}
    seen = {day for observer in observers for day in days.get(observer, ()) if _between(first, day, last)}
    first, last = first or min(seen, default=None), last or max(seen, default=None)
    if first is None or last is None:
        return ()
    if (last - first).days > 3700:
        first = last - timedelta(days=3700)
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return tuple((name, day) for name in sorted(observers) for day in span if day not in days.get(name, ()))


def _between(first: date | None, day: date, last: date | None) -> bool:
    return (first is None or day >= first) and (last is None or day <= last)
