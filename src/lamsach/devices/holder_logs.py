"""Records of address holders: in stated files, and in logs whose first lines contain some."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from lamsach.devices.leases.observations import observed_machine, observed_person
from lamsach.errors import InputError, LineError
from lamsach.logs.base import DEFAULT_TIMEZONE, LogFormat
from lamsach.logs.opening.encodings import decode_line
from lamsach.logs.opening.inputs import LogFile
from lamsach.logs.opening.lines import numbered_lines
from lamsach.logs.reading.detect import Detection
from lamsach.logs.reading.events import binary_stream, context_for, detection_for, read_events
from lamsach.logs.reading.lines import LineParser
from lamsach.model import Event, EventKind, Problem

_RECORD_LINES = 200


@dataclass(slots=True)
class HolderLogs:
    """Files to search for holder records.

    `stated`: named by the user, read whole; `logs`: searched as far as their format names `lease_markers`.
    Problems are reported to `on_problem`.
    """

    stated: Sequence[LogFile]
    logs: Sequence[LogFile] = ()
    timezone: ZoneInfo = DEFAULT_TIMEZONE
    format_name: str | None = None
    on_problem: Callable[[Problem], None] = field(default=lambda _problem: None)

    def events(self) -> Iterator[Event]:
        """Yield the events that name an address holder: leases, sessions, tables of neighbours, log-ons."""
        seen = {log.name for log in self.stated}
        for log in self.stated:
            yield from self._read_guarded(log)
        for log in self.logs:
            if log.name not in seen and log.name != "-" and self.has_holders(log):
                yield from self._read_guarded(log)

    def _read_guarded(self, log: LogFile) -> Iterator[Event]:
        try:
            yield from self._read(log)
        except InputError as error:
            self.on_problem(Problem(error.where or log.name, error.what, error.todo))

    def has_holders(self, log: LogFile) -> bool:
        """Return whether the first lines of a log contain a holder record."""
        try:
            detection = detection_for(log, self.format_name)
        except InputError:
            return False
        if detection.binary is not None:
            return detection.binary.states_holders
        formats = _formats(detection)
        if not any(
            ("lease_until" in log_format.gives or log_format.lease_markers)
            and log_format.may_state_holders(detection.lines)
            for log_format in formats
        ):
            return False
        parser = LineParser(detection, context_for(log, detection, self.timezone))
        markers = tuple(marker.decode() for marker in markers_of(detection))
        if markers and not _holds_any("\n".join(detection.lines), markers):
            return False
        return any(
            _names_holder(_parse(parser, record, number))
            for number, record in _records(parser, detection.lines)
            if not markers or _holds_any(record, markers)
        )

    def _read(self, log: LogFile) -> Iterator[Event]:
        detection = detection_for(log, self.format_name)
        if detection.binary is not None:
            reader = detection.binary(context_for(log, detection, self.timezone))
            with log.open() as stream:
                for item in reader.read_holders(binary_stream(stream)):
                    if isinstance(item, Event) and _names_holder(item):
                        yield item
            return
        markers = markers_of(detection)
        if not markers:
            for item in read_events(log, timezone=self.timezone, format_name=self.format_name):
                if isinstance(item, Event) and _names_holder(item):
                    yield item
            return
        parser = LineParser(detection, context_for(log, detection, self.timezone))
        prefix = parser.header_prefix
        for number, line in _lines(log):
            if line is None:
                continue
            if prefix is not None and line.startswith(prefix):
                parser.header(decode_line(line))
            elif any(marker in line for marker in markers):
                event = _parse(parser, decode_line(line), number)
                if event is not None and _names_holder(event):
                    yield event


class MarkedLog(LogFile):
    """Log whose header lines and lines with a lease marker are indexed, without reading all of it."""

    def marked_lines(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield numbered lines in order, at least the marked ones; ends with UnreadableError for damage."""
        with self.open() as stream:
            yield from numbered_lines(stream)


def _lines(log: LogFile) -> Iterator[tuple[int, bytes | None]]:
    if isinstance(log, MarkedLog):
        yield from log.marked_lines()
        return
    with log.open() as stream:
        yield from numbered_lines(stream)


def markers_of(detection: Detection) -> tuple[bytes, ...]:
    """Return markers of holder records; empty when any line may be one, or a record has several lines."""
    if detection.format is not None and detection.format.multiline:
        return ()
    return tuple(marker.encode() for log_format in _formats(detection) for marker in log_format.lease_markers)


def _formats(detection: Detection) -> tuple[type[LogFormat], ...]:
    return (detection.format,) if detection.format else detection.mixed


def _holds_any(text: str, markers: Sequence[str]) -> bool:
    return any(marker in text for marker in markers)


def _names_holder(event: Event | None) -> bool:
    return event is not None and (
        event.kind is EventKind.LEASE
        or observed_machine(event) is not None
        or observed_person(event) is not None
    )


def _parse(parser: LineParser, record: str, number: int) -> Event | None:
    try:
        return parser.parse(record, number)
    except LineError:
        return None


def _records(parser: LineParser, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    if not parser.multiline:
        yield from enumerate(lines, 1)
        return
    record: list[str] = []
    first = 1
    for number, line in enumerate(lines, 1):
        if record and (parser.starts_record(line) or len(record) >= _RECORD_LINES):
            yield first, "\n".join(record)
            record = []
        if not record:
            first = number
        record.append(line)
    if record:
        yield first, "\n".join(record)
