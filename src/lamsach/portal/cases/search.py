"""Case search by words, with or without diacritics, and the case filters of an address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from lamsach.portal.base.parameters import number
from lamsach.portal.base.queries import in_parts
from lamsach.portal.cases.access import readable_cases
from lamsach.portal.cases.models import Case, CaseSeverity, CaseState, CaseText, Note, Span, ThreatKind
from lamsach.portal.cases.tally import GROUPS
from lamsach.portal.findings.models import Device, Sighting
from lamsach.portal.units.access import own_units

BATCH = 200
_LONGEST = 20_000
_MARKS = re.compile("[\u0300-\u036f]")


def fold(text: str) -> str:
    """Lower-case without diacritics, so that `da nang` matches `Đà Nẵng`."""
    plain = _MARKS.sub("", unicodedata.normalize("NFD", text.casefold()))
    return " ".join(plain.replace("đ", "d").replace("\x00", " ").split())


def terms(words: str) -> list[str]:
    """Words of a search, at most eight."""
    return fold(words[:200]).split()[:8]


def condition(words: str, own_units: Iterable[int]) -> Q:
    """Condition on `Case` for a search: names and addresses only where the person may see them."""
    combined = Q()
    own = list(own_units)
    for term in terms(words):
        number = re.fullmatch(r"m?0*(\d{1,17})", term)
        alternatives = Q(text__shared__contains=term)
        if own:
            alternatives |= Q(unit__in=own, text__own__contains=term)
        if number:
            alternatives |= Q(pk=int(number[1]))
        combined &= alternatives
    return combined


def index(cases: Iterable[Case]) -> None:
    """Rewrite the search text of cases."""
    numbers = sorted({case.pk for case in cases})
    for part in in_parts(numbers, BATCH):
        _index(part)


def _index(numbers: list[int]) -> None:
    cases = list(Case.objects.filter(pk__in=numbers).select_related("unit", "device", "campaign"))
    by_device = {case.device_id: case.pk for case in cases}
    parts = list(Device.objects.filter(into__in=by_device))
    heads = {
        **{number: number for number in by_device},
        **{part.pk: part.into_id or part.pk for part in parts},
    }
    shared: dict[int, set[str]] = {}
    own: dict[int, set[str]] = {}
    places = {(case.campaign_id, case.device_id): case for case in cases}
    rows = Sighting.objects.filter(device__in=list(heads), campaign__in={case.campaign_id for case in cases})
    for campaign, device, indicator, threat in rows.values_list(
        "campaign_id", "device_id", "indicator", "threat"
    ).distinct():
        case = places.get((campaign, heads[device]))
        if case is not None:
            shared.setdefault(case.pk, set()).update((indicator, threat))
    for part in parts:
        for case in cases:
            if case.device_id == part.into_id:
                own.setdefault(case.pk, set()).update(_words_of(part))
    for case_id, text, file in Note.objects.filter(case__in=numbers).values_list(
        "case_id", "text", "file_name"
    ):
        own.setdefault(case_id, set()).update((text[:2000], file))
    CaseText.objects.bulk_create(
        [_row(case, shared.get(case.pk, set()), own.get(case.pk, set())) for case in cases],
        update_conflicts=True,
        update_fields=["shared", "own"],
        unique_fields=["case"],
    )


def _row(case: Case, shared: set[str], own: set[str]) -> CaseText:
    seen = [case.number, case.unit.code, case.unit.name, case.threat, *sorted(shared)]
    named = [*_words_of(case.device), case.person_name, case.person_email, *sorted(own)]
    return CaseText(case=case, shared=_joined(seen), own=_joined(named))


def _words_of(device: Device) -> tuple[Any, ...]:
    return device.name, device.mac, device.ip, device.user, device.department


def _joined(words: Iterable[str]) -> str:
    return fold("\n".join(word for word in words if word))[:_LONGEST]


FILTERS = ("open", "working", "waiting", "verified", "blind", "reinfected", "late", "dismissed", "all")
"""Figures above the list."""
SHOWN = (*FILTERS, "todo", "found", "handled", "cleaned")
"""Allowed filters of an address: these figures, and those of other pages."""


def states_of(name: str) -> tuple[CaseState, ...] | None:
    """States shown by a filter; None: all."""
    if name == "working":
        return (CaseState.WORKING,)
    if name == "waiting":
        return (CaseState.CLEANED,)
    if name in ("todo", "late"):
        return (*GROUPS["open"], CaseState.WORKING)
    return GROUPS.get(name)


def group_condition(name: str) -> Q:
    """Condition of a figure above the list, as of now."""
    states = states_of(name)
    condition = Q() if states is None else Q(state__in=states)
    return condition & Q(due__lt=timezone.now()) if name == "late" else condition


def requested_day(query: Mapping[str, str]) -> date | None:
    """Past day requested by an address."""
    try:
        return parse_date(query.get("day", ""))
    except ValueError:
        return None


def in_group(rows: QuerySet[Case], name: str, day: date | None) -> QuerySet[Case]:
    """Cases counted by a figure, now or on a day."""
    states = states_of(name)
    if day is None:
        return rows.filter(group_condition(name))
    spans = Span.objects.filter(valid_from__lte=day, valid_until__gt=day, known_until=None)
    if states is not None:
        spans = spans.filter(state__in=states)
    return rows.filter(pk__in=spans.values("case"))


def requested_cases(user: Any, query: Mapping[str, str]) -> QuerySet[Case]:
    """Cases requested by the address, in any state."""
    rows = readable_cases(user, number(query, "unit"), requested_day(query))
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
    return rows.filter(condition(words, own_units(user))) if terms(words) else rows


def figures(rows: QuerySet[Case]) -> dict[str, int]:
    """Number of cases per filter, in one query."""
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
        index = 1 if name == "late" else 0
        found[name] = sum(pair[index] for state, pair in counted.items() if states is None or state in states)
    return found


def page_of(rows: QuerySet[Case], numbers: list[int]) -> list[Case]:
    """Cases with these numbers, in this order."""
    by_number = {case.pk: case for case in rows.filter(pk__in=numbers)}
    return [by_number[number] for number in numbers if number in by_number]
