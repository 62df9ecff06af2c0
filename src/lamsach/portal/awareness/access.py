"""Access gate of people's names: the unit's own writers. Readers of the unit get counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone

from lamsach.portal.awareness.models import Notice, Person
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.units.access import own_units
from lamsach.portal.units.tree import on_day, today


def notified(campaign: Campaign, units: Any, day: date) -> QuerySet[Notice]:
    """Return notices sent to or confirmed by people of `units` (query or list) by the end of the day."""
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    return Notice.objects.filter(Q(sent__lt=end) | Q(confirmed__lt=end), campaign=campaign, unit__in=units)


def get_person(user: Any, person_id: int) -> Person:
    """Return a person of an own unit."""
    return get_object_or_404(
        Person.objects.filter(pk=person_id, unit__in=own_units(user)).select_related("unit")
    )


def get_notice(user: Any, notice_id: int) -> Notice:
    """Return a person's notice of an own unit."""
    return get_object_or_404(Notice.objects, pk=notice_id, unit__in=own_units(user))


def branches(campaign: Campaign, units: Iterable[int]) -> dict[int, tuple[int, int, int]]:
    """Count people by unit, with all units under it: confirmed, reached, not reached."""
    above, day = list(units), today()
    confirmed = Q(confirmed__isnull=False)
    reached = confirmed | Q(sent__isnull=False) | Q(planned=None)
    notices = Notice.objects.filter(campaign=campaign)
    people = Person.objects.exclude(notices__in=notices.filter(reached))
    counts: dict[int, list[int]] = {}
    for index, rows in enumerate(
        (notices.filter(confirmed), notices.filter(reached).exclude(confirmed), people)
    ):
        grouped = rows.filter(on_day(day, "unit__links_up__"), unit__links_up__ancestor__in=above).order_by()
        for unit, count in grouped.values_list("unit__links_up__ancestor").annotate(count=Count("pk")):
            counts.setdefault(unit, [0, 0, 0])[index] = count
    return {unit: (parts[0], parts[1], parts[2]) for unit, parts in counts.items()}
