"""Windows event logs as tables. Most events of a log tell the same of a contact, which is nothing but the machine and the account: what has been made of the
same values before is not made again, only time, number and ports are the record's own (`lamsach.logs.evtx_events`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from lamsach.logs.event_records import HASH_KEYS
from lamsach.logs.event_tables import columns_of, table_of
from lamsach.logs.evtx_chunks import CHUNK_BYTES, batches
from lamsach.logs.evtx_records import CHANNEL, EVENT_DATA, TIME, marks_of
from lamsach.logs.formats.evtx import Evtx
from lamsach.model import Event, Reference, Refusal

if TYPE_CHECKING:
    import pyarrow as pa

    from lamsach.logs.evtx_rows import Records

Key = tuple[str, ...]
_BATCH_CHUNKS = 128
_TABLE_ROWS = 8192
_HEADS_KEPT = 4096
_TIME_CHARACTERS = 27
_REFUSED = -1
_ABSENT = -(1 << 63)
"""In place of a time: the event states its own, or none."""
_UNSEEN: tuple[str, ...] = ("",)


class EvtxTables:
    """Reads one file. What is refused goes to `on_refusal`."""

    def __init__(self, log_format: Evtx, on_refusal: Callable[[Refusal], None]) -> None:
        from lamsach.logs.evtx_events import EventMaker

        self.records = 0
        self.refused = 0
        self._format = log_format
        self._on_refusal = on_refusal
        self._maker = EventMaker(log_format.event)
        self._texts = _Texts(log_format, self._maker.events)
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

        from lamsach.logs.evtx_digests import PLACES
        from lamsach.logs.evtx_places import numbered
        from lamsach.logs.evtx_rows import joined

        records = joined(self._parts)
        told = np.flatnonzero(records.codes != _REFUSED)
        used, which = numbered(records.codes[told], len(self._maker.events))
        events = [self._maker.events[code] for code in used.tolist()]
        made = (table_of(columns_of(events), len(events)) if events else _nothing()).take(pa.array(which))
        made = _with(made, "line", pa.array(told + self.records + 1))
        made = _with(made, "time", _times(records.times[told], made.column("time")))
        for name, ports in (
            ("source_port", records.source_ports),
            ("destination_port", records.destination_ports),
        ):
            made = _with(made, name, _ports(ports[told], made.column(name)))
        if records.parts.any():
            own_values = records.own if len(told) == len(records.codes) else records.own.take(pa.array(told))
            made = _with_parts(made, records.parts[told], own_values)
        own = records.orders[told] >= 0
        if own.any():
            digests = records.digests if len(told) == len(records.codes) else records.digests[told]
            for length, name in HASH_KEYS.items():
                made = _with(made, name, _digests(digests[:, PLACES[length]], own, made.column(name)))
        for number in sorted(self._refusals):
            self._on_refusal(self._refusals[number])
        self.records += self._rows
        self.refused += len(self._refusals)
        self._parts, self._rows, self._refusals = [], 0, {}
        self._maker.forget()
        self._texts.forget(self._maker.events)
        return made


class _Texts:
    """Makes the events of records that the library gave as texts, and adds them to those of the file."""

    def __init__(self, log_format: Evtx, events: list[Event]) -> None:
        self._format = log_format
        self._events = events
        self._marks: dict[str, tuple[str, ...] | None] = {}
        self._known: dict[Key, int] = {}

    def forget(self, events: list[Event]) -> None:
        """Go on with other events, when what was made before has been forgotten."""
        if events is not self._events:
            self._events, self._known = events, {}

    def take(
        self, texts: Sequence[str | None], numbers: Sequence[int]
    ) -> tuple[list[int], Any, list[Refusal]]:
        """For records with these texts and numbers: which event each is, its time if the text has one, and what is refused."""
        codes: list[int] = []
        times: list[str | None] = []
        refusals: list[Refusal] = []
        for text, number in zip(texts, numbers, strict=True):
            key, time = self._key(text) if text is not None else (None, None)
            code = self._known.get(key) if key is not None else None
            if code is None:
                time = None
                code = self._new(text, number, key, refusals)
            codes.append(code)
            times.append(time)
        stamps, impossible = _stamps(times)
        for at in impossible:
            place = Reference(self._format.context.file, row=numbers[at])
            refusals.append(Refusal(place, times[at] or "", "The date or time is impossible."))
            codes[at] = _REFUSED
        return codes, stamps, refusals

    def _new(self, text: str | None, number: int, key: Key | None, refusals: list[Refusal]) -> int:
        item = self._format.item(text, number)
        if isinstance(item, Refusal):
            refusals.append(item)
            return _REFUSED
        self._events.append(item)
        code = len(self._events) - 1
        if key is not None:
            self._known[key] = code
        return code

    def _key(self, text: str) -> tuple[Key | None, str | None]:
        """What the text's event is known by, and its time; None when that is not told at once."""
        place = text.find(TIME)
        if place < 0:
            return None, None
        head, place = text[:place], place + len(TIME)
        stop = place + _TIME_CHARACTERS
        marks = self._marks.get(head, _UNSEEN)
        if marks is _UNSEEN:
            marks = self._marks_of(head)
        data = text.find(EVENT_DATA, stop)
        channel = text.find(CHANNEL, stop, data)
        if marks is None or channel <= 0 or text[stop] != '"' or text[data + len(EVENT_DATA)] != "{":
            return None, None
        return _key(text, head, text[channel:data], data, marks), text[place:stop]

    def _marks_of(self, head: str) -> tuple[str, ...] | None:
        if len(self._marks) >= _HEADS_KEPT:
            self._marks.clear()
        self._marks[head] = marks_of(head)
        return self._marks[head]


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


