"""JSON objects, one a line, as columns: what the readers of several products share."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import not_empty

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_MARKS = 120
"""Arrow ends the process at lists within lists that are nested very deep: a line has fewer brackets and braces than this."""
_DEEPEST, _MOST_LEAVES = 8, 400


def is_whole(line: bytes) -> bool:
    """Whether a line may be one object, and is not nested deep. Of lines that are all so, each is one when there are as many objects as lines:
    `}` before `{` stands within no value."""
    return (
        line.startswith(b'{"') and line.endswith(b"}") and line.count(b"{") + line.count(b"[") < _MOST_MARKS
    )


def table_of_objects(data: bytes, count: int, texts: tuple[str, ...] = ()) -> pa.Table:
    """The objects of so many lines, each of which `is_whole`. `texts`: keys whose values are texts, though they look like times. Raises Unusual, pyarrow.ArrowException."""
    import pyarrow as pa
    from pyarrow import json

    kinds = pa.schema([(name, pa.string()) for name in texts])
    table = json.read_json(
        io.BytesIO(data),
        json.ReadOptions(use_threads=False, block_size=len(data) + 64),
        json.ParseOptions(explicit_schema=kinds),
    )
    if table.num_rows != count:
        raise Unusual
    return table


def leaves(table: pa.Table) -> Mapping[str, pa.Array]:
    """The values by their dotted paths; absent where what they lie in is. Keys that no object gives a value are left out. Raises Unusual."""
    found: dict[str, pa.Array] = {}
    for path, column in _walked(table):
        if path in found or len(found) >= _MOST_LEAVES:  # "a": {"b": ..} beside "a.b"
            raise Unusual
        if column.null_count < len(column):
            found[path] = column
    return found


def _walked(table: pa.Table) -> Iterator[tuple[str, pa.Array]]:
    """Level by level, as `json_records.walk` does."""
    import pyarrow as pa

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
    """`json_records.text_of` of each value, truth values as `true` and `false`. Raises Unusual for what has no such text."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind):
        return not_empty(column)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return column.cast(pa.string())
    raise Unusual
