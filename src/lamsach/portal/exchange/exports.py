"""Exports of cases and sightings: CSV (formulas disarmed), JSON, STIX 2.1. Whatever the number of rows, a few are in memory at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Set
from dataclasses import asdict, astuple, fields
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from lamsach.documents.spreadsheets import BOM, csv_row
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.cases import access
from lamsach.portal.cases.listing import asked_day, chosen, of_group
from lamsach.portal.cases.models import Case, CaseSeverity, CaseState
from lamsach.portal.exchange import rows, stix
from lamsach.results.safe_text import visible

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "stix": "application/stix+json;version=2.1",
}
"""What `?as=` takes."""


HEADINGS = {
    "number": gettext_noop("Number"),
    "unit_code": gettext_noop("Unit code"),
    "unit": gettext_noop("Unit"),
    "campaign": gettext_noop("Campaign"),
    "machine": gettext_noop("Machine"),
    "ip": gettext_noop("IP address"),
    "mac": gettext_noop("MAC address"),
    "user": gettext_noop("User"),
    "state": gettext_noop("State"),
    "since": gettext_noop("Since"),
    "severity": gettext_noop("Severity"),
    "threat": gettext_noop("Threat"),
    "indicators": gettext_noop("Listed addresses"),
    "events": gettext_noop("Events"),
    "first_seen": gettext_noop("First seen"),
    "last_seen": gettext_noop("Last seen"),
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
"""The words above the columns of CSV; JSON keeps the columns' own names."""


def as_csv(kind: type[Any], found: Iterable[Any]) -> Iterator[str]:
    """Rows as CSV (RFC 4180) with a byte-order mark, so that table programs read Vietnamese. Headings and states are put into words at once: an answer
    that streams is written when the request's language is over."""
    names = [field.name for field in fields(kind)]
    head = BOM + csv_row(_(HEADINGS[name]) for name in names)
    words = {"state": {state.value: str(state.label) for state in CaseState}}
    words["severity"] = {code: str(CaseSeverity(number).label) for number, code in rows.SEVERITIES.items()}
    words["role"] = {
        "outbound": _("outwards"),
        "inbound": _("from outside"),
        "resolved": _("told by a name server"),
    }

    def lines() -> Iterator[str]:
        for row in found:
            cells = (
                words.get(name, {}).get(cell, visible(cell)) if isinstance(cell, str) else cell
                for name, cell in zip(names, astuple(row), strict=True)
            )
            yield csv_row(cells)

    return chain([head], lines())


def as_json(found: Iterable[Any]) -> Iterator[str]:
    """Rows as one JSON array."""
    yield "["
    for place, row in enumerate(found):
        yield (",\n" if place else "\n") + json.dumps(asdict(row), ensure_ascii=False)
    yield "\n]\n"


Parts = Iterator[tuple[list[Case], Set[int]]]
"""Cases in parts, with those of each that may be named."""


def _chosen(request: HttpRequest) -> Parts:
    listed = chosen(request.user, request.GET)
    wanted = of_group(listed, request.GET.get("show", "all"), asked_day(request.GET))
    return rows.batches(wanted, lambda part: access.seen_by_name(request.user, part))


def _kind(request: HttpRequest, *kinds: str) -> str:
    asked = request.GET.get("as", "csv")
    return asked if asked in kinds else "csv"


def _note(request: HttpRequest, action: str, kind: str) -> None:
    """In the audit trail: what was asked for, without the words searched for, which may name somebody."""
    asked = request.GET.copy()
    asked.pop("q", None)
    record(request, action, kind=kind, query=asked.urlencode()[:500], searched="q" in request.GET)


def answer(text: Iterator[str], kind: str, name: str) -> HttpResponse:
    """A download of the text, written as it is made."""
    response = StreamingHttpResponse(text, content_type=TYPES[kind])
    ending = "csv" if kind == "csv" else "json"
    response["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return response  # type: ignore[return-value]


def cases_as(kind: str, parts: Parts) -> HttpResponse:
    """The cases as csv or json."""
    found = chain.from_iterable(rows.case_rows(part, named) for part, named in parts)
    return answer(as_json(found) if kind == "json" else as_csv(rows.CaseRow, found), kind, "machines")


def sightings_as(kind: str, parts: Parts) -> HttpResponse:
    """Their sightings as csv, json or stix."""
    found = chain.from_iterable(rows.sighting_rows(part, named) for part, named in parts)
    if kind == "stix":
        return answer(stix.bundle(found, timezone.now()), kind, "sightings")
    return answer(as_json(found) if kind == "json" else as_csv(rows.SightingRow, found), kind, "sightings")


@rate_limited("exports", 60, 300, ("GET",))
@member(ALL, WRITERS, ("GET",))
def cases(request: HttpRequest) -> HttpResponse:
    """The cases that the address asks for, as the list's filters do; `?as=csv` or `json`. Names only where the person may see them."""
    kind = _kind(request, "csv", "json")
    _note(request, "cases.exported", kind)
    return cases_as(kind, _chosen(request))


@rate_limited("exports", 60, 300, ("GET",))
@member(ALL, WRITERS, ("GET",))
def sightings(request: HttpRequest) -> HttpResponse:
    """The sightings of these cases; `?as=csv`, `json` or `stix`."""
    kind = _kind(request, "csv", "json", "stix")
    _note(request, "sightings.exported", kind)
    return sightings_as(kind, _chosen(request))
