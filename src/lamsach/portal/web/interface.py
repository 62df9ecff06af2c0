"""API under `/api/`, documented at `/api/docs` and `/api/openapi.json` (OpenAPI 3.1)."""

from __future__ import annotations

# ninja reads the annotations at run time: the types stay imported
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.pagination import LimitOffsetPagination, paginate

from lamsach import __version__
from lamsach.portal.api import access
from lamsach.portal.api.access import UnitToken
from lamsach.portal.base.plain_json import Clean
from lamsach.portal.campaigns.deadlines import COLUMNS, UnitDates, dates
from lamsach.portal.campaigns.dispatches import take
from lamsach.portal.campaigns.models import How, StepKind
from lamsach.portal.campaigns.tally import counts
from lamsach.portal.exchange.api import router as cases
from lamsach.portal.findings.api import router as findings
from lamsach.portal.fleet.api import router as fleet
from lamsach.portal.lists.api import router as lists
from lamsach.portal.sources.api import router as sources
from lamsach.portal.units.tree import today

api = NinjaAPI(title="Lamsach", version=__version__, auth=UnitToken(), docs_url="/docs", urls_namespace="api")
api.add_router("", findings)
api.add_router("", cases)
api.add_router("", sources)
api.add_router("", fleet)
api.add_router("", lists)


class UnitOut(Schema):
    """Unit in its present state."""

    code: str
    name: str
    parent: str | None
    email: str
    valid_from: date

    @staticmethod
    def resolve_parent(unit: Any) -> str | None:
        """Return the code of the parent."""
        return unit.parent.code if unit.parent else None


class CampaignOut(Schema):
    """Campaign."""

    id: int
    name: str
    owner: str
    state: str
    starts: date
    ends: date
    acknowledge_due: date
    deploy_due: date
    report_due: date


class StateOut(Schema):
    """Counts of units under the token's unit by state reached on a day."""

    on: date
    units: int
    sent: int
    opened: int
    informed: int
    deployed: int
    late: int


class DispatchOut(Schema):
    """Dispatch sent to the unit. `deadline`: day by which its next answer is due."""

    id: int
    campaign: int
    issuer: str
    number: str
    subject: str
    text: str
    day: date
    deadline: date
    acknowledge_due: date
    deploy_due: date
    report_due: date
    acknowledged: datetime | None
    deployed: datetime | None


class AnswerIn(Schema):
    """Answer of the unit."""

    kind: Literal["acknowledged", "deployed"]
    day: date | None = None
    note: Annotated[str, Clean] = ""


class AnswerOut(Schema):
    """Result; `changed` is false if the answer existed already."""

    changed: bool


@api.get("/units", response=list[UnitOut])
@paginate(LimitOffsetPagination)
def units(request: HttpRequest) -> Any:
    """List the unit and all units under it, by code."""
    rows = access.units(request.auth).select_related("parent")  # type: ignore[attr-defined]
    return list(rows)  # no database takes an offset beyond its integers


@api.get("/campaigns", response=list[CampaignOut])
def campaigns(request: HttpRequest) -> Any:
    """List the campaigns that the unit owns or takes part in, with its deadlines."""
    unit = request.auth.unit_id  # type: ignore[attr-defined]
    rows = list(access.campaigns(request.auth).select_related("owner"))  # type: ignore[attr-defined]
    dues = dates((row, unit) for row in rows)
    return [
        {
            "id": row.pk,
            "name": row.name,
            "owner": row.owner.code,
            "state": row.state,
            "starts": row.starts,
            "ends": row.ends,
            **_dues(dues[row.pk, unit]),
        }
        for row in rows
    ]


@api.get("/campaigns/{campaign_id}/state", response=StateOut)
def state(request: HttpRequest, campaign_id: int, on: date | None = None) -> Any:
    """Count the units under the unit by state, as of a day (today)."""
    token = request.auth  # type: ignore[attr-defined]
    campaign = get_object_or_404(access.campaigns(token), pk=campaign_id)
    figures = counts(campaign, token.unit_id, on)
    names = ("units", "sent", "opened", "informed", "deployed", "late")
    return {"on": on or today(), **{name: getattr(figures, name) for name in names}}


@api.get("/dispatches", response=list[DispatchOut])
@paginate(LimitOffsetPagination)
def dispatches(request: HttpRequest) -> Any:
    """List dispatches sent to the unit, oldest first, with its present deadlines."""
    rows = list(access.received(request.auth))  # type: ignore[attr-defined]
    dues = dates((row.dispatch.campaign, row.unit_id) for row in rows)
    return [
        {
            "id": row.pk,
            "campaign": row.dispatch.campaign_id,
            "issuer": row.dispatch.issuer.code,
            "number": row.dispatch.number,
            "subject": row.dispatch.subject,
            "text": row.dispatch.body,
            "day": row.dispatch.day,
            "deadline": dues[row.dispatch.campaign_id, row.unit_id].answer(row.acknowledged).day,
            **_dues(dues[row.dispatch.campaign_id, row.unit_id]),
            "acknowledged": row.acknowledged,
            "deployed": row.deployed,
        }
        for row in rows
    ]


def _dues(unit_dates: UnitDates) -> dict[str, date]:
    return dict(zip(COLUMNS, unit_dates.days, strict=True))


@api.post("/dispatches/{dispatch_id}/answer", response=AnswerOut)
def answer(request: HttpRequest, dispatch_id: int, data: AnswerIn) -> Any:
    """Acknowledge a dispatch or state deployment; idempotent."""
    token = request.auth  # type: ignore[attr-defined]
    row = get_object_or_404(access.received(token), pk=dispatch_id)
    if data.day is not None and data.day > today():
        raise HttpError(422, "The day lies in the future.")
    if getattr(row, data.kind) is not None:
        return {"changed": False}
    changed = take(row, StepKind(data.kind), how=How.API, who=token.name, day=data.day, note=data.note[:4000])
    return {"changed": changed}
