"""Delimited rows of a format that names their columns (`mappings.records.Table`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import cells, check, holds, trimmed
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.keyed import none_of
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.mappings.records import Table

if TYPE_CHECKING:
    import pyarrow as pa


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
        import pyarrow as pa
        import pyarrow.compute as pc

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
    import pyarrow as pa
    import pyarrow.compute as pc

    if table.trimmed:
        column = trimmed(column)
    if table.absent and holds(column, *(text.encode() for text in table.absent)):
        absent = pc.is_in(column, pa.array(table.absent))
        column = pc.if_else(absent, pa.scalar(None, pa.string()), column)
    return pc.split_pattern(column, table.separator) if name in table.lists else column
