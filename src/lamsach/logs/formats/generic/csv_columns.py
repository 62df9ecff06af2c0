"""Tables of text with a header that names the columns: CSV, TSV, semicolons.

Source: RFC 4180, Excel's `sep=` line, and the headings in `lamsach.logs.mappings.columns`. Traps:
- The delimiter yields the most columns of the header; Excel in Vietnam writes semicolons.
- Lines above the header (a title, `sep=;`) are skipped; a header repeated in the middle is no record.
- Day/month or month/day is decided for the whole file by its first lines: 13 to 31 can only be a day.
- Date and time of day may be two columns. A quoted field may hold the delimiter; a cut last line has fewer
  fields.
- A column `message` or `_raw` (exports of Graylog, Splunk and the like) may hold a product's own line, which
  its format reads.
- A product with its own format has priority: the Windows DHCP audit log has a header too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import ClassVar
from zoneinfo import ZoneInfo

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.formats import FORMATS
from lamsach.logs.mappings import column_names, columns
from lamsach.logs.mappings.envelopes import CARRIER_COLUMNS, CarriedLines
from lamsach.logs.text.times.loose_times import LooseTimes, month_comes_first
from lamsach.logs.text.w3c import names_requests
from lamsach.model import Event

_DELIMITERS = ",;\t|"
_LINES_ABOVE = 20
_MOST_COLUMNS = 500
_LONGEST_HEADER = 20_000
_ROWS_JUDGED = 200
_ENOUGH_PLAUSIBLE = 0.7
# the Windows DHCP audit log: `ID,Date,Time,Description,IP Address,Host Name,MAC Address,...`
_W3C = "#Fields:"
_OF_OTHER_FORMATS = (("id", "date", "time", "description"),)


@dataclass(frozen=True, slots=True)
class Table:
    """Layout of a file.

    `position`: the header's index among the given lines. `carrier`: the column, if any, that holds another
    product's lines. `in_utc`: names of the columns of times in UTC (`UtcTime`), by index.
    """

    delimiter: str
    header: str
    position: int
    fields: tuple[str | None, ...]
    carrier: int | None = None
    in_utc: Mapping[int, str] = field(default_factory=dict)

    @property
    def w3c(self) -> bool:
        """Return whether the header is W3C's: times are in UTC, lines that begin with `#` are no rows."""
        return self.header.startswith(_W3C)


class CsvColumns(LogFormat):
    """Any table in text with a heading row, Vietnamese or English, such as reports of antivirus consoles
    (Bkav, Kaspersky, ESET); W3C logs (`#Fields:`) that are no web server's.

    Columns are recognized by the words of their names; a column `message` may hold another product's lines.
    """

    name = "csv_columns"
    title = "CSV (named columns)"
    gives = fields_named("contact nat machine user domain url answers hashes action lease_until inbound")

    inner_formats: ClassVar[Sequence[type[LogFormat]]] = FORMATS.without("csv_columns")
    """Formats tried for a carried line."""

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._table = find_table(context.head)
        self._carried = CarriedLines(context, self.inner_formats, self._carried_head)
        if self._table is not None and self._table.w3c:
            context = replace(context, timezone=ZoneInfo("UTC"))
        self._times = LooseTimes(context, month_first=self._month_first())

    @property
    def table(self) -> Table | None:
        """Layout of the file; None without a header that names its columns."""
        return self._table

    @property
    def times(self) -> LooseTimes:
        """Reader of the file's times."""
        return self._times

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a header that names columns of a log; a row alone is no evidence."""
        return _table_of(line, 0) is not None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Share of lines that are the header, above it, or rows whose cells fit their columns."""
        table = find_table(head)
        if table is None:
            return 0.0
        rows = head[table.position + 1 :][:_ROWS_JUDGED]
        fitting = sum(_fits(line, table, cls.inner_formats) for line in rows)
        above = int(head[0].startswith(("sep=", "\ufeffsep=")))
        if table.w3c:
            above = sum(line.startswith("#") for line in head[: table.position])
        return (fitting + 1 + above) / (table.position + 1 + len(rows)) if rows else 0.5

    def parse(self, line: str, number: int) -> Event | None:
        """See `LogFormat.parse`. None for lines above the header."""
        return None if self._table and number <= self._table.position else super().parse(line, number)

    def read(self, line: str) -> Event | None:
        """Read one row; None for the header."""
        line = line.rstrip("\r\n")
        table = self._table
        if table is None:
            raise LineError("The file has no header that names its columns.", line[:80])
        if line.strip("\ufeff") == table.header or line.startswith("sep="):
            return None
        if table.w3c and line.startswith("#"):
            return None
        cells = split(line, table.delimiter)
        if not any(cell.strip() for cell in cells):
            return None
        if len(cells) < min(2, len(table.fields)):
            raise LineError("The line has fewer columns than the header.", line[:80])
        if (line.startswith("{") and line.endswith("}")) or (
            2 * len(cells) < len(table.fields) or len(cells) > 2 * len(table.fields) + 2
        ):
            raise LineError("The line is not a row of a table.", line[:80])
        values: dict[str, list[str]] = {}
        for index, (name, cell) in enumerate(zip(table.fields, cells, strict=False)):
            if name and cell and index in table.in_utc:  # before a clock of an unknown zone
                values.setdefault(name, []).insert(0, column_names.in_utc(table.in_utc[index], cell.strip()))
            elif name and cell:
                values.setdefault(name, []).append(cell)
        carried = cells[table.carrier] if table.carrier is not None and table.carrier < len(cells) else ""
        inner = self._carried.event((carried,)) if carried else None
        return (
            self._carried.completed(inner, values, self._times)
            if inner
            else columns.event_of(values, self._times)
        )

    def _first_rows(self) -> Iterator[tuple[Table, list[str]]]:
        """Yield the cells of the rows in the first lines, with their layout."""
        table = self._table
        for line in self.context.head[table.position + 1 :] if table else ():
            with suppress(LineError):
                if table:
                    yield table, split(line, table.delimiter)

    def _carried_head(self) -> Iterator[str]:
        """Yield the lines carried by the first rows, for formats decided per file."""
        for table, cells in islice(self._first_rows(), _ROWS_JUDGED):
            if table.carrier is not None and table.carrier < len(cells):
                yield cells[table.carrier]

    def _month_first(self) -> bool:
        times = ("time", "date", "lease_start")
        rows = (zip(table.fields, cells, strict=False) for table, cells in self._first_rows())
        return month_comes_first([cell for row in rows for field, cell in row if field in times])


