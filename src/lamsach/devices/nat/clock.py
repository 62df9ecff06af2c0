"""The times of NAT records, read fast: lines of one second share all but their fraction."""

from __future__ import annotations

import re

from lamsach.devices.leases.records import microseconds
from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import from_iso

_KEPT = 10_000
# <134>1 2026-06-10T10:00:00.123+07:00 fw01 ...    Jun 10 10:00:00 fw01 ...    Jun 10 2026 10:00:00 fw01 : ...
_HEAD = re.compile(
    r"(?:<\d{1,3}>(?:\d )?)?(?:(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z"
    r"|[+-]\d\d:?\d\d)?(?=[ \t:])"
    r"|[*.]?[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d)",
    re.ASCII,
)


class Clock:
    """Reader of a line header's time, in microseconds since the epoch, UTC; `file` and `line`: its place."""

    def __init__(self, context: FileContext) -> None:
        self.file = context.file
        self.line = 0
        self._context = context
        self._known: dict[str, int | None] = {}

    def header(self, line: str) -> int | None:
        """The time that the line's header states; None when it states none."""
        match = _HEAD.match(line)
        if match is None:
            return None
        if match[1]:
            micro = int(match[2][:6].ljust(6, "0")) if match[2] else 0
            second = self.iso(match[1] + (match[3] or ""))
            return None if second is None else second + micro
        found = self._known.get(match[0], -1)
        return self._keep(match[0], _header_time(match[0], line, self._context)) if found == -1 else found

    def iso(self, text: str) -> int | None:
        """A time as ISO 8601 without a fraction, on the file's clock when it states no zone."""
        found = self._known.get(text, -1)
        if found != -1:
            return found
        try:
            return self._keep(text, microseconds(from_iso(text, self._context.timezone)))
        except LineError:
            return self._keep(text, None)

    def modified(self) -> int | None:
        """The file's own time; None when it is not known."""
        return microseconds(self._context.modified) if self._context.modified.year < 9999 else None

    def _keep(self, text: str, time: int | None) -> int | None:
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[text] = time
        return time


def _header_time(text: str, line: str, context: FileContext) -> int | None:
    try:
        time = split_header(f"{text} x: -", context)[0].time or split_header(line, context)[0].time
    except LineError:
        return None
    return microseconds(time) if time else None
