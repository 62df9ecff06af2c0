"""Reports of collectors: state of their sources, live sightings, letters about silent sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from lamsach.portal.base.links import absolute
from lamsach.portal.base.roles import Role
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.sources.models import Collector, LiveSighting, LogSource
from lamsach.portal.units.access import held_units
from lamsach.portal.units.models import Membership, Unit

MOST_SOURCES = 2000
MOST_COLLECTORS = 200
MOST_LIVE = 1_000_000
"""Limit of a unit's live sightings; further ones are refused until old ones are erased."""
_AHEAD = timedelta(minutes=5)


def collector_of(unit: Unit, name: str) -> Collector | None:
    """Return the collector of this name, new if needed; None above the unit's limit."""
    found = Collector.objects.filter(unit=unit, name=name).first()
    if found is None and Collector.objects.filter(unit=unit).count() < MOST_COLLECTORS:
        found, _ = Collector.objects.get_or_create(
            unit=unit, name=name, defaults={"reported": timezone.now()}
        )
    return found


@transaction.atomic
def store_status(collector: Collector, status: Mapping[str, Any]) -> None:
    """Store the state of a collector and its sources."""
    now = timezone.now()
    Collector.objects.filter(pk=collector.pk).update(
        reported=now,
        started=_past(status.get("started"), now),
        **{name: status[name] for name in ("ended", "udp_drops", "sightings", "sightings_not_sent")},
    )
    known = {source.name: source for source in collector.sources.all()}
    for item in status["sources"][:MOST_SOURCES]:
        source = known.get(item["name"]) or LogSource(collector=collector, name=item["name"])
        source.kind, source.lines, source.rate = item["kind"], item["lines"], item["lines_per_second"]
        source.last_seen = _past(item["last_seen"], now) or source.last_seen
        source.formats = item["formats"] or source.formats
        _set_silence(source, bool(item["silent"]), now)
        source.save()


def _set_silence(source: LogSource, silent: bool, now: datetime) -> None:
    """Set since when the source is silent."""
    if not silent:
        source.silent_since, source.told = None, False
    elif source.silent_since is None:
        source.silent_since = source.last_seen or now


def _past(moment: datetime | None, now: datetime) -> datetime | None:
    """Limit a collector's time to now: its clock may be ahead."""
    return min(moment, now) if moment is not None else None


def store_live(collector: Collector, records: Iterable[Mapping[str, Any]]) -> int:
    """Store live sightings, each once; return the number received."""
    now = timezone.now()
    if LiveSighting.objects.filter(unit=collector.unit_id).count() >= MOST_LIVE:
        return 0
    rows = [
        LiveSighting(
            unit_id=collector.unit_id,
            collector=collector,
            key=item["id"],
            seen=_past(item["seen"], now + _AHEAD) or now,
            **{name: item[name] or "" for name in ("indicator", "ip", "name", "mac", "user", "observer")},
            indicator_type=item["type"],
            role=item["role"],
            count=item["count"],
            blocked=item["actions"].get("blocked", 0),
            first=item["first"],
            last=item["last"],
            **_evidence(item["evidence"]),
        )
        for item in records
    ]
    LiveSighting.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
    return len(rows)


def _evidence(lines: list[Any]) -> dict[str, Any]:
    if not lines:
        return {}
    first = lines[0]
    return {"file": first["file"][:300], "line": first["line"], "text": first["text"][:2000]}


AWAY = timedelta(minutes=5)
"""Silence after which a collector is away, and its sources blind."""


def watch() -> int:
    """Mark sources of absent collectors as silent, and send letters on new ones; return their number."""
    now = timezone.now()
    away = Collector.objects.filter(reported__lt=now - AWAY)
    for collector in away:
        collector.sources.filter(silent_since=None).update(silent_since=collector.reported)
    silent = LogSource.objects.filter(silent_since__isnull=False, told=False).select_related(
        "collector__unit"
    )
    by_unit: dict[Unit, list[LogSource]] = {}
    for source in silent:
        by_unit.setdefault(source.collector.unit, []).append(source)
    for unit, sources in by_unit.items():
        queue(_letters(unit, sources))
        LogSource.objects.filter(pk__in=[source.pk for source in sources]).update(told=True)
    return sum(map(len, by_unit.values()))


def _letters(unit: Unit, sources: list[LogSource]) -> list[Draft]:
    """Draft a letter to each officer and coordinator of the unit itself."""
    people = Membership.objects.filter(
        unit=unit, role__in=(Role.OFFICER, Role.COORDINATOR), user__is_active=True
    ).select_related("user")
    latest = max(int(source.silent_since.timestamp()) for source in sources if source.silent_since)
    context = {
        "unit": unit.name,
        "count": len(sources),
        "names": [source.name for source in sources[:20]],
        "address": absolute("sources:list"),
    }
    return [
        Draft(
            "source_silent",
            member.user.email,
            f"silent-{unit.pk}-{sources[0].pk}-{latest}-{member.user_id}",
            context,
            member.user.language,
            unit.pk,
        )
        for member in people
    ]


def erase(days: int) -> int:
    """Delete live sightings older than some days; return their number."""
    old = LiveSighting.objects.filter(received__lt=timezone.now() - timedelta(days=days))
    return int(old.exclude(unit__in=held_units()).delete()[0])
