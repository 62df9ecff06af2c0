"""The one gate to grants, holds and what is known of a person: all of it is the unit's own business."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone

from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.cases.access import get_case
from lamsach.portal.cases.models import Case, Grant
from lamsach.portal.findings.access import own_units
from lamsach.portal.privacy.models import GrantedView, Hold
from lamsach.portal.units.access import memberships, readable_units, writable_units
from lamsach.portal.units.models import Unit


def get_own_case(user: Any, case_id: int) -> Case:
    """The case, for those who belong to its unit: a grant lets others look, not grant further."""
    case = get_case(user, case_id)
    if case.unit_id not in own_units(user):
        raise PermissionDenied
    return case


def get_grant(user: Any, grant_id: int) -> Grant:
    """A grant, for those who belong to the unit that gave it."""
    found = Grant.objects.filter(pk=grant_id, case__unit__in=readable_units(user)).select_related(
        "case__unit"
    )
    grant = get_object_or_404(found)
    get_own_case(user, grant.case_id)
    return grant


def readable_holds(user: Any) -> QuerySet[Hold]:
    """The holds on the person's units."""
    return Hold.objects.filter(unit__in=readable_units(user)).select_related("unit", "campaign", "case")


def holding_units(user: Any) -> QuerySet[Unit]:
    """The units for which the person may set and lift a hold."""
    return writable_units(user)


def get_hold(user: Any, hold_id: int) -> Hold:
    """A hold, to lift it: by who put it, or a coordinator of its unit."""
    found = get_object_or_404(readable_holds(user), pk=hold_id)
    may = writable_units(user, COORDINATORS).filter(pk=found.unit_id).exists()
    if not may and found.user_id != user.pk:
        raise PermissionDenied
    return found


def granted_views(user: Any) -> QuerySet[GrantedView]:
    """Return what cut-off units let the person's own units see by name, as long as it may be seen."""
    mine = [member.unit_id for member in memberships(user)]
    rows = GrantedView.objects.filter(partner__unit__in=mine, until__gt=timezone.now())
    return rows.select_related("unit", "campaign", "partner")


def get_granted(user: Any, granted_id: int) -> GrantedView:
    """One of them. Http404 for whom it was not granted to, and when its time is over."""
    return get_object_or_404(granted_views(user), pk=granted_id)
