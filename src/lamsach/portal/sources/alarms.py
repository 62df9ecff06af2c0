"""Sources that are silent: since when, and a letter to those who can do something."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from lamsach.portal.base.links import absolute
from lamsach.portal.base.roles import Role
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.sources.models import Collector, LiveSighting, LogSource
from lamsach.portal.units.access import held_units
from lamsach.portal.units.models import Membership, Unit

AWAY = timedelta(minutes=5)
"""A collector that says nothing for so long is away, and its sources are blind with it."""


def watch() -> int:
    """Mark the sources of collectors that are away; tell people of what is silent; how many letters' worth of sources."""
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
    """One letter to each officer and coordinator of the unit itself."""
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
    """Erase live sightings older than so many days: the findings keep what matters."""
    old = LiveSighting.objects.filter(received__lt=timezone.now() - timedelta(days=days))
    return int(old.exclude(unit__in=held_units()).delete()[0])
