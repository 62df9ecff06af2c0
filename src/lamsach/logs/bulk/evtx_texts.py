"""The records of an event log that the library gives as texts: what was made of the same values before is not made again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamsach.logs.evtx_records import CHANNEL, EVENT_DATA, TIME, marks_of
from lamsach.logs.formats.evtx import Evtx
from lamsach.model import Event, Reference, Refusal

Key = tuple[str, ...]
_HEADS_KEPT = 4096
_TIME_CHARACTERS = 27
REFUSED = -1
"""In place of the number of an event: the record is refused."""
ABSENT = -(1 << 63)
"""In place of a time: the event states its own, or none."""
_UNSEEN: tuple[str, ...] = ("",)


class Texts:
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
            codes[at] = REFUSED
        return codes, stamps, refusals

    def _new(self, text: str | None, number: int, key: Key | None, refusals: list[Refusal]) -> int:
        item = self._format.item(text, number)
        if isinstance(item, Refusal):
            refusals.append(item)
            return REFUSED
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
