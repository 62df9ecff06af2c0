"""Rules that decide which end is the unit's own machine."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import lamsach.logs.formats
from lamsach.logs.events.ends import (
    RULES,
    Address,
    Role,
    Side,
    Way,
    address_kind,
    decide,
    is_internal,
    own_end,
    rule_of,
    side_of,
)
from lamsach.logs.layouts.column import sides_of
from lamsach.model import Event

ADDRESSES = {
    None: Address.ABSENT,
    "10.1.1.5": Address.INTERNAL,
    "172.31.0.1": Address.INTERNAL,
    "100.64.0.1": Address.INTERNAL,
    "fe80::1": Address.INTERNAL,
    "fd00::1": Address.INTERNAL,
    "172.32.0.1": Address.PUBLIC,
    "198.51.100.7": Address.PUBLIC,
    "2001:db8::1": Address.PUBLIC,
    "224.0.0.251": Address.GROUP,
    "239.255.255.250": Address.GROUP,
    "255.255.255.255": Address.GROUP,
    "0.0.0.0": Address.GROUP,
    "::": Address.GROUP,
    "ff02::fb": Address.GROUP,
}


@pytest.mark.parametrize(
    ("role", "way", "source", "destination", "side"),
    [
        (Role.BETWEEN, Way.UNSTATED, "10.1.1.5", "203.0.113.9", Side.SOURCE),
        (Role.BETWEEN, Way.UNSTATED, "203.0.113.9", "10.1.1.5", Side.DESTINATION),
        (Role.BETWEEN, Way.UNSTATED, "10.1.1.5", "10.1.1.6", Side.SOURCE),
        (Role.BETWEEN, Way.UNSTATED, "203.0.113.9", "198.51.100.7", Side.SOURCE),
        (Role.BETWEEN, Way.INWARD, "203.0.113.9", "198.51.100.7", Side.DESTINATION),
        (Role.BETWEEN, Way.OUTWARD, "203.0.113.9", "198.51.100.7", Side.SOURCE),
        (Role.BETWEEN, Way.INWARD, "10.1.1.5", "198.51.100.7", Side.SOURCE),
        (Role.BETWEEN, Way.RECEIVED, "203.0.113.9", "198.51.100.7", Side.DESTINATION),
        (Role.BETWEEN, Way.RECEIVED, "203.0.113.9", "224.0.0.251", Side.SOURCE),
        (Role.BETWEEN, Way.SENT, "203.0.113.9", "10.1.1.5", Side.SOURCE),
        (Role.BETWEEN, Way.UNSTATED, None, "10.1.1.5", Side.DESTINATION),
        (Role.BETWEEN, Way.UNSTATED, None, "203.0.113.9", Side.NEITHER),
        (Role.BETWEEN, Way.CALLED, "203.0.113.9", "10.1.1.5", Side.NEITHER),
        (Role.BETWEEN, Way.CALLED, "10.1.1.9", "10.1.1.5", Side.SOURCE),
        (Role.SERVES_THE_UNIT, Way.UNSTATED, "203.0.113.9", None, Side.SOURCE),
        (Role.HOLDER, Way.UNSTATED, "203.0.113.9", "10.1.1.5", Side.SOURCE),
        (Role.APART, Way.UNSTATED, "10.1.1.5", "10.1.1.6", Side.NEITHER),
        (Role.BETWEEN, Way.ARRIVED, "203.0.113.9", "198.51.100.7", Side.DESTINATION),
        (Role.BETWEEN, Way.ARRIVED, "10.1.1.5", "198.51.100.7", Side.SOURCE),
        (Role.BETWEEN, Way.ARRIVED, "203.0.113.9", None, Side.SOURCE),
        (Role.BETWEEN, Way.TO_OWN, "10.1.1.5", "198.51.100.7", Side.DESTINATION),
        (Role.BETWEEN, Way.WITHIN, "203.0.113.9", "198.51.100.7", Side.NEITHER),
        (Role.BETWEEN, Way.WITHIN, "203.0.113.9", "10.1.1.5", Side.DESTINATION),
        (Role.BETWEEN, Way.WITHIN, "10.1.1.5", "198.51.100.7", Side.SOURCE),
    ],
)
def test_rules_choose_the_end(
    role: Role, way: Way, source: str | None, destination: str | None, side: Side
) -> None:
    assert side_of(role, way, source, destination) is side


def test_every_rule_applies_somewhere() -> None:
    deciding = {rule_of(*facts) for facts in product(Role, Way, Address, Address)}
    assert deciding == {*RULES}


def test_addresses_have_a_kind() -> None:
    assert {address: address_kind(address) for address in ADDRESSES} == ADDRESSES


@pytest.mark.parametrize("role", Role)
def test_columns_equal_single_records(role: Role) -> None:
    rows = list(product(Way, ADDRESSES, ADDRESSES))
    ways, sources, destinations = (list(column) for column in zip(*rows, strict=True))
    found = sides_of(
        role, pa.array(ways, pa.int8()), pa.array(sources, pa.string()), pa.array(destinations, pa.string())
    )
    assert found.to_pylist() == [side_of(role, *row) for row in rows]


def test_internal_end_is_the_device_by_default() -> None:
    for source, destination in product(ADDRESSES, ADDRESSES):
        internal = [end for end in (source, destination) if end and is_internal(end)]
        expected = source if source in internal or not internal else destination
        assert own_end(source, destination) == expected, (source, destination)
        called = source if source in internal else None
        assert own_end(source, destination, Way.CALLED) == called, (source, destination)


def test_stated_machine_precedes_the_ends() -> None:
    """Rows: the event's ends, the format's facts, the resulting device."""
    ends, external_ends = ("10.1.1.5", "203.0.113.9"), ("198.51.100.7", "203.0.113.9")
    rows: list[tuple[tuple[str, str], dict[str, Any], str | None]] = [
        (ends, {"given": "10.8.0.6"}, "10.8.0.6"),
        (ends, {"given": "10.8.0.6", "role": Role.APART}, "10.8.0.6"),
        (ends, {"otherwise": "10.1.1.9"}, "10.1.1.5"),
        (external_ends, {"otherwise": "10.1.1.9"}, "10.1.1.9"),
        (external_ends, {"otherwise": "192.0.2.1"}, "198.51.100.7"),
        (external_ends, {"inner": "10.1.1.80"}, "10.1.1.80"),
        (external_ends, {"turned": True}, "203.0.113.9"),
        (ends, {"role": Role.SERVES_THE_UNIT, "turned": True}, "203.0.113.9"),
    ]
    for (source, destination), facts, device in rows:
        event = decide(Event(source_ip=source, destination_ip=destination), **facts)
        assert event.device_ip == device, facts


def test_decision_is_final_unless_repeated() -> None:
    event = decide(Event(source_ip="10.1.1.5", destination_ip="10.1.1.6"))
    assert decide(event, Way.TO_OWN).device_ip == "10.1.1.5"
    assert decide(event, Way.TO_OWN, again=True).device_ip == "10.1.1.6"


def test_formats_never_set_the_device() -> None:
    """Formats state facts; only `ends` sets `device_ip`."""
    formats = Path(lamsach.logs.formats.__file__).parent
    violations = [
        path.name
        for path in sorted(formats.rglob("*.py"))
        if "device_ip=" in path.read_text(encoding="utf-8")
    ]
    assert violations == []
