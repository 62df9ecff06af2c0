"""The one gate to people's names: only those who belong to the unit itself. Counts are seen by whoever sees the unit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from lamsach.portal.awareness.models import Notice, Person
from lamsach.portal.base.roles import WRITERS
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.units.access import get_unit, memberships
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import on_day, today


def own_units(user: Any) -> list[Unit]:
    """The units whose people the person may see: those they belong to with a writing role."""
    return [m.unit for m in memberships(user) if m.role in WRITERS]


def told(campaign: Campaign, units: Any, day: date) -> QuerySet[Notice]:
    """The notices about cracked software that had reached people of these units (a query or list of their numbers) by the end of the day."""
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    return Notice.objects.filter(Q(sent__lt=end) | Q(confirmed__lt=end), campaign=campaign, unit__in=units)


def get_own_unit(user: Any, unit_id: int) -> Unit:
    """The unit with its people: Http404 outside, PermissionDenied for those who see the unit but do not belong to it."""
    unit = get_unit(user, unit_id)
    if unit.pk not in {own.pk for own in own_units(user)}:
        raise PermissionDenied
    return unit


def get_person(user: Any, person_id: int) -> Person:
    """A person, for those who belong to the unit."""
    found = Person.objects.filter(pk=person_id, unit__in=own_units(user)).select_related("unit").first()
    if found is None:
        raise Http404
    return found


def get_notice(user: Any, notice_id: int) -> Notice:
    """One person's notice, for those who belong to the unit."""
    found = Notice.objects.filter(pk=notice_id, unit__in=own_units(user)).first()
    if found is None:
        raise Http404
    return found


def branches(campaign: Campaign, units: Iterable[int]) -> dict[int, tuple[int, int, int]]:
    """For each of the units, of it and everything under it today: how many people confirmed, were told (the letter went out, or they are on the printed sheet) and have not confirmed, and are on a list and were not told. No names."""
    above, day = list(units), today()
    confirmed = Q(confirmed__isnull=False)
    reached = confirmed | Q(sent__isnull=False) | Q(planned=None)
    notices = Notice.objects.filter(campaign=campaign)
    people = Person.objects.exclude(notices__in=notices.filter(reached))
    found: dict[int, list[int]] = {}
    for place, rows in enumerate(
        (notices.filter(confirmed), notices.filter(reached).exclude(confirmed), people)
    ):
        inside = rows.filter(on_day(day, "unit__links_up__"), unit__links_up__ancestor__in=above).order_by()
        for unit, count in inside.values_list("unit__links_up__ancestor").annotate(count=Count("pk")):
            found.setdefault(unit, [0, 0, 0])[place] = count
    return {unit: (one[0], one[1], one[2]) for unit, one in found.items()}
