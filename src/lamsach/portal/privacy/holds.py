"""Legal holds: what they cover, setting and lifting them."""

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
    """Let nothing be erased: of a case, or of a unit and everything under it."""
    made = Hold.objects.create(unit=unit, campaign=campaign, case=case, reason=reason, user=user_of(by))
    record(by, "hold.put", made, unit, case=case.pk if case else None, reason=reason)
    return made


@transaction.atomic
def lift(hold: Hold, by: Any) -> bool:
    """End a hold. What is due is erased by the next purge. Whether it was in force."""
    done = Hold.objects.filter(pk=hold.pk, ended=None).update(ended=timezone.now(), ended_by=user_of(by))
    if done:
        record(by, "hold.lifted", hold, hold.unit)
    return bool(done)


def covering(case: Case) -> QuerySet[Hold]:
    """The holds in force on a case."""
    above = under_links(case.unit_id)
    whole = Q(case=None, unit__in=above) & (Q(campaign=None) | Q(campaign=case.campaign_id))
    return Hold.objects.filter(Q(case=case.pk) | whole, ended=None)


def under_links(unit_id: int) -> Any:
    """The unit and all above it, as a query of ids."""

    return UnitLink.objects.filter(on_day(today()), descendant=unit_id).values("ancestor")


def held_units() -> set[int]:
    """All units under a hold on everything (of every campaign)."""
    roots = Hold.objects.filter(ended=None, case=None, campaign=None).values_list("unit", flat=True)
    return set(under(roots).values_list("descendant", flat=True))


def held_cases() -> set[int]:
    """All cases under a hold: by case, by campaign, by unit."""
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
