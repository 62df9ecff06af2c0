"""Reports of `lamsach collect --portal ADDRESS`: `PUT .../status`, `POST .../sightings`."""

from __future__ import annotations

# ninja reads the annotations at run time: the types stay imported
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from lamsach.portal.base.plain_json import Clean, Moment, clean
from lamsach.portal.base.ratelimit import exceeded
from lamsach.portal.sources import collectors
from lamsach.portal.sources.models import Collector

CALLS, WINDOW_S = 3000, 300
MOST_AT_ONCE = 1000
router = Router(tags=["sources"])


Count = Annotated[int, Field(ge=0, lt=1 << 62)]
Short = Annotated[str, Field(max_length=60), Clean]
Text = Annotated[str, Field(max_length=255), Clean]


class SourceIn(Schema):
    """A source: total lines, rate over the last minute, last line, shares by format."""

    name: Text
    kind: Annotated[str, Field(max_length=20), Clean]
    lines: Count
    lines_per_second: Annotated[float, Field(ge=0, le=1e12)] = 0.0
    last_seen: Moment | None = None
    silent: bool = False
    formats: Annotated[dict[Short, Annotated[float, Field(ge=0, le=1)]], Field(max_length=50)] = {}


class StatusIn(Schema):
    """State of a collector."""

    started: Moment | None = None
    ended: bool = False
    udp_drops: Count = 0
    sightings: Count = 0
    sightings_not_sent: Count = 0
    sources: Annotated[list[SourceIn], Field(max_length=2000)] = []


class LineIn(Schema):
    """A log line as evidence."""

    file: Annotated[str, Field(max_length=1000), Clean]
    line: Count
    text: Annotated[str, Field(max_length=4000), Clean]


class LiveIn(Schema):
    """A sighting of a listed value. `id`: the collector's own, identifies repetitions."""

    id: Annotated[str, Field(min_length=1, max_length=80), Clean]
    seen: Moment
    indicator: Annotated[str, Field(max_length=500), Clean]
    type: Annotated[str, Field(max_length=10), Clean]
    ip: Annotated[str, Field(max_length=45), Clean] | None = None
    name: Text | None = None
    mac: Annotated[str, Field(max_length=17), Clean] | None = None
    user: Text | None = None
    role: Annotated[str, Field(max_length=10), Clean]
    observer: Text | None = None
    count: Count = 1
    first: Moment | None = None
    last: Moment | None = None
    actions: dict[str, Count] = {}
    evidence: Annotated[list[LineIn], Field(max_length=20)] = []


class TakenOut(Schema):
    """Number of accepted records."""

    taken: int


def _collector(request: HttpRequest, name: str) -> Collector | None:
    unit = request.auth.unit  # type: ignore[attr-defined]
    if exceeded("collectors", str(unit.pk), CALLS, WINDOW_S):
        return None
    cleaned = clean(name)
    if not 0 < len(cleaned) <= 100:
        raise Http404
    return collectors.collector_of(unit, cleaned)


@router.put("/collectors/{name}/status", response={200: TakenOut, 429: TakenOut})
def status(request: HttpRequest, name: str, data: StatusIn) -> Any:
    """Report the state of a collector and its sources. 429: too often, or too many collectors."""
    collector = _collector(request, name)
    if collector is None:
        return Status(429, {"taken": 0})
    collectors.store_status(collector, data.model_dump())
    return {"taken": len(data.sources)}


@router.post("/collectors/{name}/sightings", response={200: TakenOut, 422: TakenOut, 429: TakenOut})
def sightings(request: HttpRequest, name: str, data: list[LiveIn]) -> Any:
    """Report listed values that a collector of the unit has seen, at most 1,000 per request."""
    if len(data) > MOST_AT_ONCE:
        return Status(422, {"taken": 0})
    collector = _collector(request, name)
    if collector is None:
        return Status(429, {"taken": 0})
    return {"taken": collectors.store_live(collector, [item.model_dump() for item in data])}
