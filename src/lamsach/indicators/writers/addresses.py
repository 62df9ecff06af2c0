"""Addresses and networks for the writers: split by version, merged into the fewest CIDRs, names without those that others cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network

from lamsach.indicators.spans import span
from lamsach.indicators.writers.base import ADDRESSES
from lamsach.model import Indicator, IndicatorType


def merged_networks(items: Iterable[Indicator]) -> tuple[list[IPv4Network], list[IPv6Network]]:
    """The fewest networks of each version that hold exactly the listed addresses, in order."""
    spans: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    for item in items:
        if item.type in ADDRESSES:
            found = span(item.value)
            spans[found.version].append((found.first, found.last))
    return (
        [IPv4Network(pair) for pair in _cut(spans[4], 32)],
        [IPv6Network(pair) for pair in _cut(spans[6], 128)],
    )


def _cut(spans: list[tuple[int, int]], bits: int) -> Iterator[tuple[int, int]]:
    """First address and prefix length of the fewest networks that hold the spans, which may overlap."""
    for first, last in _joined(spans):
        while first <= last:
            size = min(
                (first & -first).bit_length() - 1 if first else bits, (last - first + 1).bit_length() - 1
            )
            yield first, bits - size
            first += 1 << size


def _joined(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans in order, those that touch or overlap as one."""
    begin, end = 0, -2
    for first, last in sorted(spans):
        if first <= end + 1:
            end = max(end, last)
        else:
            if end >= begin:
                yield begin, end
            begin, end = first, last
    if end >= begin:
        yield begin, end


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
