"""Messages in words of any product that says where they begin. Lines are put together that have the same letters between their values, and each wording is put to
the format once for each combination of what its values are like (`templates.py`), as a whole line with stand-ins.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check_distinct
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads
from lamsach.logs.bulk.letters import HEX_DIGITS, made_of
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.bulk.text import Text
from lamsach.logs.bulk.tokens import Tokens
from lamsach.logs.mappings.records import Fields, Header, Records, Sentences
from lamsach.model import Event

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Numbers = np.ndarray[Any, np.dtype[np.int64]]

_LONGEST_HEADER, _LONGEST = 200, 500
_WORDINGS_KEPT = 1000
_HEADS_KEPT = 1024
_NUMBER, _LONGEST_NUMBER = HEX_DIGITS + b"x.:", 24


class SentenceReader(GroupReader):
    """Lines whose message begins with one of the format's marks."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        assert log_format.records is not None
        assert log_format.records.sentences is not None
        self._stated = log_format.records.sentences
        self._known: dict[tuple[Any, ...], tuple[_Wording, Templates]] = {}

    def _starts(self, told: Lines) -> Numbers:
        """Return where each line's message begins; -1 where none does."""
        import numpy as np

        starts = np.full(len(told.ends), _LONGEST)
        for mark in self._stated.marks:
            place = told.place(mark)
            starts = np.where((place >= 0) & (place < starts), place, starts)
        return np.where(starts < _LONGEST, starts, -1)

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the letters between the values."""
        import numpy as np

        told = Lines(lines)
        starts = self._starts(told)
        usual = (starts >= 0) & (starts <= _LONGEST_HEADER) & (told.ends - told.begins < _LONGEST)
        usual &= ~told.has(*self._stated.rare)
        if self.log_format.multiline:
            usual &= ~np.isin(told.letters_at(0, 1), [*b" \t}"])  # belongs to a record before it
        tokens = Tokens(told, starts, self._stated.parting)
        return groups_of((tokens.told_by,), usual & tokens.few)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`: the first value, and the words around those that are stated to be of one kind."""
        found = (match for part in self._expressions for match in part.finditer(line))
        begins = [line.find(mark.encode()) for mark in self._stated.marks if mark.encode() in line]
        first = re.split(
            f"[{re.escape(self._stated.parting)}]".encode(), line[min(begins, default=0) :], maxsplit=1
        )
        return first[0], *(_without_groups(match) for match in found)

    @property
    def _expressions(self) -> list[re.Pattern[bytes]]:
        return [re.compile(one) for one in (self._stated.idle, self._stated.names) if one]

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        told = Lines(Text(data))
        starts = self._starts(told)
        if len(starts) != count or (starts < 0).any():
            raise Unusual
        tokens = Tokens(told, starts, self._stated.parting)
        if self._stated.first:
            check_distinct(tokens.column(0), self._stated.first)
        wording, templates = self._wording(tokens)
        for at in wording.idle:
            if not made_of(tokens.column(at), _NUMBER, 1, _LONGEST_NUMBER):
                raise Unusual
        times, hosts = heads(tokens.before(), wording.read_head)
        if not {times.null_count, hosts.null_count} <= {0, count}:
            raise Unusual
        wording.head = tokens.first_before().decode(), times[0].as_py(), hosts[0].as_py()

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            return {key: tokens.column(int(key)) for key in wanted}

        row = Row(wording.keys, load, {*wording.keys}, certain=True, constant=wording.constant)
        return templates.columns(row, count, lambda: (times, hosts))

    def _wording(self, tokens: Tokens) -> tuple[_Wording, Templates]:
        wording = _Wording(self.log_format, tokens, self._stated)
        known = self._known.get(wording.key)
        if known is None:
            if len(self._known) >= _WORDINGS_KEPT:
                self._known.clear()
            known = self._known[wording.key] = wording, Templates(wording)
        return known


class _Wording:
    """A message's constant words and the numbers of its other values. It is the format of records of these (`RecordFormat`)."""

    head: tuple[str, datetime | None, str | None] = ("", None, None)
    """A header, and the time and the sender that it states."""

    def __init__(self, log_format: LogFormat, tokens: Tokens, stated: Sentences) -> None:
        self._format = log_format
        self.context = log_format.context
        self._varied = {*tokens.varied()}
        self.idle = [at for at in self._within(stated.idle, tokens) if at in self._varied]
        names = self._within(stated.names, tokens)
        self.keys = [str(at) for at in sorted(self._varied.difference(self.idle))]
        self._parts = [text if str(at) not in self.keys else None for at, text in enumerate(tokens.texts())]
        self._marks = tokens.marks
        self.constant = "".join(part for part in self._parts if part is not None)
        self.key = (
            tuple("" if at in self.idle else part for at, part in enumerate(self._parts)),
            tokens.marks,
            tuple(names),
        )
        self.records = Records(reader="", texts=frozenset(map(str, names)), sentences=stated)
        self._sample = tokens.sample.decode()
        self.read_head = lru_cache(maxsize=_HEADS_KEPT)(self._read_head)

    def _read_head(self, text: str) -> Head:
        """Return what a header states before such a message."""
        event = self._format.parse(text + self._sample, 1)
        if event is None:
            raise Unusual
        return event.time, event.observer

    def _within(self, expression: bytes, tokens: Tokens) -> list[int]:
        """The values that the expression names in the first message. Raises Unusual when what stands around one is another in some lines."""
        found: list[int] = []
        for match in re.finditer(expression, tokens.sample) if expression else ():
            spans = [span for span in match.regs[1:] if span[0] >= 0]
            for at, (begin, end) in enumerate(tokens.spans()):
                if end < match.start() or begin > match.end() or begin == end:
                    continue
                if any(first <= begin and end <= last for first, last in spans):
                    found.append(at)
                elif at in self._varied and begin < match.end() and end > match.start():
                    raise Unusual
        return found

    def record_time(self, fields: Fields) -> datetime | None:
        """Messages state no time of their own."""
        return None

    def record_event(self, fields: Fields, header: Header) -> Event | None:
        """The event of a line with these values. Raises Unusual when it does not have its time and its sender from the header."""
        parts = [fields[str(at)] if part is None else part for at, part in enumerate(self._parts)]
        message = "".join(f"{part}{mark}" for part, mark in zip(parts, [*self._marks, ""], strict=True))
        before, time, host = self.head
        event = self._format.parse(before + message, 1)
        if event is None:
            return None
        if (event.time, event.observer) != (time, host):
            raise Unusual
        return replace(event, time=header.time, observer=header.host)


def _without_groups(match: re.Match[bytes]) -> bytes:
    text, begin = bytearray(match[0]), match.start()
    for first, last in reversed(match.regs[1:]):
        if first >= 0:
            text[first - begin : last - begin] = b"\0"
    return bytes(text)
