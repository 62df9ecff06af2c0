"""Builder of compiled sets: columns of a few dozen bytes an indicator, for lists of any length."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import inet_aton

import numpy as np
from numpy.typing import NDArray

from lamsach.hunt.engine import hash_networks, hash_places, insert, insert_stems
from lamsach.hunt.kernel.layout import (
    HAS_DIGESTS,
    HAS_FINGERPRINTS,
    HAS_IDN,
    HAS_IPV4,
    HAS_IPV6,
    HAS_NAMES,
    LEAD,
    TOPS_SIZE,
)
from lamsach.hunt.sets.compiled import IPV4_HIGH, NO_NUMBER, NO_TIME, NUMBERS, TYPES, CompiledSet, host_of
from lamsach.indicators.values.names import searched_part
from lamsach.indicators.values.records import Entry, Plain
from lamsach.model import Indicator, IndicatorType, Reference, Refusal
from lamsach.model.indicator_types import TokenKind, types_of

REFUSALS_MAX = 10_000
_LARGEST = (1 << 31) - 1
_THREAT, _DOCUMENT, _ROW = map(NUMBERS.index, ("threat", "document", "row"))
_PLACES = {kind: place for place, kind in enumerate(TYPES)}
_PREFIXES = {kind: kind.encode() + b" " for kind in TYPES}
_DIGESTS = types_of(TokenKind.DIGEST)
_NO_NAMES = types_of(TokenKind.DIGEST, TokenKind.FINGERPRINT)
_RUN = 1 << 10
"""Plain values added together."""
_STEP = 1 << 16


def _seconds(value: datetime | None) -> int:
    return NO_TIME if value is None else int(value.timestamp())


@dataclass(slots=True)
class Builder:
    """Collector of indicators for a set. All refusals are counted, few listed."""

    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    _strings: dict[str, int] = field(default_factory=dict)
    _types: bytearray = field(default_factory=bytearray)
    _blob: bytearray = field(default_factory=bytearray)
    _offsets: array[int] = field(default_factory=lambda: array("q", [0]))
    _numbers: array[int] = field(default_factory=lambda: array("i"))
    _times: array[int] = field(default_factory=lambda: array("q"))
    _digests: bytearray = field(default_factory=bytearray)
    _names: bytearray = field(default_factory=lambda: bytearray(LEAD))
    _name_offsets: array[int] = field(default_factory=lambda: array("q", [LEAD]))
    _name_rows: array[int] = field(default_factory=lambda: array("I"))
    _networks: array[int] = field(default_factory=lambda: array("Q"))
    _network_rows: array[int] = field(default_factory=lambda: array("I"))
    _idn: bool = False

    def extend(self, items: Iterable[Entry | Plain]) -> None:
        """Add indicators; count refusals and list the first."""
        run: list[Plain] = []
        for item in items:
            if isinstance(item, tuple):
                run.append(item)
                if len(run) < _RUN:
                    continue
            self._add_run(run)
            run.clear()
            if isinstance(item, Refusal):
                self.refused += 1
                if len(self.refusals) < REFUSALS_MAX:
                    self.refusals.append(item)
            elif isinstance(item, Indicator):
                self.add(item)
        self._add_run(run)

    def _add_run(self, run: list[Plain]) -> None:
        """Add plain values, as a batch where possible."""
        if not run:
            return
        first, count = len(self._types), len(run)
        kinds, values, threats, documents, rows = zip(*run, strict=True)
        encoded = "".join(values).encode()
        self._types += bytes(map(_PLACES.__getitem__, kinds))
        ends = np.cumsum(np.fromiter(map(len, values), np.int64, count)) + len(self._blob)
        self._blob += encoded
        self._offsets.frombytes(ends.tobytes())
        numbers = np.full((count, len(NUMBERS)), NO_NUMBER, np.int32)
        numbers[:, _THREAT] = np.fromiter(map(self._intern, threats), np.int32, count)
        numbers[:, _DOCUMENT] = np.fromiter(map(self._intern, documents), np.int32, count)
        numbers[:, _ROW] = np.minimum(np.array(rows, np.int64), _LARGEST)
        self._numbers.frombytes(numbers.tobytes())
        self._times.frombytes(np.full(2 * count, NO_TIME, np.int64).tobytes())
        digests: list[bytes] = []
        for row, kind, value in zip(range(first, first + count), kinds, values, strict=True):
            name = value.encode()
            digests.append(blake2b(_PREFIXES[kind] + name, digest_size=16).digest())
            if (kind is IndicatorType.DOMAIN and "xn--" not in value) or kind in _NO_NAMES:
                self._add_name(name, row)
            elif kind is IndicatorType.IP and ":" not in value:
                self._networks.extend((IPV4_HIGH, int.from_bytes(inet_aton(value)), 32))
                self._network_rows.append(row)
            else:
                self._add_keys(kind, value, row)
        self._digests += b"".join(digests)

    def _intern(self, text: str | None) -> int:
        return NO_NUMBER if text is None else self._strings.setdefault(text, len(self._strings))

    def add(self, indicator: Indicator) -> None:
        """Add one indicator and the keys by which the kernel and the matcher find it."""
        row = len(self._types)
        value = indicator.value.encode()
        self._types.append(_PLACES[indicator.type])
        self._blob += value
        self._offsets.append(len(self._blob))
        reference = indicator.reference or Reference("")
        self._numbers.extend(
            (
                self._intern(indicator.threat),
                self._intern(indicator.source),
                self._intern(reference.document),
                NO_NUMBER if reference.page is None else min(reference.page, _LARGEST),
                NO_NUMBER if reference.row is None else min(reference.row, _LARGEST),
                NO_NUMBER if indicator.confidence is None else indicator.confidence,
                self._intern(indicator.tlp),
                NO_NUMBER if reference.table is None else min(reference.table, _LARGEST),
            )
        )
        self._times.extend((_seconds(indicator.valid_from), _seconds(indicator.valid_until)))
        self._digests += blake2b(_PREFIXES[indicator.type] + value, digest_size=16).digest()
        self._add_keys(indicator.type, indicator.value, row)

    def _add_keys(self, kind: IndicatorType, value: str, row: int) -> None:
        match kind:
            case IndicatorType.IP | IndicatorType.NETWORK:
                self._add_network(value, row)
            case IndicatorType.DOMAIN:
                self._add_host(value, row)
            case IndicatorType.EMAIL:
                self._add_host(value.rpartition("@")[2], row)
            case IndicatorType.FILE_NAME:
                self._add_name(searched_part(value).encode(), row)
            case IndicatorType.URL:
                host = host_of(value)
                if host:
                    try:
                        self._add_network(str(ip_address(host)), row)
                    except ValueError:
                        self._add_host(host, row)
            case _:
                self._add_name(value.encode(), row)

    def _add_host(self, host: str, row: int) -> None:
        self._add_name(host.encode(), row)
        if "xn--" in host:
            import idna  # its tables take long to load, and few lists hold such names

            self._idn = True
            try:
                spelled = idna.decode(host).encode()
            except (idna.IDNAError, UnicodeError):
                return
            self._add_name(spelled, row)

    def _add_name(self, name: bytes, row: int) -> None:
        self._names += name
        self._name_offsets.append(len(self._names))
        self._name_rows.append(row)

    def _add_network(self, value: str, row: int) -> None:
        network = ip_network(value, strict=False)
        number, length = int(network.network_address), network.prefixlen
        if isinstance(network, IPv6Network) and length >= 96:
            mapped = IPv6Address(number).ipv4_mapped
            if mapped is not None:
                network = IPv4Network((int(mapped), length - 96))
                number, length = int(mapped), length - 96
        if isinstance(network, IPv4Network):
            self._networks.extend((IPV4_HIGH, number, length))
        else:
            self._networks.extend((number >> 64, number & 0xFFFF_FFFF_FFFF_FFFF, length))
        self._network_rows.append(row)

    def compiled(self) -> CompiledSet:
        """Compute keys, filter, table and ranges over the builder's memory; nothing can be added later."""
        types = np.frombuffer(self._types, np.uint8)
        names = np.frombuffer(self._names, np.uint8)
        name_offsets = np.frombuffer(self._name_offsets, np.int64)
        networks = np.frombuffer(self._networks, np.uint64).reshape(-1, 3)
        name_keys, network_keys = hash_places(names, name_offsets), hash_networks(networks)
        is_ipv4 = networks[:, 0] == np.uint64(IPV4_HIGH)
        starts, ends = _merged_ranges(networks[is_ipv4])
        bloom, table = _filter(name_keys, network_keys[~is_ipv4])
        keys = np.concatenate([name_keys, network_keys])
        order = np.argsort(keys, kind="stable")
        digest, first_rows = _distinct(np.frombuffer(self._digests, np.uint8).reshape(-1, 16))
        by_type = _counts(types[first_rows])
        tops, stems = _ends_of_names(names, name_offsets, types[np.frombuffer(self._name_rows, np.uint32)])
        return CompiledSet(
            digest=digest,
            count=int(first_rows.size),
            by_type=by_type,
            strings=list(self._strings),
            flags=_flags(by_type, idn=self._idn, ipv4=bool(is_ipv4.any()), ipv6=bool(networks.shape[0])),
            ipv4_lengths=np.unique(networks[is_ipv4, 2]).astype(int).tolist(),
            types=types,
            blob=np.frombuffer(self._blob, np.uint8),
            offsets=np.frombuffer(self._offsets, np.int64),
            numbers=np.frombuffer(self._numbers, np.int32).reshape(-1, len(NUMBERS)),
            times=np.frombuffer(self._times, np.int64).reshape(-1, 2),
            keys=keys[order],
            rows=np.frombuffer(self._name_rows + self._network_rows, np.uint32)[order],
            tops=tops,
            stems=stems,
            bloom=bloom,
            table=table,
            blocks=_blocks(starts, ends),
            starts=starts,
            ends=ends,
            lengths=np.unique(networks[~is_ipv4, 2]).astype(np.uint8),
        )


