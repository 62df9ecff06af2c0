r"""A product's line behind something that its format does not expect: a syslog or container header before the product's own time, or what a
paste left there (an indentation, `> `, `$ `, a line's number, the file's name of `grep`).

Source: POSIX grep (`file:` and `file:line:` with -H and -n), Kubernetes, "CRI log format", RFC 3164 and RFC 5424 as relays write them around lines they
read from files (rsyslog imfile, NXLog im_file, Splunk forwarders). Traps:
- A format that finds its line behind any header reads it itself: a line is framed only when no product recognises it as it stands.
- After a syslog header only a message with a time of its own is looked at: other messages are those of their program.
- The line's own time counts; the header's stands in where it has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.stamping import placed
from lamsach.logs.formats import FORMATS
from lamsach.logs.mappings.envelopes import CarriedLines
from lamsach.logs.text.pasted import unpasted
from lamsach.logs.text.syslog import NO_HEADER, SyslogHeader, split_header, split_message
from lamsach.model import Event

# what begins with a time: 2026-05-04 ..., [2026-05-04 ...], 10:20:30.123 ..., Mon May  4 ...
_OWN_TIME = re.compile(
    r"[\[<(]?\d{1,4}[-/.:]\d{1,2}[-/.:]\d{1,4}|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} "
)
_HEAD_LOOKED_AT = 50


class FramedLines(LogFormat):
    """Lines that a relay sent on with their own time, or that were pasted with an indentation, `> `, `$ `, a
    line's number, grep's file name before them.

    Only where no product reads the line as it stands; the line's own time counts.
    """

    name = "framed_lines"
    title = "any product's lines behind a header or a prompt"
    gives = fields_named("contact nat machine user domain url answers hashes action lease_until")
    lease_markers = ("DHCPACK", "dhcp", "DHCP", "MULTI", "Assign", "Renew")

    inner_formats: ClassVar[Sequence[type[LogFormat]]] = FORMATS.without(
        "csv_columns", "key_value", "container_lines", "framed_lines"
    )
    """The formats that a line may be of."""

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._carried = CarriedLines(context, self.inner_formats, self._lines)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """A line that is some product's only without what stands before it."""
        rest = _unframed(line)
        if rest is None or not any(log_format.recognises(rest) for log_format in cls.inner_formats):
            return False
        return not any(log_format.recognises(line) for log_format in cls.inner_formats)

    def parse(self, line: str, number: int) -> Event | None:
        """See `LogFormat.parse`. None for a line of which its product tells nothing."""
        rest = _unframed(line)
        event = self._carried.event((rest,), number) if rest is not None else None
        if event is None:
            if self._carried.passed_over and not self._carried.refused and self.recognises(line):
                return None
            raise LineError("No known format reads this line.", line[:80])
        header = self._header(line)
        return placed(event, self, number, header.time, header.host)

    def _header(self, line: str) -> SyslogHeader:
        return NO_HEADER if unpasted(line) is not line else split_header(line, self.context)[0]

    def _lines(self) -> Iterator[str]:
        """The first lines without what stands before them, for formats that are decided per file."""
        for line in self.context.head[:_HEAD_LOOKED_AT]:
            rest = _unframed(line)
            if rest is not None:
                yield rest


def _unframed(line: str) -> str | None:
    """The line without what stands before it; None when nothing does."""
    pasted = unpasted(line)
    if pasted is not line:
        return pasted.rstrip()
    if not line[:1].isdigit() and line[:1] not in "<JFMASONDTW":
        return None
    _, message = split_message(line)
    return message if len(message) < len(line) and _OWN_TIME.match(message) else None
