"""Lists in, reported rows out.

Nothing is dropped silently: each part without a row is refused with its place and the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta, timezone, tzinfo
from itertools import product
from typing import NamedTuple

from lamsach.errors import LamsachError, LimitError, UnreadableError
from lamsach.i18n import mark
from lamsach.indicators.files.containers import MAX_NESTED, is_container, parts
from lamsach.indicators.files.source import ListSource, expand, sources
from lamsach.logs.base import DEFAULT_TIMEZONE
from lamsach.model import Problem, Reference, Refusal
from lamsach.trace.model import Reported
from lamsach.trace.reports.cells import MAX_IN_A_CELL, endpoints, ports, protocol_of
from lamsach.trace.reports.columns import Columns, find_columns
from lamsach.trace.reports.grid import Cells, Grid
from lamsach.trace.reports.grids import grids
from lamsach.trace.reports.headings import Column, column_of
from lamsach.trace.reports.lines import read_line
from lamsach.trace.reports.times import ListTimes

NO_ADDRESS = mark("The row holds no public address.")
DAMAGED = mark("The row is damaged or too long to be read.")
UNSURE = mark("This part of the page could not be read with certainty: look at it yourself.")
_VALUE_MAX = 200
_THREAT_MAX = 200
OnProblem = Callable[[Problem], None]


@dataclass(slots=True)
class ReadReports:
    """The rows of all lists in order, the refusals, and the documents with a row."""

    rows: list[Reported] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)


def read_reports(
    paths: Iterable[str],
    on_problem: OnProblem,
    *,
    timezone: tzinfo = DEFAULT_TIMEZONE,
    stated_zone: tzinfo | None = None,
    known: Collection[str] = (),
) -> ReadReports:
    """Read lists: files, folders, patterns, zip archives; `on_problem` gets the unreadable ones.

    A time without a zone is in the zone of the heading, else `stated_zone`, else UTC in Shadowserver's and
    n6's reports, else `timezone`. `known`: public addresses in the logs (see `find_columns`).
    """
    read = ReadReports()
    reader = _Reader(read, timezone, stated_zone, known)
    for path in expand(list(paths)):
        before = len(read.rows)
        try:
            for source in sources(path):
                _read_source(source, reader, on_problem)
        except LamsachError as error:
            on_problem(Problem(error.where or path, error.what, error.todo))
        if len(read.rows) > before:
            read.documents.append(path)
    return read


def _read_source(source: ListSource, reader: _Reader, on_problem: OnProblem, depth: int = 0) -> None:
    """Read a list, or all lists within an e-mail or archive."""
    try:
        if not is_container(source):
            reader.document(source.document, grids(source))
            return
        if depth >= MAX_NESTED:
            raise LimitError("Messages and archives are nested too deep.", source.document)
        before, problems = len(reader.read.rows), list[Problem]()
        for part in parts(source):
            _read_source(part, reader, problems.append, depth + 1)
        # a message's text is seldom a list: its problems matter only if no attachment is one
        for problem in problems if len(reader.read.rows) == before else problems[:0]:
            on_problem(problem)
    except LamsachError as error:
        on_problem(Problem(error.where or source.document, error.what, error.todo))


class Places(NamedTuple):
    """Positions of a table's columns, by meaning."""

    ip: tuple[int, ...]
    port: tuple[int, ...]
    time: tuple[int, ...]
    date: tuple[int, ...]
    clock: tuple[int, ...]
    protocol: tuple[int, ...]
    threat: tuple[int, ...]
    threat_class: tuple[int, ...]
    destination: tuple[int, ...]
    destination_port: tuple[int, ...]

    @classmethod
    def of(cls, columns: Columns) -> Places:
        """Return the positions found."""
        return cls(*(columns.of(column) for column in Column))


