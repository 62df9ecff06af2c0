"""Records whose values all stand in quotes, `key:"value"; key:"value"` or `key="value" key="value"`, with the same keys in the same order, in columns.

Records whose values all stand in quotes, of any product that says which of its values it only hands on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import cells, check, cut, lines_of, text_of, trimmed
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads, of_header
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.parts import halves
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.mappings.records import NAME
from lamsach.logs.text.syslog import split_header

if TYPE_CHECKING:
    from lamsach.logs.bulk.features import Truths


_PART = "\x02"
_MOST_KEYS = 200


@dataclass(frozen=True, slots=True)
class Quoted:
    """How records are written. `opening`: between a key and its value; `closing`: between a value and the next key; `ends`: what may stand behind the last value."""

    opening: str
    closing: str
    ends: tuple[str, ...]

    def usual(self, told: Lines) -> Truths:
        """Of lines without quotes before their record: whether every quote opens or closes a value, and all but the last value are closed as usual."""
        keys, closings = told.count(self.opening), told.count(self.closing)
        closed_too = np.zeros(len(keys), np.bool_)
        for end in self.ends:
            if end.startswith(self.closing):
                closed_too |= told.end_with(end)
        usual: Truths = closings == keys - ~closed_too  # `a:"1";b:"2"; `
        usual &= (keys > 0) & (keys < _MOST_KEYS) & (told.count('"') == 2 * keys)
        return usual & ~told.has("\\")

    def keys(self, record: str) -> tuple[str, ...]:
        """The record's keys in their order."""
        return tuple(part.partition(self.opening)[0] for part in self._body(record).split(self.closing))

    def rows(self, records: pa.Array, wanted: Collection[str]) -> dict[str, pa.Array]:
        """The values of the wanted keys. Raises Unusual when the records do not all have the keys of the first, or a wanted key stands twice."""
        first = records[0].as_py()
        keys, end = self.keys(first), next((end for end in self.ends if first.endswith(end)), None)
        if end is None or any(keys.count(key) > 1 for key in {*keys} & {*wanted}):
            raise Unusual
        check(pc.ends_with(records, end))
        bodies = text_of(cut(records, 0, -len(end))).to_pybytes()
        if _PART.encode() in bodies:
            raise Unusual
        names = [str(at) for at in range(len(keys))]
        data = bodies.replace(self.closing.encode(), _PART.encode())
        row = cells(data, names, _PART, dict.fromkeys(names, pa.string()))
        if len(row["0"]) != len(records):
            raise Unusual
        values = {}
        for name, key in zip(names, keys, strict=True):
            check(pc.starts_with(row[name], f"{key}{self.opening}"))
            if key in wanted:
                start = len(key) + len(self.opening)
                values[key] = trimmed(cut(row[name], start))
        return values

    def _body(self, record: str) -> str:
        end = next((end for end in self.ends if record.endswith(end)), "")
        return record.removesuffix(end)


_LONGEST_HEAD = 500


class QuotedRecords(GroupReader):
    """Lines whose record begins behind a mark."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        assert log_format.records is not None
        assert log_format.records.written is not None
        self._written = written = log_format.records.written
        self._quoted = Quoted(written.opening, written.closing, written.ends)
        self._templates = Templates(log_format)
        self._known: dict[tuple[str, ...], set[str]] = {}

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By how many keys the record has, and the beginning of the first and the end of the header."""
        told = Lines(lines)
        place = told.place(self._written.mark)
        usual = (place >= 0) & (place < _LONGEST_HEAD) & (told.place('"') > place) & self._quoted.usual(told)
        usual &= ~told.has("UtcTime", *self._written.signs)
        usual &= told.count('"]') <= 1  # the record ends at the first, and what follows is no value
        around = [told.letters(place + ahead, 8) for ahead in (-8, -16, len(self._written.mark))]
        return groups_of(
            (told.count(self._written.closing), told.place(self._written.opening) - place, *around), usual
        )

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return self._quoted.keys(line.decode().partition(self._written.mark)[2])

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        written = self._written
        before, records = halves(lines_of(data), written.mark)
        if written.mark.endswith("@"):
            number, records = halves(records, " ")
            check(pc.match_substring_regex(number, r"^[0-9.]{1,40}$"))
        check(pc.invert(pc.match_substring(before, '"')))
        if written.head:
            check(pc.match_substring_regex(before, written.head))
        keys = self._quoted.keys(records[0].as_py())
        names = (*keys, NAME) if written.name else keys
        name = re.search(written.name, before[0].as_py()) if written.name else None
        if written.name:
            if name is None:
                raise Unusual
            check(pc.ends_with(before, f" {name[1]} "))
            check(pc.equal(pc.count_substring_regex(before, written.name), 1))

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            found = self._quoted.rows(records, {*wanted} - {NAME})
            if written.absent:
                none, nothing = pa.scalar(None, pa.string()), pa.array(sorted(written.absent))
                found = {key: pc.if_else(pc.is_in(one, nothing), none, one) for key, one in found.items()}
            return found | {NAME: pa.repeat(name[1], count)} if name else found

        row = Row(names, load, self._known.setdefault(keys, set()), certain=not written.absent)
        return self._templates.columns(row, count, lambda: heads(before, self._head), before)

    def _head(self, text: str) -> Head:
        return of_header(split_header(text + self._written.sample, self.context)[0])
