"""Derivation of event fields from record columns, found by running a format on stand-ins.

Also converts lists in records: the format's function is applied to the items of many records together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.columns import map_distinct, names
from lamsach.logs.bulk.text_buffers import Unusual
from lamsach.logs.bulk.value_classes import MARK
from lamsach.logs.mappings.records import Each
from lamsach.logs.opening.marks import Numbers

SEPARATOR = "\x1f"
"""Joins the texts of an item that is an object."""
_EMPTY, _ABSENT = 0, -1


def coded_lists(column: pa.Array) -> tuple[Numbers, Numbers]:
    """Return each list's class (1 with items) and code: 0 for an empty list, -1 for null."""
    sizes = (
        pc.fill_null(pc.list_value_length(column), _ABSENT).to_numpy(zero_copy_only=False).astype(np.int64)
    )
    return (sizes > 0).astype(np.int64), np.where(sizes > 0, _EMPTY, sizes)


def stand_ins_of(each: Each, number: int, mark: str) -> tuple[list[object], tuple[str, str]]:
    """Return a stand-in list and the results of its first two items; the third item repeats the first."""
    texts = f"i{number}.{mark}.example", f"j{number}.{mark}.example"
    items = [each.shaped(text) for text in (*texts, texts[0])]
    if tuple(map(each.made, items)) != (*texts, texts[0]):
        raise Unusual
    return items, texts


def source_of_items(parts: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return the source of a field built from list items: their keys, and whether duplicates are dropped.

    Raises Unusual."""
    keys = tuple(dict.fromkeys(part[1] for part in parts if part[0] == "item"))
    for once, order in ((False, (0, 1, 0)), (True, (0, 1))):
        if [*parts] == [("item", key, number) for key in keys for number in order]:
            return "items", keys, once
    raise Unusual


def values_of_items(lists: Sequence[tuple[pa.Array, Each]], *, once: bool) -> pa.Array:
    """Apply the format's function to the items of each record's lists, list after list.

    Null for records without results; `once`: drop duplicates within a record."""
    count = len(lists[0][0])
    results = [_results(column.flatten(), each) for column, each in lists]
    if len(lists) == 1 and not once and not results[0].null_count and not lists[0][0].offset:
        column = lists[0][0]
        sizes = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        ends = np.append(0, np.cumsum(sizes)).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(ends), results[0], mask=pa.array(sizes == 0))
    values = pa.concat_arrays(results)
    rows = np.concatenate([_rows(column) for column, _ in lists])
    present = np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
    present = present[np.argsort(rows[present], kind="stable")]
    values, rows = values.take(pa.array(present)), rows[present]
    if once and len(rows):
        codes = values.dictionary_encode().indices.to_numpy().astype(np.int64)
        first = np.sort(np.unique(rows * (int(codes.max()) + 1) + codes, return_index=True)[1])
        values, rows = values.take(pa.array(first)), rows[first]
    sizes = np.bincount(rows, minlength=count)
    ends = np.append(0, np.cumsum(sizes)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), values, mask=pa.array(sizes == 0))


def _rows(column: pa.Array) -> Numbers:
    """Return the record number of each item."""
    sizes = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(column)), sizes)


def _results(items: pa.Array, each: Each) -> pa.Array:
    shape = each.item
    if shape is None:
        return names(items, each.made)

    def read(text: str) -> str | None:
        return each.made(dict(zip(shape, text.split(SEPARATOR), strict=True)))

    return map_distinct(items, read)


NOTHING = ("is", None)
Source = tuple[Any, ...]
"""Where a field comes from.

`("is", value)`: a constant; `("of", parts)`: concatenated literal texts, or keys with a function of their
column; `("list", sources)`: one source per item; `("items", keys, once)`: items of lists, `once` without
duplicates; `("head",)` and `("clock", keys)`: a time, from the header or from these keys.
"""


def source_of(value: Any, stand_ins: Mapping[Any, Source]) -> Source:
    """Trace a field's value to its source.

    Raises Unusual when the value contains a stand-in in an unknown form."""
    if not isinstance(value, tuple):
        source = _trace(value, stand_ins)
        if source[0] == "item":
            raise Unusual
        return source
    if not value:
        return NOTHING
    parts = tuple(_trace(item, stand_ins) for item in value)
    if any(part[0] == "item" for part in parts):
        return source_of_items(parts)
    return ("is", value) if all(part[0] == "is" for part in parts) else ("list", parts)


def _trace(value: Any, stand_ins: Mapping[Any, Source]) -> Source:
    if not value and value != 0:
        return NOTHING
    if value in stand_ins:
        return stand_ins[value]
    if not isinstance(value, str):
        return ("is", value)
    texts = sorted((text for text in stand_ins if isinstance(text, str)), key=len, reverse=True)
    pieces = re.split(f"({'|'.join(map(re.escape, texts))})", value)
    if len(pieces) == 1 and MARK not in value:
        return ("is", str(value))
    traced = [stand_ins[piece] if number % 2 else piece for number, piece in enumerate(pieces) if piece]
    if any(MARK in part if isinstance(part, str) else part[0] == "item" for part in traced):
        raise Unusual
    return ("of", tuple(part if isinstance(part, str) else part[1][0] for part in traced))
