"""Access gate: sources for readers of the unit, live sightings only for the unit itself."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from lamsach.portal.sources.models import ArchiveRun, LiveSighting, LogSource
from lamsach.portal.units.access import own_units, readable_units


def sources(user: Any) -> QuerySet[LogSource]:
    """Sources of the user's readable units."""
    found = LogSource.objects.filter(collector__unit__in=readable_units(user))
    return found.select_related("collector__unit").order_by("collector__unit__code", "collector", "name")


def live(user: Any) -> QuerySet[LiveSighting]:
    """Live sightings of the user's own units, the latest first."""
    found = LiveSighting.objects.filter(unit__in=own_units(user))
    return found.select_related("unit", "collector")


def runs(user: Any) -> QuerySet[ArchiveRun]:
    """Archive runs of the user's readable units, the latest first."""
    found = ArchiveRun.objects.filter(unit__in=readable_units(user))
    return found.select_related("unit", "campaign", "list", "job", "bundle")
