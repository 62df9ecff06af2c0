"""Export packets of NetFlow v1, v5, v7, v9 and IPFIX, consecutive in a file or one per datagram.

Sources: Cisco's NetFlow export datagram formats, RFC 3954 (v9), RFC 7011 (IPFIX). Traps: a v9 packet does
not state its size, but a set ID is never 2 to 255, so another version number ends it; a data set may precede
its template.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from lamsach.logs.binary.netflow.templates import (
    DESTINATION,
    DESTINATION_PORT,
    PROTOCOL,
    SOURCE,
    SOURCE_PORT,
    Record,
    Template,
    options_v9,
    templates_ipfix,
    templates_v9,
)

FIXED = {
    1: (16, struct.Struct(">4s4s24xHH2xB13x")),
    5: (24, struct.Struct(">4s4s24xHH2xB9x")),
    7: (24, struct.Struct(">4s4s24xHH2xB13x")),
}
"""By version: header size, and the record layout of addresses, ports and protocol."""
_FIXED_NAMES = (SOURCE, DESTINATION, SOURCE_PORT, DESTINATION_PORT, PROTOCOL)
V9, IPFIX = 9, 10
VERSIONS = frozenset({*FIXED, V9, IPFIX})
MOST_RECORDS = {1: 24, 5: 30, 7: 28}
MOST_TEMPLATES = 1024
MOST_WAITING_BYTES = 8 << 20

Flow = tuple[int, Record]
"""Export time (seconds since 1970) and a record's values."""


@dataclass(slots=True)
class _Waiting:
    """A data set waiting for its template."""

    time: int
    body: bytes
    number: int


@dataclass(slots=True)
class Decoder:
    """Decoder of one file's or capture's packets; stores templates by exporter and observation domain."""

    templates: dict[tuple[str, int, int, int], Template] = field(default_factory=dict)
    waiting: dict[tuple[str, int, int, int], list[_Waiting]] = field(default_factory=dict)
    waiting_bytes: int = 0

    def flows(self, packet: bytes, exporter: str = "", number: int = 0) -> Iterator[tuple[int, int, Record]]:
        """Yield a packet's flows with export time and packet number.

        Includes those of earlier packets whose template it has."""
        version = packet[0] << 8 | packet[1] if len(packet) >= 2 else 0
        if version in FIXED:
            for time, record in _fixed(packet, version):
                yield time, number, record
        elif version == V9 and len(packet) >= 20:
            yield from self._sets(packet, 20, len(packet), version, exporter, number)
        elif version == IPFIX and len(packet) >= 16:
            end = min(len(packet), packet[2] << 8 | packet[3])
            yield from self._sets(packet, 16, end, version, exporter, number)

    def _sets(
        self, packet: bytes, at: int, end: int, version: int, exporter: str, number: int
    ) -> Iterator[tuple[int, int, Record]]:
        time = int.from_bytes(packet[8:12] if version == V9 else packet[4:8], "big")
        domain = int.from_bytes(packet[16:20] if version == V9 else packet[12:16], "big")
        while at + 4 <= end:
            identity, size = packet[at] << 8 | packet[at + 1], packet[at + 2] << 8 | packet[at + 3]
            if size < 4:
                return
            start, stop = at + 4, min(end, at + size)
            at += size
            if identity < 256:
                for key, template in self._templates(version, identity, packet, start, stop):
                    yield from self._learn((exporter, version, domain, key), template)
                continue
            full = (exporter, version, domain, identity)
            known = self.templates.get(full)
            if known is None:
                self._wait(full, _Waiting(time, packet[start:stop], number))
            elif not known.options:
                for record in known.records(packet, start, stop):
                    yield time, number, record

    @staticmethod
    def _templates(
        version: int, identity: int, packet: bytes, start: int, stop: int
    ) -> Iterator[tuple[int, Template | None]]:
        if version == V9 and identity == 0:
            yield from templates_v9(packet, start, stop)
        elif version == V9 and identity == 1:
            yield from options_v9(packet, start, stop)
        elif version == IPFIX and identity in (2, 3):
            yield from templates_ipfix(packet, start, stop, options=identity == 3)

    def _learn(
        self, key: tuple[str, int, int, int], template: Template | None
    ) -> Iterator[tuple[int, int, Record]]:
        if template is None:
            self.templates.pop(key, None)
            return
        if len(self.templates) >= MOST_TEMPLATES and key not in self.templates:
            del self.templates[next(iter(self.templates))]
        self.templates[key] = template
        for data_set in self.waiting.pop(key, ()):
            self.waiting_bytes -= len(data_set.body)
            if not template.options:
                for record in template.records(data_set.body, 0, len(data_set.body)):
                    yield data_set.time, data_set.number, record

    def _wait(self, key: tuple[str, int, int, int], waiting: _Waiting) -> None:
        if self.waiting_bytes + len(waiting.body) <= MOST_WAITING_BYTES:
            self.waiting_bytes += len(waiting.body)
            self.waiting.setdefault(key, []).append(waiting)


