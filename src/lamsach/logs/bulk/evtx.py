"""Windows event logs as tables. Most events of a log tell the same of a contact, which is nothing but the machine and the account: what has been made of the
same values before is not made again, only time, number and ports are the record's own (`lamsach.logs.binary.evtx.events`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lamsach.errors import InputError
from lamsach.logs.binary.evtx.chunks import BATCH_CHUNKS, ChunkReader
from lamsach.logs.binary.evtx.records import CHANNEL, EVENT_DATA, TIME, marks_of
from lamsach.logs.formats.windows.evtx import Evtx
from lamsach.model import Event, Reference, Refusal

if TYPE_CHECKING:
    import pyarrow as pa

    from lamsach.logs.binary.evtx.rows import Records

Key = tuple[str, ...]
_BATCH_CHUNKS, _READ_BYTES = BATCH_CHUNKS, 1 << 20
_TABLE_ROWS = 8192
_HEADS_KEPT = 4096
_TIME_CHARACTERS = 27
_REFUSED = -1
_UNSEEN: tuple[str, ...] = ("",)


class EvtxTables:
    """Reads one file. What is refused goes to `on_refusal`."""

    def __init__(self, log_format: Evtx, on_refusal: Callable[[Refusal], None]) -> None:
        from lamsach.logs.binary.evtx.events import EventMaker

        self.records = 0
        self.refused = 0
        self._format = log_format
        self._on_refusal = on_refusal
        self._maker = EventMaker(log_format.event)
        self._texts = _Texts(log_format, self._maker.events)
        self._parts: list[Records] = []
        self._rows = 0
        self._refusals: dict[int, Refusal] = {}

    def read(self, readinto: Callable[[memoryview], int]) -> Iterator[pa.RecordBatch]:
        """The events in the file's order. Raises what `Evtx.read` raises, after all that could be read."""
        reader = ChunkReader(readinto, _BATCH_CHUNKS, _READ_BYTES)
        try:
            for batch in reader.batches():
                self._take(batch)
                if self._rows >= _TABLE_ROWS:
                    yield self._table()
        except InputError:
            if self._rows:
                yield self._table()
            raise
        if self._rows:
            yield self._table()
        if reader.cut:
            raise self._format.cut_short()

    def _take(self, batch: memoryview) -> None:
        import numpy as np

        from lamsach.logs.binary.evtx.rows import LEFT

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

        from lamsach.logs.binary.evtx.rows import joined
        from lamsach.logs.binary.evtx.stated import table_of_records

        records = joined(self._parts)
        told = np.flatnonzero(records.codes != _REFUSED)
        if len(told) < len(records.codes):
            records = records.some(told)
        made = table_of_records(records, told + self.records + 1, self._maker.events)
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


def _stamps(texts: Sequence[str | None]) -> tuple[Any, Sequence[int]]:
    """The times of the texts as microseconds since 1970, and where one is impossible."""
    import pyarrow as pa

    from lamsach.logs.binary.evtx.rows import ABSENT

    kind = pa.timestamp("us", "UTC")
    wrong: list[int] = []
    try:
        made = pa.array(texts, pa.string()).cast(kind)
    except pa.ArrowInvalid:
        wrong = [at for at, text in enumerate(texts) if text is not None and not _is_time(text)]
        apart = set(wrong)
        usable = [None if at in apart else text for at, text in enumerate(texts)]
        made = pa.array(usable, pa.string()).cast(kind)
    return made.cast(pa.int64()).fill_null(ABSENT).to_numpy(zero_copy_only=False), wrong


def _is_time(text: str) -> bool:
    import pyarrow as pa

    try:
        pa.array([text]).cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return False
    return True
