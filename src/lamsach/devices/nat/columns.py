"""NAT records in columns: 10^6 of them take some 60 MB."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from lamsach.devices.nat.records import Kind, NatRecord

TCP = 6
ASSUMED_TCP_US = 3600 * 1_000_000
"""How long a translation of TCP is assumed to last when its end was not logged: the usual idle timeout of firewalls."""
ASSUMED_OTHER_US = 300 * 1_000_000
ASSUMED_BLOCK_US = 24 * 3600 * 1_000_000
"""The same for a block of ports: subscribers keep theirs for as long as they are at work."""
START_KNOWN, END_KNOWN = 1, 2

_PairKey = tuple[str, int, int, int, str, int]


def _column(code: str) -> array[int]:
    return array(code)


@dataclass(slots=True)
class Columns:
    """Translations as intervals in order of arrival; `known` says with START_KNOWN and END_KNOWN which ends a record states."""

    ips: dict[str, int] = field(default_factory=dict)
    insides: dict[str, int] = field(default_factory=dict)
    destinations: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    ip: array[int] = field(default_factory=lambda: _column("I"))
    first_port: array[int] = field(default_factory=lambda: _column("H"))
    last_port: array[int] = field(default_factory=lambda: _column("H"))
    protocol: array[int] = field(default_factory=lambda: _column("B"))
    inside: array[int] = field(default_factory=lambda: _column("I"))
    inside_port: array[int] = field(default_factory=lambda: _column("H"))
    start: array[int] = field(default_factory=lambda: _column("q"))
    end: array[int] = field(default_factory=lambda: _column("q"))
    destination: array[int] = field(default_factory=lambda: _column("I"))
    file: array[int] = field(default_factory=lambda: _column("I"))
    line: array[int] = field(default_factory=lambda: _column("Q"))
    known: array[int] = field(default_factory=lambda: _column("B"))

    def append(self, record: NatRecord, known: int) -> int:
        """Add an interval; its number."""
        self.ip.append(self.ips.setdefault(record.public_ip, len(self.ips)))
        self.first_port.append(record.first_port)
        self.last_port.append(record.last_port)
        self.protocol.append(record.protocol)
        self.inside.append(self.insides.setdefault(record.inside_ip, len(self.insides)))
        self.inside_port.append(record.inside_port)
        self.start.append(record.start)
        self.end.append(record.end)
        self.destination.append(self.destinations.setdefault(record.destination, len(self.destinations)))
        self.file.append(self.files.setdefault(record.file, len(self.files)))
        self.line.append(record.line)
        self.known.append(known)
        return len(self.ip) - 1

    def __len__(self) -> int:
        return len(self.ip)


def gather(records: Iterable[NatRecord]) -> Columns:
    """The intervals that the records make up: a beginning and its end become one. The order of the records of one translation counts
    only for those of the same moment.
    """
    columns = Columns()
    halves: list[NatRecord] = []
    for record in records:
        if not 0 <= record.first_port <= record.last_port <= 65535:
            continue
        if record.kind is Kind.SESSION and record.public_ip:
            columns.append(record, START_KNOWN | END_KNOWN)
        elif record.kind is Kind.SEEN and record.public_ip:
            _assumed(columns, record)
        elif record.kind in (Kind.OPEN, Kind.CLOSE):
            halves.append(record)
    halves.sort(key=lambda record: (record.end, record.kind, record.line))
    _pair(columns, halves)
    return columns


def _pair(columns: Columns, halves: Iterable[NatRecord]) -> None:
    """Beginnings wait, by the device's number of the connection or else by the translation itself, for their end."""
    waiting: dict[_PairKey | tuple[str, str], int] = {}
    for record in halves:
        key = _key(record)
        if record.kind is Kind.OPEN:
            if not record.public_ip:
                continue
            at = _assumed(columns, record)
            columns.known[at] = START_KNOWN
            waiting[key] = at
            continue
        found = waiting.pop(key, None)
        if found is not None:
            if record.end >= columns.start[found]:
                columns.end[found] = record.end
                columns.known[found] = START_KNOWN | END_KNOWN
        elif record.public_ip:
            begun = record.start if record.start else record.end - _length(record)
            columns.append(record._replace(start=begun), END_KNOWN | (START_KNOWN if record.start else 0))


def _key(record: NatRecord) -> _PairKey | tuple[str, str]:
    if record.session:
        return record.file, record.session
    return (
        record.public_ip,
        record.first_port,
        record.last_port,
        record.protocol,
        record.inside_ip,
        record.inside_port,
    )


def _assumed(columns: Columns, record: NatRecord) -> int:
    if record.end <= record.start:
        record = record._replace(end=record.start + _length(record))
    return columns.append(record, 0)


def _length(record: NatRecord) -> int:
    if record.first_port != record.last_port:
        return ASSUMED_BLOCK_US
    return ASSUMED_TCP_US if record.protocol == TCP else ASSUMED_OTHER_US
