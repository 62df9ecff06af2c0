"""Decision which end of a contact is the unit's own machine, by one ordered table of rules.

A record states facts: its writer's relation to the two ends (`Role`), the contact's direction (`Way`), and
the two addresses. The first rule whose conditions hold decides; formats pass their facts to `decide` and
never set the device themselves. The table serves single records and columns.

A server's own log (web, ssh) names its callers. An external caller is no device of the unit, and its claims
(Host header, URL) must not implicate the server: such a record (`Way.CALLED`) has no `device_ip`, and a
listed client is matched to the server by `destination_ip`.

The functions at the end fill in a new event's location and header values in place; `dataclasses.replace`
would copy some thirty fields for every line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import product
from typing import Any

from lamsach.model import Event, EventKind

IPAddress = IPv4Address | IPv6Address


@lru_cache(maxsize=65536)
def is_internal(address: str) -> bool:
    """Return whether an address is in a local network; False for other text.

    Private (RFC 1918, RFC 4193), shared (RFC 6598), link-local or loopback."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        return ip.is_link_local or ip.is_loopback or int(ip) >> 121 == 0xFC >> 1
    value = int(ip)
    return any(value >> shift == prefix for prefix, shift in INTERNAL_IPV4)


INTERNAL_IPV4 = ((0x0A, 24), (0xAC1, 20), (0xC0A8, 16), (0x644 >> 2, 22), (0xA9FE, 16), (0x7F, 24))
"""Prefixes of internal IPv4 addresses, and the number of bits to shift out before comparing."""


@lru_cache(maxsize=65536)
def is_machine(address: str) -> bool:
    """Return whether an address can be a single machine's; True for other text.

    Loopback, unspecified, multicast and broadcast addresses cannot."""
    try:
        ip = ip_address(address)
    except ValueError:
        return True
    return not (ip.is_loopback or ip.is_unspecified or ip.is_multicast or address == "255.255.255.255")


def as_opened(event: Event) -> Event:
    """Return the event with the side that opened the connection as its source.

    Some products always write the remote end first (Cisco ASA, `Built outbound`): such an event is
    `outbound`, with its ends in the log's order. `source_nat_*` is the opener's translation in either case.
    """
    if not event.outbound:
        return event
    return replace(
        event,
        source_ip=event.destination_ip,
        source_port=event.destination_port,
        destination_ip=event.source_ip,
        destination_port=event.source_port,
        outbound=False,
    )


class Role(IntEnum):
    """Relation of a record's writer to the contact's ends."""

    BETWEEN = 0
    """A firewall or sensor on the path."""
    SERVES_THE_UNIT = 1
    """A resolver or proxy, whose clients are the unit's machines."""
    HOLDER = 2
    """A system that knows the machines: the record is about its source (a lease, a session, a neighbour)."""
    APART = 3
    """An agent or server that reports about others: neither end is the machine in question."""


class Way(IntEnum):
    """Direction of the contact, as the record states it."""

    UNSTATED = 0
    SENT = 1
    """By the machine that wrote the record, or one that it marks as the unit's."""
    RECEIVED = 2
    """By the machine that wrote the record."""
    INWARD = 3
    """Through an interface or zone towards the Internet."""
    OUTWARD = 4
    """Through an interface or zone of the unit."""
    CALLED = 5
    """To a public server that wrote the record: an external client is no machine of the unit."""
    ARRIVED = 6
    """From outside the unit, as stated: a public source is external, for any destination."""
    TO_OWN = 7
    """To the machine at whose interface the record was made."""
    WITHIN = 8
    """Past a host that may be neither end: only an internal address is the unit's."""


class Address(IntEnum):
    """Kinds of addresses."""

    ABSENT = 0
    INTERNAL = 1
    PUBLIC = 2
    GROUP = 3
    """Public, but not of a single machine: multicast, broadcast, unspecified."""


class Side(IntEnum):
    """The decided end."""

    NEITHER = 0
    SOURCE = 1
    DESTINATION = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: conditions (empty: always true) and the resulting side."""

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


End = str | tuple[str | None, int | None] | None
"""An address, alone or with its port."""
_STATED = frozenset({Address.INTERNAL, Address.PUBLIC, Address.GROUP})
_OUTSIDE = frozenset({Address.PUBLIC, Address.GROUP})
_ABSENT, _INTERNAL = frozenset({Address.ABSENT}), frozenset({Address.INTERNAL})
_PUBLIC = frozenset({Address.PUBLIC})


_ANY: frozenset[Address] = frozenset()


def _way(
    name: str, way: Way, side: Side, sources: frozenset[Address] = _ANY, to: frozenset[Address] = _ANY
) -> Rule:
    return Rule(name, side, ways=frozenset({way}), sources=sources, destinations=to)


RULES = (
    Rule("a client of the unit's own server", Side.SOURCE, roles=frozenset({Role.SERVES_THE_UNIT})),
    Rule("the holder of an address", Side.SOURCE, roles=frozenset({Role.HOLDER})),
    Rule("ends that are not the machine", Side.NEITHER, roles=frozenset({Role.APART})),
    _way("the receiver at whose interface it was seen", Way.TO_OWN, Side.DESTINATION),
    _way("an internal client of a public server", Way.CALLED, Side.SOURCE, _INTERNAL),
    _way("an external client of a public server", Way.CALLED, Side.NEITHER),
    _way("the sender that wrote the record", Way.SENT, Side.SOURCE, _STATED),
    Rule("an internal destination alone", Side.DESTINATION, sources=_ABSENT, destinations=_INTERNAL),
    Rule("no source", Side.NEITHER, sources=_ABSENT),
    _way("in from outside, as stated", Way.ARRIVED, Side.DESTINATION, _OUTSIDE, _STATED),
    Rule(
        "an external source contacts an internal machine",
        Side.DESTINATION,
        sources=_OUTSIDE,
        destinations=_INTERNAL,
    ),
    _way("the receiver that wrote the record", Way.RECEIVED, Side.DESTINATION, _OUTSIDE, _PUBLIC),
    _way("in from the Internet, both public", Way.INWARD, Side.DESTINATION, _OUTSIDE, _OUTSIDE),
    _way("two external ends past a host", Way.WITHIN, Side.NEITHER, _OUTSIDE),
    Rule("the source by default", Side.SOURCE),
)
"""Rules in order of precedence; the last one always holds."""
_ADDRESSES, _WAYS = len(Address), len(Way)


@lru_cache(maxsize=65536)
def is_public_machine(address: str) -> bool:
    """Return whether an address can be a single machine's outside of local networks."""
    if is_internal(address):
        return False
    ip = ip_address(address)
    return not (ip.is_multicast or ip.is_unspecified or address == "255.255.255.255")


