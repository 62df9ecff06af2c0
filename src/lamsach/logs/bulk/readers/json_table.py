"""JSON objects, one per line, as columns; shared by the readers of several products."""

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
from lamsach.logs.bulk.sources import SEPARATOR
from lamsach.logs.bulk.text_buffers import Unusual

if TYPE_CHECKING:
    from lamsach.logs.bulk.features import Lines
from lamsach.logs.opening.marks import Truths

_MOST_MARKS = 120
"""Limit of brackets and braces in a line: Arrow crashes on very deeply nested lists."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DEEPEST, _MOST_LEAVES = 8, 400
_PLAIN_NUMBER = r"^-?[0-9]{1,12}\.[0-9]{1,6}$"
"""Matches numbers that Python prints with the same spelling."""


def may_be_object(block: Lines) -> Truths:
    """Return which lines may be a single object without deep nesting.

    If all are, and the parser finds as many objects as lines, each line is one object."""
    nested = block.count("{") + block.count("[")
    return block.begin_with('{"') & block.end_with("}") & (nested < _MOST_MARKS)


def table_of_objects(data: bytes, count: int) -> pa.Table:
    """Parse `count` lines that are `may_be_object`; values that look like times stay texts.

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
    """Return the keys whose values look like times, which Arrow would convert."""
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
    """Return the values by dotted path; null inside an absent object. Raises Unusual."""
    found: dict[str, pa.Array] = {}
    for path, column in _walked(table):
        if path in found or len(found) >= _MOST_LEAVES:  # "a": {"b": ..} together with "a.b"
            raise Unusual
        found[path] = column
    return found


def _walked(table: pa.Table) -> Iterator[tuple[str, pa.Array]]:
    """Flatten objects level by level, as `json_records.walk` does."""
    queue: list[tuple[str, Any, int]] = [
        (name, table.column(name).combine_chunks(), 0) for name in table.column_names
    ]
    while queue:
        path, column, depth = queue.pop(0)
        if not pa.types.is_struct(column.type):
            yield path, column
            continue
        if depth >= _DEEPEST:
            raise Unusual
        parts = column.flatten()
        queue += [(f"{path}.{column.type.field(at).name}", part, depth + 1) for at, part in enumerate(parts)]


def as_texts(column: pa.Array) -> pa.Array:
    """Apply `json_records.text_of` to each value; booleans as `true` and `false`.

    Raises Unusual for values without such a text."""
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
    """Convert a column of lists to lists of texts; of objects, the texts of these keys, joined.

    Joined with `sources.SEPARATOR`. Raises Unusual for other items."""
    inner, items = column.type.value_type, column.values
    if column.offset:
        raise Unusual
    if pa.types.is_struct(inner) and item is not None:
        texts = [
            as_texts(pc.struct_field(items, key)) if inner.get_field_index(key) >= 0 else none_of(len(items))
            for key in item
        ]
        joined = pc.binary_join_element_wise(*(pc.fill_null(text, "") for text in texts), SEPARATOR)
    elif item is None or pa.types.is_null(inner):
        joined = as_texts(items)
    else:
        raise Unusual
    return pa.ListArray.from_arrays(
        column.offsets, joined, mask=column.is_null() if column.null_count else None
    )
