"""Retro-hunt from end to end: a new list against the logs of a year."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lamsach.archive.archive import Archive
from lamsach.archive.records import GAP, records
from lamsach.archive.search import ArchivedLogs, Plan, RemoteSearch
from lamsach.hunt.run import HuntResult
from lamsach.investigate import Request, Watch, day_asked, investigate
from lamsach.model import Findings

LEAST = timedelta(hours=1)
"""Minimum gap within a day that makes the day blind."""
_MOST_DAYS = 3700


@dataclass(frozen=True, slots=True)
class Gap:
    """Period in which a source (its name) was silent."""

    source: str
    since: datetime
    until: datetime


def gaps(archive: Archive) -> list[Gap]:
    """Return every recorded gap, in order."""
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
    """Yield the days of which the gap covers LEAST or more."""
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
    """Return the observers and days blinded by gaps. `observers`: those in each source's lines, by name."""
    return {
        (observer, day)
        for gap in found
        for day in days_of(gap, zone)
        for observer in observers.get(gap.source, ())
    }


def retro(
    archive: Archive, request: Request, watch: Watch | None = None, remote: RemoteSearch | None = None
) -> tuple[Findings, HuntResult, Plan]:
    """Search an archive for the request's lists.

    Times without a zone are interpreted as on archiving. `remote` searches segments outside this process.
    Raises InputError when no list can be used.
    """
    logs = ArchivedLogs(archive, remote)
    request = replace(request, timezone=archive.zone, logs=(archive.store.url,), format_name=None)
    findings, result = investigate(request, watch, logs)
    missing = blind(gaps(archive), logs.observers, archive.zone)
    requested = {pair for pair in missing if day_asked(pair[1], request)}
    findings = replace(findings, blind_days=tuple(sorted({*findings.blind_days, *requested})))
    return findings, result, logs.plan


# 30d, 4w, 12m, 1y
_BACK = re.compile(r"([1-9][0-9]{0,3})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def days_back(text: str | None, zone: ZoneInfo) -> str | None:
    """Convert `30d`, `12m`, `1y` to the day that long ago on the zone's calendar; other text unchanged."""
    found = _BACK.fullmatch(text or "")
    if found is None:
        return text
    days = int(found[1]) * _DAYS[found[2]]
    return (datetime.now(zone) - timedelta(days=min(days, 36500))).date().isoformat()
