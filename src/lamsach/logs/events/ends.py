"""Which end of a contact is the unit's own machine: one ordered table of rules for every Layout, over a single record and over columns of them.

A record states facts: what its writer is to the two ends (`Role`), which way the contact went (`Way`), and the two addresses. The first rule whose
conditions hold decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

from lamsach.logs.events.direction import is_internal
from lamsach.logs.events.own_machine import is_public_machine
from lamsach.logs.events.stamping import changed
from lamsach.model import Event

if TYPE_CHECKING:
    import pyarrow as pa


class Role(IntEnum):
    """What the writer of the record is to its ends."""

    BETWEEN = 0
    """A firewall or sensor on the way."""
    SERVES_THE_UNIT = 1
    """A resolver or proxy: the machines of the unit are its clients."""


class Way(IntEnum):
    """Which way the contact went, as the record states it."""

    UNSTATED = 0
    SENT = 1
    """By the machine that wrote the record, or one that it calls the unit's."""
    RECEIVED = 2
    """By the machine that wrote the record."""
    INWARD = 3
    """Through an interface or zone that leads to the Internet."""
    OUTWARD = 4
    """Through an interface or zone of the unit."""
    CALLED = 5
    """To a server that wrote the record and that anybody may call: a stranger is no machine of the unit."""


class Address(IntEnum):
    """What an address is."""

    ABSENT = 0
    INTERNAL = 1
    PUBLIC = 2
    GROUP = 3
    """Public, and no single machine's: multicast, broadcast, unspecified."""


class Side(IntEnum):
    """The decision."""

    NEITHER = 0
    SOURCE = 1
    DESTINATION = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: conditions (an empty one always holds) and the side that they decide for."""

    name: str
    side: Side
    roles: frozenset[Role] = frozenset()
    ways: frozenset[Way] = frozenset()
    sources: frozenset[Address] = frozenset()
    destinations: frozenset[Address] = frozenset()

    def holds(self, role: Role, way: Way, source: Address, destination: Address) -> bool:
        """Return whether all conditions hold."""
        pairs = (
            (role, self.roles),
            (way, self.ways),
            (source, self.sources),
            (destination, self.destinations),
        )
        return all(not condition or fact in condition for fact, condition in pairs)


_STATED = frozenset({Address.INTERNAL, Address.PUBLIC, Address.GROUP})
_OUTSIDE = frozenset({Address.PUBLIC, Address.GROUP})
_ABSENT, _INTERNAL = frozenset({Address.ABSENT}), frozenset({Address.INTERNAL})
RULES = (
    Rule("a client of the unit's own server", Side.SOURCE, roles=frozenset({Role.SERVES_THE_UNIT})),
    Rule("an internal client of a public server", Side.SOURCE, ways=frozenset({Way.CALLED}), sources=_INTERNAL),
    Rule("a stranger at a public server", Side.NEITHER, ways=frozenset({Way.CALLED})),
    Rule("the sender that wrote the record", Side.SOURCE, ways=frozenset({Way.SENT}), sources=_STATED),
    Rule("an internal destination alone", Side.DESTINATION, sources=_ABSENT, destinations=_INTERNAL),
    Rule("no source", Side.NEITHER, sources=_ABSENT),
    Rule("a stranger's contact with an internal machine", Side.DESTINATION, sources=_OUTSIDE, destinations=_INTERNAL),
    Rule("the receiver that wrote the record", Side.DESTINATION, ways=frozenset({Way.RECEIVED}), sources=_OUTSIDE, destinations=frozenset({Address.PUBLIC})),
    Rule("in from the Internet, both public", Side.DESTINATION, ways=frozenset({Way.INWARD}), sources=_OUTSIDE, destinations=_OUTSIDE),
    Rule("whoever is the source", Side.SOURCE),
)  # fmt: skip
"""In the order in which they are asked. The last one always holds."""
_ADDRESSES, _WAYS = len(Address), len(Way)


@lru_cache(maxsize=65536)
def address_kind(text: str | None) -> Address:
    """Return what an address is."""
    if not text:
        return Address.ABSENT
    if is_internal(text):
        return Address.INTERNAL
    return Address.PUBLIC if is_public_machine(text) else Address.GROUP


def rule_of(role: Role, way: Way, source: Address, destination: Address) -> Rule:
    """The first rule that holds."""
    return next(rule for rule in RULES if rule.holds(role, way, source, destination))


_TABLE = [
    [rule_of(*facts, source, destination).side for source in Address for destination in Address]
    for facts in product(Role, Way)
]
"""The decisions by role and way, and by the two addresses."""


def side_of(role: Role, way: Way, source: str | None, destination: str | None) -> Side:
    """The unit's own side of a contact between two addresses, of which either may be absent."""
    if role == Role.SERVES_THE_UNIT:  # the first rule
        return Side.SOURCE
    return _TABLE[role * _WAYS + way][address_kind(source) * _ADDRESSES + address_kind(destination)]


def placed(
    event: Event, *, role: Role = Role.BETWEEN, way: Way = Way.UNSTATED, turned: bool = False
) -> Event:
    """The event, which nobody else may hold yet, with the address of the unit's own machine, of one that states none. `turned`: what stands as the source answers."""
    ends = (event.source_ip, event.destination_ip)
    if event.device_ip is None:
        side = side_of(role, way, *(reversed(ends) if turned else ends))
        if side is not Side.NEITHER:
            changed(event, device_ip=ends[(side is Side.DESTINATION) != turned])
    return event


def sides_of(role: Role, ways: pa.Array | None, sources: pa.Array, destinations: pa.Array) -> pa.Array:
    """`side_of` of each pair, as numbers. `ways`: numbers too, none absent; None when unstated."""
    import numpy as np
    import pyarrow as pa

    table = np.array(_TABLE[role * _WAYS : (role + 1) * _WAYS], np.int8)
    way = np.zeros(len(sources), np.int8) if ways is None else ways.to_numpy(zero_copy_only=False)
    return pa.array(table[way, _kinds(sources) * _ADDRESSES + _kinds(destinations)])


def _kinds(addresses: pa.Array) -> Any:
    """`address_kind` of each, as numbers."""
    import numpy as np
    import pyarrow.compute as pc

    from lamsach.logs.bulk.columns import internal

    kinds = np.full(len(addresses), Address.PUBLIC, np.int8)
    within = pc.fill_null(internal(addresses), False).to_numpy(zero_copy_only=False)
    kinds[within] = Address.INTERNAL
    groups = pc.fill_null(pc.match_substring_regex(addresses, _GROUPS), False).to_numpy(zero_copy_only=False)
    kinds[groups & ~within] = Address.GROUP
    kinds[addresses.is_null().to_numpy(zero_copy_only=False)] = Address.ABSENT
    return kinds


_GROUPS = r"^(?:(?:22[4-9]|23[0-9])\.|ff[0-9a-f]{2}:|255\.255\.255\.255$|0\.0\.0\.0$|::$)"
"""Addresses that are no single machine's, in canonical spelling."""
