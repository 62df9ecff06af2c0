"""Fixtures: bundles of a period, and a centre that receives reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from lamsach.model import DeviceState, Role
from lamsach.scanner.findings import Area, Finding, Level, Target, TargetKind

from .centre import Centre, centre
from .sample_bundles import contact, file_found, hunt, machine, scan
from .sample_reports import OWN

PC = "mac:02:00:00:00:00:01"


@pytest.fixture
def bundles(tmp_path: Path) -> list[Path]:
    """Bundles of a hunt and a scan of the same machine, and machines that are not to be reported."""
    devices = [
        machine(PC, "PC-01"),
        machine("name:SRV", "SRV", "192.0.2.8", DeviceState.BLOCKED),
        machine("ip:192.0.2.9", None, "192.0.2.9", DeviceState.RESOLVED),
        machine("unattributed:x", None, "192.0.2.10", DeviceState.UNATTRIBUTED),
        machine("name:LATER", "LATER", "192.0.2.11"),
    ]
    contacts = [
        contact(PC, "198.51.100.9"),
        contact(PC, "evil.example"),
        contact(PC, "inbound.example", role=Role.INBOUND),
        contact("name:SRV", "198.51.100.9"),
        contact("ip:192.0.2.9", "evil.example"),
        contact("unattributed:x", "evil.example"),
        contact("name:LATER", "evil.example", date(2026, 10, 2)),
    ]
    found = [
        *(file_found(number) for number in range(3)),
        file_found(9, "Doubtful", Level.SUSPICIOUS),
        Finding(Area.CONNECTION, Level.MALICIOUS, "listed_connection", "chrome.exe -> 203.0.113.5:443",
            {"place": "x", "status": "ESTABLISHED"}, "", "203.0.113.5", "Botnet Ví Dụ",
            Target(TargetKind.PROCESS, "x", sha256="b" * 64)),
        Finding(Area.PROTECTION, Level.SUSPICIOUS, "protection_off", r"HKLM\x\DisableRealtimeMonitoring"),
    ]  # fmt: skip
    return [hunt(tmp_path / "hunt.zip", devices, contacts), scan(tmp_path / "scan.zip", found=found)]


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Centre]:
    with centre(tmp_path, OWN) as made:
        yield made
