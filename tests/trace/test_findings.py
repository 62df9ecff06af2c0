"""A trace as findings: an explained row is a contact of the machine, with the row as evidence.

An unexplained row accuses nobody.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lamsach.model import Action, DeviceState, IndicatorType
from lamsach.results.bundle import read_bundle
from lamsach.trace.findings import findings_of
from lamsach.trace.model import Request, Trace
from lamsach.trace.output import write
from lamsach.trace.run import trace

from .unit_logs import PUBLIC, START, VIETNAM, make_unit


def traced(folder: Path, listed: str | None = None) -> Trace:
    path = make_unit(folder)
    if listed is not None:
        path.write_text(listed)
    return trace(Request([str(path)], [str(folder / "logs")], inventory=str(folder / "machines.csv")))


def row(number: int, *more: str) -> str:
    when = START + timedelta(minutes=5 * number, seconds=-38)
    return ",".join((PUBLIC, str(20000 + number), f"{when:%d/%m/%Y %H:%M:%S}", "TCP", "Mirai", *more))


HEAD = "Địa chỉ IP công cộng,Cổng,Thời gian,Giao thức,Mã độc"


def test_devices_and_sightings(tmp_path: Path) -> None:
    found = findings_of(traced(tmp_path))
    infected = [device for device in found.devices if device.state is DeviceState.INFECTED]
    assert {device.name for device in infected} == {f"PC-{n:02d}" for n in range(6)}
    (unknown,) = [device for device in found.devices if device.state is DeviceState.UNATTRIBUTED]
    assert (unknown.key, unknown.ip, unknown.count) == (f"unattributed:public:{PUBLIC}", PUBLIC, 2)
    by_device = {sighting.device: sighting for sighting in found.sightings}
    first = by_device["mac:02:00:00:00:00:00"]
    assert (first.indicator, first.indicator_type, first.count) == ("198.51.100.77", IndicatorType.IP, 1)
    assert first.sources == {"FG1": {START.astimezone(VIETNAM).date(): 1}}
    assert first.actions == {Action.ALLOWED: 1}
    assert [Path(line.file).name for line in first.evidence] == ["list.csv", "fw.log", "dhcpd.log"]
    assert first.evidence[0].text.startswith(f"{PUBLIC} 20000 tcp ")
    assert by_device[unknown.key].indicator == PUBLIC


def test_rows_of_one_machine_add_up_and_repeated_ones_do_not(tmp_path: Path) -> None:
    found = findings_of(traced(tmp_path, "\n".join((HEAD, row(0), row(0), row(1), ""))))
    assert {sighting.device: sighting.count for sighting in found.sightings} == {
        "mac:02:00:00:00:00:00": 1,
        "mac:02:00:00:00:00:01": 1,
    }


def test_the_stated_destination_is_the_contacted_value(tmp_path: Path) -> None:
    listed = f"{HEAD},Máy chủ điều khiển\n{row(0, '203.0.113.99')}\n{row(1, '198.51.100.77')}\n"
    found = {item.device: item.indicator for item in findings_of(traced(tmp_path, listed)).sightings}
    assert found["mac:02:00:00:00:00:01"] == "198.51.100.77"
    assert "203.0.113.99" in found.values()


@pytest.mark.parametrize("left_out", [(), (6,), (6, 7)])
def test_rows_known_from_elsewhere_stay_out(left_out: tuple[int, ...], tmp_path: Path) -> None:
    found = findings_of(traced(tmp_path), left_out)
    unknown = [device.count for device in found.devices if device.state is DeviceState.UNATTRIBUTED]
    assert unknown == ([2 - len(left_out)] if len(left_out) < 2 else [])
    assert sum(sighting.count for sighting in found.sightings) == 8 - len(left_out)


def test_a_bundle_for_a_portal(tmp_path: Path) -> None:
    path = tmp_path / "trace.zip"
    write(traced(tmp_path), path)
    read = read_bundle(path)
    assert (len(read.devices), len(read.sightings)) == (7, 7)
    assert read.manifest["coverage"] == []
