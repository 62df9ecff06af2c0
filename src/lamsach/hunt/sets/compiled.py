"""Compiled indicator set: arrays for the kernel and the matcher that can be saved and mapped.

A name, host, digest or network has a 64-bit key. The kernel only tests whether a key is present (Bloom filter
and table; IPv4 by sorted ranges). The matcher finds the rows of a key (sorted keys, with their rows) and then
compares the values themselves.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network
from socket import AF_INET, inet_pton
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from lamsach.hunt.engine import hash_networks
from lamsach.hunt.sets.plain_hash import hash_name, keys_with_parents
from lamsach.indicators.values.merge import merge
from lamsach.indicators.values.names import searched_part
from lamsach.model import Indicator, IndicatorType, Reference

TYPES = tuple(IndicatorType)
NUMBERS = ("threat", "source", "document", "page", "row", "confidence", "tlp", "table")
NO_NUMBER = -1
NO_TIME = -(1 << 62)
IPV4_HIGH = 0xFFFF_FFFF_FFFF_FFFF
"""Upper half that marks IPv4 networks among IPv6 hashes; no IPv6 address in use has it."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledSet:
    """A compiled indicator list. The arrays are private to the hunt; the first fields describe the list.

    `digest` is the SHA-256 of the sorted 16-byte BLAKE2b digests of each distinct "type value".
    """

    digest: str
    count: int
    by_type: Mapping[str, int]
    strings: list[str]
    flags: int
    ipv4_lengths: list[int]
    types: NDArray[np.uint8]
    blob: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    numbers: NDArray[np.int32]
    times: NDArray[np.int64]
    keys: NDArray[np.uint64]
    rows: NDArray[np.uint32]
    tops: NDArray[np.uint8]
    stems: NDArray[np.uint64]
    bloom: NDArray[np.uint64]
    table: NDArray[np.uint64]
    blocks: NDArray[np.uint8]
    starts: NDArray[np.uint32]
    ends: NDArray[np.uint32]
    lengths: NDArray[np.uint8]

    @classmethod
    def array_names(cls) -> tuple[str, ...]:
        """Return the names of the fields that are arrays."""
        return tuple(entry.name for entry in fields(cls) if "NDArray" in str(entry.type))

    def indicator(self, row: int) -> Indicator:
        """Return the indicator of a row, as listed."""
        number = dict(zip(NUMBERS, self.numbers[row].tolist(), strict=True))

        def string(name: str) -> str | None:
            return None if number[name] == NO_NUMBER else self.strings[number[name]]

        def positive(name: str) -> int | None:
            return None if number[name] == NO_NUMBER else number[name]

        document = string("document")
        return Indicator(
            type=TYPES[self.types[row]],
            value=bytes(self.blob[self.offsets[row] : self.offsets[row + 1]]).decode(),
            threat=string("threat"),
            source=string("source"),
            reference=Reference(document, positive("page"), positive("row"), table=positive("table"))
            if document
            else None,
            valid_from=_time_of(int(self.times[row, 0])),
            valid_until=_time_of(int(self.times[row, 1])),
            confidence=positive("confidence"),
            tlp=string("tlp"),
        )

    def _under(self, keys: Sequence[int]) -> tuple[Indicator, ...]:
        """Return the indicators with one of these keys, each value once with all its references, by key."""
        listed = self.keys.data
        found: dict[tuple[IndicatorType, str], Indicator] = {}
        for key in keys:
            place = bisect_left(listed, key)
            while place < len(listed) and listed[place] == key:
                indicator = self.indicator(int(self.rows[place]))
                known = found.get((indicator.type, indicator.value))
                found[indicator.type, indicator.value] = merge(known, indicator) if known else indicator
                place += 1
        return tuple(found.values())

    def find(self, value: str) -> Indicator | None:
        """Return the indicator with this canonical value, if listed."""
        network = _network(value)
        if network is None and (named := self.by_file_name(value)):
            return named[0]
        if network is None:
            candidates = self._by_host(host_of(value) if "/" in value else value.rpartition("@")[2])
        else:
            candidates = self.by_address(str(network.network_address))
        return next((item for item in candidates if item.value == value), None)

    def _by_host(self, host: str) -> tuple[Indicator, ...]:
        """Return the indicators of a name, an address as the host of URLs, or a digest."""
        if _network(host) is None:
            return self._under((hash_name(host.encode()),))
        return self.by_address(host)

    def by_names(self, names: Sequence[str]) -> tuple[Indicator, ...]:
        """Return the domains, and URLs on these hosts, under exactly these A-label names, by name."""
        return self._named([hash_name(name.encode()) for name in names])

    def by_host(self, name: str) -> tuple[Indicator, ...]:
        """Return the domains and URLs of a name and each of its parents, the longest first."""
        return self._named(keys_with_parents(name.encode()))

    def _named(self, keys: Sequence[int]) -> tuple[Indicator, ...]:
        return tuple(
            item for item in self._under(keys) if item.type in (IndicatorType.DOMAIN, IndicatorType.URL)
        )

    def by_mailbox(self, name: str) -> tuple[Indicator, ...]:
        """Return the listed e-mail addresses of exactly this domain."""
        items = self._under((hash_name(name.encode()),))
        return tuple(
            item for item in items if item.type is IndicatorType.EMAIL and item.value.endswith(f"@{name}")
        )

    def by_file_name(self, name: str) -> tuple[Indicator, ...]:
        """Return the listed name of a file, in canonical form."""
        items = self._under((hash_name(searched_part(name).encode()),))
        return tuple(item for item in items if item.type is IndicatorType.FILE_NAME and item.value == name)

    def by_digest(self, digest: str) -> tuple[Indicator, ...]:
        """Return the listed digest or fingerprint with this lower-case value."""
        return tuple(item for item in self._under((hash_name(digest.encode()),)) if item.value == digest)

    def by_address(self, address: str) -> tuple[Indicator, ...]:
        """Return the addresses, networks and URLs that contain the address; empty for other text."""
        number = _ipv4_number(address)
        ipv4 = number is not None
        if number is None:
            number, ipv4 = _number(address)
        if number is None or (ipv4 and not int(self.blocks[number >> 11]) >> (number >> 8 & 7) & 1):
            return ()  # nothing is listed in the /24 around it
        lengths = self.ipv4_lengths if ipv4 else self.lengths.tolist()
        return self._under(_network_keys(number, tuple(lengths), ipv4=ipv4)) if lengths else ()


