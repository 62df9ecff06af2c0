"""Explanations of a parsed line: its format, the position of each value, and why no other format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lamsach.errors import LineError, UsageError
from lamsach.i18n import mark
from lamsach.logs.base import DEFAULT_TIMEZONE, LogFormat
from lamsach.logs.events.records import event_record
from lamsach.logs.formats import FORMATS
from lamsach.logs.layouts import Shape
from lamsach.logs.layouts.line import LayoutFormat, texts_of
from lamsach.logs.opening.encodings import decode_line
from lamsach.logs.opening.inputs import LogFile
from lamsach.logs.opening.limits import LINE_BYTES
from lamsach.logs.opening.lines import texts
from lamsach.logs.reading.detect import Detection
from lamsach.logs.reading.events import context_for, detection_for
from lamsach.logs.reading.lines import LineParser
from lamsach.logs.text.values import domain_of, ip_of, mac_of
from lamsach.model import Event

_RECORD_LINES = 1000
_LONGEST = 65536
# 192.0.2.5 in src="192.0.2.5",
_WORD = re.compile(r"[^\s\"'|,;=()\[\]<>{}]+")
_LOCATION_FIELDS = frozenset({"format", "file", "line"})
# 2026-06-10T08:00:01.123+07:00   Jun 10 08:00:01   10/Jun/2026:08:00:01 +0700   19-Oct-2022 05:34:03.425
_TIME = re.compile(
    r"(?:\d{4}[-/]\d\d[-/]\d\d[T ]|\d{1,2}[-/][A-Za-z]{3}[-/]\d{4}[: ]|[A-Z][a-z]{2} "
    r"{1,2}\d{1,2} (?:\d{4} )?|\d{1,2}[./-]\d{1,2}[./-]\d{4} )?\d{1,2}:\d\d:\d\d"
    r"(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)?"
)
NO_MARK = mark("None of its marks is in the line.")
NO_SHAPE = mark("The line has none of its shapes.")
LATER = mark("It would read the line, but comes after the format that took it.")
OF_THE_FILE = mark("It would read the line, but the file's first lines are another format's.")


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the event, and its position in the line; None if not part of the text."""

    field: str
    value: str
    begin: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A record, by its first line's 1-based number.

    `format`: None when no format reads it; `shape`: number (from 1) of the Layout's shape; `refused`: why a
    line of the format gives no event; `others`: reasons by name of each other format."""

    number: int
    text: str
    format: str | None
    title: str | None
    shape: int | None
    refused: str | None
    values: tuple[Value, ...]
    others: Mapping[str, str]


def explain(
    log_file: LogFile,
    number: int | None = None,
    *,
    format_name: str | None = None,
    timezone: ZoneInfo = DEFAULT_TIMEZONE,
) -> Explanation:
    """Explain the record that includes this line, else the first that gives an event.

    Raises UsageError for a log without lines and a missing line, UnreadableError, LimitError."""
    detection = detection_for(log_file, format_name)
    if detection.binary is not None:
        raise UsageError("The log has no lines: its format is binary.", log_file.name, "")
    parser = LineParser(detection, context_for(log_file, detection, timezone))
    first: Explanation | None = None
    for begin, text in _records(log_file, parser):
        last = begin + text.count("\n")
        if number is not None and not begin <= number <= last:
            continue
        found = _explained(detection, parser, text, begin)
        if number is not None or found.values:
            return found
        first = first or found
    if first is not None and number is None:
        return first
    raise UsageError("The log has no such line, or it is empty.", f"{log_file.name}:{number or 1}", "")


def _records(log_file: LogFile, parser: LineParser) -> Iterator[tuple[int, str]]:
    """Yield the records with their first lines' numbers; header lines also go to the parser."""
    record: list[str] = []
    begin = size = 0
    prefix = (parser.header_prefix or b"\0").decode()
    with log_file.open() as stream:
        for start, lines in texts(stream):
            for at, line in enumerate(lines, start):
                text = "" if line is None else decode_line(line)
                header = text.startswith(prefix)
                if header:
                    parser.header(text)
                goes_on = parser.multiline and record and not header and not parser.starts_record(text)
                if goes_on and len(record) < _RECORD_LINES and size <= LINE_BYTES:
                    record.append(text)
                    size += len(text)
                    continue
                if record:
                    yield begin, "\n".join(record)
                record, begin, size = ([text] if text.strip() else []), at, len(text)
    if record:
        yield begin, "\n".join(record)


