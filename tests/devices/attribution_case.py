"""Cases of attribution: raw sightings, and the devices that they make."""

from __future__ import annotations

from typing import NamedTuple

from lamsach.devices.attribution import attribute
from lamsach.devices.infrastructure import Infrastructure
from lamsach.devices.reasons import REASONS
from lamsach.model import (
    Device,
    Event,
    EventKind,
    IndicatorType,
    MatchKind,
    MatchStatus,
    RawSighting,
    SightingKey,
)

from .builders import machine

DAY = 24 * 60
A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
SERVER, GATEWAY = "10.0.0.2", "192.0.2.1"
PC = machine("10.0.1.5", A, "PC-A")
OTHER = machine("10.0.1.6", B, "PC-B")
LISTED = {"indicator": "203.0.113.66", "kind": IndicatorType.IP}
PARTIAL = {"indicator": "http://bot-c2.xyz/gate", "kind": IndicatorType.URL, "match": MatchKind.PARTIAL}

Raw = tuple[SightingKey, RawSighting]


def observed(*events: Event) -> Infrastructure:
    found = Infrastructure()
    for event in events:
        found.observe(event)
    return found


def requests(kind: EventKind, server: str, port: int) -> list[Event]:
    """Return a request of each of three clients."""
    return [
        Event(kind=kind, source_ip=f"10.0.9.{number}", destination_ip=server, destination_port=port)
        for number in range(3)
    ]


def dns_server() -> Infrastructure:
    return observed(*requests(EventKind.DNS, SERVER, 53))


def proxy_and_dns_server() -> Infrastructure:
    return observed(*requests(EventKind.DNS, SERVER, 53), *requests(EventKind.WEB, "10.0.0.8", 3128))


def nat_gateway() -> Infrastructure:
    return observed(Event(source_ip="10.0.9.1", source_nat_ip=GATEWAY, destination_ip="198.51.100.9"))


def codes(device: Device) -> set[str]:
    return {reason.code for reason in device.reasons}


class Case(NamedTuple):
    """Raw sightings and the expected devices in order, each as key, state, severity and count.

    `reason`: the code of a reason of the first device.
    """

    raw: list[Raw]
    devices: list[str]
    reason: str | None = None
    infrastructure: Infrastructure | None = None


def check(case: Case) -> None:
    """Attribute the sightings; counts and reasons of the devices agree with the sightings."""
    assert len(dict(case.raw)) == len(case.raw)
    devices, sightings = attribute(dict(case.raw), case.infrastructure)
    assert [
        f"{item.key} {item.state.value} {item.severity.value} {item.count}" for item in devices
    ] == case.devices
    assert case.reason is None or case.reason in codes(devices[0])
    for device in devices:
        counted = [
            item for item in sightings if item.device == device.key and item.status is MatchStatus.COUNTED
        ]
        assert device.count == sum(item.count for item in counted)
        assert all(REASONS[item.code].format(**item.values) for item in device.reasons)
