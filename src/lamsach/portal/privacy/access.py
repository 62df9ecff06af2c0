"""Access gate of grants, holds and personal data: people of the unit itself."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone

from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.cases.access import get_case
from lamsach.portal.cases.models import Case, Grant
from lamsach.portal.privacy.models import GrantedView, Hold
from lamsach.portal.units.access import may_act, memberships, own_units, readable_units


def get_own_case(user: Any, case_id: int) -> Case:
    """Return a case of an own unit; PermissionDenied for readers by a grant, who cannot grant further."""
    case = get_case(user, case_id)
    if case.unit_id not in own_units(user):
        raise PermissionDenied
    return case


def get_grant(user: Any, grant_id: int) -> Grant:
    """Return a grant given by an own unit."""
    grants = Grant.objects.filter(pk=grant_id, case__unit__in=readable_units(user)).select_related(
        "case__unit"
    )
    grant = get_object_or_404(grants)
    get_own_case(user, grant.case_id)
    return grant


def readable_holds(user: Any) -> QuerySet[Hold]:
    """Return holds on readable units."""
    return Hold.objects.filter(unit__in=readable_units(user)).select_related("unit", "campaign", "case")


def get_hold(user: Any, hold_id: int) -> Hold:
    """Return a hold that the user may lift: own, or of a unit that the user coordinates."""
    hold = get_object_or_404(readable_holds(user), pk=hold_id)
    coordinates = may_act(user, hold.unit_id, COORDINATORS)
    if not coordinates and hold.user_id != user.pk:
        raise PermissionDenied
    return hold


def granted_views(user: Any) -> QuerySet[GrantedView]:
    """Return unexpired views that offline units granted to own units."""
    own = [member.unit_id for member in memberships(user)]
    rows = GrantedView.objects.filter(partner__unit__in=own, until__gt=timezone.now())
    return rows.select_related("unit", "campaign", "partner")


def get_granted(user: Any, granted_id: int) -> GrantedView:
    """Return a granted view; Http404 if not granted to an own unit, or expired."""
    return get_object_or_404(granted_views(user), pk=granted_id)
