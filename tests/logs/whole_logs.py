"""Whole logs read line by line, and as tables."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from lamsach.logs.events.tables import columns_of, schema, table_of
from lamsach.logs.reading.events import ReadCounts, read_events
from lamsach.logs.reading.tables import read_tables
from lamsach.model import Event, Refusal

from .builders import logs


def by_line(path: Path) -> tuple[pa.Table, list[Refusal], ReadCounts]:
    (log,), _ = logs(path)
    counts = ReadCounts()
    items = list(read_events(log, counts=counts))
    events = [item for item in items if isinstance(item, Event)]
    batches = [table_of(columns_of(events), len(events))] if events else []
    return (
        pa.Table.from_batches(batches, schema()),
        [item for item in items if isinstance(item, Refusal)],
        counts,
    )


def as_tables(path: Path) -> tuple[pa.Table, list[Refusal], ReadCounts]:
    (log,), _ = logs(path)
    refusals: list[Refusal] = []
    counts = ReadCounts()
    batches = list(read_tables(log, counts=counts, on_refusal=refusals.append))
    return pa.Table.from_batches(batches, schema()).combine_chunks(), refusals, counts
