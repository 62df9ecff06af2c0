"""Columnar reader of prose messages of any product that states where they begin.

Lines are grouped by the characters between their values. The format is run on a whole line with stand-ins,
once per wording and combination of value classes (`templates.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.columns import check_distinct
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.headers import HeaderValues, read_headers
from lamsach.logs.bulk.reader import GroupReader
from lamsach.logs.bulk.rows import Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.bulk.text_buffers import HEX_DIGITS, Unusual, consists_of, slices
from lamsach.logs.mappings.records import Fields, Header, Records, Sentences
from lamsach.logs.opening.lines import Text
from lamsach.logs.opening.marks import Numbers, Truths
from lamsach.model import Event

_MOST = 150
_MAC_COLONS, _MAC_STEP = 5, 3
_WORD = 8
_MULTIPLIER = 0x9E37_79B9_7F4A_7C15


class Tokens:
    """The values of lines from an offset on, split at separators; colons in a MAC address do not separate."""

    def __init__(self, block: Lines, starts: Numbers, separators: str) -> None:
        self._data = block.data
        self._letters = np.frombuffer(self._data, np.uint8)
        self._begins, self._starts, self._ends = (
            block.begins,
            block.begins + np.maximum(starts, 0),
            block.ends,
        )
        table = bytes(letter if letter in separators.encode() else 0 for letter in range(256))
        positions = np.flatnonzero(np.frombuffer(self._data.translate(table), np.bool_))
        self._places = _without_macs(positions, self._letters) if ":" in separators else positions
        self._first = np.searchsorted(self._places, self._starts)
        self._count = np.searchsorted(self._places, self._ends) - self._first

    @property
    def few(self) -> Truths:
        """Return whether each line has no more than the limit of values."""
        few: Truths = self._count < _MOST
        return few

    @property
    def signature(self) -> Numbers:
        """Return a number per line, equal for lines with the same separators in order."""
        total = int(self._count.sum())
        before = np.cumsum(self._count) - self._count
        within = np.arange(total) - np.repeat(before, self._count)
        at = within + np.repeat(self._first, self._count)
        codes = self._letters[self._places[at]].astype(np.uint64) * _powers()[np.minimum(within, _MOST)]
        sums = np.concatenate(([np.uint64(0)], np.cumsum(codes)))
        found: Numbers = (sums[before + self._count] - sums[before]).view(np.int64) * 251 + self._count
        return found

    @cached_property
    def _bounds(self) -> tuple[Numbers, Numbers]:
        """Return the start and end of each line's values.

        Raises Unusual when the lines' separators differ."""
        if (self._count != self._count[0]).any():
            raise Unusual
        positions = self._places[self._first[:, None] + np.arange(int(self._count[0]))]
        letters = self._letters[positions]
        if (letters != letters[0]).any():
            raise Unusual
        begins = np.concatenate((self._starts[:, None], positions + 1), axis=1)
        return begins, np.concatenate((positions, self._ends[:, None]), axis=1)

    @property
    def marks(self) -> str:
        """The separators, in order."""
        _, ends = self._bounds
        return bytes(self._letters[ends[0, :-1]]).decode()

    @property
    def sample(self) -> bytes:
        """The first line from its offset on."""
        return self._data[self._starts[0] : self._ends[0]]

    def spans(self) -> list[tuple[int, int]]:
        """Return the positions of the values in `sample`."""
        begins, ends = (bound[0] - self._starts[0] for bound in self._bounds)
        return list(zip(begins.tolist(), ends.tolist(), strict=True))

    def texts(self) -> list[str]:
        """Return the values of the first line."""
        return [self.sample[begin:end].decode() for begin, end in self.spans()]

    def varied(self) -> list[int]:
        """Return the numbers of the values that differ between lines; long ones always count."""
        begins, ends = self._bounds
        sizes = ends - begins
        same = (sizes == sizes[0]).all(axis=0) & (sizes[0] <= 2 * _WORD)
        candidates = np.flatnonzero(same)
        eight = np.ndarray((len(self._data) + 1,), ">u8", self._data + bytes(_WORD), strides=(1,))
        size = sizes[0, candidates]
        shift = (np.maximum(_WORD - size, 0) * 8).astype(np.uint64)
        head = np.where(
            size == 0, np.uint64(0), eight[begins[:, candidates]].astype(np.uint64) >> np.minimum(shift, 63)
        )
        tail = np.where(size > _WORD, eight[np.maximum(ends[:, candidates] - _WORD, 0)], np.uint64(0))
        alike = ((head == head[0]) & (tail == tail[0])).all(axis=0)
        same[candidates[~alike]] = False
        return np.flatnonzero(~same).tolist()

    def column(self, at: int) -> pa.Array:
        """Return the values with this number."""
        begins, ends = self._bounds
        return self._between(begins[:, at], ends[:, at])

    def before(self) -> pa.Array:
        """Return the text before each line's offset."""
        return self._between(self._begins, self._starts)

    def first_before(self) -> bytes:
        """Return the text before the first line's offset."""
        return self._data[self._begins[0] : self._starts[0]]

    def _between(self, begins: Numbers, ends: Numbers) -> pa.Array:
        return slices(pa.py_buffer(self._data), begins, ends)


