r"""Lines of products within other output: after a container's name, a relay's header, a paste.

Source: Docker, "docker compose logs" (`web-1  | ...`, in colour on a terminal), "docker logs --timestamps";
Kubernetes, "kubectl logs --prefix --timestamps" (`[pod/web-5d78c9869d-abcde/nginx] ...`), "CRI log format";
POSIX grep (`file:` and `file:line:` with -H and -n); RFC 3164 and RFC 5424 as relays write them around lines
of files (rsyslog imfile, NXLog im_file, Splunk forwarders). Traps:
- A time may come between the container's name and the line; the line's own counts, if it has one. The
  header's counts otherwise.
- The format of the product reads the line: a line of no known product is not recognized.
- A format that finds its line after any header (Squid, CoreDNS) reads it itself: a line is framed only when
  no product recognizes it unchanged.
- After a syslog header only a message with a time of its own counts: other messages are those of their
  program.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named, required
from lamsach.logs.events.ends import placed
from lamsach.logs.formats import FORMATS
from lamsach.logs.mappings.envelopes import CarriedLines
from lamsach.logs.text.pasted import unpasted
from lamsach.logs.text.syslog import NO_HEADER, split_header, split_message
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.model import Event

_COLOUR = r"(?:\x1b\[[0-9;]{0,12}m)?"
# web-1  | 2026-05-04T03:20:30.123456789Z    [pod/web-5d78c9869d-abcde/nginx] 2026-05-04T03:20:30.123456789Z
_PREFIX = re.compile(
    rf"(?a){_COLOUR}(?:([A-Za-z0-9][\w.-]{{0,127}}) {{1,40}}\|{_COLOUR} |\[pod/([\w.-]{{1,253}}"
    rf"/[\w.-]{{1,63}})\] )"
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}) )?"
)
# start of a line with a time: 2026-05-04 ..., [2026-05-04 ...], 10:20:30.123 ..., Mon May  4 ...
_OWN_TIME = re.compile(
    r"[\[<(]?\d{1,4}[-/.:]\d{1,2}[-/.:]\d{1,4}|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} "
)
_HEAD_LOOKED_AT = 50


class _Carried(LogFormat):
    """Reader of other formats' lines after a prefix."""

    gives = fields_named("contact nat machine user domain url answers hashes action lease_until")
    inner_formats: ClassVar[Sequence[type[LogFormat]]]
    """Formats tried for a line."""

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._carried = CarriedLines(context, self.inner_formats, self._lines)

    @classmethod
    @abstractmethod
    def without_prefix(cls, line: str) -> tuple[str, ...]:
        """Strip the prefix; the most likely reading first; empty without a prefix."""

    @abstractmethod
    def outer(self, line: str) -> tuple[datetime | None, str | None]:
        """Read the time and the sender before the line."""

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a line that a product's format recognizes after its prefix."""
        return any(inner.recognises(rest) for rest in cls.without_prefix(line) for inner in cls.inner_formats)

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for a line that is no event of its product."""
        texts = self.without_prefix(line)
        event = self._carried.event(texts) if texts else None
        if event is None:
            if self._carried.passed_over and not self._carried.refused and self.recognises(line):
                return None
            raise LineError("No known format reads this line.", line[:80])
        return placed(event, *self.outer(line))

    def _lines(self) -> Iterator[str]:
        """Yield the first lines without their prefix, for formats decided per file."""
        for line in self.context.head[:_HEAD_LOOKED_AT]:
            yield from self.without_prefix(line)[:1]


class ContainerLines(_Carried):
    """Lines of any other format after a container's name (`web-1 | ...`, `[pod/web-0/nginx] ...`), with or
    without a time.

    The line's own time counts.
    """

    name = "container_lines"
    title = "docker compose, kubectl (lines behind a container's name)"
    lease_markers = ("DHCPACK", "dhcp", "MULTI")
    inner_formats = FORMATS.without("csv_columns", "container_lines")

    @classmethod
    def without_prefix(cls, line: str) -> tuple[str, ...]:
        """Strip the name; a second reading includes the time, which may be the line's own."""
        marked = "|" in line[:140] or line[:5] == "[pod/" or line[:1] == "\x1b"
        prefix = _PREFIX.match(line) if marked else None
        if prefix is None:
            return ()
        rest = line[prefix.end() :]
        return (rest, prefix[3] + rest) if prefix[3] else (rest,)

    def outer(self, line: str) -> tuple[datetime | None, str | None]:
        """Read the prefix's time and the container's name."""
        prefix = required(_PREFIX.match(line), line)
        return from_iso(prefix[3].strip(), UTC) if prefix[3] else None, prefix[1] or prefix[2]


class FramedLines(_Carried):
    """Lines relayed with their own time, or pasted with an indentation, `> `, `$ `, a line number or grep's
    file name before them.

    Only where no product reads the unchanged line; the line's own time counts.
    """

    name = "framed_lines"
    title = "any product's lines behind a header or a prompt"
    lease_markers = ("DHCPACK", "dhcp", "DHCP", "MULTI", "Assign", "Renew")
    inner_formats = FORMATS.without("csv_columns", "key_value", "container_lines", "framed_lines")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a line that a product recognizes only without its prefix."""
        return super().recognises(line) and not any(inner.recognises(line) for inner in cls.inner_formats)

    @classmethod
    def without_prefix(cls, line: str) -> tuple[str, ...]:
        """Strip the remains of a paste, or a syslog header before a message with its own time."""
        pasted = unpasted(line)
        if pasted is not line:
            return (pasted.rstrip(),)
        if not line[:1].isdigit() and line[:1] not in "<JFMASONDTW":
            return ()
        _, message = split_message(line)
        return (message,) if len(message) < len(line) and _OWN_TIME.match(message) else ()

    def outer(self, line: str) -> tuple[datetime | None, str | None]:
        """Read the header's time and host."""
        header = NO_HEADER if unpasted(line) is not line else split_header(line, self.context)[0]
        return header.time, header.host
