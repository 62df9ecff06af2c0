"""Hunt over the demo's month, compared with its planted truth: nothing missed, nobody accused wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lamsach.demo import DemoFiles
from lamsach.investigate import Request, investigate
from lamsach.model import Device, DeviceState, Findings, MatchStatus
from tests.months import Demo


@pytest.fixture(scope="module")
def files(full: Demo) -> DemoFiles:
    return full.files


@pytest.fixture(scope="module")
def truth(full: Demo) -> dict[str, Any]:
    return full.truth


def request_for(files: DemoFiles, **changes: Any) -> Request:
    values: dict[str, Any] = {
        "logs": [str(files.logs)],
        "lists": [str(files.annex)],
        "inventory": str(files.inventory),
        "timezone": ZoneInfo(files.timezone),
    }
    return Request(**values | changes)


@pytest.fixture(scope="module")
def findings(files: DemoFiles) -> Findings:
    return investigate(request_for(files))[0]


def devices_of(findings: Findings, case: dict[str, Any]) -> list[Device]:
    device = (case["device"] or {}) if "device" in case else case
    mac, name, ip = device.get("mac"), device.get("name"), case.get("ip")
    return [
        item
        for item in findings.devices
        if (mac and item.mac == mac)
        or (name and item.name and item.name.lower() == name.lower())
        or (not mac and not name and ip and item.ip == ip)
    ]


def test_every_planted_case_has_its_state(findings: Findings, truth: dict[str, Any]) -> None:
    wrong = []
    for case in truth["cases"]:
        if case["state"] is None:
            continue
        found = devices_of(findings, case)
        states = {device.state.value for device in found}
        if states != {case["state"]}:
            wrong.append((case["name"], case["state"], states, case["device"], case.get("ip")))
    assert not wrong


def test_nobody_else_is_accused(findings: Findings, truth: dict[str, Any]) -> None:
    allowed = {
        (device.key, device.state)
        for case in truth["cases"]
        for device in devices_of(findings, case)
        if case["state"] == device.state.value
    }
    allowed |= {
        (device.key, device.state)
        for innocent in truth["innocent"]
        for device in devices_of(findings, innocent)
        if innocent["state"] == device.state.value
    }
    accused = [
        (device.key, device.name, device.ip, device.state.value)
        for device in findings.devices
        if (device.key, device.state) not in allowed and device.state is not DeviceState.UNATTRIBUTED
    ]
    assert not accused


def test_unattributed_are_only_the_known_forwarders(findings: Findings, truth: dict[str, Any]) -> None:
    keys = {device.key for device in findings.devices if device.state is DeviceState.UNATTRIBUTED}
    expected = {item["value"] for item in truth["unattributed"]}
    expected |= {
        indicator["value"]
        for case in truth["cases"]
        if case["state"] == "unattributed"
        for indicator in case["indicators"]
    }
    seen = {sighting.indicator for sighting in findings.sightings if sighting.device in keys}
    assert seen <= expected


def test_every_planted_indicator_is_sighted(findings: Findings, truth: dict[str, Any]) -> None:
    wrong = []
    for case in truth["cases"]:
        for device in devices_of(findings, case)[:1]:
            seen = {s.indicator for s in findings.sightings if s.device == device.key}
            missing = {item["value"] for item in case["indicators"]} - seen
            if missing and case["state"]:
                wrong.append((case["name"], missing, seen))
    assert not wrong


def test_counts_are_those_of_the_devices_own_lines(findings: Findings, truth: dict[str, Any]) -> None:
    wrong = []
    for case in truth["cases"]:
        if case["state"] not in ("infected", "blocked"):
            continue
        for device in devices_of(findings, case)[:1]:
            count = sum(
                s.count
                for s in findings.sightings
                if s.device == device.key and s.status is MatchStatus.COUNTED and s.role.value == "outbound"
            )
            planted = sum(case["own_lines"].values())
            if count != planted and all(item["type"] != "url" for item in case["indicators"]):
                wrong.append((case["name"], count, planted))
    assert not wrong


def test_the_list_is_read_as_planted(findings: Findings, truth: dict[str, Any]) -> None:
    assert findings.list.count == truth["list"]["count"]
    assert {kind.value: count for kind, count in findings.list.by_type.items()} == truth["list"]["by_type"]


def test_blind_days_are_shown(findings: Findings, truth: dict[str, Any]) -> None:
    assert {day.isoformat() for _, day in findings.blind_days} >= {
        item["local_day"] if "local_day" in item else item["utc_day"]
        for item in truth["blind"]
        if item["utc_day"]
    }


@pytest.fixture(scope="module", params=[1, 3])
def other_cut(request: pytest.FixtureRequest, files: DemoFiles) -> Iterator[Findings]:
    from lamsach.hunt import run

    sizes = run.hunt.__kwdefaults__
    before = sizes["chunk_bytes"]
    sizes["chunk_bytes"] = 100_003 * request.param
    try:
        yield investigate(request_for(files, threads=request.param))[0]
    finally:
        sizes["chunk_bytes"] = before


def test_the_cut_of_the_input_does_not_matter(findings: Findings, other_cut: Findings) -> None:
    assert other_cut.sightings == findings.sightings
    assert other_cut.devices == findings.devices
    assert Path(findings.parameters.logs[0]).name == "logs"