@dataclass(slots=True)
class _Reader:
    read: ReadReports
    timezone: tzinfo
    stated: tzinfo | None
    known: Collection[str]

    def document(self, name: str, tables: Iterator[Grid]) -> None:
        before = len(self.read.rows)
        last: Columns | None = None
        found: list[tuple[Grid, Columns | None]] = []
        failed: LamsachError | None = None
        try:
            for grid in tables:
                columns = None if grid.free else find_columns(grid.rows, self.known)
                if columns is not None and columns.data == 0 and last is not None:
                    # continuation of a table without its headings
                    columns = Columns(last.places, 0, last.offset, last.international)
                elif columns is not None and columns.data:
                    last = columns
                found.append((grid, columns))
        except LamsachError as error:
            failed = error  # tables read before remain valid
        times = self._times(found)
        for grid, columns in found:
            for number, text in grid.unsure:
                reference = Reference(name, grid.page, number)
                self.read.refusals.append(Refusal(reference, text[:_VALUE_MAX], UNSURE))
            if columns is None:
                self._lines(name, grid, times)
            else:
                self._table(name, grid, columns, times)
        if failed is not None:
            raise failed
        if len(self.read.rows) == before:
            raise UnreadableError(
                "No column of addresses was found in the list.",
                name,
                "Give a table with the public address, port, time and threat, one row for each.",
            )

    def _times(self, found: list[tuple[Grid, Columns | None]]) -> ListTimes:
        """Return one reader of times for the document, so that day and month have one order in it."""
        samples: list[str] = []
        zone = self.stated
        for grid, columns in found:
            if columns is None:
                samples += [
                    line.time for _, cells in grid.rows if cells and (line := read_line(" ".join(cells)))
                ]
                continue
            places = Places.of(columns)
            samples += [_joined(cells, places) for _, cells in grid.rows[columns.data :] if cells is not None]
            if columns.offset is not None:
                zone = timezone(timedelta(minutes=max(-840, min(840, columns.offset))))
            elif columns.international and zone is None:
                zone = UTC
        return ListTimes(samples, zone or self.timezone)

    def _table(self, name: str, grid: Grid, columns: Columns, times: ListTimes) -> None:
        places = Places.of(columns)
        for number, cells in grid.rows[columns.data :]:
            reference = Reference(name, grid.page, number)
            if cells is None:
                self.read.refusals.append(Refusal(reference, "", DAMAGED))
                continue
            found = list(_reported(cells, places, times, reference))
            self.read.rows += found
            if not found and sum(map(bool, cells)) > 1 and not _repeated_headings(cells):
                self.read.refusals.append(
                    Refusal(reference, " ; ".join(filter(None, cells))[:_VALUE_MAX], NO_ADDRESS)
                )

    def _lines(self, name: str, grid: Grid, times: ListTimes) -> None:
        for number, cells in grid.rows:
            reference = Reference(name, grid.page, number)
            line = read_line(" ".join(cells)) if cells is not None else None
            if cells is None:
                self.read.refusals.append(Refusal(reference, "", DAMAGED))
            elif line is not None:
                when = times.read(line.time)
                self.read.rows.append(
                    Reported(
                        line.ip,
                        line.port,
                        when[0] if when else None,
                        when[1] if when else timedelta(seconds=1),
                        line.time,
                        line.protocol,
                        line.threat[:_THREAT_MAX] or None,
                        line.destination,
                        line.destination_port,
                        reference,
                    )
                )


def _repeated_headings(cells: Cells) -> bool:
    return sum(column_of(cell) is not None for cell in cells) >= 2


def _cell(cells: Cells, places: tuple[int, ...]) -> str:
    """Return the first filled cell at these positions."""
    for place in places:
        if place < len(cells) and cells[place]:
            return cells[place]
    return ""


def _joined(cells: Cells, places: Places) -> str:
    """Return the time of a row as written: one cell, or a date and a clock from two."""
    time = _cell(cells, places.time)
    day, clock = _cell(cells, places.date), _cell(cells, places.clock)
    if not time:
        return f"{_day(day)} {_clock(clock)}" if day and clock else day
    if day and not _has_date(time):
        return f"{_day(day)} {_clock(time)}"
    return f"{_day(time)} {_clock(clock)}" if clock and _has_date(time) and ":" not in time else time


def _has_date(text: str) -> bool:
    return sum(map(str.isdigit, text)) >= 7 or any(map(str.isalpha, text.replace("h", "")))


def _day(text: str) -> str:
    """Convert a day stored as a workbook's number (1900 date system) to digits."""
    if len(text) == 5 and text.isdecimal() and 30_000 <= int(text) <= 80_000:
        return (date(1899, 12, 30) + timedelta(days=int(text))).isoformat()
    return text


def _clock(text: str) -> str:
    """Convert a clock stored as a fraction of a day (ECMA-376 part 1, section 18.17.4.2) to digits."""
    if text.startswith("0.") and text[2:].isdecimal():
        seconds = round(float(text[:20]) * 86_400) % 86_400
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return text


def _reported(cells: Cells, places: Places, times: ListTimes, reference: Reference) -> Iterator[Reported]:
    """Yield the reported rows of a table row: one for each address and port that its cells state."""
    addresses = endpoints(_cell(cells, places.ip))
    if not addresses:
        return
    text = _joined(cells, places)
    when = times.read(text) if text else None
    if when is None and places.time:
        for place in places.time:
            if place < len(cells) and (when := times.read(cells[place])) is not None:
                text = cells[place]
                break
    protocol_text = _cell(cells, places.protocol)
    class_text = _cell(cells, places.threat_class)
    if not protocol_text and len(class_text) < 7:
        protocol_text = class_text  # Shadowserver's `type` was the protocol
    port_text = _cell(cells, places.port)
    far_side = endpoints(_cell(cells, places.destination))
    far_ports = ports(_cell(cells, places.destination_port))
    threat = _cell(cells, places.threat) or class_text
    listed = ports(port_text) or (None,)
    for (ip, own_port), port in list(product(addresses, listed))[:MAX_IN_A_CELL]:
        yield Reported(
            ip,
            own_port or port,
            when[0] if when else None,
            when[1] if when else timedelta(seconds=1),
            text[:80],
            protocol_of(protocol_text) or protocol_of(port_text),
            " ".join(threat.split())[:_THREAT_MAX] or None,
            far_side[0][0] if len(far_side) == 1 else None,
            far_ports[0] if far_ports else far_side[0][1] if len(far_side) == 1 else None,
            reference,
        )
