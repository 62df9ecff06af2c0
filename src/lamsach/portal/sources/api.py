"""What `lamsach collect --portal ADDRESS` sends: `PUT .../status` every few seconds, `POST .../sightings` at once."""

from __future__ import annotations

# ninja reads the annotations at run time: the types stay imported
from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from pydantic import AfterValidator, Field

from lamsach.portal.base.ratelimit import exceeded
from lamsach.portal.sources import taking
from lamsach.portal.sources.models import Collector

CALLS, WINDOW_S = 3000, 300
MOST_AT_ONCE = 1000
router = Router(tags=["sources"])


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _zoned(moment: datetime) -> datetime:
    if moment.tzinfo is None or not 1990 <= moment.year <= 2200:
        raise ValueError("a time with its zone is needed")
    return moment


Moment = Annotated[datetime, AfterValidator(_zoned)]
Count = Annotated[int, Field(ge=0, lt=1 << 62)]
Short = Annotated[str, Field(max_length=60), AfterValidator(_clean)]
Text = Annotated[str, Field(max_length=255), AfterValidator(_clean)]


class SourceIn(Schema):
    """A source: lines in all, lines a second over the last minute, when the last one came, share of lines by format."""

    name: Text
    kind: Annotated[str, Field(max_length=20), AfterValidator(_clean)]
    lines: Count
    lines_per_second: Annotated[float, Field(ge=0, le=1e12)] = 0.0
    last_seen: Moment | None = None
    silent: bool = False
    formats: Annotated[dict[Short, Annotated[float, Field(ge=0, le=1)]], Field(max_length=50)] = {}


class StatusIn(Schema):
    """How a collector does."""

    started: Moment | None = None
    ended: bool = False
    udp_drops: Count = 0
    sightings: Count = 0
    sightings_not_sent: Count = 0
    sources: Annotated[list[SourceIn], Field(max_length=2000)] = []


class LineIn(Schema):
    """A log line as evidence."""

    file: Annotated[str, Field(max_length=1000), AfterValidator(_clean)]
    line: Count
    text: Annotated[str, Field(max_length=4000), AfterValidator(_clean)]


class LiveIn(Schema):
    """A listed value that was seen. `id` is the collector's own and tells a repetition."""

    id: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_clean)]
    seen: Moment
    indicator: Annotated[str, Field(max_length=500), AfterValidator(_clean)]
    type: Annotated[str, Field(max_length=10), AfterValidator(_clean)]
    ip: Annotated[str, Field(max_length=45), AfterValidator(_clean)] | None = None
    name: Text | None = None
    mac: Annotated[str, Field(max_length=17), AfterValidator(_clean)] | None = None
    user: Text | None = None
    role: Annotated[str, Field(max_length=10), AfterValidator(_clean)]
    observer: Text | None = None
    count: Count = 1
    first: Moment | None = None
    last: Moment | None = None
    actions: dict[str, Count] = {}
    evidence: Annotated[list[LineIn], Field(max_length=20)] = []


class TakenOut(Schema):
    """How many were taken."""

    taken: int


def _collector(request: HttpRequest, name: str) -> Collector | None:
    unit = request.auth.unit  # type: ignore[attr-defined]
    if exceeded("collectors", str(unit.pk), CALLS, WINDOW_S):
        return None
    clean = _clean(name)
    if not 0 < len(clean) <= 100:
        raise Http404
    return taking.collector_of(unit, clean)


@router.put("/collectors/{name}/status", response={200: TakenOut, 429: TakenOut})
def status(request: HttpRequest, name: str, data: StatusIn) -> Any:
    """How a collector of the unit and its sources do. 429: too often, or too many collectors."""
    collector = _collector(request, name)
    if collector is None:
        return Status(429, {"taken": 0})
    taking.take_status(collector, data.model_dump())
    return {"taken": len(data.sources)}


@router.post("/collectors/{name}/sightings", response={200: TakenOut, 422: TakenOut, 429: TakenOut})
def sightings(request: HttpRequest, name: str, data: list[LiveIn]) -> Any:
    """Listed values that a collector of the unit has just seen, no more than 1,000 at once."""
    if len(data) > MOST_AT_ONCE:
        return Status(422, {"taken": 0})
    collector = _collector(request, name)
    if collector is None:
        return Status(429, {"taken": 0})
    return {"taken": taking.take_live(collector, [item.model_dump() for item in data])}
