"""Validated content of a hunt's bundle; a malformed bundle is refused as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lamsach.devices.presence import MOST
from lamsach.errors import UnreadableError
from lamsach.i18n import mark
from lamsach.model import DeviceState, IndicatorType, MatchStatus, Role
from lamsach.results.bundle import Bundle, BundleLimits, read_bundle

LIMITS = BundleLimits(member_bytes=256_000_000, line_bytes=4_000_000, total_bytes=400_000_000)
"""Limits of unpacked size: bundles are read into the worker's memory."""
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_GENERIC = re.compile(
    r"localhost|localdomain|unknown|android(-.*)?|iphone|ipad|.*\.local"
    r"|desktop|laptop|pc|admin|user|win|windows"
)
QUESTIONED_KEPT = 200
"""Limit of stored values to review in a bundle."""
_DAY_S = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BundleDevice:
    """A device of a bundle; `identities`: kind and value, the strongest first."""

    key: str
    state: str
    mac: str
    name: str
    ip: str
    user: str
    department: str
    identities: tuple[tuple[str, str], ...]
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A sighting's share of one day at one source: see `models.Part`."""

    device: str
    indicator: str
    indicator_type: str
    threat: str
    role: str
    source: str
    day: date
    first: datetime
    last: datetime
    count: int
    passed: int


@dataclass(slots=True)
class BundleContent:
    """Content of a bundle."""

    tool_version: str
    list_digest: str
    partial: bool
    devices: list[BundleDevice] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    evidence: list[tuple[str, str, str, str, int, str]] = field(default_factory=list)
    """Device, indicator, time, file, line, text."""
    coverage: dict[tuple[str, date], tuple[int, str]] = field(default_factory=dict)
    """Lines and format by observer and day, for completely searched days."""
    presence: dict[str, list[tuple[date, date]]] = field(default_factory=dict)
    """Intervals of days on which machines were seen, by their marks (`lamsach.devices.presence`)."""
    presence_key: str = ""
    """Name of the key of the marks; empty for older marks without key."""
    marks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Marks of the bundle's devices, by device key."""
    to_look_at: list[dict[str, Any]] = field(default_factory=list)
    """The first values attributed to nobody (`results.records.questioned_record`)."""


def read(path: Path) -> BundleContent:
    """Read an untrusted bundle. UnreadableError, LimitError."""
    bundle = read_bundle(path, LIMITS)
    try:
        return _read(bundle)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, LookupError) as error:
        raise UnreadableError(
            mark("The findings bundle is damaged or is not one."),
            path.name,
            mark("Ask the sender for the bundle again. Nothing in it was used."),
        ) from error


def _read(bundle: Bundle) -> BundleContent:
    manifest = bundle.manifest
    parameters = manifest["parameters"]
    zone = ZoneInfo(_text(parameters["timezone"], 60))
    found = BundleContent(
        _text(manifest["tool_version"], 40),
        _text(manifest["indicator_list"]["digest"], 64),
        manifest["partial"] is True,
    )
    finished = _moment(parameters["finished"])
    found.devices = [_device(record) for record in bundle.devices]
    known = {device.key for device in found.devices}
    for record in bundle.sightings:
        if record.get("status") == MatchStatus.COUNTED and record["device"] in known:
            found.pieces += _pieces(record, zone, finished)
    found.evidence = [_line(record) for record in bundle.evidence if record["device"] in known]
    if not found.partial:
        found.coverage = _coverage(manifest["coverage"], parameters, zone, finished)
    found.presence = _presence(manifest.get("presence") or {}, finished.astimezone(zone).date())
    found.presence_key = _text(manifest.get("presence_key"), 16)
    marks = manifest.get("device_marks") or {}
    found.marks = {key: tuple(_text(mark_, 40) for mark_ in marks[key][:3]) for key in known if key in marks}
    found.to_look_at = [
        _questioned(record) for record in (manifest.get("to_look_at") or [])[:QUESTIONED_KEPT]
    ]
    return found


def _questioned(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "indicator": _text(record["indicator"], 300),
        "indicator_type": IndicatorType(record["indicator_type"]).value,
        "machines": _number(record["machines"]),
        "count": _number(record["count"]),
        "reasons": [
            {
                "code": _text(reason["code"], 40),
                "values": {
                    str(name)[:20]: _number(value) if type(value) is int else _text(value, 200)
                    for name, value in list(reason["values"].items())[:4]
                },
            }
            for reason in record["reasons"][:4]
        ],
    }