def _with_parts(table: pa.RecordBatch, parts: Any, own: pa.RecordBatch) -> pa.RecordBatch:
    """The table, with the records' own values where they have parts of these kinds."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from lamsach.logs.evtx_parts import TELLS

    for name in own.schema.names:
        told = np.isin(parts, [kind for kind, names in TELLS.items() if name in names])
        if told.any():
            values = own.column(name)
            stated = table.column(name)
            table = _with(table, name, values if told.all() else pc.if_else(pa.array(told), values, stated))
    return table


def _nothing() -> pa.RecordBatch:
    return table_of({}, 0)


def _times(times: Any, stated: pa.Array) -> pa.Array:
    """The records' own times; where one is absent the time that the event states."""
    import pyarrow as pa
    import pyarrow.compute as pc

    absent = times == _ABSENT
    own = pa.array(times, mask=absent).cast(pa.timestamp("us", "UTC"))
    return pc.coalesce(own, stated) if absent.any() else own


def _ports(ports: Any, stated: pa.Array) -> pa.Array:
    """The records' own ports; where there is none of its own the event's."""
    import pyarrow as pa
    import pyarrow.compute as pc

    carried = ports >= 0
    if not carried.any():
        return stated
    own = pa.array(ports, pa.int32(), mask=ports <= 0)
    return own if carried.all() else pc.if_else(pa.array(carried), own, stated)


def _digests(digits: Any, own: Any, stated: pa.Array) -> pa.Array:
    """The digests of one length: the records' own, NUL for none, and where these are not its own the event's."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    there = digits[:, 0] != 0
    offsets = np.append(0, np.cumsum(there * digits.shape[1])).astype(np.int32)
    buffers = [np.packbits(there, bitorder="little"), offsets, digits[there].tobytes()]
    made = pa.Array.from_buffers(pa.string(), len(there), list(map(pa.py_buffer, buffers)))
    return made if own.all() else pc.if_else(pa.array(own), made, stated)


def _stamps(texts: Sequence[str | None]) -> tuple[Any, Sequence[int]]:
    """The times of the texts as microseconds since 1970, and where one is impossible."""
    import pyarrow as pa

    kind = pa.timestamp("us", "UTC")
    wrong: list[int] = []
    try:
        made = pa.array(texts, pa.string()).cast(kind)
    except pa.ArrowInvalid:
        wrong = [at for at, text in enumerate(texts) if text is not None and not _is_time(text)]
        apart = set(wrong)
        usable = [None if at in apart else text for at, text in enumerate(texts)]
        made = pa.array(usable, pa.string()).cast(kind)
    return made.cast(pa.int64()).fill_null(_ABSENT).to_numpy(zero_copy_only=False), wrong


def _is_time(text: str) -> bool:
    import pyarrow as pa

    try:
        pa.array([text]).cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return False
    return True
