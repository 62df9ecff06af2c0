"""Common Event Format of any product."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.announced import constant, heads_before, stated_times
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.cef_rows import CefRows, groups_by_signature, keys_of
from lamsach.logs.bulk.columns import check, mapped
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.keyed import check_named, event_columns, none_of
from lamsach.logs.mappings.cef_events import (
    HASH_KEY,
    KEYS,
    LABEL,
    NUMERIC_ID,
    OF_MAKERS,
    TIME_ORDER,
    meaning_of,
)
from lamsach.logs.mappings.keyed_events import asked_of

if TYPE_CHECKING:
    import pyarrow as pa

_RECORD = "CEF:0|Maker|Product|1|1|name|1|"
_ALSO = frozenset({"dvc", "deviceDirection", "dtz", "deviceTimeZone", *TIME_ORDER})
_ASKED = asked_of(KEYS) | _ALSO
_LISTS = frozenset({*KEYS.answers, *KEYS.hashes})
_LIKE_HASH = "^[0-9A-Fa-f:]{32,95}$"
_SHAPES_KEPT = 1000
_CUSTOM = re.compile(r"c[sn]\d|c6a\d|flexString\d|deviceCustom")


def _is_wanted(key: str) -> bool:
    return key in _ASKED or _CUSTOM.match(key) is not None or HASH_KEY.search(key) is not None


class CefRecords(GroupReader):
    """Records that state no hashes and no DNS answers."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._rows: dict[tuple[str, ...], CefRows] = {}

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """See `GroupReader`."""
        return groups_by_signature(lines)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return keys_of(line)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow.compute as pc

        keys = keys_of(data.partition(b"\n")[0])
        if keys is None or not OF_MAKERS.isdisjoint(keys):
            raise Unusual
        if keys not in self._rows:
            if len(self._rows) > _SHAPES_KEPT:
                self._rows.clear()
            self._rows[keys] = CefRows(keys, _is_wanted)
        before, row = self._rows[keys].row(data, count)
        times, hosts = heads_before(before, _RECORD, self.context)
        _check_hashes(row)
        check_named(row, keys, KEYS)
        _labelled(row)
        stated = stated_times(
            row, TIME_ORDER, self.context, constant(row, "dtz") or constant(row, "deviceTimeZone")
        )
        inward = pc.equal(row["deviceDirection"], "0") if "deviceDirection" in row else None
        columns = event_columns(row, KEYS, count, inward=inward)
        columns["observer"] = pc.coalesce(columns["observer"], hosts, row.get("dvc", none_of(count)))
        _check_endpoint(row, columns)
        if "dst" in row:  # a name in place of an address
            check(pc.or_(pc.is_valid(columns["destination_ip"]), pc.equal(row["dst"], "")))
        return columns | {"time": times if stated is None else stated}


def _check_hashes(row: dict[str, pa.Array]) -> None:
    """Unusual when a key that may hold hashes or answers holds anything."""
    import pyarrow.compute as pc

    for key, column in row.items():
        if key in _LISTS or HASH_KEY.search(key):
            check(pc.equal(column, ""))


def _labelled(row: dict[str, pa.Array]) -> None:
    """The values of custom keys under the standard keys that their labels mean: see `cef_events.labelled`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for key in [key for key in row if key.endswith("Label")]:
        label = LABEL.fullmatch(key)
        if label is None or label[1] not in row:
            continue
        values = row[label[1]]
        check(pc.invert(pc.match_substring_regex(values, _LIKE_HASH)))
        meaning = meaning_of(constant(row, key) or "")
        if meaning:
            stated = row.get(meaning, pa.repeat("", len(values)))
            row[meaning] = pc.if_else(pc.equal(stated, ""), values, stated)
    for key in ("suid", "duid"):
        if key in row:
            row[key] = mapped(row[key], lambda text: None if NUMERIC_ID.fullmatch(text) else text)


def _check_endpoint(row: dict[str, pa.Array], columns: dict[str, pa.Array]) -> None:
    """Unusual for what an endpoint's own agent wrote."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(columns["source_ip"])
    no_ends = pc.and_(pc.is_null(columns["destination_ip"]), pc.is_null(columns["device_ip"]))
    if "dvchost" in row:
        far = row.get("dhost", pa.repeat("-", count))
        check(pc.invert(pc.and_(no_ends, pc.equal(far, row["dvchost"]))))
    own = pc.equal(columns["domain"], pc.utf8_lower(columns["device_name"]))
    check(pc.invert(pc.and_(pc.is_null(columns["source_ip"]), pc.fill_null(own, False))))
