"""Parsing of one file's lines, each with its format."""

from __future__ import annotations

from collections.abc import Iterator

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.reading.detect import Detection, possible_formats
from lamsach.logs.text.syslog import sender_of
from lamsach.logs.text.times.stated_clock import on_stated_clock
from lamsach.model import Event

_SENDERS_KEPT = 4096
_SHAPES = frozenset({"csv_columns", "json_lines", "key_value"})
"""Formats that match lines by accident: not tried on lines that the file's own format refused."""
_GENERIC = frozenset({"cef", "leef", "key_value", "json_lines"})
"""Generic syntaxes, which do not identify a sender's product."""


class LineParser:
    """Parser of any of a file's lines, in file order; for one file and one thread."""

    def __init__(self, detection: Detection, context: FileContext) -> None:
        self._context = context
        self._main = detection.format(context) if detection.format else None
        self._parsers: dict[type[LogFormat], LogFormat] = {}
        self._expected = (detection.format,) if detection.format else detection.mixed or (LogFormat,)
        self._by_sender: dict[tuple[str | None, str | None], type[LogFormat]] = {}
        self._with_header: list[LogFormat] = []
        self.reader = self._main
        """The format that parsed the last record, or tried to."""
        if self._main is not None:
            self._parsers[type(self._main)] = self._main
        for log_format in detection.mixed:
            parser = self._parser(log_format)
            if log_format.header_prefix is not None:
                self._with_header.append(parser)

    @property
    def main(self) -> LogFormat | None:
        """The parser of the file's only format; None for unknown text and mixed files."""
        return self._main

    @property
    def format(self) -> type[LogFormat] | None:
        """The file's only format; None for unknown text and mixed files."""
        return type(self._main) if self._main is not None else None

    def states_numbers(self, line: str) -> bool:
        """Return whether the line states addresses as numbers: see `LogFormat.states_numbers`."""
        return any(log_format.states_numbers(line) for log_format in self._expected)

    @property
    def header_prefix(self) -> bytes | None:
        """Prefix of lines that must all be passed to `header`, if any."""
        if self._main is not None:
            prefix = self._main.header_prefix
        else:
            prefix = self._with_header[0].header_prefix if self._with_header else None
        return prefix.encode() if prefix else None

    @property
    def multiline(self) -> bool:
        """Return whether records may have several lines: join those for which `starts_record` is false."""
        return self._main is not None and self._main.multiline

    def starts_record(self, line: str) -> bool:
        """Return whether a record begins with this line."""
        return self._main is None or self._main.begins_record(line)

    def header(self, line: str) -> None:
        """Apply a header line to the lines that follow."""
        if self._main is not None:
            self._main.header(line)
        for parser in self._with_header:
            parser.header(line)

    def parse(self, line: str, number: int) -> Event | None:
        """Parse a record whose first line has this 1-based number; None without an event.

        Raises LineError when no format reads it."""
        event = self._event(line, number)
        return event if event is None else on_stated_clock(event, line, self._context.timezone)

    def _event(self, line: str, number: int) -> Event | None:
        if self._main is None:
            return self._by_line(line, number)
        self.reader = self._main
        try:
            return self._main.parse(line, number)
        except LineError as error:
            if self._main.multiline:
                raise
            for parser in self._others(line, type(self._main)):
                if parser.name not in _SHAPES:
                    self.reader = parser
                    try:
                        return parser.parse(line, number)
                    except LineError:
                        continue
            raise error from None

    def _by_line(self, line: str, number: int) -> Event | None:
        """Parse a line of a mixed or unknown file, trying its sender's last format first."""
        sender = sender_of(line)
        known = self._by_sender.get(sender)
        refused: LineError | None = None
        if known is not None and known in possible_formats(line) and known.recognises(line):
            self.reader = self._parser(known)
            try:
                return self.reader.parse(line, number)
            except LineError as error:
                refused = error
        for parser in self._others(line, known):
            self.reader = parser
            try:
                event = parser.parse(line, number)
            except LineError as error:
                refused = refused or error
                continue
            if type(parser).name in _GENERIC:
                return event  # the sender's next line may be specific
            if len(self._by_sender) < _SENDERS_KEPT or sender in self._by_sender:
                self._by_sender[sender] = type(parser)
            return event
        raise refused or LineError("No known format reads this line.", line[:80])

    def _others(self, line: str, but: type[LogFormat] | None) -> Iterator[LogFormat]:
        for log_format in possible_formats(line):
            if log_format is not but and log_format.recognises(line):
                yield self._parser(log_format)

    def _parser(self, log_format: type[LogFormat]) -> LogFormat:
        parser = self._parsers.get(log_format)
        if parser is None:
            parser = self._parsers[log_format] = log_format(self._context)
        return parser
