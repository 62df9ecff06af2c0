"""Windows event logs as tables. Most events of a log tell the same of a contact, which is nothing but the machine and the account: what has been made of the
same values before is not made again, only time, number and ports are the record's own (`lamsach.logs.evtx_events`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from lamsach.logs.bulk.evtx_texts import ABSENT, REFUSED, Texts
from lamsach.logs.event_records import HASH_KEYS
from lamsach.logs.event_tables import columns_of, table_of
from lamsach.logs.evtx_chunks import CHUNK_BYTES, batches
from lamsach.logs.formats.evtx import Evtx
from lamsach.model import Refusal

if TYPE_CHECKING:
    import pyarrow as pa

    from lamsach.logs.evtx_rows import Records

_BATCH_CHUNKS = 128
_TABLE_ROWS = 8192


class EvtxTables:
    """Reads one file. What is refused goes to `on_refusal`."""

    def __init__(self, log_format: Evtx, on_refusal: Callable[[Refusal], None]) -> None:
        from lamsach.logs.evtx_events import EventMaker

        self.records = 0
        self.refused = 0
        self._format = log_format
        self._on_refusal = on_refusal
        self._maker = EventMaker(log_format.event)
        self._texts = Texts(log_format, self._maker.events)
        self._parts: list[Records] = []
        self._rows = 0
        self._refusals: dict[int, Refusal] = {}

    def read(self, stream: BinaryIO) -> Iterator[pa.RecordBatch]:
        """The events in the file's order. Raises what `Evtx.read` raises, after all that could be read."""
        cut = False
        for batch in batches(stream, _BATCH_CHUNKS):
            cut = len(batch[-1]) < CHUNK_BYTES
            self._take([chunk.ljust(CHUNK_BYTES, b"\0") for chunk in batch])
            if self._rows >= _TABLE_ROWS:
                yield self._table()
        if self._rows:
            yield self._table()
        if cut:
            raise self._format.cut_short()

    def _take(self, batch: Sequence[bytes]) -> None:
        import numpy as np

        from lamsach.logs.evtx_rows import LEFT

        records, texts = self._maker.read(batch)
        if texts:
            left = np.flatnonzero(records.codes == LEFT)
            numbers = left + self.records + self._rows + 1
            codes, times, refusals = self._texts.take(texts, numbers.tolist())
            records.codes[left] = codes
            records.times[left] = times
            self._refusals |= {refusal.reference.row or 0: refusal for refusal in refusals}
        self._parts.append(records)
        self._rows += len(records.codes)

    def _table(self) -> pa.RecordBatch:
        """What was taken so far."""
        import numpy as np
        import pyarrow as pa

        from lamsach.logs.evtx_places import numbered
        from lamsach.logs.evtx_rows import joined

        records = joined(self._parts)
        told = np.flatnonzero(records.codes != REFUSED)
        if len(told) < len(records.codes):
            records = records.some(told)
        used, which = numbered(records.codes, len(self._maker.events))
        events = [self._maker.events[code] for code in used.tolist()]
        stated = _Stated(table_of(columns_of(events) if events else {}, len(events)), which)
        own = {"line": pa.array(told + self.records + 1), "time": _times(records.times, stated)}
        own["source_port"] = _ports(records.source_ports, stated, "source_port")
        own["destination_port"] = _ports(records.destination_ports, stated, "destination_port")
        if records.parts.any():
            own |= _parts(records, stated)
        if (records.orders >= 0).any():
            own |= _digests(records, stated)
        made = stated.with_own(own)
        for number in sorted(self._refusals):
            self._on_refusal(self._refusals[number])
        self.records += self._rows
        self.refused += len(self._refusals)
        self._parts, self._rows, self._refusals = [], 0, {}
        self._maker.forget()
        self._texts.forget(self._maker.events)
        return made


class _Stated:
    """What the events of records state, in columns, each of which is made when it is asked for. `which`: which row of the events' table each record's is."""

    def __init__(self, events: pa.RecordBatch, which: Any) -> None:
        import pyarrow as pa

        self._events = events
        self._which = pa.array(which)

    def column(self, name: str) -> pa.Array:
        """A column, a row for each record."""
        import pyarrow as pa

        stated = self._events.column(name)
        return pa.nulls(len(self._which), stated.type) if self._nothing(name) else stated.take(self._which)

    def unless(self, own: pa.Array, is_own: Any, name: str) -> pa.Array:
        """The records' own values, and where there are none of their own, and so null, what the events state."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._nothing(name) or is_own.all():
            return own
        return pc.if_else(pa.array(is_own), own, self.column(name))

    def with_own(self, own: Mapping[str, pa.Array]) -> pa.RecordBatch:
        """The table of the records, with these columns as they are."""
        import pyarrow as pa

        layout = self._events.schema
        columns = [own[name] if name in own else self.column(name) for name in layout.names]
        return pa.RecordBatch.from_arrays(columns, schema=layout)

    def _nothing(self, name: str) -> bool:
        stated = self._events.column(name)
        return bool(stated.null_count == len(stated))


def _parts(records: Records, stated: _Stated) -> dict[str, pa.Array]:
    """The fields of which records have parts."""
    import numpy as np

    from lamsach.logs.evtx_parts import TELLS

    made = {}
    for name in records.own.schema.names:
        told = np.isin(records.parts, [kind for kind, names in TELLS.items() if name in names])
        if told.any():
            made[name] = stated.unless(records.own.column(name), told, name)
    return made


def _times(times: Any, stated: _Stated) -> pa.Array:
    """The records' own times; where one is absent the time that the event states."""
    import pyarrow as pa

    absent = times == ABSENT
    own = pa.array(times, mask=absent).cast(pa.timestamp("us", "UTC"))
    return stated.unless(own, ~absent, "time")


def _ports(ports: Any, stated: _Stated, name: str) -> pa.Array:
    """The records' own ports; where there is none of its own the event's."""
    import pyarrow as pa

    carried = ports >= 0
    if not carried.any():
        return stated.column(name)
    return stated.unless(pa.array(ports, pa.int32(), mask=ports <= 0), carried, name)


def _digests(records: Records, stated: _Stated) -> dict[str, pa.Array]:
    """The digests by the names of their columns: the records' own, and where these are not its own the event's."""
    from lamsach.logs.evtx_digests import PLACES

    own = records.orders >= 0
    return {
        name: stated.unless(_texts_of(records.digests[:, PLACES[length]]), own, name)
        for length, name in HASH_KEYS.items()
    }


def _texts_of(digits: Any) -> pa.Array:
    """Rows of characters as texts, null where NUL stands."""
    import numpy as np
    import pyarrow as pa

    there = digits[:, 0] != 0
    offsets = np.zeros(len(there) + 1, np.int32)
    np.cumsum(there, out=offsets[1:])
    offsets *= digits.shape[1]
    buffers = [np.packbits(there, bitorder="little"), offsets, digits[there]]
    return pa.Array.from_buffers(pa.string(), len(there), list(map(pa.py_buffer, buffers)))
