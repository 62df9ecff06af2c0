"""Templates of NetFlow v9 and IPFIX with their records, and the information elements that events use.

Sources: RFC 3954 section 5, RFC 7011 sections 3.4 and 7; https://www.iana.org/assignments/ipfix (NetFlow v9
numbers are the same up to 127 and, for most exporters, beyond); Cisco's NetFlow Security Event Logging
(NSEL) guide and application visibility (AVC) field guide; lists of nProbe, YAF, Palo Alto, Citrix and
Barracuda. An enterprise's element is (enterprise << 16 | number); nProbe's numbers in NetFlow v9 begin at
57472.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

SOURCE, DESTINATION, SOURCE_V6, DESTINATION_V6 = 8, 12, 27, 28
SOURCE_PORT, DESTINATION_PORT = 7, 11
_CISCO, _CISCO_V9 = 9 << 16, 1 << 15
"""Cisco's own elements have their highest bit set in NetFlow v9."""
CLIENT_PORTS, SERVER_PORTS = (_CISCO | 12240, _CISCO_V9 | 12240), (_CISCO | 12241, _CISCO_V9 | 12241)
SOURCE_PORTS, DESTINATION_PORTS = (
    (SOURCE_PORT, 180, 182, *CLIENT_PORTS),
    (DESTINATION_PORT, 181, 183, *SERVER_PORTS),
)
"""Ports of any protocol, of UDP, of TCP, and of a connection's client and server."""
CLIENTS = (_CISCO | 12236, _CISCO_V9 | 12236, _CISCO | 12238, _CISCO_V9 | 12238)
SERVERS = (_CISCO | 12237, _CISCO_V9 | 12237, _CISCO | 12239, _CISCO_V9 | 12239)
SOURCES, DESTINATIONS = (SOURCE, SOURCE_V6, *CLIENTS), (DESTINATION, DESTINATION_V6, *SERVERS)
"""Addresses of packets, and of client and server where a device reports connections."""
EXPORTER, EXPORTER_V6 = 130, 131
PROTOCOL, FORWARDING = 4, 89
NAT_SOURCE, NAT_SOURCE_V6, NAT_SOURCE_PORT, NAT_EVENT = 225, 281, 227, 230
FIREWALL_EVENT = 233
CISCO_NAT_SOURCE, CISCO_NAT_SOURCE_PORT, CISCO_FIREWALL_EVENT, CISCO_USER = 40001, 40003, 40005, 40000
PORT_RANGE_START = 361
_BARRACUDA, _CITRIX = 10704 << 16, 5951 << 16
BARRACUDA_NAT_SOURCE, BARRACUDA_NAT_SOURCE_PORT = _BARRACUDA | 8, _BARRACUDA | 9
USER = 371
HTTP_HOST, HTTP_TARGET = 460, 461
PALO_ALTO_USER = 56702
_NPROBE, _NPROBE_V9, _YAF = 35632 << 16, 57472, 6871 << 16
CISCO_NAMES = (_CISCO | 12235, _CISCO_V9 | 12235)
"""A Host header or server name behind six bytes of application ID (AVC); the first in a record counts."""
CISCO_NAME_HEAD_BYTES = 6
NAMES = frozenset(
    {
        HTTP_HOST,
        _CITRIX | 142,
        *(base + number for base in (_NPROBE, _NPROBE_V9) for number in (187, 188, 205)),
        *(_YAF | number for number in (117, 179, 294)),
    }
)
"""Names of web sites, TLS servers and DNS questions."""
URLS = frozenset({HTTP_TARGET, _CITRIX | 130, _NPROBE | 180, _NPROBE_V9 + 180})

ADDRESSES = frozenset(
    {
        *SOURCES,
        *DESTINATIONS,
        NAT_SOURCE,
        NAT_SOURCE_V6,
        CISCO_NAT_SOURCE,
        BARRACUDA_NAT_SOURCE,
        EXPORTER,
        EXPORTER_V6,
    }
)
TEXTS = frozenset({USER, CISCO_USER, PALO_ALTO_USER, *NAMES, *CISCO_NAMES, *URLS})
WANTED = frozenset(
    {
        *ADDRESSES,
        *TEXTS,
        *SOURCE_PORTS,
        *DESTINATION_PORTS,
        *(PROTOCOL, FORWARDING, NAT_SOURCE_PORT, NAT_EVENT, FIREWALL_EVENT),
        *(CISCO_NAT_SOURCE_PORT, BARRACUDA_NAT_SOURCE_PORT, CISCO_FIREWALL_EVENT, PORT_RANGE_START),
    }
)
"""Elements to decode; others are skipped."""
PLAIN = {SOURCE: 4, DESTINATION: 4, SOURCE_PORT: 2, DESTINATION_PORT: 2, PROTOCOL: 1}
"""Wanted elements of plain templates, and their lengths."""