def host_of(url: str) -> str:
    """Return the host of a canonical URL, which may lack a scheme; empty when there is none."""
    try:
        return urlsplit(url if "://" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""


def _network(value: str) -> IPv4Network | IPv6Network | None:
    """Parse an address or network; None for other text, most of it by its last character."""
    if value[-1:].isalpha() and ":" not in value:
        return None
    try:
        return ip_network(value, strict=False)
    except ValueError:
        return None


def _ipv4_number(address: str) -> int | None:
    """Convert an IPv4 address to a number; None for other text. Ten times faster than `ipaddress`."""
    try:
        return int.from_bytes(inet_pton(AF_INET, address), "big")
    except (OSError, ValueError):
        return None


def _number(address: str) -> tuple[int | None, bool]:
    """Return an address as a number, and whether it is of IPv4 (also if mapped into IPv6)."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None, False
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return int(parsed), isinstance(parsed, IPv4Address)


def _time_of(seconds: int) -> datetime | None:
    """Convert a column value to a time; None for NO_TIME."""
    return None if seconds == NO_TIME else datetime.fromtimestamp(seconds, UTC)


@lru_cache(maxsize=1 << 14)
def _network_keys(number: int, lengths: tuple[int, ...], *, ipv4: bool) -> list[int]:
    """Return the keys of the networks of these lengths that contain an address."""
    width = 32 if ipv4 else 128
    prefixes = [number >> (width - length) << (width - length) for length in lengths]
    if ipv4:
        rows = [(IPV4_HIGH, value, length) for value, length in zip(prefixes, lengths, strict=True)]
    else:
        rows = [
            (value >> 64, value & (1 << 64) - 1, length)
            for value, length in zip(prefixes, lengths, strict=True)
        ]
    return [int(key) for key in hash_networks(np.array(rows, np.uint64))]


def describe(compiled: CompiledSet) -> dict[str, Any]:
    """Return the fields that are not arrays, for saving."""
    arrays = CompiledSet.array_names()
    return {
        entry.name: getattr(compiled, entry.name) for entry in fields(CompiledSet) if entry.name not in arrays
    }
