"""Query of a segment's filter: keys of a compiled set in levels, a name sought only below its parents.

The first level contains names of two labels, networks and digests; below are names of three, four and five
labels, and addresses. A longer name is queried by its last DEEPEST labels. An IPv4 network is queried by its
addresses when they are few, else by the networks of length 16 that contain it or that it contains; an IPv6
network by the nearest wider one of 64, 48, 32 or 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lamsach.hunt.engine import hash_networks, hash_values
from lamsach.hunt.kernel.layout import DEEPEST
from lamsach.hunt.sets.compiled import IPV4_HIGH, TYPES, CompiledSet, host_of
from lamsach.indicators.values.names import searched_part
from lamsach.model import IndicatorType

IPV6_LENGTHS = (128, 64, 48, 32, 0)
_FEW = 20
"""Minimum length of an IPv4 prefix that is queried address by address."""
Network = tuple[int, int, int]
"""Upper half, lower half, length, as hashed by the hunt's kernel."""
Item = str | Network


@dataclass(frozen=True, slots=True)
class Questions:
    """Keys, sorted within each level levels[i]:levels[i + 1], with their parents' places and query flags."""

    keys: NDArray[np.uint64]
    guards: NDArray[np.int64]
    asked: NDArray[np.uint8]
    levels: NDArray[np.int64]


def questions(compiled: CompiledSet) -> Questions:
    """Build the query for a segment's filter; any log with a listed value has at least one of its keys."""
    text, ends = compiled.blob.tobytes(), compiled.offsets.tolist()
    kinds = (TYPES[kind] for kind in compiled.types.tolist())
    return questions_of(
        (kind, text[begin:end].decode()) for kind, (begin, end) in zip(kinds, pairwise(ends), strict=True)
    )


def questions_of(values: Iterable[tuple[IndicatorType, str]]) -> Questions:
    """Build the query for canonical values."""
    builder = _QueryBuilder()
    for kind, value in values:
        for chain in _chains(kind, value):
            builder.ask(chain)
    return builder.questions()


@dataclass(slots=True)
class _QueryBuilder:
    _levels: list[dict[Item, tuple[Item | None, bool]]] = field(
        default_factory=lambda: [{} for _ in range(DEEPEST - 1)]
    )

    def ask(self, chain: list[Item]) -> None:
        above: Item | None = None
        for depth, item in enumerate(chain):
            level = self._levels[depth]
            known = level.get(item, (above, False))
            level[item] = (above, known[1] or depth == len(chain) - 1)
            above = item

    def questions(self) -> Questions:
        keys, guards, asked, ends = [], [], [], [0]
        places: dict[Item, int] = {}
        for level in self._levels:
            hashed = _hash_items(list(level))
            order = np.argsort(hashed, kind="stable")
            items = list(level)
            ordered = [items[place] for place in order.tolist()]
            above = [level[item][0] for item in ordered]
            guards += [0 if item is None else places[item] for item in above]
            asked += [level[item][1] for item in ordered]
            places = {item: ends[-1] + place for place, item in enumerate(ordered)}
            keys.append(hashed[order])
            ends.append(ends[-1] + len(ordered))
        return Questions(
            np.concatenate(keys),
            np.array(guards, np.int64),
            np.array(asked, np.uint8),
            np.array(ends, np.int64),
        )


def _hash_items(items: list[Item]) -> NDArray[np.uint64]:
    names = [item.encode() for item in items if isinstance(item, str)]
    networks = [item for item in items if not isinstance(item, str)]
    hashed = np.empty(len(items), np.uint64)
    is_name = np.array([isinstance(item, str) for item in items], np.bool_)
    if names:
        offsets = np.cumsum([0, *map(len, names)], dtype=np.int64)
        hashed[is_name] = hash_values(b"".join(names), offsets)
    if networks:
        hashed[~is_name] = hash_networks(np.array(networks, np.uint64))
    return hashed


def _chains(kind: IndicatorType, value: str) -> Iterator[list[Item]]:
    """Yield the keys to query for a value, each item after its parents."""
    match kind:
        case IndicatorType.IP | IndicatorType.NETWORK:
            yield from _of_network(value)
        case IndicatorType.DOMAIN:
            yield from _of_host(value)
        case IndicatorType.EMAIL:
            yield from _of_host(value.rpartition("@")[2])
        case IndicatorType.FILE_NAME:
            yield from _of_host(searched_part(value))
        case IndicatorType.URL:
            host = host_of(value)
            try:
                ip_address(host)
            except ValueError:
                if host:
                    yield from _of_host(host)
            else:
                yield from _of_network(host)
        case _:
            yield [value]


def _of_host(host: str) -> Iterator[list[Item]]:
    yield list(suffixes(host))
    if "xn--" in host:
        import idna  # its tables load slowly, and few lists contain such names

        try:
            yield list(suffixes(idna.decode(host)))
        except (idna.IDNAError, UnicodeError):
            return


def suffixes(name: str) -> list[str]:
    """Return a name's last two, three, ... labels, DEEPEST at most; a single label by itself."""
    labels = name.split(".")
    return [".".join(labels[-count:]) for count in range(2, min(len(labels), DEEPEST) + 1)] or [name]


def _of_network(value: str) -> Iterator[list[Item]]:
    network = ip_network(value, strict=False)
    if isinstance(network, IPv6Network):
        number = int(network.network_address)
        mapped = network.network_address.ipv4_mapped
        if network.prefixlen < 96 or mapped is None:
            length = next(known for known in IPV6_LENGTHS if known <= network.prefixlen)
            chain: list[Item] = [ipv6_network(number, 64)] if length == 128 else []
            yield [*chain, ipv6_network(number, length)]
            return
        network = IPv4Network((int(mapped), network.prefixlen - 96))
    first, length = int(network.network_address), network.prefixlen
    last = first + (1 << (32 - length)) - 1
    if length >= _FEW:
        for number in range(first, last + 1):
            chain = [ipv4_network(number)]
            yield chain if is_private(number) else [*chain, (IPV4_HIGH, number, 32)]
    else:
        for number in range(first >> 16, (last >> 16) + 1):
            yield [ipv4_network(number << 16)]


def is_private(number: int) -> bool:
    """Return whether an IPv4 address is private (RFC 1918)."""
    return number >> 24 == 10 or number >> 20 == 0xAC1 or number >> 16 == 0xC0A8


def ipv4_network(number: int) -> Network:
    """Return the network of length 16 around an address."""
    return IPV4_HIGH, number >> 16 << 16, 16


def ipv6_network(number: int, length: int) -> Network:
    """Return the network of this length around an address."""
    prefix = number >> (128 - length) << (128 - length)
    return prefix >> 64, prefix & (1 << 64) - 1, length
