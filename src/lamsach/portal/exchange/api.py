"""Cases and sightings for other programs, page by page. Names of machines are given only to a token of the unit itself that one of its own people made, or under a grant."""

from __future__ import annotations

# ninja reads the annotations at run time: the types stay imported
from dataclasses import asdict
from datetime import date
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from lamsach.portal.api import access
from lamsach.portal.audit.trail import record
from lamsach.portal.cases.access import seen_by_name
from lamsach.portal.cases.models import Case, CaseState
from lamsach.portal.exchange import exports, rows
from lamsach.portal.findings.access import own_units

router = Router(tags=["cases"])
MOST = 500


class CasesOut(Schema):
    """A page; `next` is the `after` of the following one, null on the last."""

    items: list[rows.CaseRow]
    next: int | None


class SightingsOut(Schema):
    """A page by cases; `next` is the `after` of the following one, null on the last."""

    items: list[rows.SightingRow]
    next: int | None


def _cases(token: Any, campaign: int | None, state: CaseState | None, since: date | None) -> QuerySet[Case]:
    found = Case.objects.filter(unit__in=access.units(token), superseded=None)
    if campaign is not None:
        found = found.filter(campaign__pk=campaign)  # by the column's own type, which knows its bounds
    if state is not None:
        found = found.filter(state=state)
    if since is not None:
        found = found.filter(since__gte=since)
    return found.select_related("unit", "campaign", "device").order_by("pk")


def _page(
    request: HttpRequest, found: QuerySet[Case], after: int, limit: int
) -> tuple[list[Case], set[int], int | None]:
    """The page's cases, those to be named, and where the next page begins. A page with names is in the audit trail."""
    size = min(max(limit, 1), MOST)
    part = list(found.filter(pk__gt=after)[: size + 1])
    further = part[size - 1].pk if len(part) > size else None
    part = part[:size]
    token = request.auth  # type: ignore[attr-defined]
    named = _named(token, part)
    if named:
        record(None, "api.cases_read", token, token.unit, who=token.name, cases=sorted(named))
    return part, named, further


def _named(token: Any, part: list[Case]) -> set[int]:
    """As the token's maker would see them, as far as the token reaches: the unit's own, when the maker belongs to the unit; and what it was granted."""
    if token.unit_id not in own_units(token.created_by):
        return set()
    mine = {case.pk for case in part if case.unit_id == token.unit_id}
    return mine & seen_by_name(token.created_by, part)


@router.get("/cases", response=CasesOut)
def cases(
    request: HttpRequest,
    campaign: int | None = None,
    state: CaseState | None = None,
    since: date | None = None,
    after: int = 0,
    limit: int = 100,
) -> Any:
    """The cases of the unit and of everything under it, in the order they were opened. `since`: in their state since that day or later."""
    token = request.auth  # type: ignore[attr-defined]
    part, named, further = _page(request, _cases(token, campaign, state, since), after, limit)
    return {"items": [asdict(row) for row in rows.case_rows(part, named)], "next": further}


@router.get("/sightings", response=SightingsOut)
def sightings(
    request: HttpRequest,
    campaign: int | None = None,
    state: CaseState | None = None,
    since: date | None = None,
    after: int = 0,
    limit: int = 100,
) -> Any:
    """The sightings of these cases; `limit` counts cases."""
    token = request.auth  # type: ignore[attr-defined]
    part, named, further = _page(request, _cases(token, campaign, state, since), after, limit)
    return {"items": [asdict(row) for row in rows.sighting_rows(part, named)], "next": further}


@router.get("/cases/export")
def cases_file(
    request: HttpRequest,
    kind: Literal["csv", "json"] = "csv",
    campaign: int | None = None,
    state: CaseState | None = None,
    since: date | None = None,
) -> HttpResponse:
    """All these cases as one file."""
    return exports.cases_as(kind, _all(request, "cases", kind, campaign, state, since))


@router.get("/sightings/export")
def sightings_file(
    request: HttpRequest,
    kind: Literal["csv", "json", "stix"] = "stix",
    campaign: int | None = None,
    state: CaseState | None = None,
    since: date | None = None,
) -> HttpResponse:
    """All their sightings as one file: CSV, JSON, or a STIX 2.1 bundle."""
    return exports.sightings_as(kind, _all(request, "sightings", kind, campaign, state, since))


def _all(
    request: HttpRequest,
    what: str,
    kind: str,
    campaign: int | None,
    state: CaseState | None,
    since: date | None,
) -> exports.Parts:
    token = request.auth  # type: ignore[attr-defined]
    record(None, f"api.{what}_exported", token, token.unit, who=token.name, kind=kind)
    return rows.batches(_cases(token, campaign, state, since), lambda part: _named(token, part))
