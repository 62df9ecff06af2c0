"""Sources of the values of an event's fields, when its format was asked with stand-ins.

Lists in records: what a format makes of each of their items, for many records at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.columns import mapped, names
from lamsach.logs.bulk.letters import Unusual
from lamsach.logs.bulk.shades import MARK
from lamsach.logs.mappings.records import Each

Codes = np.ndarray[Any, np.dtype[np.int64]]

SEPARATOR = "\x1f"
"""Between the texts of an item that is an object."""
_PRESENT, _EMPTY, _ABSENT = 1, 0, -1


def coded_lists(column: pa.Array) -> tuple[Codes, Codes]:
    """The shade of each record (1) of a list with items, and a number in place of a text: 0 of an empty list,
    -1 where there is none."""
    sizes = (
        pc.fill_null(pc.list_value_length(column), _ABSENT).to_numpy(zero_copy_only=False).astype(np.int64)
    )
    return (sizes > 0).astype(np.int64), np.where(sizes > 0, _EMPTY, sizes)


def stand_ins_of(each: Each, number: int, mark: str) -> tuple[list[object], tuple[str, str]]:
    """A list in the place of any, and what its first two items give; its third is the first again."""
    texts = f"i{number}.{mark}.example", f"j{number}.{mark}.example"
    items = [each.shaped(text) for text in (*texts, texts[0])]
    if tuple(map(each.made, items)) != (*texts, texts[0]):
        raise Unusual
    return items, texts


def items_told(parts: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return where a field of several values comes from that is made of the items of lists: their keys, and
    whether each value is told once. Raises Unusual."""
    keys = tuple(dict.fromkeys(part[1] for part in parts if part[0] == "item"))
    for once, told in ((False, (0, 1, 0)), (True, (0, 1))):
        if [*parts] == [("item", key, at) for key in keys for at in told]:
            return "items", keys, once
    raise Unusual


def values_of_items(lists: Sequence[tuple[pa.Array, Each]], *, once: bool) -> pa.Array:
    """Return what is made of the items of each record's lists, one list after the other; absent where that is
    nothing."""
    count = len(lists[0][0])
    made = [_made(column.flatten(), each) for column, each in lists]
    if len(lists) == 1 and not once and not made[0].null_count and not lists[0][0].offset:
        column = lists[0][0]
        sizes = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        ends = np.append(0, np.cumsum(sizes)).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(ends), made[0], mask=pa.array(sizes == 0))
    values = pa.concat_arrays(made)
    rows = np.concatenate([_rows(column) for column, _ in lists])
    kept = np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
    kept = kept[np.argsort(rows[kept], kind="stable")]
    values, rows = values.take(pa.array(kept)), rows[kept]
    if once and len(rows):
        codes = values.dictionary_encode().indices.to_numpy().astype(np.int64)
        first = np.sort(np.unique(rows * (int(codes.max()) + 1) + codes, return_index=True)[1])
        values, rows = values.take(pa.array(first)), rows[first]
    sizes = np.bincount(rows, minlength=count)
    ends = np.append(0, np.cumsum(sizes)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), values, mask=pa.array(sizes == 0))


def _rows(column: pa.Array) -> Codes:
    """The number of the record that each item belongs to."""
    sizes = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(column)), sizes)


def _made(items: pa.Array, each: Each) -> pa.Array:
    shape = each.item
    if shape is None:
        return names(items, each.made)

    def read(text: str) -> str | None:
        return each.made(dict(zip(shape, text.split(SEPARATOR), strict=True)))

    return mapped(items, read)


NOTHING = ("is", None)
Source = tuple[Any, ...]
"""Where a field comes from: ("is", value); ("of", parts), each a text as it is or a key and what is made of
its column; ("list", sources of its items); or ("items", keys of lists, whether each value is told once)."""


def source_of(value: Any, stand_ins: Mapping[Any, Source]) -> Source:
    """Return where a field's value comes from.

    Raises Unusual when a stand-in is in it and nothing is known of how."""
    if not isinstance(value, tuple):
        source = _found(value, stand_ins)
        if source[0] == "item":
            raise Unusual
        return source
    if not value:
        return NOTHING
    parts = tuple(_found(one, stand_ins) for one in value)
    if any(part[0] == "item" for part in parts):
        return items_told(parts)
    return ("is", value) if all(part[0] == "is" for part in parts) else ("list", parts)


def _found(value: Any, stand_ins: Mapping[Any, Source]) -> Source:
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
    told = [stand_ins[piece] if at % 2 else piece for at, piece in enumerate(pieces) if piece]
    if any(MARK in one if isinstance(one, str) else one[0] == "item" for one in told):
        raise Unusual
    return ("of", tuple(one if isinstance(one, str) else one[1][0] for one in told))
