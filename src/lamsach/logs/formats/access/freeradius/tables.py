"""RADIUS accounting in tables: the rows of FreeRADIUS' `radacct`, and attributes with a comma between them, below a heading.

Source: FreeRADIUS `raddb/mods-config/sql/main/*/schema.sql` (table radacct), rlm_linelog. Traps:
- A row of `radacct` is a whole session: its beginning, and its end where it has one; a row of attributes is one message.
- Names come with dashes, underscores or neither, and in any case.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.events.stamping import changed
from lamsach.logs.mappings.column_names import plain
from lamsach.logs.mappings.radius import RadiusRecord, event_of, station
from lamsach.logs.text.times.loose_times import LooseTimes, month_comes_first
from lamsach.logs.text.values import stated
from lamsach.model import Event, EventKind

_DELIMITERS = ",;\t|"
_LINES_ABOVE = 3
_MOST_COLUMNS = 200
_WHO = ("username", "strippedusername")
_WHERE = ("framedipaddress", "framedipv6address", "callingstationid")
_ACCOUNTING = ("acctstatustype", "acctstarttime", "acctsessionid", "acctuniqueid")
_TIMES = ("acctstarttime", "eventtimestamp", "timestamp", "datetime", "time", "acctupdatetime", "date")


@dataclass(frozen=True, slots=True)
class Heading:
    """The line itself, the delimiter, and the columns' plain names."""

    line: str
    delimiter: str
    names: tuple[str, ...]


def heading_in(head: Sequence[str]) -> Heading | None:
    """The heading among the first lines of a file; None when it is no table of RADIUS."""
    return next((found for line in head[:_LINES_ABOVE] if (found := heading_of(line))), None)


def heading_of(line: str) -> Heading | None:
    """Return what a line names as columns: a user, an address or station, and accounting; None for any other line."""
    start = line[:4000].lower()
    if "acct" not in start or ("framed" not in start and "calling" not in start):
        return None
    delimiter = max(_DELIMITERS, key=start.count)
    names = tuple(plain(cell) for cell in _cells(line.strip("\ufeff\r\n"), delimiter))
    told = all(any(name in names for name in group) for group in (_WHO, _WHERE, _ACCOUNTING))
    return Heading(line.strip("\ufeff\r\n"), delimiter, names) if told else None


class RadiusRows:
    """Reads the rows of one file."""

    def __init__(self, heading: Heading, context: FileContext) -> None:
        self._heading = heading
        rows = (self._values(line) for line in context.head[:200])
        self._times = LooseTimes(
            context, month_comes_first(row.get(name, "") for row in rows for name in _TIMES)
        )

    def read(self, line: str) -> Event | None:
        """The event of a row; None for the heading and for what is no row."""
        if line.strip("\ufeff\r\n") == self._heading.line:
            return None
        values = self._values(line)

        def first(*names: str) -> str | None:
            return next((text for name in names if (text := stated(values.get(name)))), None)

        if first(*_WHO) is None and first(*_WHERE) is None:
            raise LineError("The line is not of this format.", line[:80])
        begun, ended, written = first("acctstarttime"), first("acctstoptime"), first(*_TIMES)
        event = event_of(
            RadiusRecord(
                time=self._times.read(written) if written else None,
                user=first(*_WHO),
                framed_ip=first("framedipaddress", "framedipv6address"),
                calling_station=station(first("callingstationid") or ""),
                nas=first("nasidentifier"),
                nas_ip=first("nasipaddress", "nasipv6address"),
                status="start" if begun else first("acctstatustype"),
            )
        )
        if event.kind is EventKind.LEASE and begun and ended:
            return changed(event, lease_until=self._times.read(ended))
        return event

    def _values(self, line: str) -> dict[str, str]:
        cells = _cells(line.rstrip("\r\n"), self._heading.delimiter)
        return {name: cell.strip() for name, cell in zip(self._heading.names, cells, strict=False)}


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])[:_MOST_COLUMNS]
    except csv.Error:
        return []
