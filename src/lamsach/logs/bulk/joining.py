"""Putting together what was read of groups of lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.base import LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.events.records import KEYS
from lamsach.logs.events.tables import columns_of, schema, table_of

if TYPE_CHECKING:
    import pyarrow as pa

_ADDED = frozenset({"format", "file", "line"})


def in_order(
    parts: Sequence[tuple[Sequence[int], Mapping[str, pa.Array]]],
    alone: Sequence[int],
    lines: Sequence[bytes],
    log_format: LogFormat,
) -> dict[str, pa.Array]:
    """The columns of a piece in the order of its lines: of groups, by the numbers (from 0) of their lines, and of lines that are read one by one. `line` holds
    these numbers, for a line may tell of no event."""
    import numpy as np
    import pyarrow as pa

    layout = schema()
    keys = [key for key in KEYS if key not in _ADDED]
    if not parts:
        raise Unusual  # nothing is gained
    tables = [table_of(columns, len(rows)) for rows, columns in parts]
    order = [at for rows, _ in parts for at in rows]
    events = [(at, log_format.parse(lines[at].decode(), at)) for at in alone]
    told = [(at, event) for at, event in events if event is not None]
    if told:
        tables.append(table_of(columns_of([event for _, event in told]), len(told)))
        order += [at for at, _ in told]
    whole = pa.Table.from_batches(tables, layout).combine_chunks()
    numbers = np.array(order)
    places = np.argsort(numbers, kind="stable")
    columns = {key: whole.column(key).combine_chunks().take(pa.array(places)) for key in keys}
    return columns | {"line": pa.array(numbers[places], pa.int64())}
