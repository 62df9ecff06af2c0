"""Bundles of hunts and scans as the malware report reads them. All names and addresses are invented."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from lamsach.model import (
    Action,
    Coverage,
    Device,
    DeviceState,
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
from lamsach.results.bundle import write_bundle
from lamsach.scanner.findings import Area, Finding, Host, Level, Result, Target, TargetKind
from lamsach.scanner.report.bundle import write_bundle as write_scan

START = datetime(2026, 9, 1, tzinfo=UTC)
DAY = date(2026, 9, 10)


def machine(
    key: str, name: str | None = None, ip: str = "192.0.2.7", state: DeviceState = DeviceState.INFECTED
) -> Device:
    """Device of a hunt."""
    mac = key[4:] if key.startswith("mac:") else None
    return Device(key=key, state=state, severity=Severity.HIGH, ip=ip, name=name, mac=mac)


def contact(device: str, indicator: str, day: date = DAY, role: Role = Role.OUTBOUND) -> Sighting:
    """Sighting of a device on a day."""
    at = datetime.combine(day, time(3), UTC)
    return Sighting(
        device=device,
        indicator=indicator,
        indicator_type=IndicatorType.DOMAIN,
        role=role,
        match=MatchKind.EXACT,
        status=MatchStatus.COUNTED,
        unparsed=False,
        count=2,
        first=at,
        last=at,
        actions={Action.ALLOWED: 2},
        days={day: 2},
        evidence=(),
        threat="Botnet Ví Dụ",
        sources={"FW": {day: 2}},
    )


def hunt(path: Path, devices: Iterable[Device], contacts: Iterable[Sighting], **changes: Any) -> Path:
    """Bundle of a hunt that searched one day's log."""
    values: dict[str, Any] = {
        "parameters": Parameters("1.0", START, START, "Asia/Ho_Chi_Minh"),
        "list": ListSummary("a" * 64, 1, {}, ("annex.xlsx",), 0),
        "devices": tuple(devices),
        "sightings": tuple(contacts),
        "indicators": {},
        "coverage": (Coverage("FW", "fortigate", DAY, 9, 9, 0, 0, 9),),
        "blind_days": (),
        "files": (),
        "problems": (),
    }
    with path.open("wb") as stream:
        write_bundle(Findings(**{**values, **changes}), stream, "vi", {})
    return path


def scan(
    path: Path,
    finished: datetime = START + timedelta(days=9),
    found: list[Finding] | None = None,
    **changes: Any,
) -> Path:
    """Bundle of the scan of one machine."""
    macs = ("02:00:00:00:00:01",)
    host = Host("PC-01.unit.example", "Windows", "10", "UNIT\\an", True, ("192.0.2.7",), macs)
    started = finished - timedelta(minutes=2)
    result = Result(host, "quick", started, finished, "1.0", findings=found or [], **changes)
    with path.open("wb") as stream:
        write_scan(result, stream, "vi")
    return path


def file_found(number: int, threat: str = "XMRig miner", level: Level = Level.MALICIOUS) -> Finding:
    """File reported by a rule."""
    path = f"C:\\Users\\an\\{number}.exe"
    target = Target(TargetKind.FILE, path, sha256="a" * 64)
    return Finding(Area.FILE, level, "own_rule", path, {"rule": "r"}, threat=threat, target=target)
