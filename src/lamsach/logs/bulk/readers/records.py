"""Readers of records that the function of their format reads, once for each combination of what it decides
by.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping

import pyarrow as pa

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.columns import check, judged, none_of
from lamsach.logs.bulk.reader import GroupReader
from lamsach.logs.bulk.rows import Load, Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.mappings.records import Records

_SHAPES_KEPT = 1000
MOST_KEYS = 200


class RecordReader(GroupReader):
    """Reads records of a format that states how they are written: see `Templates`."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        assert log_format.records is not None
        self.records: Records = log_format.records
        self.templates = Templates(log_format)
        self._known: dict[Hashable, set[str]] = {}

    def events(
        self,
        names: Collection[str],
        load: Load,
        count: int,
        heads: Callable[[Row], tuple[pa.Array, pa.Array]] | None = None,
        before: pa.Array | None = None,
        *,
        certain: bool | Collection[str] = True,
        shapes: Mapping[str, str] | None = None,
        first: Collection[str] = (),
    ) -> dict[str, pa.Array]:
        """The columns of so many records with these keys: see `Row` and `Templates.columns`.

        `heads`: the times and names in the headers; `shapes`: expressions that the texts of keys fit, else
        Unusual is raised; `first`: keys that are loaded together with those before any was looked at."""
        if len(self._known) > _SHAPES_KEPT:
            self._known.clear()
        shapes = shapes or {}
        row = Row(names, load, self._known.setdefault(tuple(names), {*first}), certain=certain)
        for name, shape in shapes.items():
            check(judged(row[name], shape))
        nothing = none_of(count)
        none = nothing.cast(pa.timestamp("us", "UTC")), nothing
        return self.templates.columns(row, count, lambda: heads(row) if heads else none, before)
