"""REST interface to cases and sightings, paged; names only for the unit itself or under a grant."""

from __future__ import annotations

# ninja reads the annotations at run time: the types stay imported
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import date
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from lamsach.portal.api import access
from lamsach.portal.audit.trail import record
from lamsach.portal.cases.access import seen_by_name
from lamsach.portal.cases.models import Case, CaseState
from lamsach.portal.exchange import exports, rows
from lamsach.portal.units.access import own_units

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


class Wanted(Schema):
    """Filter of the cases of the unit and all under it. `since`: in their state since that day or later."""

    campaign: int | None = None
    state: CaseState | None = None
    since: date | None = None


class Page(Wanted):
    """A page: `limit` cases after the case with the number `after`."""

    after: int = 0
    limit: int = 100


def _cases(token: Any, wanted: Wanted) -> QuerySet[Case]:
    columns = {"campaign__pk": wanted.campaign, "state": wanted.state, "since__gte": wanted.since}
    filters = {name: value for name, value in columns.items() if value is not None}
    found = Case.objects.filter(unit__in=access.units(token), superseded=None, **filters)
    return found.select_related("unit", "campaign", "device").order_by("pk")


def _page(
    request: HttpRequest, wanted: Page, rows_of: Callable[[list[Case], set[int]], Iterable[Any]]
) -> dict[str, Any]:
    """Return the rows of the page's cases, and the next page's `after`; names are audited."""
    token = request.auth  # type: ignore[attr-defined]
    size = min(max(wanted.limit, 1), MOST)
    part = list(_cases(token, wanted).filter(pk__gt=wanted.after)[: size + 1])
    further = part[size - 1].pk if len(part) > size else None
    part = part[:size]
    named = _named(token, part)
    if named:
        record(None, "api.cases_read", token, token.unit, who=token.name, cases=sorted(named))
    return {"items": [asdict(row) for row in rows_of(part, named)], "next": further}


def _named(token: Any, part: list[Case]) -> set[int]:
    """Cases that the token's creator may see by name, limited to the token's unit."""
    if token.unit_id not in own_units(token.created_by):
        return set()
    own = {case.pk for case in part if case.unit_id == token.unit_id}
    return own & seen_by_name(token.created_by, part)


@router.get("/cases", response=CasesOut)
def cases(request: HttpRequest, wanted: Query[Page]) -> Any:
    """Cases of the unit and all under it, in the order of opening; `since`: in their state since that day."""
    return _page(request, wanted, rows.case_rows)


@router.get("/sightings", response=SightingsOut)
def sightings(request: HttpRequest, wanted: Query[Page]) -> Any:
    """Sightings of these cases; `limit` counts cases."""
    return _page(request, wanted, rows.sighting_rows)


@router.get("/cases/export")
def cases_file(
    request: HttpRequest, wanted: Query[Wanted], kind: Literal["csv", "json"] = "csv"
) -> HttpResponse:
    """All these cases as one file."""
    return exports.cases_as(kind, _all(request, "cases", kind, wanted))


@router.get("/sightings/export")
def sightings_file(
    request: HttpRequest, wanted: Query[Wanted], kind: Literal["csv", "json", "stix"] = "stix"
) -> HttpResponse:
    """All their sightings as one file: CSV, JSON, or a STIX 2.1 bundle."""
    return exports.sightings_as(kind, _all(request, "sightings", kind, wanted))


def _all(request: HttpRequest, subject: str, kind: str, wanted: Wanted) -> exports.Parts:
    token = request.auth  # type: ignore[attr-defined]
    record(None, f"api.{subject}_exported", token, token.unit, who=token.name, kind=kind)
    return rows.batches(_cases(token, wanted), lambda part: _named(token, part))
