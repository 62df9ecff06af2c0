"""Windows event logs as tables. Most events of a log tell the same of a contact, which is nothing but the machine and the account: what has been made of the
same texts before is not made again, only time and number are the record's own.

The library is given several chunks at once; a batch in which anything is damaged is read a chunk at a time by the format.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from lamsach.logs.event_tables import columns_of, table_of
from lamsach.logs.evtx_chunks import (
    CHUNK_BYTES,
    CHUNK_MAGIC,
    chunks,
    header_of,
    with_sound_tables,
)
from lamsach.logs.evtx_records import CHANNEL, EVENT_DATA, TIME, marks_of
from lamsach.logs.formats.evtx import Evtx, records
from lamsach.model import Event, Reference, Refusal

if TYPE_CHECKING:
    import pyarrow as pa

Key = tuple[str, ...]
_BATCH_CHUNKS = 32
_TABLE_ROWS = 8192
_HEADS_KEPT = 4096
_TIME_CHARACTERS = 27
_REFUSED = -1
_UNSEEN: tuple[str, ...] = ("",)


class EvtxTables:
    """Reads one file. What is refused goes to `on_refusal`."""

    def __init__(self, log_format: Evtx, on_refusal: Callable[[Refusal], None]) -> None:
        self.records = 0
        self.refused = 0
        self._format = log_format
        self._on_refusal = on_refusal
        self._marks: dict[str, tuple[str, ...] | None] = {}
        self._events: list[Event] = []
        self._known: dict[Key, int] = {}
        self._refusals: dict[int, Refusal] = {}
        self._rows: list[int] = []
        self._times: list[str | None] = []

    def read(self, stream: BinaryIO) -> Iterator[pa.RecordBatch]:
        """The events in the file's order. Raises what `Evtx.read` raises, after all that could be read."""
        cut = False
        for batch in _batches(stream):
            cut = len(batch[-1]) < CHUNK_BYTES
            if len(batch) == 1 or not self._take_whole(batch):
                for chunk in batch:
                    self._take(records(chunk.ljust(CHUNK_BYTES, b"\0")))
            if len(self._rows) >= _TABLE_ROWS:
                yield self._table()
        if self._rows:
            yield self._table()
        if cut:
            raise self._format.cut_short()

    def _take_whole(self, batch: Sequence[bytes]) -> bool:
        """Take the records of several chunks at once; nothing, and false, when there is damage in them."""
        rows, events, known = len(self._rows), len(self._events), len(self._known)
        try:
            self._take(_whole(batch))
        except BaseException as error:  # the library's panics are no Exception
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
        else:
            return True
        del self._rows[rows:], self._times[rows:], self._events[events:]
        self._known = dict(islice(self._known.items(), known))
        self._refusals = {at: refusal for at, refusal in self._refusals.items() if at < rows}
        return False

    def _take(self, texts: Iterable[str | None]) -> None:
        """Take records: the row of what has been made of the same texts before, or a new one."""
        known, events, row_of, time_of = self._known, self._events, self._rows.append, self._times.append
        marks_at, first, time_bytes, text_bytes = (
            self._marks.get,
            self.records + 1,
            len(TIME),
            len(EVENT_DATA),
        )
        for text in texts:
            key, time = None, None
            if text is not None and (place := text.find(TIME)) >= 0:
                head, place = text[:place], place + time_bytes
                stop = place + _TIME_CHARACTERS
                marks = marks_at(head, _UNSEEN)
                if marks is _UNSEEN:
                    marks = self._marks_of(head)
                data = text.find(EVENT_DATA, stop)
                channel = text.find(CHANNEL, stop, data)
                if marks is not None and channel > 0 and text[stop] == '"' and text[data + text_bytes] == "{":
                    key = _key(text, head, text[channel:data], data, marks)
            row = known.get(key) if key is not None else None
            if row is None or text is None:
                item = self._format.item(text, first + len(self._rows))
                if isinstance(item, Refusal):
                    self._refusals[len(self._rows)] = item
                    row, key = _REFUSED, None
                else:
                    row = len(events)
                    events.append(item)
                    if key is not None:
                        known[key] = row
            elif key is not None:
                time = text[place:stop]
            row_of(row)
            time_of(time)

    def _marks_of(self, head: str) -> tuple[str, ...] | None:
        if len(self._marks) >= _HEADS_KEPT:
            self._marks.clear()
        self._marks[head] = marks_of(head)
        return self._marks[head]

    def _table(self) -> pa.RecordBatch:
        """What was taken so far."""
        import numpy as np
        import pyarrow as pa

        distinct = table_of(columns_of(self._events), len(self._events)) if self._events else _nothing()
        rows = np.array(self._rows)
        stamps, impossible = _stamps(self._times)
        for at in impossible:
            place = Reference(self._format.context.file, row=self.records + 1 + at)
            self._refusals[at] = Refusal(place, self._times[at] or "", "The date or time is impossible.")
            rows[at] = _REFUSED
        numbers = np.arange(self.records + 1, self.records + 1 + len(rows))
        told = np.flatnonzero(rows != _REFUSED)
        for at in sorted(self._refusals):
            self._on_refusal(self._refusals[at])
        self.records += len(rows)
        self.refused += len(self._refusals)
        made = distinct.take(pa.array(rows[told]))
        made = _with(made, "time", _moments(stamps.take(pa.array(told)), made.column("time")))
        self._events, self._known, self._refusals, self._rows, self._times = [], {}, {}, [], []
        return _with(made, "line", pa.array(numbers[told]))


