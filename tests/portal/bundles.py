"""Builders of findings and scan bundles, with invented names and addresses."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from lamsach.model import (
    Action,
    Coverage,
    Device,
    DeviceState,
    Evidence,
    Findings,
    IndicatorType,
    ListSummary,
    MatchKind,
    MatchStatus,
    Parameters,
    Role,
    Severity,
    Sighting,
)
from lamsach.portal.findings.intake import Source, store_bundle
from lamsach.portal.findings.models import Bundle, Way
from lamsach.portal.jobs.models import Job, JobState
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.worker import load_tasks
from lamsach.results.bundle import write_bundle

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
ONE, TWO = "mac:02:00:00:00:00:01", "mac:02:00:00:00:00:02"
EVIL = "bot-c2.xyz"
FIREWALL = "FW-A"


@dataclass(frozen=True)
class Contact:
    """Events of a device, by day."""

    device: str = ONE
    days: Mapping[date, int] = field(default_factory=dict)
    indicator: str = EVIL
    role: Role = Role.OUTBOUND
    blocked: int = 0
    source: str = FIREWALL
    hours: tuple[int, int] = (1, 22)
    status: MatchStatus = MatchStatus.COUNTED


def day(number: int) -> date:
    """Return the day so many days from today."""
    return timezone.localdate() + timedelta(days=number)


def device(key: str, **values: Any) -> Device:
    """Build a device, with MAC or name from its key."""
    if key.startswith("mac:"):
        values.setdefault("mac", key[4:])
    if key.startswith("name:"):
        values.setdefault("name", key[5:])
    values.setdefault("ip", "10.1.2.3")
    state = values.pop("state", DeviceState.INFECTED)
    return Device(key=key, state=state, severity=Severity.HIGH, **values)


def _sighting(contact: Contact) -> Sighting:
    at = {
        bound: datetime.combine(pick(contact.days), time(hour), ZONE).astimezone(UTC)
        for bound, pick, hour in (("first", min, contact.hours[0]), ("last", max, contact.hours[1]))
    }
    count = sum(contact.days.values())
    actions = {Action.ALLOWED: count - contact.blocked, Action.BLOCKED: contact.blocked}
    return Sighting(
        device=contact.device,
        indicator=contact.indicator,
        indicator_type=IndicatorType.DOMAIN,
        role=contact.role,
        match=MatchKind.EXACT,
        status=contact.status,
        unparsed=False,
        count=count,
        actions={action: number for action, number in actions.items() if number},
        days=dict(contact.days),
        evidence=(Evidence("", "fw.log", 7, f"srcip=10.1.2.3 dst={contact.indicator}"),),
        threat="Botnet Ví Dụ",
        sources={contact.source: dict(contact.days)},
        **at,
    )


def findings(
    devices: Iterable[Device],
    contacts: Iterable[Contact],
    covered: Iterable[tuple[str, date]] = (),
    **changes: Any,
) -> Findings:
    """Build the findings of a hunt that has just ended."""
    now = timezone.now()
    values: dict[str, Any] = {
        "parameters": Parameters("1.0", now, now, "Asia/Ho_Chi_Minh"),
        "list": ListSummary("a" * 64, 1, {}, ("annex.xlsx",), 0),
        "devices": tuple(devices),
        "sightings": tuple(_sighting(contact) for contact in contacts),
        "indicators": {},
        "coverage": tuple(Coverage(observer, "fortigate", at, 9, 9, 0, 0, 9) for observer, at in covered),
        "blind_days": (),
        "files": (),
        "problems": (),
    }
    return Findings(**{**values, **changes})


def simple(**values: Any) -> Findings:
    """Build findings with one machine, seen on two days."""
    return findings([device(ONE, name="PC-01")], [Contact(days={day(-2): 3, day(-1): 2})], **values)


def packed(found: Findings) -> io.BytesIO:
    """Write findings as a bundle."""
    stream = io.BytesIO()
    write_bundle(found, stream, "vi", {})
    stream.seek(0)
    return stream


def repacked(stream: io.BytesIO, **members: bytes | None) -> io.BytesIO:
    """Copy a bundle with members replaced (`manifest_json=b'...'`), added or, by None, removed."""
    changes = {name.replace("_", "."): data for name, data in members.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, data in changes.items():
            if data is not None:
                new.writestr(name, data)
    out.seek(0)
    return out


def manifest(stream: io.BytesIO) -> dict[str, Any]:
    """Return the manifest of a bundle."""
    with zipfile.ZipFile(stream) as archive:
        found: dict[str, Any] = json.loads(archive.read("manifest.json"))
    stream.seek(0)
    return found


def work() -> None:
    """Run the waiting jobs."""
    load_tasks()
    while Job.objects.filter(state=JobState.QUEUED).exists():
        run_next()


def hand_in(cast: Any, campaign: Any, found: Findings | io.BytesIO, unit: Any = None) -> Bundle:
    """Import a bundle for the first room."""
    stream = found if isinstance(found, io.BytesIO) else packed(found)
    bundle, _ = store_bundle(
        stream, "findings.zip", Source(unit or cast.first, campaign, Way.UPLOAD, cast.people["officer"])
    )
    work()
    bundle.refresh_from_db()
    return bundle


def scan(host: dict[str, Any], findings_in: list[Any], actions: list[Any], **changes: Any) -> io.BytesIO:
    """A scanner's bundle."""
    parts = {
        "findings.jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in findings_in),
        "skips.jsonl": b"",
        "actions.jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in actions),
        "report.html": b"<html></html>",
    }
    contents = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
        for name, data in parts.items()
    }
    text = {"schema": "lamsach-scan/1", "tool_version": "1", "host": host, "contents": contents, **changes}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("manifest.json", json.dumps(text))
        for name, data in parts.items():
            archive.writestr(name, data)
    stream.seek(0)
    return stream
