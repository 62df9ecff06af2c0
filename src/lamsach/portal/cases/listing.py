"""Which cases a list shows, by what its address says; and the figures above it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from lamsach.portal.base.asked import number
from lamsach.portal.cases import searching
from lamsach.portal.cases.access import readable_cases
from lamsach.portal.cases.counting import GROUPS
from lamsach.portal.cases.models import Case, CaseSeverity, CaseState, Span, ThreatKind
from lamsach.portal.findings.access import own_units

FILTERS = ("open", "working", "waiting", "verified", "blind", "reinfected", "late", "dismissed", "all")
"""The figures above the list."""
SHOWN = (*FILTERS, "todo", "found", "handled", "cleaned")
"""What an address may ask for: the figures, and what other pages count."""


def states_of(name: str) -> tuple[CaseState, ...] | None:
    """The states that a filter shows; None: all."""
    if name == "working":
        return (CaseState.WORKING,)
    if name == "waiting":
        return (CaseState.CLEANED,)
    if name in ("todo", "late"):
        return (*GROUPS["open"], CaseState.WORKING)
    return GROUPS.get(name)


def group_condition(name: str) -> Q:
    """The condition of a figure above the list, as of now."""
    states = states_of(name)
    condition = Q() if states is None else Q(state__in=states)
    return condition & Q(due__lt=timezone.now()) if name == "late" else condition


def asked_day(query: Mapping[str, str]) -> date | None:
    """The past day that an address asks for."""
    try:
        return parse_date(query.get("day", ""))
    except ValueError:
        return None


def of_group(rows: QuerySet[Case], name: str, day: date | None) -> QuerySet[Case]:
    """Those of the cases that a figure counts, now or on a day."""
    states = states_of(name)
    if day is None:
        return rows.filter(group_condition(name))
    spans = Span.objects.filter(valid_from__lte=day, valid_until__gt=day, known_until=None)
    if states is not None:
        spans = spans.filter(state__in=states)
    return rows.filter(pk__in=spans.values("case"))


def chosen(user: Any, query: Mapping[str, str]) -> QuerySet[Case]:
    """The cases that the address asks for, whatever their state."""
    rows = readable_cases(user, number(query, "unit"), asked_day(query))
    campaign = number(query, "campaign")
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    grade = number(query, "severity")
    if grade in CaseSeverity.values:
        rows = rows.filter(severity=grade)
    if query.get("kind") in ThreatKind.values:
        rows = rows.filter(kind=query["kind"])
    if query.get("mine"):
        rows = rows.filter(assignee=user)
    if query.get("free"):
        rows = rows.filter(assignee=None)
    words = query.get("q", "").strip()
    return rows.filter(searching.condition(words, own_units(user))) if searching.terms(words) else rows


def figures(rows: QuerySet[Case]) -> dict[str, int]:
    """Return how many each filter would show, in one query."""
    now = timezone.now()
    late = Count("pk", filter=Q(due__lt=now))
    counted: dict[str, tuple[int, int]] = {
        state: (number, over)
        for state, number, over in rows.order_by()
        .values_list("state")
        .annotate(counted=Count("pk"), late=late)
    }
    found = {}
    for name in FILTERS:
        states = states_of(name)
        place = 1 if name == "late" else 0
        found[name] = sum(pair[place] for state, pair in counted.items() if states is None or state in states)
    return found


def page_of(rows: QuerySet[Case], numbers: list[int]) -> list[Case]:
    """The cases with these numbers, in this order."""
    found = {case.pk: case for case in rows.filter(pk__in=numbers)}
    return [found[number] for number in numbers if number in found]
