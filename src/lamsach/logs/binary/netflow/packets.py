"""Export packets of NetFlow v1, v5, v7, v9 and IPFIX, consecutive in a file or one per datagram.

Sources: Cisco's NetFlow export datagram formats, RFC 3954 (v9), RFC 7011 (IPFIX). Traps: a v9 packet does
not state its size, but a set ID is never 2 to 255, so another version number ends it; a data set may precede
its template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lamsach.logs.binary.netflow.templates import (
    DESTINATION,
    DESTINATION_PORT,
    PROTOCOL,
    SOURCE,
    SOURCE_PORT,
    Record,
    Template,
    templates,
)


def _fixed(record_bytes: int) -> Template:
    """Return the layout of versions 1, 5 and 7, whose records differ in what follows the protocol."""
    ends = [(SOURCE, 4), (DESTINATION, 4), (0, 24), (SOURCE_PORT, 2), (DESTINATION_PORT, 2), (0, 2)]
    return Template([*ends, (PROTOCOL, 1), (0, record_bytes - 39)], options=False)


FIXED = {1: (16, _fixed(52)), 5: (24, _fixed(48)), 7: (24, _fixed(52))}
"""Header size and record layout of the versions without templates."""
V9, IPFIX = 9, 10
_TEMPLATE_SETS = {(V9, 0): False, (V9, 1): True, (IPFIX, 2): False, (IPFIX, 3): True}
"""By version and ID of sets of templates, whether these are options'."""
VERSIONS = frozenset({*FIXED, V9, IPFIX})
MOST_RECORDS = {1: 24, 5: 30, 7: 28}
MOST_TEMPLATES = 1024
MOST_WAITING_BYTES = 8 << 20

Key = tuple[str, int, int, int]
"""Exporter, version, observation domain, and the template's ID."""


class DataSet(NamedTuple):
    """Records of one template, with their export time (seconds since 1970) and their packet's number."""

    template: Template
    seconds: int
    number: int
    data: bytes

    @property
    def records(self) -> Iterator[Record]:
        """The records' values."""
        return self.template.records(self.data)

    @property
    def plain_records(self) -> Iterator[tuple[Any, ...]]:
        """The values of a plain template's records."""
        return self.template.plain_records(self.data)


@dataclass(slots=True)
class Decoder:
    """Decoder of one file's or capture's packets; stores templates by exporter and observation domain."""

    templates: dict[Key, Template] = field(default_factory=dict)
    waiting: dict[Key, list[tuple[int, int, bytes]]] = field(default_factory=dict)
    """Data sets that came before their template: time, packet number, and records."""
    waiting_bytes: int = 0

    def sets(self, packet: bytes, exporter: str = "", number: int = 0) -> Iterator[DataSet]:
        """Yield a packet's data sets, and those of earlier packets whose template it has."""
        version = int.from_bytes(packet[:2], "big")
        if version in FIXED:
            header, template = FIXED[version]
            count = min(int.from_bytes(packet[2:4], "big"), (len(packet) - header) // template.size)
            data = packet[header : header + max(0, count) * template.size]
            yield DataSet(template, int.from_bytes(packet[8:12], "big"), number, data)
        elif version == V9 and len(packet) >= 20:
            yield from self._sets(packet, 20, len(packet), version, exporter, number)
        elif version == IPFIX and len(packet) >= 16:
            end = min(len(packet), packet[2] << 8 | packet[3])
            yield from self._sets(packet, 16, end, version, exporter, number)

    def _sets(
        self, packet: bytes, at: int, end: int, version: int, exporter: str, number: int
    ) -> Iterator[DataSet]:
        time = int.from_bytes(packet[8:12] if version == V9 else packet[4:8], "big")
        domain = int.from_bytes(packet[16:20] if version == V9 else packet[12:16], "big")
        while at + 4 <= end:
            identity, size = packet[at] << 8 | packet[at + 1], packet[at + 2] << 8 | packet[at + 3]
            if size < 4:
                return
            start, stop = at + 4, min(end, at + size)
            at += size
            if identity < 256:
                if (options := _TEMPLATE_SETS.get((version, identity))) is not None:
                    for described, template in templates(
                        packet, start, stop, ipfix=version == IPFIX, options=options
                    ):
                        yield from self._learn((exporter, version, domain, described), template)
                continue
            key = (exporter, version, domain, identity)
            known = self.templates.get(key)
            if known is None:
                self._wait(key, (time, number, packet[start:stop]))
            elif not known.options:
                yield DataSet(known, time, number, packet[start:stop])

    def _learn(self, key: Key, template: Template | None) -> Iterator[DataSet]:
        if template is None:
            self.templates.pop(key, None)
            return
        known = self.templates.get(key)
        if known is not None and (known.fields, known.options) == (template.fields, template.options):
            return  # sent again; none waits for it
        if len(self.templates) >= MOST_TEMPLATES and key not in self.templates:
            del self.templates[next(iter(self.templates))]
        self.templates[key] = template
        for seconds, number, data in self.waiting.pop(key, ()):
            self.waiting_bytes -= len(data)
            if not template.options:
                yield DataSet(template, seconds, number, data)

    def _wait(self, key: Key, waiting: tuple[int, int, bytes]) -> None:
        if self.waiting_bytes + len(waiting[2]) <= MOST_WAITING_BYTES:
            self.waiting_bytes += len(waiting[2])
            self.waiting.setdefault(key, []).append(waiting)


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
