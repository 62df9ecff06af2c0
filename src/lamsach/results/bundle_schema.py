"""Schema of a findings bundle of any origin: every field of `records` with its type.

All bundles are read by `results.bundle`, which validates them by this schema, so that its callers never meet
a value of another type. Unknown fields are ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from lamsach.model import Action, DeviceState, IndicatorType, MatchKind, MatchStatus, Role, Severity


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not 1990 <= moment.year <= 2200:
        raise ValueError("no such time")
    return text


def _day(text: str) -> str:
    if not 1990 <= date.fromisoformat(text).year <= 2200:
        raise ValueError("no such day")
    return text


def _member_of(kind: type[StrEnum]) -> Callable[[str], str]:
    values = frozenset(kind)

    def check(text: str) -> str:
        if text not in values:
            raise ValueError("no such word")
        return text

    return check


Time = Annotated[str, AfterValidator(_moment)]
Day = Annotated[str, AfterValidator(_day)]
Count = Annotated[int, Field(ge=0, lt=1 << 62)]
Days = dict[Day, Count]


class Shape(BaseModel):
    """Base of all records: no conversion, unknown fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")


class _Reason(Shape):
    code: str
    values: dict[str, Any] = {}


class _Address(Shape):
    ip: str | None = None
    first: Time | None = None
    last: Time | None = None
    how: str | None = None


class Device(Shape):
    """Line of `devices.jsonl`."""

    key: str
    ip: str | None
    name: str | None
    mac: str | None
    state: Annotated[str, AfterValidator(_member_of(DeviceState))]
    severity: Annotated[str, AfterValidator(_member_of(Severity))] | None = None
    user: str | None = None
    department: str | None = None
    reasons: list[_Reason] = []
    addresses: list[_Address] = []
    first: Time | None = None
    last: Time | None = None
    count: Count | None = None


class Sighting(Shape):
    """Line of `sightings.jsonl`."""

    id: Count | None = None
    device: str
    indicator: str
    indicator_type: Annotated[str, AfterValidator(_member_of(IndicatorType))] | None = None
    threat: str | None = None
    role: Annotated[str, AfterValidator(_member_of(Role))] | None = None
    match: Annotated[str, AfterValidator(_member_of(MatchKind))] | None = None
    status: Annotated[str, AfterValidator(_member_of(MatchStatus))] | None = None
    unparsed: bool | None = None
    count: Count
    first: Time | None = None
    last: Time | None = None
    actions: dict[Annotated[str, AfterValidator(_member_of(Action))], Count] | None = None
    days: Days | None = None
    sources: dict[str, Days] | None = None


class Evidence(Shape):
    """Line of `evidence.jsonl`."""

    sighting: Count | None = None
    device: str
    indicator: str
    time: str | None = None
    file: str
    line: Count
    text: str


class _List(Shape):
    digest: str
    count: Count | None = None
    versions: list[dict[str, str | int | None]] = []


class _Parameters(Shape):
    timezone: str
    started: Time | None = None
    finished: Time
    since: Time | None = None
    until: Time | None = None


class _Coverage(Shape):
    observer: str
    format: str | None = None
    day: Day | None = None
    lines: Count
    parsed: Count
    unparsed: Count | None = None
    refused: Count | None = None
    sampled: Count | None = None


class _Blind(Shape):
    observer: str
    day: Day


class _Member(Shape):
    sha256: str
    size_bytes: Count
    records: Count


class Manifest(Shape):
    """Content of `manifest.json`."""

    schema_version: int
    tool_version: str
    partial: bool
    indicator_list: _List
    parameters: _Parameters
    contents: dict[str, _Member]
    coverage: list[_Coverage]
    blind_days: list[_Blind] = []
    presence: dict[str, list[str]] | None = None
    presence_key: str | None = None
    device_marks: dict[str, list[str]] | None = None


def check(shape: type[Shape], record: dict[str, Any]) -> str:
    """Return the first field that violates the shape; empty for none."""
    try:
        shape.model_validate(record)
    except ValidationError as problem:
        return ".".join(str(step)[:60] for step in problem.errors()[0]["loc"])[:200] or "?"
    except RecursionError:
        return "?"
    return ""