def _text(value: Any, limit: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")[:limit]


def cleaned(value: Any, depth: int = 6) -> Any:
    """Clean a JSON value for any database: no NUL, no lone surrogate, limited size and depth."""
    if isinstance(value, str):
        return _text(value, 4000)
    if depth and isinstance(value, dict):
        return {_text(str(name), 200): cleaned(item, depth - 1) for name, item in list(value.items())[:200]}
    if depth and isinstance(value, list):
        return [cleaned(item, depth - 1) for item in value[:200]]
    return value if isinstance(value, (int, float, bool)) and abs(value) < 1e300 else None


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ValueError("not a count")
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None or not 1990 <= moment.year <= 2200:
        raise ValueError("no such time")
    return moment.astimezone(UTC)


def _day(value: Any) -> date:
    day = date.fromisoformat(value)
    if not 1990 <= day.year <= 2200:
        raise ValueError("no such day")
    return day


def _device(record: Mapping[str, Any]) -> BundleDevice:
    key = _text(record["key"], 300)
    mac = _text(record["mac"], 17).lower()
    name, ip = _text(record["name"], 255), _text(record["ip"], 45)
    department = _text(record.get("department"), 255)
    state = DeviceState(record["state"])
    if mac and not _MAC.fullmatch(mac):
        raise ValueError("no hardware address")
    identities: list[tuple[str, str]] = []
    if state is not DeviceState.UNATTRIBUTED:
        if mac:
            identities.append(("mac", mac))
        identities += [
            ("inventory", f"{department.casefold()}|{name.casefold()}|{_text(lease['ip'], 45)}")
            for lease in record.get("addresses", [])
            if lease.get("how") == "inventory" and (department or name)
        ]
        plain = name.casefold().rstrip("$").split(".")[0]
        if plain and not _GENERIC.fullmatch(name.casefold()) and not _GENERIC.fullmatch(plain):
            identities.append(("name", plain))
    identities.append(("key", key))
    details = {
        name: cleaned(record[name])
        for name in ("severity", "reasons", "addresses", "first", "last")
        if name in record
    }
    return BundleDevice(
        key,
        state,
        mac,
        name,
        ip,
        _text(record.get("user"), 255),
        department,
        tuple(dict.fromkeys(identities)),
        details,
    )


def _pieces(record: Mapping[str, Any], zone: ZoneInfo, finished: datetime) -> Iterator[Piece]:
    """Split a sighting by source and day; one without a time counts on the day the hunt ended."""
    first = _moment(record["first"]) if record.get("first") else None
    last = _moment(record["last"]) if record.get("last") else first
    actions = record.get("actions") or {}
    passed = sum(_number(count) for action, count in actions.items() if action != "blocked")
    sources: Mapping[str, Mapping[str, int]] = record.get("sources") or {"": record.get("days") or {}}
    undated = finished.astimezone(zone).date()
    indicator = _text(record["indicator"], 500)
    kind, role = IndicatorType(record["indicator_type"]), Role(record["role"])
    for source, days in sources.items():
        counted = {_day(day): _number(count) for day, count in days.items()}
        if not any(sources.values()):
            counted = {undated: _number(record["count"])}
        for day, count in counted.items():
            begin = datetime.combine(day, time(), zone).astimezone(UTC)
            end = begin + _DAY_S - timedelta(microseconds=1)
            span = (max(begin, first), min(end, last)) if first and last else (begin, end)
            if span[0] > span[1]:
                span = (begin, end)
            yield Piece(
                device=_text(record["device"], 300),
                indicator=indicator,
                indicator_type=kind,
                threat=_text(record.get("threat"), 200),
                role=role,
                source=_text(source, 255),
                day=day,
                first=span[0],
                last=span[1],
                count=count,
                passed=min(count, passed),
            )


def _line(record: Mapping[str, Any]) -> tuple[str, str, str, str, int, str]:
    return (
        _text(record["device"], 300),
        _text(record["indicator"], 500),
        _text(record.get("time"), 40),
        _text(record["file"], 300),
        _number(record["line"]),
        _text(record["text"], 8000),
    )


def _coverage(
    rows: Any, parameters: Mapping[str, Any], zone: ZoneInfo, finished: datetime
) -> dict[tuple[str, date], tuple[int, str]]:
    """Collect completely searched days: inside the hunt's period, and over before its end."""
    since = _moment(parameters["since"]) if parameters.get("since") else None
    until = _moment(parameters["until"]) if parameters.get("until") else None
    lines: dict[tuple[str, date], tuple[int, str]] = {}
    for row in rows:
        if not row.get("day"):
            continue
        day = _day(row["day"])
        begin = datetime.combine(day, time(), zone)
        end = datetime.combine(day + _DAY_S, time(), zone)
        if (
            (since and begin < since)
            or (until and end > until)
            or end > finished
            or not _number(row["parsed"])
        ):
            continue
        key = (_text(row["observer"], 255), day)
        before, name = lines.get(key, (0, _text(row.get("format"), 60)))
        lines[key] = (before + _number(row["lines"]), name)
    return lines


def _presence(marks: Mapping[str, Any], last: date) -> dict[str, list[tuple[date, date]]]:
    """Validate intervals of days by mark, cut at the hunt's end."""
    found: dict[str, list[tuple[date, date]]] = {}
    for name, spans in list(marks.items())[:MOST]:
        days = [tuple(_day(day) for day in span.split("/")) for span in spans[:1000]]
        if any(len(pair) != 2 or pair[0] > pair[1] for pair in days):
            raise ValueError("no interval")
        found[_text(name, 40)] = [(begin, min(end, last)) for begin, end in days if begin <= last]
    return found
