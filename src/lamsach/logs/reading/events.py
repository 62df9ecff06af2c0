"""A whole log as events, for `lamsach logs read`, leases and tests.

The hunt parses only candidate lines.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Protocol, cast
from zoneinfo import ZoneInfo

from lamsach.errors import InputError, LineError, UsageError
from lamsach.logs.base import DEFAULT_TIMEZONE, FileContext
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.formats import binary_format_by_name, format_by_name
from lamsach.logs.formats.generic.unknown_text import UnknownText
from lamsach.logs.opening.encodings import SNIFF_BYTES, decode_line
from lamsach.logs.opening.inputs import LogFile, LogStream
from lamsach.logs.opening.limits import LINE_BYTES
from lamsach.logs.reading.detect import Detection, detect, head_lines
from lamsach.logs.reading.lines import LineParser
from lamsach.model import Event, Reference, Refusal

_CHUNK_BYTES = 1 << 20
_RECORD_LINES = 1000
_SHOWN_CHARACTERS = 500


@dataclass(slots=True)
class ReadCounts:
    """Line counts of one file: all, parsed (including blank lines and comments), refused, unknown format.

    For a binary file: events and refused records."""

    lines: int = 0
    parsed: int = 0
    refused: int = 0
    unparsed: int = 0


def detection_for(log_file: LogFile, format_name: str | None = None) -> Detection:
    """Return the file's detected or stated format.

    Raises UsageError for an unknown format name, UnreadableError, LimitError."""
    head = log_file.head()
    if format_name is None:
        if isinstance(log_file.detected, Detection):
            return replace(log_file.detected, lines=head_lines(head))
        detection = detect(head)
        log_file.detected = replace(detection, lines=())
        return detection
    if format_name == UnknownText.name:
        return Detection(None, 0.0, (), head_lines(head))
    binary = binary_format_by_name(format_name)
    if binary is not None:
        return Detection(None, float(binary.recognises(head[:SNIFF_BYTES])), binary=binary)
    log_format = format_by_name(format_name)
    if log_format is None:
        raise UsageError("There is no log format of this name.", format_name, "See: lamsach logs formats")
    lines = head_lines(head)
    return Detection(log_format, log_format.score(lines), (), lines)


def context_for(
    log_file: LogFile, detection: Detection, timezone: ZoneInfo = DEFAULT_TIMEZONE
) -> FileContext:
    """Return the context of the file's parser."""
    return FileContext(log_file.name, timezone, log_file.modified, detection.lines)


def read_events(
    log_file: LogFile,
    *,
    timezone: ZoneInfo = DEFAULT_TIMEZONE,
    format_name: str | None = None,
    counts: ReadCounts | None = None,
) -> Iterator[Event | Refusal]:
    """Yield every record's event, or its refusal; nothing for records without an event.

    Lines of an unknown format give events of `unknown_text`. `counts` is updated. Raises UnreadableError or
    LimitError after everything readable, UsageError for an unknown format."""
    from lamsach.logs.opening.lines import texts  # imports numpy, which detection does without

    counts = counts if counts is not None else ReadCounts()
    detection = detection_for(log_file, format_name)
    if detection.binary is not None:
        yield from binary_events(
            log_file, detection.binary, context_for(log_file, detection, timezone), counts
        )
        return
    reader = LineReader(log_file, detection, timezone, counts, stated=format_name is not None)
    with log_file.open() as stream:
        try:
            for number, lines in texts(stream):
                yield from reader.events(number, lines)
        except InputError:
            yield from reader.rest()
            raise
        yield from reader.rest()


def binary_events(
    log_file: LogFile, binary: type[BinaryFormat], context: FileContext, counts: ReadCounts
) -> Iterator[Event | Refusal]:
    """Yield every record of a binary log."""
    with log_file.open() as stream:
        for item in binary(context).read(binary_stream(stream)):
            counts.lines += 1
            if isinstance(item, Refusal):
                counts.refused += 1
            else:
                counts.parsed += 1
            yield item


class Readable(Protocol):
    """The part of `LogStream` that a reader needs."""

    def readinto(self, view: memoryview, /) -> int:
        """See `LogStream`."""


def binary_stream(stream: LogStream | Readable) -> BinaryIO:
    """Wrap a log's stream as a file object that is not seekable.

    Damage is raised by the read that reaches it."""
    return cast("BinaryIO", io.BufferedReader(_Raw(stream), _CHUNK_BYTES))


class _Raw(io.RawIOBase):
    def __init__(self, stream: LogStream | Readable) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._stream.readinto(memoryview(buffer))


class LineReader:
    """Parses the lines of one file, in order, into events and refusals."""

    def __init__(
        self, log_file: LogFile, detection: Detection, timezone: ZoneInfo, counts: ReadCounts, *, stated: bool
    ) -> None:
        context = context_for(log_file, detection, timezone)
        self._name = log_file.name
        self._parser = LineParser(detection, context)
        self._unknown = None if detection.format else UnknownText(context)
        self._only_unknown = stated and detection.format is None
        self._counts = counts
        self._record: list[str] = []
        self._record_characters = 0
        self._record_line = 0

    @property
    def parser(self) -> LineParser:
        """The parser of the file's lines."""
        return self._parser

    def events(self, first: int, lines: Sequence[bytes | None]) -> Iterator[Event | Refusal]:
        """Yield the events of lines, the first of which has number `first`; None is an overlong line.

        The last record may continue in the next call."""
        prefix, multiline, counts = self._parser.header_prefix, self._parser.multiline, self._counts
        counts.lines += len(lines)
        for number, line in enumerate(lines, first):
            if line is None:
                yield from self.rest()
                yield self._refuse(number, "", "The line is longer than 1 MiB.")
                continue
            if prefix is not None and line.startswith(prefix):
                yield from self.rest()
                self._parser.header(decode_line(line))
                counts.parsed += 1
                continue
            text = decode_line(line)
            if multiline:
                yield from self._gather(text, number)
            elif text and not text.isspace():
                yield from self._parse(text, number)
            else:
                counts.parsed += 1

    def _gather(self, text: str, number: int) -> Iterator[Event | Refusal]:
        full = len(self._record) >= _RECORD_LINES or self._record_characters > LINE_BYTES
        if not self._record or full or self._parser.starts_record(text):
            yield from self.rest()
            if not text or text.isspace():
                self._counts.parsed += 1
                return
            self._record_line = number
        self._record.append(text)
        self._record_characters += len(text)

    def rest(self) -> Iterator[Event | Refusal]:
        """Flush the last multi-line record."""
        if self._record:
            record, self._record, self._record_characters = "\n".join(self._record), [], 0
            yield from self._parse(record, self._record_line)

    def _parse(self, record: str, number: int) -> Iterator[Event | Refusal]:
        lines = record.count("\n") + 1
        try:
            if self._only_unknown:
                raise LineError("No known format reads this line.")
            event = self._parser.parse(record, number)
        except LineError as error:
            if self._unknown is None:
                yield self._refuse(number, record, error.what, lines)
                return
            self._counts.unparsed += lines
            yield self._unknown.parse(record, number)
            return
        self._counts.parsed += lines
        if event is not None:
            yield event

    def _refuse(self, number: int, record: str, reason: str, lines: int = 1) -> Refusal:
        self._counts.refused += lines
        return Refusal(Reference(self._name, row=number), record[:_SHOWN_CHARACTERS], reason)
