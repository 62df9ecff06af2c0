"""NAT records in columns: 10^6 records use some 60 MB."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamsach.devices.nat.records import Kind, NatRecord

# asa.log.1   asa.log.2.gz   asa.log-20260610   asa-2026-06-10_23.log.xz   2026/06/10/asa.log
# messages-1780797601
_COMPRESSED = re.compile(r"\.(?:gz|bz2|xz|zst|zstd|lz4|Z)(?=$|!)", re.ASCII)
_DAY = re.compile(
    r"(?<!\d)20\d\d([-_./]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:[-_T./]?(?:[01]\d"
    r"|2[0-3])(?:[-_.:]?[0-5]\d){0,2})?(?!\d)",
    re.ASCII,
)
_NUMBER = re.compile(r"(?<=[A-Za-z])(?:\.\d{1,4}|[-_.]1\d{9})$", re.ASCII)
_LEFT = re.compile(r"[-_.*]+(?=\.|$|!)", re.ASCII)


@lru_cache(maxsize=4096)
def log_name(file: str) -> str:
    """Return the name of a file's log: without its date, its rotation number, and its compression."""
    name = _DAY.sub("*", _COMPRESSED.sub("", file))
    return _LEFT.sub("", _NUMBER.sub("", name))


if TYPE_CHECKING:
    import pyarrow as pa

Translations: TypeAlias = "NatRecord | pa.RecordBatch"
"""One record, or a batch in columns: see `FortiGateSessions`."""
TCP = 6
ASSUMED_TCP_US = 3600 * 1_000_000
"""Assumed length of a TCP translation whose end was not logged: the usual idle timeout of firewalls."""
ASSUMED_OTHER_US = 300 * 1_000_000
ASSUMED_BLOCK_US = 24 * 3600 * 1_000_000
"""Assumed length for a block of ports: subscribers retain theirs while they are active."""
START_KNOWN, END_KNOWN, START_GUESSED = 1, 2, 4
"""Flags of an interval's ends. A guessed start extends back as long as the port was free."""
_ROWS_HELD = 4096
_CLOCK_STEPS_US = 10 * 1_000_000
"""Tolerance between a beginning and the one that its end states: whole seconds, and clock adjustments."""

_PairKey = tuple[str, int, int, int, str, int]


def _column(code: str) -> array[int]:
    return array(code)


@dataclass(slots=True)
class Columns:
    """Translations as intervals in order of arrival; `known`: START_KNOWN, END_KNOWN, START_GUESSED."""

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

    rows: list[NatRecord] = field(default_factory=list)

    def append(self, record: NatRecord, known: int) -> None:
        """Add an interval. It is in the columns after `flush`, which runs automatically now and then."""
        self.rows.append(record)
        self.known.append(known)
        if len(self.rows) >= _ROWS_HELD:
            self.flush()

    def flush(self) -> None:
        """Move pending rows to the columns: several times faster than one by one."""
        if not self.rows:
            return
        _, public, first, last, protocol, inside, inside_port, start, end, far, _, file, line = zip(
            *self.rows, strict=True
        )
        for column, texts, numbers in (
            (self.ip, public, self.ips),
            (self.inside, inside, self.insides),
            (self.destination, far, self.destinations),
            (self.file, file, self.files),
        ):
            for text in texts:
                if text not in numbers:
                    numbers[text] = len(numbers)
            column.extend(map(numbers.__getitem__, texts))
        for column, values in (
            (self.first_port, first),
            (self.last_port, last),
            (self.protocol, protocol),
            (self.inside_port, inside_port),
            (self.start, start),
            (self.end, end),
            (self.line, line),
        ):
            column.extend(values)
        self.rows.clear()

    def extend(self, sessions: pa.RecordBatch) -> None:
        """Add sessions whose beginning and end are known: see `FortiGateSessions`."""
        self.flush()
        for column, key, numbers in (
            (self.ip, "public_ip", self.ips),
            (self.inside, "inside_ip", self.insides),
            (self.destination, "destination", self.destinations),
            (self.file, "file", self.files),
        ):
            coded = sessions.column(key).dictionary_encode()
            known = [numbers.setdefault(text, len(numbers)) for text in coded.dictionary.to_pylist()]
            _append(column, np.array(known, np.int64)[coded.indices.to_numpy()])
        for column, key in (
            *((self.first_port, "port"), (self.last_port, "port"), (self.protocol, "protocol")),
            *(
                (self.inside_port, "inside_port"),
                (self.start, "start"),
                (self.end, "end"),
                (self.line, "line"),
            ),
        ):
            _append(column, sessions.column(key).to_numpy())
        _append(self.known, np.full(len(sessions), START_KNOWN | END_KNOWN, np.int64))

    def __len__(self) -> int:
        return len(self.known)


