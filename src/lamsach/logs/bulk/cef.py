"""Common Event Format of any product."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.announced import heads_before
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.cef_rows import CefRows, groups_by_signature, keys_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.templates import Templates

if TYPE_CHECKING:
    import pyarrow as pa

_RECORD = "CEF:0|Maker|Product|1|1|name|1|"
_SHAPES_KEPT = 1000


class CefRecords(GroupReader):
    """Records of any maker."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._templates = Templates(log_format)
        self._known: dict[tuple[str, ...], set[str]] = {}

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """See `GroupReader`."""
        return groups_by_signature(lines)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return keys_of(line)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        keys = keys_of(data.partition(b"\n")[0])
        if keys is None or b"UtcTime" in data:
            raise Unusual
        if len(self._known) > _SHAPES_KEPT:
            self._known.clear()
        before: list[pa.Array] = []

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            heads, row = CefRows(keys, wanted).row(data, count)
            before.append(heads)
            return row

        row = Row(keys, load, self._known.setdefault(keys, set()), certain=True)
        return self._templates.columns(row, count, lambda: heads_before(before[0], _RECORD, self.context))
