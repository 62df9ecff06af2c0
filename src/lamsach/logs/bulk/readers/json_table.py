"""JSON objects, one a line, as columns: what the readers of several products share."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from json import loads
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json

from lamsach.logs.bulk.columns import check, none_of, not_empty
from lamsach.logs.bulk.letters import Unusual
from lamsach.logs.bulk.sources import SEPARATOR

if TYPE_CHECKING:
    from lamsach.logs.bulk.features import Lines
from lamsach.logs.opening.marks import Truths

_MOST_MARKS = 120
"""A line has fewer brackets and braces: Arrow ends the process at lists within lists that are nested very
deep."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DEEPEST, _MOST_LEAVES = 8, 400
_PLAIN_NUMBER = r"^-?[0-9]{1,12}\.[0-9]{1,6}$"
"""A number that Python spells in the same way."""


def whole(read: Lines) -> Truths:
    """Return which lines may be one object, and are not nested deep.

    Of lines that are all so, each is one when there are as many objects as lines: `}` before `{` is within no
    value."""
    nested = read.count("{") + read.count("[")
    return read.begin_with('{"') & read.end_with("}") & (nested < _MOST_MARKS)


def table_of_objects(data: bytes, count: int) -> pa.Table:
    """The objects of so many lines that are `whole`. What looks like a time in the first stays a text.

    Raises Unusual, ValueError, pyarrow.ArrowException."""
    end = data.find(b"\n")
    table = json.read_json(
        io.BytesIO(data),
        json.ReadOptions(use_threads=False, block_size=len(data) + 64),
        json.ParseOptions(explicit_schema=_times_in(data if end < 0 else data[:end])),
    )
    if table.num_rows != count:
        raise Unusual
    return table


def _times_in(line: bytes) -> pa.Schema:
    """The object's keys whose values look like times: Arrow would make moments of them."""
    try:
        kind = _kind_of(loads(line), 0)
    except RecursionError:
        raise Unusual from None
    return pa.schema(list(kind)) if kind is not None else pa.schema([])


def _kind_of(value: object, depth: int) -> pa.DataType | None:
    if isinstance(value, str):
        return pa.string() if _DATE.match(value) else None
    if not isinstance(value, dict) or depth > _DEEPEST:
        return None
    kinds = [(key, kind) for key, inner in value.items() if (kind := _kind_of(inner, depth + 1)) is not None]
    return pa.struct(kinds) if kinds else None


def leaves(table: pa.Table) -> Mapping[str, pa.Array]:
    """The values by their dotted paths; absent where what they lie in is. Raises Unusual."""
    found: dict[str, pa.Array] = {}
    for path, column in _walked(table):
        if path in found or len(found) >= _MOST_LEAVES:  # "a": {"b": ..} beside "a.b"
            raise Unusual
        found[path] = column
    return found


def _walked(table: pa.Table) -> Iterator[tuple[str, pa.Array]]:
    """Level by level, as `json_records.walk` does."""
    waiting: list[tuple[str, Any, int]] = [
        (name, table.column(name).combine_chunks(), 0) for name in table.column_names
    ]
    while waiting:
        path, column, depth = waiting.pop(0)
        if not pa.types.is_struct(column.type):
            yield path, column
            continue
        if depth >= _DEEPEST:
            raise Unusual
        parts = column.flatten()
        waiting += [
            (f"{path}.{column.type.field(at).name}", part, depth + 1) for at, part in enumerate(parts)
        ]


def as_texts(column: pa.Array) -> pa.Array:
    """`json_records.text_of` of each value, truth values as `true` and `false`.

    Raises Unusual for what has no such text."""
    kind = column.type
    if pa.types.is_string(kind):
        return not_empty(column)
    if pa.types.is_null(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return column.cast(pa.string())
    if not pa.types.is_floating(kind):
        raise Unusual
    texts = column.cast(pa.string())
    check(pc.fill_null(pc.match_substring_regex(texts, _PLAIN_NUMBER), True))
    return texts


def as_items(column: pa.Array, item: Mapping[str, str] | None) -> pa.Array:
    """Lists of texts; of objects the texts of these keys, put together (`lists.SEPARATOR`).

    Raises Unusual for others."""
    inner, items = column.type.value_type, column.values
    if column.offset:
        raise Unusual
    if pa.types.is_struct(inner) and item is not None:
        texts = [
            as_texts(pc.struct_field(items, key)) if inner.get_field_index(key) >= 0 else none_of(len(items))
            for key in item
        ]
        made = pc.binary_join_element_wise(*(pc.fill_null(text, "") for text in texts), SEPARATOR)
    elif item is None or pa.types.is_null(inner):
        made = as_texts(items)
    else:
        raise Unusual
    return pa.ListArray.from_arrays(
        column.offsets, made, mask=column.is_null() if column.null_count else None
    )
