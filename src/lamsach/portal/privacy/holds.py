"""Legal holds: setting, lifting and coverage."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import Case
from lamsach.portal.privacy.models import Hold
from lamsach.portal.units.models import Unit, UnitLink
from lamsach.portal.units.tree import on_day, today, under


@transaction.atomic
def put(
    unit: Unit, reason: str, by: Any, *, campaign: Campaign | None = None, case: Case | None = None
) -> Hold:
    """Set a hold on a case, or on a unit and all units under it (in one campaign or all)."""
    hold = Hold.objects.create(unit=unit, campaign=campaign, case=case, reason=reason, user=user_of(by))
    record(by, "hold.put", hold, unit, case=case.pk if case else None, reason=reason)
    return hold


@transaction.atomic
def lift(hold: Hold, by: Any) -> bool:
    """End a hold; return whether it was in force. The next purge erases overdue data."""
    updated = Hold.objects.filter(pk=hold.pk, ended=None).update(ended=timezone.now(), ended_by=user_of(by))
    if updated:
        record(by, "hold.lifted", hold, hold.unit)
    return bool(updated)


def covering(case: Case) -> QuerySet[Hold]:
    """Return the holds in force on a case."""
    above = UnitLink.objects.filter(on_day(today()), descendant=case.unit_id).values("ancestor")
    of_units = Q(case=None, unit__in=above) & (Q(campaign=None) | Q(campaign=case.campaign_id))
    return Hold.objects.filter(Q(case=case.pk) | of_units, ended=None)


def held_units() -> set[int]:
    """Return ids of units under a hold on all campaigns."""
    roots = Hold.objects.filter(ended=None, case=None, campaign=None).values_list("unit", flat=True)
    return set(under(roots).values_list("descendant", flat=True))


def held_cases() -> set[int]:
    """Return ids of unpurged cases under a hold on case, campaign or unit."""
    cases: set[int] = set()
    roots: dict[int | None, set[int]] = {}
    for hold in Hold.objects.filter(ended=None):
        if hold.case_id is not None:
            cases.add(hold.case_id)
        else:
            roots.setdefault(hold.campaign_id, set()).add(hold.unit_id)
    held = Q(pk__in=cases) | Q(superseded__in=cases)
    for campaign, units in roots.items():
        below = Q(unit__in=under(units).values("descendant"))
        held |= below if campaign is None else below & Q(campaign=campaign)
    return set(Case.objects.filter(held, purge=None).values_list("pk", flat=True))
