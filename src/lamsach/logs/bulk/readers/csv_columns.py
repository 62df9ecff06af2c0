"""Rows of tables whose header names their columns, with as many cells as the header.

Delimited rows of a format that names their columns (`mappings.records.Table`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import cells, check, holds, lines_of, not_empty, trimmed
from lamsach.logs.bulk.features import Lines, groups_of, letters_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.keyed import none_of
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.readers.named import NamedRecords
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.bulk.text import Text
from lamsach.logs.formats.generic.csv_columns import CsvColumns
from lamsach.logs.mappings.records import Table

if TYPE_CHECKING:
    from lamsach.logs.bulk.features import Truths


_BOM, _SEPARATOR_LINE = b"\xef\xbb\xbf", "sep="


class NamedCells(GroupReader):
    """Rows that carry no line of another product; a cell in quotes is wholly so."""

    log_format: CsvColumns
    _first = 1
    _named: NamedRecords | None = None

    def alike(self, data: bytes) -> bool:
        """See `GroupReader`: rows below the header without quotes, of which the cells are counted."""
        table = self.log_format.table
        if table is None or table.carrier is not None or self._first <= table.position + 1 or b'"' in data:
            return False
        return table.header.encode() not in data and not _odd(Lines(Text(data))).any()

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By whether any cell is in quotes. The header, and what is above it, is no row."""
        table = self.log_format.table
        if table is None or table.carrier is not None:
            return [], [*range(len(lines))]
        header = table.header.encode()
        told = Lines(lines)
        quoted = told.has('"')
        usual = quoted | (told.count(table.delimiter) == len(table.fields) - 1)
        usual &= ~_odd(told)
        usual[: max(0, table.position + 1 - self._first)] = False
        same = [at for at, line in enumerate(lines) if line == header] if header in lines else []
        usual[np.array(same, np.int64)] = False
        return groups_of((quoted,), usual)

    def piece(self, first: int, lines: Sequence[bytes | None]) -> tuple[pa.RecordBatch, Sequence[int]] | None:
        """See `BulkReader`."""
        self._first = first
        return super().piece(first, lines)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        table = self.log_format.table
        if table is None or table.in_utc or table.w3c:
            raise Unusual
        quotes = b'"' in data
        if quotes:
            mark = f"[{table.delimiter}]"
            cell = f'(?:"[^"]*"|(?:[^" {table.delimiter}][^"{table.delimiter}]*)?)'
            check(pc.match_substring_regex(lines_of(data), f"^{cell}(?:{mark}{cell})*$"))
        names = [str(at) for at in range(len(table.fields))]
        told = {name: field for name, field in zip(names, table.fields, strict=True) if field}
        row = cells(data, names, table.delimiter, dict.fromkeys(told, pa.string()), quotes=quotes)
        if any(len(column) != count for column in row.values()):
            raise Unusual
        values: dict[str, list[pa.Array]] = {}
        for name, field in told.items():
            column = not_empty(row[name])
            if column.null_count < count:
                values.setdefault(field, []).append(column)
        if self._named is None:
            self._named = NamedRecords(self.log_format.times, host_is_device=True)
        return self._named.columns(values, count)


def _odd(told: Lines) -> Truths:
    """Return whether lines begin as no row does."""
    start = told.letters_at(0, len(_SEPARATOR_LINE))
    first = start >> (8 * (len(_SEPARATOR_LINE) - 1))
    odd: Truths = (first == ord("{")) | (first == _BOM[0]) | (start == letters_of(_SEPARATOR_LINE))
    return odd


class HeaderColumns(GroupReader):
    """Rows without quotes and escapes."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._known: dict[tuple[Table, int], tuple[Templates, set[str]]] = {}

    @property
    def _table(self) -> Table | None:
        table: Table | None = self.log_format.table  # type: ignore[attr-defined]
        return table

    def alike(self, data: bytes) -> bool:
        """See `GroupReader`: rows of another number of cells are refused."""
        return True

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the number of cells."""
        table, told = self._table, Lines(lines)
        if table is None:
            return [], [*range(len(lines))]
        return groups_of((told.count(table.delimiter),), ~told.has(table.alone))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        table = self._table
        if table is None or table.alone.encode() in data or len({*table.names}) < len(table.names):
            raise Unusual
        width = data.partition(b"\n")[0].count(table.delimiter.encode()) + 1
        names = table.names[:width]
        templates, usual = self._known.setdefault((table, width), (Templates(self.log_format), set()))
        if width != len(table.names) and not table.first:
            raise Unusual

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            every = [*names, *(f"|{at}" for at in range(len(names), width))]
            row = cells(data, every, table.delimiter, dict.fromkeys(wanted, pa.string()))
            if any(len(column) != count for column in row.values()):
                raise Unusual
            return {name: _stated(name, column, table) for name, column in row.items()}

        row = Row(names, load, usual)
        if table.first:
            check(pc.fill_null(pc.match_substring_regex(row[names[0]], table.first), False))
        nothing = none_of(count)
        return templates.columns(row, count, lambda: (nothing.cast(pa.timestamp("us", "UTC")), nothing))


def _stated(name: str, column: pa.Array, table: Table) -> pa.Array:
    """The values of a column; absent where they say that there is nothing."""
    if table.trimmed:
        column = trimmed(column)
    if table.absent and holds(column, *(text.encode() for text in table.absent)):
        absent = pc.is_in(column, pa.array(table.absent))
        column = pc.if_else(absent, pa.scalar(None, pa.string()), column)
    return pc.split_pattern(column, table.separator) if name in table.lists else column