@lru_cache(maxsize=65536)
def address_kind(text: str | None) -> Address:
    """Return the kind of an address."""
    if not text:
        return Address.ABSENT
    if is_internal(text):
        return Address.INTERNAL
    try:
        return Address.PUBLIC if is_public_machine(text) else Address.GROUP
    except ValueError:  # a name in place of an address
        return Address.PUBLIC


def rule_of(role: Role, way: Way, source: Address, destination: Address) -> Rule:
    """Return the first rule that holds."""
    return next(rule for rule in RULES if rule.holds(role, way, source, destination))


SIDES = [
    [rule_of(*facts, source, destination).side for source in Address for destination in Address]
    for facts in product(Role, Way)
]
"""Decisions by role and way, then by the two addresses."""


def side_of(role: Role, way: Way, source: str | None, destination: str | None) -> Side:
    """Return the unit's own side of a contact; either address may be absent."""
    if role is Role.SERVES_THE_UNIT or role is Role.HOLDER:  # the first rules
        return Side.SOURCE
    return SIDES[role * _WAYS + way][address_kind(source) * _ADDRESSES + address_kind(destination)]


def decide(
    event: Event,
    way: Way = Way.UNSTATED,
    *,
    role: Role = Role.BETWEEN,
    given: str | None = None,
    otherwise: str | None = None,
    inner: str | None = None,
    turned: bool = False,
    again: bool = False,
) -> Event:
    """Set the address of the unit's own machine in an event that is not shared yet, unless it has one.

    `given`: the machine's address as stated by the record (assigned to a session, an agent's own); precedes
    every rule. `otherwise`: an own address that counts when neither end is internal. `inner`: the translated
    destination. `turned`: the stated source is the answering side. `again`: override an earlier decision."""
    if event.device_ip is None or again:
        source, destination = event.source_ip, inner or event.destination_ip
        if turned:
            source, destination = destination, source
        own = given or own_end(source, destination, way, role, otherwise)
        object.__setattr__(event, "device_ip", own)
    return event


def event_between(
    source: End,
    destination: End = None,
    *,
    time: datetime | None = None,
    kind: EventKind = EventKind.CONNECTION,
    observer: str | None = None,
    way: Way = Way.UNSTATED,
    role: Role = Role.BETWEEN,
    given: str | None = None,
    otherwise: str | None = None,
    inner: str | None = None,
    turned: bool = False,
    **stated: Any,
) -> Event:
    """Build the decided event of a contact between two ends (see `decide`)."""
    source_ip, source_port = source if isinstance(source, tuple) else (source, None)
    far_ip, far_port = destination if isinstance(destination, tuple) else (destination, None)
    if not given:
        inside = inner or far_ip
        near, far = (inside, source_ip) if turned else (source_ip, inside)
        given = own_end(near, far, way, role, otherwise)
    return Event(time, kind, observer, source_ip, source_port, far_ip, far_port, device_ip=given, **stated)


def own_end(
    source: str | None,
    destination: str | None,
    way: Way = Way.UNSTATED,
    role: Role = Role.BETWEEN,
    otherwise: str | None = None,
) -> str | None:
    """Return the end that `decide` would choose, to assign the machine's name or user."""
    own = (None, source, destination)[side_of(role, way, source, destination)]
    if otherwise and (own is None or (is_internal(otherwise) and not is_internal(own))):
        return otherwise
    return own


def mac_of_device(device: str | None, source: str | None, source_mac: str | None) -> str | None:
    """Return the device's hardware address from a record that states only the source's.

    None when the device is the other side: the frame then came from the Internet router, whose address would
    merge all machines reached from outside."""
    return source_mac if device is not None and device == source else None


def stamped(event: Event, log_format: str, file: str, line: int) -> Event:
    """Set format, file and 1-based line of an event that is not shared yet, and return it."""
    object.__setattr__(event, "format", log_format)
    object.__setattr__(event, "file", file)
    object.__setattr__(event, "line", line)
    return event


def changed(event: Event, **values: object) -> Event:
    """Set values of an event that is not shared yet, and return it."""
    for name, value in values.items():
        object.__setattr__(event, name, value)
    return event


def placed(event: Event, time: datetime | None, observer: str | None) -> Event:
    """Set the time and observer of an event that is not shared yet, where absent, and return it."""
    fill = object.__setattr__
    if event.time is None:
        fill(event, "time", time)
    if event.observer is None:
        fill(event, "observer", observer)
    return event
