"""Addresses and networks for the writers: split by version, merged into the fewest CIDRs, names without those that others cover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from lamsach.indicators.writers.base import ADDRESSES
from lamsach.model import Indicator, IndicatorType


def merged_networks(items: Iterable[Indicator]) -> tuple[list[IPv4Network], list[IPv6Network]]:
    """The fewest networks of each version that hold exactly the listed addresses, in order."""
    found4: list[IPv4Network] = []
    found6: list[IPv6Network] = []
    for item in items:
        if item.type in ADDRESSES:
            network = ip_network(item.value)
            if isinstance(network, IPv4Network):
                found4.append(network)
            else:
                found6.append(network)
    return list(collapse_addresses(found4)), list(collapse_addresses(found6))


def short(network: IPv4Network | IPv6Network) -> str:
    """A network as text, a single address without its prefix."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def is_version(item: Indicator, version: int) -> bool:
    """Whether an address or network is of this version of IP."""
    return (":" in item.value) == (version == 6)


def topmost(items: Sequence[Indicator]) -> list[Indicator]:
    """The items without the domains that lie below another listed domain."""
    names = {item.value for item in items if item.type is IndicatorType.DOMAIN}
    return [item for item in items if item.type is not IndicatorType.DOMAIN or not _below(item.value, names)]


def _below(name: str, names: set[str]) -> bool:
    parent = name.partition(".")[2]
    while parent:
        if parent in names:
            return True
        parent = parent.partition(".")[2]
    return False


def outermost(items: Sequence[Indicator]) -> list[Indicator]:
    """The items without the addresses and networks that lie within another listed network, or are listed twice."""
    order = sorted(
        (network.version, int(network.network_address), network.prefixlen, place)
        for place, item in enumerate(items)
        if item.type in ADDRESSES
        for network in (ip_network(item.value),)
    )
    dropped: set[int] = set()
    end, last_version = -1, 0
    for version, first, length, place in order:
        if version != last_version:
            end, last_version = -1, version
        if first <= end:
            dropped.add(place)
        else:
            end = first + (1 << ((32 if version == 4 else 128) - length)) - 1
    return [item for place, item in enumerate(items) if place not in dropped]
