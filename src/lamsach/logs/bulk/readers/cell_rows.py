"""Rows of cells of any format that says how they are delimited and which cells its records are read from (`mappings.records.Cells`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import cells, check, judged, parted_by_single_spaces
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads
from lamsach.logs.bulk.keyed import none_of
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.mappings.records import Table

_MOST_CELLS = 200


class CellRows(GroupReader):
    """Rows of a layout that is told by its quotes, of the log's own header, or of numbered cells behind a header."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        assert log_format.records is not None
        assert log_format.records.cells is not None
        self._stated = log_format.records.cells
        self._templates = Templates(log_format)
        self._usual: dict[tuple[str, ...], set[str]] = {}
        self._sample = ""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the quotes, and without any by the number of cells."""
        told = Lines(lines)
        quotes, parts = told.count('"'), told.count(self._stated.delimiter)
        usual = ~told.has(*self._stated.rare) & (parts < _MOST_CELLS)
        usual &= np.isin(quotes, [*self._stated.layouts, 0])
        return groups_of((quotes, np.where(quotes > 0, 0, parts)), usual)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        stated, first = self._stated, data.partition(b"\n")[0]
        quotes = first.count(b'"')
        table: Table | None = getattr(self.log_format, "table", None)
        absent = () if quotes or table is None else table.absent
        names = stated.layouts.get(quotes)
        if names is None:
            if table is None and stated.layouts:
                raise Unusual
            names = (
                table.names if table else tuple(map(str, range(first.count(stated.delimiter.encode()) + 1)))
            )
        if len({*names}) < len(names) or (table and not quotes and not parted_by_single_spaces(data)):
            raise Unusual

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            row = cells(
                data, names, stated.delimiter, dict.fromkeys(wanted, pa.string()), quotes=bool(quotes)
            )
            if any(len(column) != count for column in row.values()):
                raise Unusual
            none = pa.scalar(None, pa.string())
            return {
                name: pc.if_else(pc.is_in(column, pa.array(absent)), none, column) if absent else column
                for name, column in row.items()
            }

        usual = self._usual.setdefault(names, {*stated.shapes} & {*names})
        row = Row(names, load, usual, certain=not absent)
        for name, shape in stated.shapes.items():
            if name in names:
                check(judged(row[name], shape))
        nothing = none_of(count)
        if not stated.head:
            return self._templates.columns(
                row, count, lambda: (nothing.cast(pa.timestamp("us", "UTC")), nothing)
            )
        before = pc.ascii_rtrim(row[names[0]], "0123456789")
        self._sample = first.decode()[len(before[0].as_py()) :]
        return self._templates.columns(row, count, lambda: heads(before, self._head))

    def _head(self, text: str) -> Head:
        event = self.log_format.parse(text + self._sample, 1)
        if event is None or event.time is None:
            raise Unusual
        return event.time, event.observer
