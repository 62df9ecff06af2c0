"""The side of a connection that is the unit's own machine."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from lamsach.model import Event

IPAddress = IPv4Address | IPv6Address


@lru_cache(maxsize=65536)
def is_internal(address: str) -> bool:
    """Return whether the address belongs to a local network: private (RFC 1918, RFC 4193), shared (RFC 6598),
    link-local or loopback.

    False for text that is no address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        return ip.is_link_local or ip.is_loopback or int(ip) >> 121 == 0xFC >> 1
    value = int(ip)
    return any(value >> shift == prefix for prefix, shift in INTERNAL_IPV4)


INTERNAL_IPV4 = ((0x0A, 24), (0xAC1, 20), (0xC0A8, 16), (0x644 >> 2, 22), (0xA9FE, 16), (0x7F, 24))
"""What remains of an internal IPv4 address when so many bits are shifted out of it."""


@lru_cache(maxsize=65536)
def is_machine(address: str) -> bool:
    """Return whether an address can be one machine's: loopback, unspecified, multicast and broadcast
    addresses are anybody's. True for text that is no address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return True
    return not (ip.is_loopback or ip.is_unspecified or ip.is_multicast or address == "255.255.255.255")


def as_opened(event: Event) -> Event:
    """The event with the side that opened the connection as its source.

    Some products write the far end first whoever opened the connection (Cisco ASA, `Built outbound`): such an
    event is `outbound`, and its ends are as the log states them. `source_nat_*` is the opener's translation
    in either case."""
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
