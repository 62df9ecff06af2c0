"""Raw sightings from matches: associative and commutative, for any cuts of the input."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lamsach.model import (
    EVIDENCE_KEPT,
    RAW_TIMES_KEPT,
    Action,
    EventKind,
    Evidence,
    Identity,
    Match,
    RawSighting,
    SightingKey,
)

EVIDENCE_LENGTH = 2000
"""Characters stored of an evidence line."""
RawSightings = dict[SightingKey, RawSighting]
_NO_TIME = "~"


def key_of(match: Match, identity: Identity) -> SightingKey:
    """Return the key under which a match is counted."""
    event = match.event
    return SightingKey(
        identity=identity,
        indicator=match.indicator.value,
        indicator_type=match.indicator.type,
        role=match.role,
        match=match.kind,
        status=match.status,
        unparsed=match.unparsed,
        dns=event.kind is EventKind.DNS or 53 in (event.destination_port, event.source_port),
        forwarded=event.forwarded,
        observer=event.observer or "",
        format=event.format,
    )


def add(found: RawSightings, match: Match, identity: Identity, zone: ZoneInfo) -> None:
    """Count one match. Days are those of the zone's calendar."""
    key = key_of(match, identity)
    sighting = found.get(key)
    if sighting is None:
        sighting = found[key] = RawSighting()
    event = match.event
    sighting.count += 1
    action = event.action if isinstance(event.action, Action) else Action.UNKNOWN
    sighting.actions[action] = sighting.actions.get(action, 0) + 1
    if event.time is not None:
        _add_time(sighting, event.time, zone)
    stamp = event.time.astimezone(UTC).isoformat() if event.time else ""
    _add_evidence(sighting.evidence, Evidence(stamp, event.file, event.line, match.text[:EVIDENCE_LENGTH]))


def _add_time(sighting: RawSighting, time: datetime, zone: ZoneInfo) -> None:
    sighting.first = time if sighting.first is None else min(sighting.first, time)
    sighting.last = time if sighting.last is None else max(sighting.last, time)
    day = time.astimezone(zone).date()
    sighting.days[day] = sighting.days.get(day, 0) + 1
    _insert_time(sighting.times, int(time.timestamp()))


def _insert_time(times: list[int], second: int) -> None:
    place = bisect.bisect_left(times, second)
    if place == len(times) or times[place] != second:
        times.insert(place, second)
        del times[RAW_TIMES_KEPT:]


def _order(evidence: Evidence) -> tuple[str, str, int, str]:
    return (evidence.time or _NO_TIME, evidence.file, evidence.line, evidence.text)


def _add_evidence(lines: list[Evidence], evidence: Evidence) -> None:
    if len(lines) == EVIDENCE_KEPT and _order(evidence) >= _order(lines[-1]):
        return
    bisect.insort(lines, evidence, key=_order)
    del lines[EVIDENCE_KEPT:]


def merge(into: RawSightings, other: Mapping[SightingKey, RawSighting]) -> None:
    """Merge raw sightings of another part into these."""
    for key, part in other.items():
        whole = into.setdefault(key, RawSighting())
        whole.count += part.count
        whole.first = _least(whole.first, part.first)
        whole.last = _greatest(whole.last, part.last)
        for action, count in part.actions.items():
            whole.actions[action] = whole.actions.get(action, 0) + count
        for day, count in part.days.items():
            whole.days[day] = whole.days.get(day, 0) + count
        whole.times = sorted({*whole.times, *part.times})[:RAW_TIMES_KEPT]
        whole.evidence = sorted([*whole.evidence, *part.evidence], key=_order)[:EVIDENCE_KEPT]


def _least(first: datetime | None, second: datetime | None) -> datetime | None:
    return min(_present(first, second), default=None)


def _greatest(first: datetime | None, second: datetime | None) -> datetime | None:
    return max(_present(first, second), default=None)


def _present(*times: datetime | None) -> Iterable[datetime]:
    return (time for time in times if time is not None)
