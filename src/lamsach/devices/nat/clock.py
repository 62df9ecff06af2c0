"""Fast parser of NAT record times: lines of one second share all but their fraction."""

from __future__ import annotations

import re

from lamsach.devices.leases.records import microseconds
from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import from_iso

_CACHE_LIMIT = 10_000
# <134>1 2026-06-10T10:00:00.123+07:00 fw01 ...    Jun 10 10:00:00 fw01 ...    Jun 10 2026 10:00:00 fw01 : ...
_HEAD = re.compile(
    r"(?:<\d{1,3}>(?:\d )?)?(?:(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z"
    r"|[+-]\d\d:?\d\d)?(?=[ \t:])"
    r"|[*.]?[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d)",
    re.ASCII,
)


class Clock:
    """Parser of line times, in microseconds since the epoch, UTC; `file` and `line`: current position."""

    def __init__(self, context: FileContext) -> None:
        self.file = context.file
        self.line = 0
        self._context = context
        self._known: dict[str, int | None] = {}

    def header(self, line: str) -> int | None:
        """Return the time in the line's header; None when it states none."""
        match = _HEAD.match(line)
        if match is None:
            return None
        if match[1]:
            micro = int(match[2][:6].ljust(6, "0")) if match[2] else 0
            second = self.iso(match[1] + (match[3] or ""))
            return None if second is None else second + micro
        found = self._known.get(match[0], -1)
        return self._store(match[0], _header_time(match[0], line, self._context)) if found == -1 else found

    def iso(self, text: str) -> int | None:
        """Parse an ISO 8601 time without a fraction, in the file's time zone when it states none."""
        found = self._known.get(text, -1)
        if found != -1:
            return found
        try:
            return self._store(text, microseconds(from_iso(text, self._context.timezone)))
        except LineError:
            return self._store(text, None)

    def modified(self) -> int | None:
        """Return the file's modification time; None when unknown."""
        return microseconds(self._context.modified) if self._context.modified.year < 9999 else None

    def _store(self, text: str, time: int | None) -> int | None:
        if len(self._known) >= _CACHE_LIMIT:
            self._known.clear()
        self._known[text] = time
        return time


def _header_time(text: str, line: str, context: FileContext) -> int | None:
    try:
        time = split_header(f"{text} x: -", context)[0].time or split_header(line, context)[0].time
    except LineError:
        return None
    return microseconds(time) if time else None
