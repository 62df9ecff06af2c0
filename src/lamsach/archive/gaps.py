"""Times for which sources were not heard: the collector was away, or they were silent.

Days with such an hour are blind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lamsach.archive.archive import Archive
from lamsach.archive.records import GAP, records

LEAST = timedelta(hours=1)
"""So much of a day has to be missing for the day to be blind."""
_MOST_DAYS = 3700


@dataclass(frozen=True, slots=True)
class Gap:
    """A source (its name) that was silent from `since` to `until`."""

    source: str
    since: datetime
    until: datetime


def gaps(archive: Archive) -> list[Gap]:
    """Every gap that was written down, in order."""
    found = []
    for record in records(archive):
        if record.kind != GAP:
            continue
        try:
            since = datetime.fromisoformat(str(record.values["since"]))
            until = datetime.fromisoformat(str(record.values["until"]))
            found += [Gap(str(name), since, until) for name in record.values["sources"] if since < until]
        except (KeyError, ValueError, TypeError):
            continue
    return found


def days_of(gap: Gap, zone: ZoneInfo) -> Iterator[date]:
    """The days of which the gap takes LEAST or more."""
    begin, end = gap.since.astimezone(zone), gap.until.astimezone(zone)
    day = begin.date()
    for _ in range(_MOST_DAYS):
        if day > end.date():
            return
        midnight = datetime.combine(day, time(), zone)
        following = datetime.combine(day + timedelta(days=1), time(), zone)
        if min(end, following) - max(begin, midnight) >= LEAST:
            yield day
        day += timedelta(days=1)


def blind(found: Iterable[Gap], observers: dict[str, set[str]], zone: ZoneInfo) -> set[tuple[str, date]]:
    """Observers and days that gaps make blind. `observers`: those whose lines each source (its
    name) brought.
    """
    return {
        (observer, day)
        for gap in found
        for day in days_of(gap, zone)
        for observer in observers.get(gap.source, ())
    }
