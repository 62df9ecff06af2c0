"""Windows event logs as tables: of the sources whose events are read by their numbers alone, records with the same number and data are read at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

from lamsach.errors import InputError, LineError
from lamsach.logs.binary.evtx.records import quick_record
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.windows_rows import Records, connections, distinct_events
from lamsach.logs.events.tables import columns_of, in_line_order, table_of
from lamsach.logs.formats.windows.evtx import Evtx
from lamsach.logs.mappings.windows.events import is_read_by_number
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.model import Event, Refusal

if TYPE_CHECKING:
    import pyarrow as pa

_TABLE_ROWS = 8192
_FEW_ROWS = 16
"""So many records are sooner read one by one."""


class EvtxTables:
    """Reads one file. `records` and `refused` count what was read; refusals go to `on_refusal`."""

    def __init__(self, log_format: Evtx, on_refusal: Callable[[Refusal], None]) -> None:
        self.records = 0
        self.refused = 0
        self._format = log_format
        self._times = LooseTimes(log_format.context)
        self._on_refusal = on_refusal

    def read(self, stream: BinaryIO) -> Iterator[pa.RecordBatch]:
        """The events in the file's order. Raises what `Evtx.read` raises, after all that could be read."""
        held: list[str | None] = []
        try:
            for texts in self._format.texts(stream):
                held += texts
                if len(held) >= _TABLE_ROWS:
                    yield self._table(held)
                    held = []
        except InputError:
            if held:
                yield self._table(held)
            raise
        if held:
            yield self._table(held)

    def _table(self, texts: list[str | None]) -> pa.RecordBatch:
        first = self.records + 1
        self.records += len(texts)
        alone, groups = _grouped(texts)
        tables: list[pa.RecordBatch] = []
        for group in groups:
            table = self._at_once(group, first) if len(group.rows) > _FEW_ROWS else None
            if table is None:
                alone += group.rows
            else:
                tables.append(table)
        events: list[Event] = []
        for at in sorted(alone):
            item = self._format.item(texts[at], first + at)
            if isinstance(item, Event):
                events.append(item)
            else:
                self.refused += 1
                self._on_refusal(item)
        return in_line_order([*tables, table_of(columns_of(events) if events else {}, len(events))])

    def _at_once(self, group: _Group, first: int) -> pa.RecordBatch | None:
        """The events of these records; None when one of them is unusual."""
        import pyarrow as pa

        count, record, context = len(group.rows), group.record, self._format.context
        data = dict(
            zip(record.data, (pa.array(column, pa.string()) for column in group.columns), strict=True)
        )
        computers = pa.array(group.computers, pa.string())
        made = Records(record.event_id, record.provider, record.channel, count, computers, data)
        try:
            times = pa.array(group.times, pa.string()).cast(pa.timestamp("us", "UTC"))
            columns = connections(made) or distinct_events(made, context, self._times)
        except (Unusual, LineError, ValueError, pa.ArrowException):
            return None
        line = pa.array([first + at for at in group.rows], pa.int64())
        repeated = {
            name: pa.repeat(text, count) for name, text in (("format", Evtx.name), ("file", context.file))
        }
        return table_of({**columns, **repeated, "time": times, "line": line}, count)


class _Group:
    """Records with the same number, source and names of data: that of the first, and the values of all in columns. `rows`: their places (from 0)."""

    def __init__(self, record: WindowsRecord) -> None:
        self.record = record
        self.rows: list[int] = []
        self.times: list[str | None] = []
        self.computers: list[str | None] = []
        self.columns: list[list[str]] = [[] for _ in record.data]


def _grouped(texts: Sequence[str | None]) -> tuple[list[int], list[_Group]]:
    """The places of the records that are read one by one, and the others in groups."""
    alone: list[int] = []
    groups: dict[object, _Group] = {}
    by_number: dict[str, bool] = {}
    for at, text in enumerate(texts):
        record = quick_record(text) if text else None
        if record is None:
            alone.append(at)
            continue
        provider, data = record.provider, record.data
        if provider not in by_number:
            by_number[provider] = is_read_by_number(provider)
        if not by_number[provider]:
            alone.append(at)
            continue
        key = record.event_id, provider, record.channel, data.get("initiated"), *data
        group = groups.get(key)
        if group is None:
            group = groups[key] = _Group(record)
        group.rows.append(at)
        group.times.append(record.time)
        group.computers.append(record.computer)
        for column, value in zip(group.columns, data.values(), strict=True):
            column.append(value)
    return alone, list(groups.values())