Record = dict[int, int | bytes]
"""Values of the wanted elements: numbers, or the bytes of addresses and texts."""

MOST_FIELDS = 512
_VARIABLE = 0xFFFF
_ENTERPRISE = 0x8000


class Template:
    """A record layout.

    `options`: its records describe the exporter, not flows; `plain`: of what is wanted it has all of `PLAIN`,
    and nothing else."""

    __slots__ = ("_fields", "_layout", "_names", "_odd", "options", "plain", "size")

    def __init__(self, fields: list[tuple[int, int]], *, options: bool) -> None:
        self.options = options
        self._fields = [field for field in fields if field[1]]
        self.size = 0 if any(length == _VARIABLE for _, length in fields) else sum(n for _, n in fields)
        """Record size in bytes; 0 when variable."""
        names: list[int] = []
        layout = [">"]
        self._odd: list[int] = []
        for element, length in fields if self.size else ():
            if element not in WANTED or element in names or not length:
                layout.append(f"{length}x")
                continue
            names.append(element)
            if element in _AS_BYTES or length not in _NUMBERS:
                layout.append(f"{length}s")
                if element not in _AS_BYTES:
                    self._odd.append(element)
            else:
                layout.append(_NUMBERS[length])
        self._names = tuple(names)
        self._layout = struct.Struct("".join(layout))
        found = {element: length for element, length in reversed(fields) if length and element in WANTED}
        self.plain = self.size > 0 and found == PLAIN

    @property
    def fields(self) -> list[tuple[int, int]]:
        """Pairs of element and length, enough to rebuild the template."""
        return list(self._fields)

    def records(self, data: bytes) -> Iterator[Record]:
        """Yield the records in a data set's body; the remainder is padding."""
        if not self.size:
            yield from self._varying(data)
            return
        for values in self._values(data):
            record: Record = dict(zip(self._names, values, strict=True))
            for element in self._odd:
                record[element] = int.from_bytes(values[self._names.index(element)], "big")
            yield record

    def plain_records(self, data: bytes) -> Iterator[tuple[Any, ...]]:
        """Yield the values of a plain template's records, in the order of `PLAIN`."""
        return map(itemgetter(*map(self._names.index, PLAIN)), self._values(data))

    def _values(self, data: bytes) -> Iterator[tuple[Any, ...]]:
        return self._layout.iter_unpack(memoryview(data)[: len(data) // self.size * self.size])

    def _varying(self, data: bytes) -> Iterator[Record]:
        at, end = 0, len(data) if self._fields else 0
        while at < end:
            record: Record = {}
            for element, length in self._fields:
                if length == _VARIABLE:
                    if at >= end:
                        return
                    length, at = data[at], at + 1
                    if length == 255:
                        length, at = int.from_bytes(data[at : at + 2], "big"), at + 2
                if at + length > end:
                    return
                if element in WANTED and element not in record:
                    raw = data[at : at + length]
                    record[element] = raw if element in _AS_BYTES else int.from_bytes(raw, "big")
                at += length
            yield record


_NUMBERS = {1: "B", 2: "H", 4: "I", 8: "Q"}
_AS_BYTES = ADDRESSES | TEXTS


def read_fields(
    data: bytes, at: int, end: int, count: int, *, enterprises: bool
) -> tuple[list[tuple[int, int]] | None, int]:
    """Read `count` pairs of element and length; return them (None if truncated) and their end."""
    fields: list[tuple[int, int]] = []
    if count > MOST_FIELDS:
        return None, end
    for _ in range(count):
        if at + 4 > end:
            return None, end
        element, length = data[at] << 8 | data[at + 1], data[at + 2] << 8 | data[at + 3]
        at += 4
        if enterprises and element & _ENTERPRISE:
            if at + 4 > end:
                return None, end
            element = int.from_bytes(data[at : at + 4], "big") << 16 | element & 0x7FFF
            at += 4
        fields.append((element, length))
    return fields, at


def templates(
    data: bytes, at: int, end: int, *, ipfix: bool, options: bool
) -> Iterator[tuple[int, Template | None]]:
    """Yield the templates in a set of NetFlow v9 or IPFIX with their IDs; None withdraws one.

    Of option templates, v9 states the lengths of scopes and options in bytes, IPFIX the numbers of all fields
    and of scopes."""
    while at + (6 if options and not ipfix else 4) <= end:
        identity, count = data[at] << 8 | data[at + 1], data[at + 2] << 8 | data[at + 3]
        withdrawn = ipfix and not count
        if identity < 256 and not (withdrawn and identity in (2, 3)):
            return
        at += 4
        if withdrawn:
            yield identity, None
            continue
        if options:
            count = count if ipfix else (count + (data[at] << 8 | data[at + 1])) // 4
            at += 2
        fields, at = read_fields(data, at, end, count, enterprises=ipfix)
        if fields is None:
            return
        yield identity, Template(fields, options=options)
