"""Rows below a header that names their columns, of a format that says how they are delimited (`mappings.records.Table`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import cells, holds
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.keyed import none_of
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.mappings.records import Table

if TYPE_CHECKING:
    import pyarrow as pa


class HeaderColumns(GroupReader):
    """Rows without escapes, with as many cells as the header."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._known: dict[Table, tuple[Templates, set[str]]] = {}

    def alike(self, data: bytes) -> bool:
        """See `GroupReader`: rows have as many cells as the header, or are refused."""
        return True

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the number of cells; those with escapes are read alone."""
        table: Table | None = self.log_format.table  # type: ignore[attr-defined]
        if table is None:
            return [], [*range(len(lines))]
        told = Lines(lines)
        return groups_of((told.count(table.delimiter),), ~told.has("\\"))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa

        table: Table | None = self.log_format.table  # type: ignore[attr-defined]
        if table is None or b"\\" in data or len({*table.names}) < len(table.names):
            raise Unusual
        templates, usual = self._known.setdefault(table, (Templates(self.log_format), set()))

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            row = cells(data, table.names, table.delimiter, dict.fromkeys(wanted, pa.string()))
            if any(len(column) != count for column in row.values()):
                raise Unusual
            return {name: _stated(name, column, table) for name, column in row.items()}

        row = Row(table.names, load, usual)
        return templates.columns(
            row, count, lambda: (none_of(count).cast(pa.timestamp("us", "UTC")), none_of(count))
        )


def _stated(name: str, column: pa.Array, table: Table) -> pa.Array:
    """The values of a column; absent where they say that there is nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if holds(column, *(text.encode() for text in table.absent)):
        absent = pc.is_in(column, pa.array(table.absent))
        column = pc.if_else(absent, pa.scalar(None, pa.string()), column)
    return pc.split_pattern(column, table.separator) if name in table.lists else column