def _powers() -> Any:
    return np.cumprod(np.full(_MOST + 1, _MULTIPLIER, np.uint64))


def _without_macs(places: Numbers, letters: Any) -> Numbers:
    """Remove the offsets of five colons that are three bytes apart."""
    colon = letters[places] == ord(":")
    step = (np.diff(places) == _MAC_STEP) & colon[1:] & colon[:-1]
    if not step.any():
        return places
    run = _MAC_COLONS - 1
    padded = np.concatenate((step, np.zeros(run, np.bool_)))
    starts = step.copy()
    for at in range(1, run):
        starts &= padded[at : at + len(step)]
    within = np.zeros(len(places) + run, np.bool_)
    for at in range(run + 1):
        within[at : at + len(starts)] |= starts
    return places[~within[: len(places)]]


_LONGEST_HEADER, _LONGEST = 200, 500
_WORDINGS_KEPT = 1000
_HEADER_CACHE_SIZE = 1024
_NUMBER, _LONGEST_NUMBER = HEX_DIGITS + b"x.:", 24


class SentenceReader(GroupReader):
    """Lines whose message begins with one of the format's marks."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        assert log_format.records is not None
        assert log_format.records.sentences is not None
        self._stated = log_format.records.sentences
        self._known: dict[tuple[Any, ...], tuple[_Wording, Templates]] = {}

    def _starts(self, block: Lines) -> Numbers:
        """Return the offset of each line's message; -1 without one."""
        starts = np.full(len(block.ends), _LONGEST)
        for mark in self._stated.marks:
            position = block.place(mark)
            starts = np.where((position >= 0) & (position < starts), position, starts)
        return np.where(starts < _LONGEST, starts, -1)

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """Group by the characters between the values."""
        block = Lines(lines)
        starts = self._starts(block)
        usual = (starts >= 0) & (starts <= _LONGEST_HEADER) & (block.ends - block.begins < _LONGEST)
        usual &= ~block.has(*self._stated.rare)
        if self.log_format.multiline:
            usual &= ~np.isin(block.letters_at(0, 1), [*b" \t}"])  # continues the previous record
        tokens = Tokens(block, starts, self._stated.parting)
        return groups_of((tokens.signature,), usual & tokens.few)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`: the first value, and the words around values of a stated kind."""
        matches = (match for part in self._expressions for match in part.finditer(line))
        begins = [line.find(mark.encode()) for mark in self._stated.marks if mark.encode() in line]
        first = re.split(
            f"[{re.escape(self._stated.parting)}]".encode(), line[min(begins, default=0) :], maxsplit=1
        )
        return first[0], *(_without_groups(match) for match in matches)

    @property
    def _expressions(self) -> list[re.Pattern[bytes]]:
        return [re.compile(pattern) for pattern in (self._stated.idle, self._stated.names) if pattern]

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        block = Lines(Text(data))
        starts = self._starts(block)
        if len(starts) != count or (starts < 0).any():
            raise Unusual
        tokens = Tokens(block, starts, self._stated.parting)
        if self._stated.first:
            check_distinct(tokens.column(0), self._stated.first)
        wording, templates = self._wording(tokens)
        for at in wording.idle:
            if not consists_of(tokens.column(at), _NUMBER, 1, _LONGEST_NUMBER):
                raise Unusual
        times, hosts = read_headers(tokens.before(), wording.read_header)
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
    """A message's constant words and the numbers of its variable values, as a `RecordFormat`."""

    head: tuple[str, datetime | None, str | None] = ("", None, None)
    """A header with the time and host that it states."""

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
        self.read_header = lru_cache(maxsize=_HEADER_CACHE_SIZE)(self._read_header)

    def _read_header(self, text: str) -> HeaderValues:
        """Return the time and host of a header before such a message."""
        event = self._format.parse(text + self._sample, 1)
        if event is None:
            raise Unusual
        return event.time, event.observer

    def _within(self, expression: bytes, tokens: Tokens) -> list[int]:
        """Return the values that the expression captures in the first message.

        Raises Unusual when the text around one varies between lines."""
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
        """Return the event of a line with these values.

        Raises Unusual when its time or observer is not the header's."""
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