def _fixed(packet: bytes, version: int) -> Iterator[Flow]:
    time, rows = fixed_rows(packet, version)
    for values in rows:
        yield time, dict(zip(_FIXED_NAMES, values, strict=True))


class FixedPacket(NamedTuple):
    """A packet of fixed layout (`FIXED`), and its number in the file."""

    data: bytes
    version: int
    number: int

    @property
    def seconds(self) -> int:
        """Export time, in seconds since 1970."""
        return int.from_bytes(self.data[8:12], "big")

    @property
    def records(self) -> bytes:
        """The complete records, concatenated."""
        header, layout = FIXED[self.version]
        count = min(self.data[2] << 8 | self.data[3], (len(self.data) - header) // layout.size)
        return self.data[header : header + max(0, count) * layout.size]


def fixed_rows(packet: bytes, version: int) -> tuple[int, Iterator[tuple[bytes, bytes, int, int, int]]]:
    """Return a fixed-layout packet's time in seconds, and its records: addresses, ports, protocol."""
    fixed = FixedPacket(packet, version, 0)
    return fixed.seconds, FIXED[version][1].iter_unpack(fixed.records)


def packet_size(data: bytes, at: int) -> int:
    """Return the size of the export packet at an offset; 0 for none. May exceed the data when truncated.

    For a truncated v9 packet, the size of its complete sets and the next header."""
    left = len(data) - at
    if left < 4:
        return 0
    version, second = data[at] << 8 | data[at + 1], data[at + 2] << 8 | data[at + 3]
    if version in FIXED:
        header, layout = FIXED[version]
        return header + second * layout.size if 0 < second <= MOST_RECORDS[version] else 0
    if version == IPFIX:
        return second if second >= 16 and _set_follows(data, at + 16, at + second, (2, 3)) else 0
    if version != V9:
        return 0
    size = 20
    while size + 4 <= left:
        identity, length = (
            data[at + size] << 8 | data[at + size + 1],
            data[at + size + 2] << 8 | data[at + size + 3],
        )
        if identity in VERSIONS and identity != 1 and size > 20:
            break
        if not (identity in (0, 1) or identity >= 256) or length < 4:
            return size if size > 20 else 0
        size += length
    return size if size > 20 or left <= 20 else 0


def _set_follows(data: bytes, at: int, end: int, templates: tuple[int, ...]) -> bool:
    if at == end or at + 4 > len(data):
        return True
    identity, length = data[at] << 8 | data[at + 1], data[at + 2] << 8 | data[at + 3]
    return (identity in templates or identity >= 256) and 4 <= length <= end - at


_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def looks_like_export(data: bytes, *, whole: bool) -> bool:
    """Return whether the data begin with an export packet, followed by another or the end.

    `whole`: the data are complete."""
    size = packet_size(data, 0)
    if not size or len(data) < 16 or not any(data[4:12]):  # a packet has a time
        return False
    if data[:2] == b"\0\n" and data[2:16].isascii() and not _BINARY.search(data, 2, 16):
        return False  # a line of text with a NUL
    if size > len(data):
        return not whole
    return packet_size(data, size) > 0 or not any(data[size:]) or len(data) - size < 4
