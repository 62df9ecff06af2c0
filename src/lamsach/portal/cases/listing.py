"""Which cases a list shows, by what its address says; and the figures above it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from lamsach.portal.cases.access import readable_cases
from lamsach.portal.cases.counting import GROUPS
from lamsach.portal.cases.models import Case, CaseSeverity, CaseState
from lamsach.portal.findings.access import own_units
from lamsach.portal.units.tree import under

FILTERS = ("open", "working", "waiting", "verified", "blind", "reinfected", "late", "dismissed", "all")


def group_condition(name: str) -> Q:
    """The condition of a figure above the list."""
    if name == "working":
        return Q(state=CaseState.WORKING)
    if name == "waiting":
        return Q(state=CaseState.CLEANED)
    if name == "late":
        return Q(state__in=(*GROUPS["open"], CaseState.WORKING), due__lt=timezone.now())
    if name in GROUPS:
        return Q(state__in=GROUPS[name])
    return Q()


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def chosen(user: Any, query: Mapping[str, str]) -> QuerySet[Case]:
    """The cases that the address asks for, whatever their state."""
    rows = readable_cases(user)
    campaign, unit = _number(query.get("campaign", "")), _number(query.get("unit", ""))
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    if unit is not None:
        rows = rows.filter(unit__in=under([unit]).values("descendant"))
    grade = _number(query.get("severity", ""))
    if grade in CaseSeverity.values:
        rows = rows.filter(severity=grade)
    if query.get("mine"):
        rows = rows.filter(assignee=user)
    words = query.get("q", "").replace("\x00", "").strip()[:100]
    return rows.filter(_search(user, words)) if words else rows


def _search(user: Any, words: str) -> Q:
    """By number, unit and threat everywhere; by name and address where the person may see them."""
    number = _number(words.lstrip("Mm").lstrip("0") or "x")
    condition = (
        Q(unit__name__icontains=words) | Q(unit__code__startswith=words.upper()) | Q(threat__icontains=words)
    )
    if number is not None:
        condition |= Q(pk=number)
    own = Q(unit__in=own_units(user))
    named = (
        Q(device__name__icontains=words)
        | Q(device__ip__startswith=words)
        | Q(device__mac__startswith=words.lower())
        | Q(device__user__icontains=words)
        | Q(person_name__icontains=words)
    )
    return condition | (own & named)


def figures(rows: QuerySet[Case]) -> dict[str, int]:
    """How many each filter would show, in one query."""
    counted = rows.order_by().aggregate(
        **{f"n_{name}": Count("pk", filter=group_condition(name)) for name in FILTERS if name != "all"},
        n_all=Count("pk"),
    )
    return {name: counted[f"n_{name}"] for name in FILTERS}
