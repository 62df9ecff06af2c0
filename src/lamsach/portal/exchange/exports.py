"""Streaming exports of cases and sightings: CSV, JSON, STIX 2.1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import asdict, fields
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import streamed, table_file
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.cases import access
from lamsach.portal.cases.models import Case, CaseSeverity, CaseState
from lamsach.portal.cases.search import in_group, requested_cases, requested_day
from lamsach.portal.exchange import rows
from lamsach.results.machines import COLUMNS

_MACHINE = {
    "address": "ip",
    "threats": "threat",
    "count": "events",
    "first": "first_seen",
    "last": "last_seen",
}
_OWN = ("machine", "mac", "user", "state", "severity")
HEADINGS = {
    **{_MACHINE.get(name, name): COLUMNS[name].heading for name in (*_OWN, *_MACHINE)},
    "number": gettext_noop("Number"),
    "unit_code": gettext_noop("Unit code"),
    "unit": gettext_noop("Unit"),
    "campaign": gettext_noop("Campaign"),
    "since": gettext_noop("Since"),
    "indicators": gettext_noop("Listed addresses"),
    "quiet_days": gettext_noop("Quiet days"),
    "due": gettext_noop("Due"),
    "opened": gettext_noop("Opened"),
    "indicator": gettext_noop("Listed address"),
    "indicator_type": gettext_noop("Kind of address"),
    "role": gettext_noop("Direction"),
    "not_blocked": gettext_noop("Not blocked"),
    "days": gettext_noop("Days"),
    "first_day": gettext_noop("First day"),
    "last_day": gettext_noop("Last day"),
    "last": gettext_noop("Last event"),
}
"""CSV headings; JSON uses the column names."""


def _as(kind: str, of: type[Any], found: Iterable[Any], name: str) -> HttpResponse:
    words: dict[str, dict[Any, str]] = {
        "state": {state.value: str(state.label) for state in CaseState},
        "severity": {code: str(CaseSeverity(number).label) for number, code in rows.SEVERITIES.items()},
        "role": {
            "outbound": _("outwards"),
            "inbound": _("from outside"),
            "resolved": _("answered by a name server"),
        },
    }
    heads = {field.name: _(HEADINGS[field.name]) for field in fields(of)}
    return table_file(kind, name, heads, map(asdict, found), words)


Parts = Iterator[tuple[list[Case], Set[int]]]
"""Batches of cases, each with the numbers of those that may be shown by name."""


def _chosen(request: HttpRequest) -> Parts:
    listed = requested_cases(request.user, request.GET)
    wanted = in_group(listed, request.GET.get("show", "all"), requested_day(request.GET))
    return rows.batches(wanted, lambda part: access.seen_by_name(request.user, part))


def _kind(request: HttpRequest, action: str, *kinds: str) -> str:
    """Read the requested kind; audit the request without its search words, which may name somebody."""
    requested = request.GET.get("as", "csv")
    kind = requested if requested in kinds else "csv"
    query = request.GET.copy()
    query.pop("q", None)
    record(request, action, kind=kind, query=query.urlencode()[:500], searched="q" in request.GET)
    return kind


def cases_as(kind: str, parts: Parts) -> HttpResponse:
    """Export cases as csv or json."""
    found = chain.from_iterable(rows.case_rows(part, named) for part, named in parts)
    return _as(kind, rows.CaseRow, found, "machines")


def sightings_as(kind: str, parts: Parts) -> HttpResponse:
    """Export the cases' sightings as csv, json or stix."""
    found = chain.from_iterable(rows.sighting_rows(part, named) for part, named in parts)
    if kind == "stix":
        return streamed(rows.stix_bundle(found, timezone.now()), "sightings.json", kind)
    return _as(kind, rows.SightingRow, found, "sightings")


@rate_limited("exports", 60, 300, ("GET",))
@member(ALL, WRITERS, ("GET",))
def cases(request: HttpRequest) -> HttpResponse:
    """Export the filtered cases (`?as=csv`, `json`), with names where the user may see them."""
    return cases_as(_kind(request, "cases.exported", "csv", "json"), _chosen(request))


@rate_limited("exports", 60, 300, ("GET",))
@member(ALL, WRITERS, ("GET",))
def sightings(request: HttpRequest) -> HttpResponse:
    """Export the sightings of the filtered cases; `?as=csv`, `json` or `stix`."""
    return sightings_as(_kind(request, "sightings.exported", "csv", "json", "stix"), _chosen(request))
