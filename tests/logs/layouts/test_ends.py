"""Which end is the unit's own machine: the table of rules."""

from __future__ import annotations

from itertools import product

import pyarrow as pa
import pytest

from lamsach.logs.events.direction import own_side
from lamsach.logs.events.ends import RULES, Address, Role, Side, Way, address_kind, rule_of, side_of, sides_of
from lamsach.logs.events.own_machine import calling, own_end

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
    ],
)
def test_decisions(role: Role, way: Way, source: str | None, destination: str | None, side: Side) -> None:
    assert side_of(role, way, source, destination) is side


def test_every_rule_decides_something() -> None:
    deciding = {rule_of(*facts) for facts in product(Role, Way, Address, Address)}
    assert deciding == {*RULES}


def test_what_an_address_is() -> None:
    assert {address: address_kind(address) for address in ADDRESSES} == ADDRESSES


@pytest.mark.parametrize("role", Role)
def test_columns_decide_the_same(role: Role) -> None:
    rows = list(product(Way, ADDRESSES, ADDRESSES))
    ways, sources, destinations = (list(column) for column in zip(*rows, strict=True))
    found = sides_of(
        role, pa.array(ways, pa.int8()), pa.array(sources, pa.string()), pa.array(destinations, pa.string())
    )
    assert found.to_pylist() == [side_of(role, *row) for row in rows]


def test_the_functions_for_single_records_decide_the_same() -> None:
    for source, destination in product(ADDRESSES, ADDRESSES):
        ends = {Side.SOURCE: source, Side.DESTINATION: destination, Side.NEITHER: None}
        assert ends[side_of(Role.BETWEEN, Way.UNSTATED, source, destination)] == own_side(source, destination)
        received = side_of(Role.BETWEEN, Way.RECEIVED, source, destination)
        assert ends[received] == own_end(source, destination, received=True)
        assert ends[side_of(Role.BETWEEN, Way.CALLED, source, destination)] == calling(source)
