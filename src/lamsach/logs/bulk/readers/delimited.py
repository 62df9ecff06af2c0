"""Columnar readers of delimited rows: described by a format, below a naming header, or any CSV."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.columns import (
    check,
    lines_of,
    may_contain,
    not_empty,
    null_where,
    read_cells,
    split_by_single_spaces,
    trimmed,
)
from lamsach.logs.bulk.features import Lines, groups_of, letters_of
from lamsach.logs.bulk.headers import HeaderValues, read_headers
from lamsach.logs.bulk.reader import GroupReader, Piece
from lamsach.logs.bulk.readers.records import MOST_KEYS, NamedRecords, RecordReader
from lamsach.logs.bulk.rows import Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.bulk.text_buffers import Unusual
from lamsach.logs.formats.generic.csv_columns import CsvColumns
from lamsach.logs.mappings.records import Table
from lamsach.logs.opening.lines import Text
from lamsach.logs.opening.marks import Truths

_BOM, _SEPARATOR_LINE = b"\xef\xbb\xbf", "sep="


class CellRows(RecordReader):
    """Rows whose cells are named by the number of quotes, by the log's own header, or by position."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        assert self.records.cells is not None
        self._stated = self.records.cells
        self._sample = ""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """Group by the number of quotes; without quotes, by the number of cells."""
        block = Lines(lines)
        quotes, parts = block.count('"'), block.count(self._stated.delimiter)
        usual = ~block.has(*self._stated.rare) & (parts < MOST_KEYS)
        usual &= np.isin(quotes, [*self._stated.layouts, 0])
        return groups_of((quotes, np.where(quotes > 0, 0, parts)), usual)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `GroupReader`."""
        cell_rows, first = self._stated, data.partition(b"\n")[0]
        quotes = first.count(b'"')
        table: Table | None = getattr(self.log_format, "table", None)
        absent = () if quotes or table is None else table.absent
        names = cell_rows.layouts.get(quotes)
        if names is None:
            if table is None and cell_rows.layouts:
                raise Unusual
            numbers = range(first.count(cell_rows.delimiter.encode()) + 1)
            names = table.names if table else tuple(map(str, numbers))
        if len({*names}) < len(names) or (table and not quotes and not split_by_single_spaces(data)):
            raise Unusual

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            row = read_cells(data, names, cell_rows.delimiter, wanted, count, quotes=bool(quotes))
            return {name: null_where(absent, column) for name, column in row.items()}

        def headers(row: Row) -> tuple[pa.Array, pa.Array]:
            before = pc.ascii_rtrim(row[names[0]], "0123456789")
            self._sample = first.decode()[len(before[0].as_py()) :]
            return read_headers(before, self._read_header)

        shapes = {name: shape for name, shape in cell_rows.shapes.items() if name in names}
        own_headers = headers if cell_rows.head else None
        return self.events(names, load, count, own_headers, certain=not absent, shapes=shapes, first=shapes)

    def _read_header(self, text: str) -> HeaderValues:
        event = self.log_format.parse(text + self._sample, 1)
        if event is None or event.time is None:
            raise Unusual
        return event.time, event.observer


class HeaderColumns(RecordReader):
    """Rows below a header that names the columns, without quotes or escapes."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._by_table: dict[Table, Templates] = {}

    @property
    def _table(self) -> Table | None:
        table: Table | None = self.log_format.table  # type: ignore[attr-defined]
        return table

    def may_read_whole(self, data: bytes) -> bool:
        """See `GroupReader`; `read` rejects rows with another number of cells."""
        return True

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """Group by the number of cells."""
        table, block = self._table, Lines(lines)
        if table is None:
            return [], [*range(len(lines))]
        return groups_of((block.count(table.delimiter),), ~block.has(table.alone))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `GroupReader`."""
        table = self._table
        if table is None or table.alone.encode() in data or len({*table.names}) < len(table.names):
            raise Unusual
        width = data.partition(b"\n")[0].count(table.delimiter.encode()) + 1
        names = table.names[:width]
        if width != len(table.names) and not table.first:
            raise Unusual
        all_names = [*names, *(f"|{at}" for at in range(len(names), width))]
        self.templates = self._by_table.setdefault(table, Templates(self.log_format))

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            row = read_cells(data, all_names, table.delimiter, wanted, count)
            return {name: _stated(name, column, table) for name, column in row.items()}

        shapes = {names[0]: table.first} if table.first else {}
        return self.events(names, load, count, certain=False, shapes=shapes)


def _stated(name: str, column: pa.Array, table: Table) -> pa.Array:
    """Trim a column, replace "none" values by null, and split lists, as the table requires."""
    column = trimmed(column) if table.trimmed else column
    if table.absent and may_contain(column, *(text.encode() for text in table.absent)):
        column = null_where(table.absent, column)
    return pc.split_pattern(column, table.separator) if name in table.lists else column


class NamedCells(GroupReader):
    """Rows of a CSV that embeds no other product's lines; quoted cells are quoted as a whole."""

    log_format: CsvColumns
    _first = 1
    _named: NamedRecords | None = None

    def may_read_whole(self, data: bytes) -> bool:
        """See `GroupReader`: rows without quotes below the header; `read` counts the cells."""
        table = self.log_format.table
        if table is None or table.carrier is not None or self._first <= table.position + 1 or b'"' in data:
            return False
        return table.header.encode() not in data and not _odd(Lines(Text(data))).any()

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """Group by whether a cell is quoted; excludes the header and what precedes it."""
        table = self.log_format.table
        if table is None or table.carrier is not None:
            return [], [*range(len(lines))]
        header = table.header.encode()
        block = Lines(lines)
        quoted = block.has('"')
        usual = quoted | (block.count(table.delimiter) == len(table.fields) - 1)
        usual &= ~_odd(block)
        usual[: max(0, table.position + 1 - self._first)] = False
        header_rows = [at for at, line in enumerate(lines) if line == header] if header in lines else []
        usual[np.array(header_rows, np.int64)] = False
        return groups_of((quoted,), usual)

    def piece(self, first: int, lines: Sequence[bytes | None]) -> Piece | None:
        """See `BulkReader`."""
        self._first = first
        return super().piece(first, lines)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `GroupReader`."""
        table = self.log_format.table
        if table is None or table.in_utc or table.w3c:
            raise Unusual
        quotes = b'"' in data
        if quotes:
            separator = f"[{table.delimiter}]"
            cell = f'(?:"[^"]*"|(?:[^" {table.delimiter}][^"{table.delimiter}]*)?)'
            check(pc.match_substring_regex(lines_of(data), f"^{cell}(?:{separator}{cell})*$"))
        names = [str(at) for at in range(len(table.fields))]
        fields = {name: field for name, field in zip(names, table.fields, strict=True) if field}
        values: dict[str, list[pa.Array]] = {}
        for name, texts in read_cells(data, names, table.delimiter, fields, count, quotes=quotes).items():
            column = not_empty(texts)
            if column.null_count < count:
                values.setdefault(fields[name], []).append(column)
        if self._named is None:
            self._named = NamedRecords(self.log_format.times, host_is_device=True)
        return self._named.columns(values, count)


def _odd(block: Lines) -> Truths:
    """Return whether each line begins as no data row does."""
    start = block.letters_at(0, len(_SEPARATOR_LINE))
    first = start >> (8 * (len(_SEPARATOR_LINE) - 1))
    odd: Truths = (first == ord("{")) | (first == _BOM[0]) | (start == letters_of(_SEPARATOR_LINE))
    return odd