def _counts(types: NDArray[np.uint8]) -> dict[str, int]:
    """Count the values of each type that occurs."""
    counts = np.bincount(types, minlength=len(TYPES)).tolist()
    return {kind.value: count for kind, count in zip(TYPES, counts, strict=True) if count}


def _filter(*parts: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Build the Bloom filter and the table that the kernel probes, of all keys."""
    keys = np.unique(np.concatenate(parts))
    bloom = np.zeros(_power_of_two(keys.size // 4), np.uint64)
    table = np.zeros(_power_of_two(int(keys.size * 1.6)), np.uint64)
    insert(keys, bloom, table)
    return bloom, table


def _flags(by_type: Mapping[str, int], *, idn: bool, ipv4: bool, ipv6: bool) -> int:
    """Return the flags of the list's kinds of values, so that the kernel skips the others."""
    names = types_of(TokenKind.NAME, TokenKind.FILE)
    present = (
        (HAS_NAMES, names),
        (HAS_FINGERPRINTS, types_of(TokenKind.FINGERPRINT)),
        (HAS_DIGESTS, _DIGESTS),
    )
    flags = sum(int(flag) for flag, kinds in present if any(kind in by_type for kind in kinds))
    return flags | int(HAS_IDN) * idn | int(HAS_IPV4) * ipv4 | int(HAS_IPV6) * ipv6


def _distinct(digests: NDArray[np.uint8]) -> tuple[str, NDArray[np.int64]]:
    """Return the SHA-256 of the sorted distinct digests (rows of 16 bytes), and the first row of each."""
    halves = digests.view(">u8").astype(np.uint64)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    first = np.ones(order.size, np.bool_)
    first[1:] = (halves[order[1:]] != halves[order[:-1]]).any(axis=1)
    rows = order[first]
    del halves
    digest = hashlib.sha256()
    for begin in range(0, rows.size, _STEP):
        digest.update(digests[rows[begin : begin + _STEP]].tobytes())
    return digest.hexdigest(), rows


def _power_of_two(minimum: int) -> int:
    return max(64, 1 << max(0, minimum - 1).bit_length())


def _merged_ranges(networks: NDArray[np.uint64]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Merge IPv4 networks, rows of (_, first address, prefix length), into sorted disjoint ranges."""
    if not networks.shape[0]:
        return np.empty(0, np.uint32), np.empty(0, np.uint32)
    first = networks[:, 1].astype(np.int64)
    last = first + (np.int64(1) << (32 - networks[:, 2].astype(np.int64))) - 1
    order = np.argsort(first, kind="stable")
    first, last = first[order], np.maximum.accumulate(last[order])
    begins = np.concatenate([[True], first[1:] > last[:-1] + 1])
    ends = np.concatenate([begins[1:], [True]])
    return first[begins].astype(np.uint32), last[ends].astype(np.uint32)


def _blocks(starts: NDArray[np.uint32], ends: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Build a bitmap of the 2^24 networks of length 24 in a range, then of the 2^20 of length 20."""
    touched = np.zeros(1 << 24, np.bool_)
    low, high = starts >> 8, ends >> 8
    touched[low] = True
    touched[high] = True
    for index in np.flatnonzero(high > low + 1).tolist():
        touched[low[index] : high[index]] = True
    areas = touched.reshape(-1, 16).any(axis=1)
    return np.packbits(np.concatenate([touched, areas]), bitorder="little")


def _ends_of_names(
    names: NDArray[np.uint8], offsets: NDArray[np.int64], types: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    """Build the filters of last labels and of the last two labels."""
    tops = np.zeros(TOPS_SIZE, np.uint8)
    is_name = ~np.isin(types, [TYPES.index(kind) for kind in _NO_NAMES])
    last = hash_places(names, offsets, labels=1)[is_name]
    tops[(last >> np.uint64(11)) & np.uint64(TOPS_SIZE - 1)] = 1
    hashes = np.unique(hash_places(names, offsets, labels=2)[is_name])
    stems = np.zeros(_power_of_two(hashes.size // 8), np.uint64)
    insert_stems(hashes, stems)
    return tops, stems
