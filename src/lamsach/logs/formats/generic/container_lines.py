r"""What `docker compose logs` and `kubectl logs` print: each line behind the name of its container.

Source: Docker, "docker compose logs" (`web-1  | ...`, in colour on a terminal), "docker logs --timestamps"; Kubernetes, "kubectl logs --prefix --timestamps"
(`[pod/web-5d78c9869d-abcde/nginx] ...`). Traps:
- A time may stand between the name and the line; the line's own counts, where it has one.
- What is behind the name is read by its product's format: a line of no known product is not claimed.
- A line that its product finds behind whatever stands before it (Squid, CoreDNS) is that product's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.stamping import placed
from lamsach.logs.formats import FORMATS
from lamsach.logs.mappings.envelopes import CarriedLines
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.model import Event

_COLOUR = r"(?:\x1b\[[0-9;]{0,12}m)?"
# web-1  | 2026-05-04T03:20:30.123456789Z    [pod/web-5d78c9869d-abcde/nginx] 2026-05-04T03:20:30.123456789Z
_PREFIX = re.compile(
    rf"{_COLOUR}(?:([A-Za-z0-9][\w.-]{{0,127}}) {{1,40}}\|{_COLOUR} |\[pod/([\w.-]{{1,253}}/[\w.-]{{1,63}})\] )"
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}) )?",
    re.ASCII,
)
_HEAD_LOOKED_AT = 50


def _behind(line: str, prefix: re.Match[str]) -> tuple[str, ...]:
    """The line behind the prefix; also with the time that may be the prefix's or the line's own."""
    rest = line[prefix.end() :]
    return (rest, prefix[3] + rest) if prefix[3] else (rest,)


class ContainerLines(LogFormat):
    """Lines of any other format behind a container's name (`web-1 | ...`, `[pod/web-0/nginx] ...`), with or
    without a time.

    The line's own time counts.
    """

    name = "container_lines"
    title = "docker compose, kubectl (lines behind a container's name)"
    gives = fields_named("contact nat machine user domain url answers hashes action lease_until")
    lease_markers = ("DHCPACK", "dhcp", "MULTI")

    inner_formats: ClassVar[Sequence[type[LogFormat]]] = FORMATS.without("csv_columns", "container_lines")
    """The formats that a line may be of."""

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._carried = CarriedLines(context, self.inner_formats, self._lines)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """A container's name, and behind it a line that a product's format recognises."""
        prefix = (
            _PREFIX.match(line) if "|" in line[:140] or line[:5] == "[pod/" or line[:1] == "\x1b" else None
        )
        if prefix is None:
            return False
        return any(
            log_format.recognises(rest) for rest in _behind(line, prefix) for log_format in cls.inner_formats
        )

    def parse(self, line: str, number: int) -> Event | None:
        """See `LogFormat.parse`."""
        prefix = _PREFIX.match(line)
        if prefix is None:
            raise LineError("No container's name stands before the line.", line[:80])
        event = self._carried.event(_behind(line, prefix), number)
        if event is None:
            if self._carried.passed_over and not self._carried.refused and self.recognises(line):
                return None
            raise LineError("No known format reads this line.", line[:80])
        time = from_iso(prefix[3].strip(), UTC) if prefix[3] else None
        return placed(event, self, number, time, prefix[1] or prefix[2])

    def _lines(self) -> Iterator[str]:
        """The first lines without their prefix, for formats that are decided per file."""
        for line in self.context.head[:_HEAD_LOOKED_AT]:
            prefix = _PREFIX.match(line)
            if prefix:
                yield line[prefix.end() :]
