"""NAT records of log files: by fast readers of known lines, else by the file's format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from lamsach.devices.leases.records import microseconds
from lamsach.devices.nat.clock import Clock
from lamsach.devices.nat.columns import Translations
from lamsach.devices.nat.readers import READERS, Reader
from lamsach.devices.nat.records import ANY_PROTOCOL, LIKELY_AFTER_US, LIKELY_BEFORE_US, Kind, NatRecord
from lamsach.errors import InputError, LineError
from lamsach.logs.base import DEFAULT_TIMEZONE
from lamsach.logs.events.ends import as_opened
from lamsach.logs.opening.encodings import decode_line
from lamsach.logs.opening.inputs import LogFile
from lamsach.logs.opening.lines import texts
from lamsach.logs.reading.detect import Detection
from lamsach.logs.reading.events import context_for, detection_for, read_events
from lamsach.logs.reading.lines import LineParser
from lamsach.model import Event, Problem
from lamsach.runtime.extras import installed

_LONGEST_LINE = 16_384
_CHUNK_BYTES = 1 << 22
_READ = frozenset(
    {"fortigate", "cisco_asa", "cisco_ios", "juniper_srx", "mikrotik", "iptables", "pf_filterlog"}
)
"""Formats whose translations the readers parse completely."""


@dataclass(slots=True)
class NatLogs:
    """Files to search for NAT records.

    Unreadable parts go to `on_problem`. `counts`: records by file.
    """

    logs: Sequence[LogFile]
    timezone: ZoneInfo = DEFAULT_TIMEZONE
    on_problem: Callable[[Problem], None] = field(default=lambda _problem: None)
    counts: dict[str, int] = field(default_factory=dict)

    def records(self) -> Iterator[Translations]:
        """Yield every NAT record in file order, in batches where possible; other files give none."""
        for log in self.logs:
            try:
                yield from self._records(log)
            except InputError as error:
                self.on_problem(Problem(error.where or log.name, error.what, error.todo))

    def _records(self, log: LogFile) -> Iterator[Translations]:
        detection = detection_for(log)
        clock = Clock(context_for(log, detection, self.timezone))
        readers = [
            reader for reader in READERS if any(_read(reader, line, clock) for line in detection.lines)
        ]
        if readers and _gives_more(detection):
            found: Iterator[Translations] = _by_both(log, readers, detection, clock, self.timezone)
        elif readers:
            found = _by_readers(log, readers, clock)
        elif _states_nat(detection):
            found = _by_events(log, self.timezone)
        else:
            return
        self.counts[log.name] = 0
        for record in found:
            self.counts[log.name] += 1 if isinstance(record, NatRecord) else len(record)
            yield record


def _read(reader: Reader, line: str, clock: Clock) -> NatRecord | None:
    if len(line) > _LONGEST_LINE or not any(marker in line for marker in reader.markers):
        return None
    return reader.read(line, clock)


def _by_readers(log: LogFile, readers: Sequence[Reader], clock: Clock) -> Iterator[Translations]:
    bulk = None
    if [reader.name for reader in readers] == ["fortigate"] and installed("pyarrow"):
        from lamsach.devices.nat.batches import FortiGateSessions

        bulk = FortiGateSessions(log.name)
    with log.open() as stream:
        for number, lines in texts(stream, _CHUNK_BYTES):
            if bulk is not None:
                sessions, singles = bulk.sessions(number, lines)
                if sessions is not None:
                    yield sessions
                for at in singles:
                    yield from _by_one(readers[0], [lines[at]], number + at, clock)
            elif len(readers) == 1:
                yield from _by_one(readers[0], lines, number, clock)
            else:
                yield from _by_several(readers, lines, number, clock)


def _by_one(reader: Reader, lines: Sequence[bytes | None], number: int, clock: Clock) -> Iterator[NatRecord]:
    read = reader.read
    marker, *others = [marker.encode() for marker in reader.markers]
    for clock.line, line in enumerate(lines, number):
        if (
            line is not None
            and (marker in line or any(other in line for other in others))
            and len(line) <= _LONGEST_LINE
            and (record := read(line.decode("utf-8", "replace"), clock)) is not None
        ):
            yield record if record.line else record._replace(file=clock.file, line=clock.line)


def _by_several(
    readers: Sequence[Reader], lines: Sequence[bytes | None], number: int, clock: Clock
) -> Iterator[NatRecord]:
    """Yield the records of mixed lines; the first reader that recognizes a line decides."""
    markers = [marker.encode() for reader in readers for marker in reader.markers]
    functions = [reader.read for reader in readers]
    for clock.line, line in enumerate(lines, number):
        if line is None or len(line) > _LONGEST_LINE or not any(marker in line for marker in markers):
            continue
        text = line.decode("utf-8", "replace")
        for read in functions:
            record = read(text, clock)
            if record is not None:
                yield record if record.line else record._replace(file=clock.file, line=clock.line)
                break


def _by_both(
    log: LogFile, readers: Sequence[Reader], detection: Detection, clock: Clock, timezone: ZoneInfo
) -> Iterator[NatRecord]:
    """Yield the records of a syslog server's file: by the readers, else by the event of the line's format."""
    parser = LineParser(detection, context_for(log, detection, timezone))
    with log.open() as stream:
        for number, lines in texts(stream, _CHUNK_BYTES):
            for clock.line, line in enumerate(lines, number):
                text = decode_line(line) if line is not None and len(line) <= _LONGEST_LINE else ""
                record = next((found for reader in readers if (found := _read(reader, text, clock))), None)
                if record is None and text:
                    record = _of_format(parser, text, clock.line)
                if record is not None:
                    yield record if record.line else record._replace(file=clock.file, line=clock.line)


def _of_format(parser: LineParser, text: str, number: int) -> NatRecord | None:
    try:
        event = parser.parse(text, number)
    except LineError:
        return None
    return record_of(event) if event is not None else None


def _gives_more(detection: Detection) -> bool:
    """Return whether a mixed file contains a format that states translations and has no reader."""
    return any(
        "source_nat_ip" in log_format.gives and log_format.name not in _READ for log_format in detection.mixed
    )


def _states_nat(detection: Detection) -> bool:
    only = detection.format or detection.binary
    formats = (only,) if only else detection.mixed
    return any("source_nat_ip" in log_format.gives for log_format in formats)


def _by_events(log: LogFile, timezone: ZoneInfo) -> Iterator[NatRecord]:
    """Yield records of events, likely within an hour: events state neither duration nor protocol."""
    for event in read_events(log, timezone=timezone):
        if isinstance(event, Event) and (record := record_of(event)) is not None:
            yield record


def record_of(event: Event) -> NatRecord | None:
    """Return the NAT record of an event; None when it states no translation."""
    event = as_opened(event)
    public, inside = event.source_nat_ip, event.source_ip
    if event.time is None or public is None or inside is None or public == inside:
        return None
    time, port = microseconds(event.time), event.source_nat_port or 0
    return NatRecord(
        Kind.SEEN, public, port, port, ANY_PROTOCOL, inside, event.source_port or 0,
        time - LIKELY_BEFORE_US, time + LIKELY_AFTER_US, event.destination_ip or "", "",
        event.file, event.line,
    )  # fmt: skip