def _key(text: str, head: str, tail: str, data: int, marks: tuple[str, ...]) -> Key | None:
    """The parts of a record that its event is made of, but for the time; None when that is not told at once."""
    parts = [head, tail]
    for mark in marks:
        start = text.find(mark, data)
        if start < 0:
            parts.append("")
            continue
        start += len(mark)
        end = text.find('"', start + 1) if text[start] == '"' else text.find(",", start)
        value = text[start:end]
        if end < 0 or "\\" in value or value[0] in "{[":
            return None
        parts.append(value)
    return tuple(parts)


def _with(table: pa.RecordBatch, name: str, column: pa.Array) -> pa.RecordBatch:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(place), column)


def _nothing() -> pa.RecordBatch:
    return table_of({}, 0)


def _batches(stream: BinaryIO) -> Iterator[list[bytes]]:
    """The file's chunks: several whole ones, or one that is not whole."""
    batch: list[bytes] = []
    for chunk in chunks(stream):
        if len(chunk) < CHUNK_BYTES or not chunk.startswith(CHUNK_MAGIC):
            if batch:
                yield batch
            yield [chunk]
            batch = []
            continue
        batch.append(chunk)
        if len(batch) == _BATCH_CHUNKS:
            yield batch
            batch = []
    if batch:
        yield batch


def _whole(batch: Sequence[bytes]) -> Iterator[str]:
    """The JSON of the records of several chunks. Raises what the library raises for damage."""
    from evtx import PyEvtxParser

    data = b"".join([header_of(len(batch)), *map(with_sound_tables, batch)])
    found: Iterable[Any] = PyEvtxParser(io.BytesIO(data), number_of_threads=1).records_json()
    return (record["data"] for record in found)


def _moments(stamps: pa.Array, stated: pa.Array) -> pa.Array:
    """The times as the event log writes them; where one is absent the time that the event states."""
    import pyarrow.compute as pc

    return pc.coalesce(stamps, stated)


def _stamps(texts: Sequence[str | None]) -> tuple[pa.Array, Sequence[int]]:
    """The times of the texts, and where one is impossible."""
    import pyarrow as pa

    kind = pa.timestamp("us", "UTC")
    try:
        return pa.array(texts, pa.string()).cast(kind), ()
    except pa.ArrowInvalid:
        wrong = [at for at, text in enumerate(texts) if text is not None and not _is_time(text)]
        apart = set(wrong)
        usable = [None if at in apart else text for at, text in enumerate(texts)]
        return pa.array(usable, pa.string()).cast(kind), wrong


def _is_time(text: str) -> bool:
    import pyarrow as pa

    try:
        pa.array([text]).cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return False
    return True
