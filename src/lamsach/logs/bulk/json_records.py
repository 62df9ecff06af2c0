"""JSON objects, one a line, of a format that says what it hands on (`mappings.records`)."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.json_table import as_items, as_texts, leaves, table_of_objects, whole
from lamsach.logs.bulk.keyed import none_of
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.templates import Templates

if TYPE_CHECKING:
    import pyarrow as pa

_KEY = re.compile(rb'"([^"\\]{1,80})" ?:')
_SHAPES_KEPT = 1000


class JsonRecords(GroupReader):
    """Bare objects."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        assert log_format.records is not None
        self._records = log_format.records
        self._templates = Templates(log_format)
        self._known: dict[tuple[str, ...], set[str]] = {}

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the words behind the marks; without marks by the number of keys."""
        told = Lines(lines)
        usual = whole(told)
        if self._records.nested:  # an object that holds only such a value is not empty
            usual &= ~told.has(":null", ": null")
        marks = self._records.marks
        words = [told.letters(told.place(mark) + len(mark), 8) for mark in marks] or [told.count('":')]
        return groups_of(words, usual)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return tuple(_KEY.findall(line))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa

        table = table_of_objects(data, count)
        if any(
            name not in table.column_names or table.column(name).null_count for name in self._records.needs
        ):
            raise Unusual
        values = self._named(leaves(table))
        if len(self._known) > _SHAPES_KEPT:
            self._known.clear()
        usual = self._known.setdefault(tuple(values), {*self._records.clock} & values.keys())
        row = Row(
            [*values],
            lambda wanted: {key: self._loaded(key, values[key]) for key in wanted},
            usual,
            certain=[key for key, column in values.items() if not column.null_count],
        )
        nothing = none_of(count)
        return self._templates.columns(row, count, lambda: (nothing.cast(pa.timestamp("us", "UTC")), nothing))

    def _named(self, leaves: Mapping[str, pa.Array]) -> Mapping[str, pa.Array]:
        """The columns by the format's keys."""
        import pyarrow as pa

        renamed, nested = self._records.renamed, self._records.nested
        if nested:  # of a truth value its reader makes nothing
            leaves = {path: column for path, column in leaves.items() if not pa.types.is_boolean(column.type)}
        if renamed is None:
            return leaves
        named = {renamed(path): column for path, column in leaves.items()}
        if len(named) < len(leaves):
            raise Unusual
        return named

    def _loaded(self, key: str, column: pa.Array) -> pa.Array:
        import pyarrow as pa

        if pa.types.is_list(column.type):
            each = self._records.lists.get(key)
            return column if each is None else as_items(column, each.item)
        if key in self._records.lists:
            raise Unusual
        return (
            column if key in self._records.clock and pa.types.is_floating(column.type) else as_texts(column)
        )