# 2026-10-03 21:30:01   03/10/2026 21:30
_MOMENT = re.compile(
    r"(?a)(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2\d{4})[ T,]{1,2}\d{1,2}:\d{2}"
)


def find_table(head: Sequence[str]) -> Table | None:
    """Find the first line that names columns of a log in a file's first lines."""
    for position, line in enumerate(head[:_LINES_ABOVE]):
        table = _table_of(line, position)
        if table:
            return _with_time(table, head[position + 1 : position + 1 + _ROWS_JUDGED])
    return None


def _with_time(table: Table, rows: Sequence[str]) -> Table:
    """Set the time of a table whose headings name none: its first unknown column of full dates and times."""
    if column_names.has_time(table.fields) or "clock" in table.fields:
        return table
    for row in rows:
        with suppress(LineError):
            cells = split(row, table.delimiter)
            for at, (field, cell) in enumerate(zip(table.fields, cells, strict=False)):
                if field is None and _MOMENT.match(cell.strip(' "')):
                    return replace(table, fields=(*table.fields[:at], "time", *table.fields[at + 1 :]))
    return table


def _table_of(line: str, position: int) -> Table | None:
    line = line.rstrip("\r\n").strip("\ufeff")
    if len(line) > _LONGEST_HEADER or line[:1] in ("{", "[", "<") or names_requests(line):
        return None
    w3c = line.startswith(_W3C)
    delimiter = max(_DELIMITERS, key=line.count)
    if w3c and line.count(delimiter) < 2:
        delimiter = " "
    if not 1 <= line.count(delimiter) < _MOST_COLUMNS:
        return None
    try:
        named = line.removeprefix(_W3C).strip()
        names = split(named.lstrip("#") if delimiter != "\t" else named, delimiter)
    except LineError:
        return None
    if any(len(name) > 100 or "=" in name for name in names) or _starts_as_other_format(names):
        return None
    fields = tuple(column_names.fields_of(names))
    known = sum(name is not None for name in fields)
    in_utc = {
        index: names[index]
        for index, name in enumerate(fields)
        if name == "time" and "utc" in column_names.plain(names[index])
    }
    carrier = next(
        (index for index, name in enumerate(names) if column_names.plain(name) in CARRIER_COLUMNS), None
    )
    if carrier is not None and column_names.has_time(fields):
        return Table(delimiter, line, position, fields, carrier, in_utc)
    if not (column_names.is_contact_log(fields) or column_names.is_detection_log(fields)) or known < 2:
        return None
    return Table(delimiter, line, position, fields, carrier, in_utc)


def _starts_as_other_format(names: Sequence[str]) -> bool:
    start = tuple(column_names.plain(name) for name in names[:4])
    return any(start[: len(other)] == other for other in _OF_OTHER_FORMATS)


def split(line: str, delimiter: str) -> list[str]:
    """Split a line into cells. LineError for a NUL, or a cell beyond the limit of `csv`."""
    if '"' not in line:
        return line.split(delimiter, _MOST_COLUMNS)
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        raise LineError("The line is not a row of a table.", line[:80]) from None
    return cells[:_MOST_COLUMNS]


def _fits(line: str, table: Table, inner_formats: Sequence[type[LogFormat]]) -> bool:
    """Return whether a row has the header's number of cells or more, most of them plausible."""
    if line.strip("\ufeff") == table.header or (table.w3c and line.startswith("#")):
        return True
    try:
        cells = split(line, table.delimiter)
    except LineError:
        return False
    if abs(len(cells) - len(table.fields)) > 1:
        return False
    # a log only by its carried lines
    if not (column_names.is_contact_log(table.fields) or column_names.is_detection_log(table.fields)):
        carried = cells[table.carrier] if table.carrier is not None and table.carrier < len(cells) else ""
        return any(log_format.recognises(carried) for log_format in inner_formats)
    judged = [
        columns.is_plausible(field, cell) for field, cell in zip(table.fields, cells, strict=False) if field
    ]
    return bool(judged) and sum(judged) >= _ENOUGH_PLAUSIBLE * len(judged)
