"""The one gate to people's names: only those who belong to the unit itself. Counts are seen by whoever sees the unit."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q, QuerySet
from django.http import Http404

from lamsach.portal.awareness.models import Notice, Person
from lamsach.portal.base.roles import WRITERS
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.units.access import get_unit, memberships, readable_units
from lamsach.portal.units.models import Unit


def own_units(user: Any) -> list[Unit]:
    """The units whose people the person may see: those they belong to with a writing role."""
    return [m.unit for m in memberships(user) if m.role in WRITERS]


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


def counts(user: Any, campaign: Campaign) -> QuerySet[Unit]:
    """For each unit that the person sees and that told people: how many were told (the letter went out, or they stand on the printed sheet, or answered before) and confirmed. No names."""
    of_campaign = Q(notices__campaign=campaign)
    answered = Q(notices__confirmed__isnull=False)
    reached = answered | Q(notices__sent__isnull=False) | Q(notices__planned=None)
    return (
        readable_units(user)
        .annotate(
            told=Count("notices", filter=of_campaign & reached),
            arrived=Count("notices", filter=of_campaign & Q(notices__sent__isnull=False)),
            confirmed=Count("notices", filter=of_campaign & answered),
        )
        .filter(told__gt=0)
        .annotate(share=F("confirmed") * 100 / F("told"))
        .order_by("code")
    )
