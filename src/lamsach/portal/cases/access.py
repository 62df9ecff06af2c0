"""Access to cases: by unit; machine names only for the unit itself or under a grant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone

from lamsach.portal.cases.models import Case, Clarification, Exemption, Grant, Note, SavedView
from lamsach.portal.units.access import get_of_unit, memberships, own_units, reaches_below, readable_units
from lamsach.portal.units.tree import under


def readable_cases(user: Any, unit: int | None = None, day: date | None = None) -> QuerySet[Case]:
    """Cases of the person's subtree, or of a unit and all below it on a day (today)."""
    rows = Case.objects.filter(superseded=None)
    if unit is not None:
        rows = rows.filter(unit__in=under([unit], day).values("descendant"))
    if unit is None or day is not None or not reaches_below(user, unit):
        rows = rows.filter(unit__in=readable_units(user))
    return rows.select_related("unit", "campaign", "device", "assignee")


def get_case(user: Any, case_id: int, *, write: bool = False) -> Case:
    """The case; `write` requires a writing role over its unit."""
    rows = Case.objects.filter(pk=case_id).select_related("unit", "campaign", "device", "assignee")
    return get_of_unit(user, rows, write=write)


def get_view(user: Any, view_id: int) -> SavedView:
    """One of the person's own saved views."""
    return get_object_or_404(SavedView.objects, pk=view_id, user=user)


def get_own_case(user: Any, case_id: int) -> Case:
    """The case with names, for the unit itself or under a grant; otherwise PermissionDenied."""
    case = get_case(user, case_id)
    if case.pk not in seen_by_name(user, [case]):
        raise PermissionDenied
    return case


def seen_by_name(user: Any, cases: Iterable[Case]) -> set[int]:
    """Cases whose machine the person may see by name."""
    listed = list(cases)
    own = set(own_units(user))
    granted = set(granted_cases(user).filter(case__in=listed).values_list("case_id", flat=True))
    return {case.pk for case in listed if case.unit_id in own or case.pk in granted}


def granted_cases(user: Any) -> QuerySet[Grant]:
    """Grants in force to units that the person belongs to."""
    units = [member.unit_id for member in memberships(user)]
    return Grant.objects.filter(to__in=units, until__gt=timezone.now(), ended=None)


def get_note(user: Any, note_id: int) -> Note:
    """File of a case, for people who may see the machine by name."""
    note = get_object_or_404(Note.objects.filter(pk=note_id).select_related("case"))
    get_own_case(user, note.case_id)
    return note


def readable_clarifications(user: Any) -> QuerySet[Clarification]:
    """Questions of the person's subtree."""
    rows = Clarification.objects.filter(unit__in=readable_units(user))
    return rows.select_related("unit", "campaign", "device", "user")


def get_clarification(user: Any, question: int) -> Clarification:
    """A question, for the unit that may answer it."""
    return get_of_unit(user, readable_clarifications(user).filter(pk=question), own=True)


def readable_exemptions(user: Any) -> QuerySet[Exemption]:
    """Exemptions of the person's subtree."""
    rows = Exemption.objects.filter(unit__in=readable_units(user))
    return rows.select_related("unit", "campaign", "asked_by", "approved_by", "device")


def get_exemption(user: Any, exemption_id: int, *, write: bool = False) -> Exemption:
    """An exemption; `write`: to approve or end it."""
    return get_of_unit(user, readable_exemptions(user).filter(pk=exemption_id), write=write)