def _append(column: array[int], values: NDArray[np.int64]) -> None:
    column.frombytes(values.astype(column.typecode).tobytes())


def gather(records: Iterable[Translations]) -> Columns:
    """Join beginnings and ends to intervals.

    The order of records of one translation matters only within the same moment.
    """
    columns = Columns()
    halves: list[NatRecord] = []
    for record in records:
        if not isinstance(record, NatRecord):
            columns.extend(record)
            continue
        if not 0 <= record.first_port <= record.last_port <= 65535:
            continue
        kind = record.kind
        if kind is Kind.SESSION and record.public_ip:
            columns.append(record, START_KNOWN | END_KNOWN)
        elif kind is Kind.SEEN and record.public_ip:
            columns.append(_assume_end(record), START_GUESSED if record.end > record.start else 0)
        elif kind in (Kind.OPEN, Kind.CLOSE):
            halves.append(record)
    halves.sort(key=lambda record: (record.end, record.kind, record.line))
    for record, known in _pair_halves(halves):
        columns.append(record, known)
    columns.flush()
    return columns


def _pair_halves(halves: Iterable[NatRecord]) -> Iterator[tuple[NatRecord, int]]:
    """Pair beginnings with their ends, by the device's connection number, else by the translation.

    An end may be in the next file of a rotated log. Devices reuse numbers: an end that states another
    beginning does not match.
    """
    waiting: dict[_PairKey | tuple[str, str], NatRecord] = {}
    for record in halves:
        key = _key(record)
        if record.kind is Kind.OPEN:
            if not record.public_ip:
                continue
            earlier = waiting.pop(key, None)
            if earlier is not None:
                yield _assume_end(earlier), START_KNOWN
            waiting[key] = record
            continue
        begun = waiting.get(key)
        if begun is not None and _is_end_of(begun, record):
            del waiting[key]
            yield begun._replace(end=max(record.end, begun.start + 1)), START_KNOWN | END_KNOWN
        elif record.public_ip:
            start = record.start if record.start else record.end - _length(record)
            yield record._replace(start=start), END_KNOWN | (START_KNOWN if record.start else START_GUESSED)
    for record in waiting.values():
        yield _assume_end(record), START_KNOWN


def _is_end_of(begun: NatRecord, record: NatRecord) -> bool:
    return not (record.session and record.start) or abs(record.start - begun.start) <= _CLOCK_STEPS_US


def _key(record: NatRecord) -> _PairKey | tuple[str, str]:
    if record.session:
        return log_name(record.file), record.session
    return (
        record.public_ip,
        record.first_port,
        record.last_port,
        record.protocol,
        record.inside_ip,
        record.inside_port,
    )


def _assume_end(record: NatRecord) -> NatRecord:
    return record._replace(end=record.start + _length(record)) if record.end <= record.start else record


def _length(record: NatRecord) -> int:
    if record.first_port != record.last_port:
        return ASSUMED_BLOCK_US
    return ASSUMED_TCP_US if record.protocol == TCP else ASSUMED_OTHER_US
