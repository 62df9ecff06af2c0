"""Columnar events, as written by `lamsach logs read -o events.parquet`, with keys of `event_records`.

Absent values are null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lamsach.logs.events.records import HASH_KEYS, KEYS
from lamsach.model import Event

Columns = Mapping[str, Any]
"""Values of many events by the keys of `event_records`: lists, or Arrow arrays of `schema`'s types.

Keys without values are left out.
"""
GROUP_ROWS = 65_536
"""Maximal number of rows buffered before writing."""
_HASHES = tuple(HASH_KEYS.values())
_PLAIN = tuple(key for key in KEYS if key not in _HASHES)
_values_of = attrgetter(*_PLAIN, "source_mac", "hashes")
_REPEATED = ["action", "observer", "format", "file", "device_name", "user", "source_ip", "device_ip"]


def schema() -> pa.Schema:
    """Return the columns: `time` in UTC to the microsecond, integer ports, `answers` as a list, else text."""
    kinds = dict.fromkeys(KEYS, pa.string()) | {
        "time": pa.timestamp("us", "UTC"),
        "source_port": pa.int32(),
        "destination_port": pa.int32(),
        "answers": pa.list_(pa.string()),
        "line": pa.int64(),
    }
    return pa.schema([(key, kinds[key]) for key in KEYS])


def columns_of(events: Sequence[Event]) -> Columns:
    """Return the events' values in columns."""
    *plain, macs, hashes = zip(*map(_values_of, events), strict=True)
    columns: dict[str, Any] = dict(zip(_PLAIN, plain, strict=True))
    if any(macs):
        columns["device_mac"] = [
            own or stated for own, stated in zip(columns["device_mac"], macs, strict=True)
        ]
    columns["answers"] = [answers or None for answers in columns["answers"]]
    if any(hashes):
        for length, key in HASH_KEYS.items():
            columns[key] = [
                next((digest for digest in digests if len(digest) == length), None) for digests in hashes
            ]
    return columns


def table_of(columns: Columns, count: int) -> pa.RecordBatch:
    """Build a table of `count` events."""
    layout = schema()
    arrays = [_array(columns.get(field.name, ()), field.type, count) for field in layout]
    return pa.RecordBatch.from_arrays(arrays, schema=layout)


def in_line_order(tables: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Merge tables of one file's events by line; events of the same line in the order of the tables."""
    if len(tables) == 1:
        return tables[0]
    whole = pa.concat_batches(tables)
    order = pa.array(np.argsort(whole.column("line").to_numpy(), kind="stable"))
    columns = [column if column.null_count == len(column) else column.take(order) for column in whole.columns]
    return pa.RecordBatch.from_arrays(columns, schema=whole.schema)


def _array(values: Any, kind: pa.DataType, count: int) -> pa.Array:
    if isinstance(values, pa.Array):
        converted = values
    elif not any(values) and 0 not in values:
        return pa.nulls(count, kind)
    else:
        try:
            converted = pa.array(values, kind)
        except UnicodeEncodeError:  # half a surrogate pair, from JSON logs or file names
            converted = pa.array([_printable(value) for value in values], kind)
    if (
        pa.types.is_string(kind)
        and may_be_empty(converted)
        and pc.any(empty := pc.equal(converted, "")).as_py()
    ):
        converted = pc.if_else(empty, pa.scalar(None, kind), converted)
    return converted


def may_be_empty(texts: pa.Array) -> bool:
    """Return whether any text may be empty; quick where none is null."""
    if texts.null_count == len(texts):
        return False
    positions = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return not (positions[1:] > positions[:-1]).all()


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    return [_printable(item) for item in value] if isinstance(value, tuple | list) else value


class TableWriter:
    """Writes tables of events into one Parquet file."""

    def __init__(self, stream: BinaryIO) -> None:
        self._writer: Any = pq.ParquetWriter(
            stream, schema(), compression="snappy", use_dictionary=_REPEATED, write_statistics=["time"]
        )
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, table: pa.RecordBatch) -> None:
        """Add a table."""
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Write the buffered rows and the file's end."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting))
            self._waiting, self._rows = [], 0