def _explained(detection: Detection, parser: LineParser, text: str, number: int) -> Explanation:
    event: Event | None = None
    refused: str | None = None
    try:
        event = parser.parse(text, number)
    except LineError as error:
        refused = error.what
    reader = parser.reader if refused is None or detection.format is not None else None
    values = () if event is None else tuple(_located(text, event, reader))
    return Explanation(
        number,
        text,
        reader.name if reader else None,
        reader.title if reader else None,
        _shape(reader, text),
        refused,
        values,
        dict(_others(text, reader, of_file=detection.format is not None)),
    )


def _others(text: str, reader: LogFormat | None, *, of_file: bool) -> Iterator[tuple[str, str]]:
    marked = {log_format.name for log_format in FORMATS.marked(f"\n{text}")}
    for log_format in FORMATS:
        if reader is not None and log_format.name == reader.name:
            continue
        if log_format.recognises(text.partition("\n")[0]):
            yield log_format.name, OF_THE_FILE if of_file else LATER
        else:
            known = log_format.name in marked or not FORMATS.has_mark(log_format.name)
            yield log_format.name, NO_SHAPE if known else NO_MARK


def _shape(reader: LogFormat | None, text: str) -> int | None:
    found = _fitting(reader, text)
    return None if found is None else found[0]


def _fitting(reader: LogFormat | None, text: str) -> tuple[int, Shape, re.Match[str]] | None:
    """Return the number (from 1) and match of the Layout's shape that fits a record."""
    if not isinstance(reader, LayoutFormat):
        return None
    record = text
    try:
        record = text if reader.layout.anywhere else reader.opened(text)[2]
    except LineError:
        return None
    for number, shape in enumerate(reader.layout.shapes, 1):
        search = shape.expression.search if reader.layout.anywhere else shape.expression.match
        match = search(record)
        if match is not None and reader.event(shape, match) is not None:
            return number, shape, match
    return None


def _located(text: str, event: Event, reader: LogFormat | None) -> Iterator[Value]:
    fitting = _fitting(reader, text)
    stated: Mapping[str, str | None] = {}
    if fitting is not None and fitting[1].apart is None:
        stated = texts_of(fitting[1], fitting[2])
    shown = {key: value for key, value in event_record(event).items() if key not in _LOCATION_FIELDS}
    for field, value in shown.items():
        written = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        span = _time_span(text, event.time) if field == "time" and event.time else _span(text, written)
        if span is None and fitting is not None and field in fitting[1].made:
            names = fitting[1].made[field].names
            words = [word for name in names if (word := stated.get(name))]
            at = text.find(words[0]) if words else -1
            span = (at, at + len(words[0])) if at >= 0 else None
        yield Value(field, written, *(span or (None, None)))


def _span(text: str, value: str) -> tuple[int, int] | None:
    """Return the position of a value in the text: literal, in other case, or in an equivalent spelling."""
    lower = text[:_LONGEST].lower()
    for found in re.finditer(re.escape(value.lower()), lower):
        begin, end = found.span()
        before, after = lower[max(0, begin - 1) : begin], lower[end : end + 1]
        if not (before.isalnum() and value[0].isalnum()) and not (after.isalnum() and value[-1].isalnum()):
            return begin, end
    for word in _WORD.finditer(text[:_LONGEST]):
        if value in (ip_of(word[0]), mac_of(word[0]), domain_of(word[0])):
            return word.span()
    return None


def _time_span(text: str, time: datetime) -> tuple[int, int] | None:
    """Return the position of the time: seconds since 1970, or a clock in any zone (quarter hours)."""
    epoch = text.find(str(int(time.timestamp())))
    if epoch >= 0:
        end = epoch + 10
        while text[end : end + 1].isdigit() or (
            text[end : end + 2][:1] == "." and text[end + 1 : end + 2].isdigit()
        ):
            end += 1
        return epoch, end
    for found in _TIME.finditer(text[:_LONGEST]):
        clock = re.search(r"(\d{1,2}):(\d\d):(\d\d)", found[0])
        if clock is None:
            continue
        stated = timedelta(hours=int(clock[1]), minutes=int(clock[2]), seconds=int(clock[3]))
        own = timedelta(hours=time.hour, minutes=time.minute, seconds=time.second)
        if (stated - own) % timedelta(minutes=15) == timedelta():
            return found.span()
    return None


def marked_text(explanation: Explanation) -> Iterator[tuple[str, str | None]]:
    """Yield the record's text in pieces, each with the field whose value it is, or None.

    The first of overlapping values counts."""
    positions = sorted(
        (v.begin, v.end, v.field) for v in explanation.values if v.begin is not None and v.end is not None
    )
    end = 0
    for begin, stop, field in positions:
        if begin < end:
            continue
        if begin > end:
            yield explanation.text[end:begin], None
        yield explanation.text[begin:stop], field
        end = stop
    if end < len(explanation.text):
        yield explanation.text[end:], None
