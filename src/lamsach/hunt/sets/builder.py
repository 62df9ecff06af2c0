"""Builder of columns from indicators: a few dozen bytes an indicator, for lists of any length."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import inet_aton
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from lamsach.hunt.kernel.layout import LEAD
from lamsach.indicators.values.names import searched_part
from lamsach.indicators.values.records import Entry, Plain
from lamsach.model import Indicator, IndicatorType, Reference, Refusal
from lamsach.model.indicator_types import TokenKind, types_of

TYPES = tuple(IndicatorType)
NO_TIME = -(1 << 62)
NO_NUMBER = -1
IPV4_HIGH = 0xFFFF_FFFF_FFFF_FFFF
"""Upper half that marks IPv4 networks among IPv6 hashes; no IPv6 address in use has it."""
REFUSALS_MAX = 10_000


@dataclass(slots=True)
class Columns:
    """A list as arrays. `offsets` has one entry more than there are rows.

    `names`, `networks`: values to hash, not yet sorted, each with its row in `name_rows`, `network_rows`. The
    first LEAD bytes of `names` are padding.
    """

    strings: list[str]
    types: NDArray[np.uint8]
    blob: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    numbers: NDArray[np.int32]
    times: NDArray[np.int64]
    digests: NDArray[np.uint8]
    names: NDArray[np.uint8]
    name_offsets: NDArray[np.int64]
    name_rows: NDArray[np.uint32]
    networks: NDArray[np.uint64]
    network_rows: NDArray[np.uint32]
    idn: bool


NUMBERS = ("threat", "source", "document", "page", "row", "confidence", "tlp", "table")
TIMES = ("valid_from", "valid_until")
_LARGEST = (1 << 31) - 1
_THREAT, _DOCUMENT, _ROW = map(NUMBERS.index, ("threat", "document", "row"))
_PLACES = {kind: place for place, kind in enumerate(TYPES)}
_PREFIXES = {kind: kind.encode() + b" " for kind in TYPES}
_DIGESTS = frozenset(types_of(TokenKind.DIGEST, TokenKind.FINGERPRINT))
_RUN = 1 << 10
"""Plain values added together."""


def _seconds(value: datetime | None) -> int:
    return NO_TIME if value is None else int(value.timestamp())


def host_of(url: str) -> str:
    """Return the host of a canonical URL, which may lack a scheme; empty when there is none."""
    try:
        return urlsplit(url if "://" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""


@dataclass(slots=True)
class Builder:
    """Collector of indicators; `columns` returns the arrays. All refusals are counted, few listed."""

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
            if (kind is IndicatorType.DOMAIN and "xn--" not in value) or kind in _DIGESTS:
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

    def columns(self) -> Columns:
        """Return all as arrays over the builder's own memory; nothing can be added afterwards."""
        return Columns(
            strings=list(self._strings),
            types=np.frombuffer(self._types, np.uint8),
            blob=np.frombuffer(self._blob, np.uint8),
            offsets=np.frombuffer(self._offsets, np.int64),
            numbers=np.frombuffer(self._numbers, np.int32).reshape(-1, len(NUMBERS)),
            times=np.frombuffer(self._times, np.int64).reshape(-1, len(TIMES)),
            digests=np.frombuffer(self._digests, np.uint8).reshape(-1, 16),
            names=np.frombuffer(self._names, np.uint8),
            name_offsets=np.frombuffer(self._name_offsets, np.int64),
            name_rows=np.frombuffer(self._name_rows, np.uint32),
            networks=np.frombuffer(self._networks, np.uint64).reshape(-1, 3),
            network_rows=np.frombuffer(self._network_rows, np.uint32),
            idn=self._idn,
        )


def time_of(seconds: int) -> datetime | None:
    """Convert a column value to a time; None for NO_TIME."""
    return None if seconds == NO_TIME else datetime.fromtimestamp(seconds, UTC)
