"""Records of the same keys in columns, by the function of their format that reads one.

Rows are put together whose values are of the same shades (`shades.py`), or are the same where the format
decides by them. The format is asked once for each such combination, with stand-ins for the values that it
only hands on; where they come out in its event is where the columns go. Which keys decide is seen while the
format looks at them: a key that it never looks at is of no account.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat
from lamsach.logs.bulk.columns import bare_macs, mapped
from lamsach.logs.bulk.heads import of_keys
from lamsach.logs.bulk.letters import Unusual
from lamsach.logs.bulk.rows import HOSTS, TIMES, Head, Looked, Row, Tree
from lamsach.logs.bulk.shades import (
    ANY,
    AS_NUMBER,
    EXCLUSIVE,
    MARK,
    PORT,
    Shade,
    alike,
    same_tokens,
    shades_in,
    shades_of,
)
from lamsach.logs.bulk.sources import NOTHING, Source, coded_lists, source_of, stand_ins_of, values_of_items
from lamsach.logs.events.records import HASH_KEYS, KEYS
from lamsach.logs.mappings.records import RecordFormat, Records
from lamsach.logs.text.values import mac_of
from lamsach.model import Event

Codes = np.ndarray[Any, np.dtype[np.int64]]

Heads = Callable[[], tuple["pa.Array", "pa.Array"]]
"""The times and the names that the headers before records state, when they are asked for."""
_HOST = f"sender.{MARK}.example"
_HEAD_MOMENT = datetime(2001, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
_PLAIN = tuple(key for key in KEYS if key not in ("format", "file", "line", "time", *HASH_KEYS.values()))
_MOST_KEPT = 20_000
_MANY = 64
_QUICKER: Mapping[Any, Callable[[pa.Array], pa.Array]] = {mac_of: bare_macs}
"""Functions of a text, and what makes the same of a column quickly."""
_APART = 1000
"""How far apart the numbers of two stand-ins for one value are; no record has so many keys."""
_MOST_COMBINED = 2**62
_SEPARATOR = "\x1f"


Make = Callable[[Any, Head], Event | None]
"""The event of a record's fields behind a header."""


@dataclass(frozen=True)
class _Template:
    looked: frozenset[str]
    fields: Mapping[str, Source] | None
    """None where the format gives no event, or nothing is known of how it is made."""


class Templates:
    """Reads records of one file."""

    def __init__(self, log_format: LogFormat | RecordFormat) -> None:
        assert log_format.records is not None
        self._format: Any = log_format
        self._kept: dict[tuple[Any, ...], _Template] = {}
        self._deciding: dict[frozenset[str], set[str]] = {}

    def columns(
        self, row: Row, count: int, heads: Heads, before: pa.Array | None = None
    ) -> dict[str, pa.Array]:
        """The columns of so many records; `before`: what is before each, where anything does.

        `line`: the numbers (from 0) of the records, where not all could be read. Raises Unusual, LineError.
        """
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        deciding = self._deciding.setdefault(frozenset(row.names), set())
        rows = _Rows(row, count, self._format, heads, before)
        while True:
            first, inverse, odd = rows.combinations(deciding)
            found = [
                None if bad else self._template(rows, deciding, int(at))
                for at, bad in zip(first, odd, strict=True)
            ]
            looked = frozenset[str]().union(*(one.looked for one in found if one is not None))
            if looked <= deciding:
                return rows.put_together(found, inverse)
            deciding |= looked

    def _template(self, rows: _Rows, deciding: Collection[str], at: int) -> _Template:
        key = (rows.keys, *rows.combination(deciding, at))
        found = self._kept.get(key)
        if found is None:
            found = rows.template(self._format.record_event, at)
            if found.looked <= {*deciding}:
                self._kept[key] = found
        return found


class _Rows:
    """Records of the same keys."""

    def __init__(self, row: Row, count: int, log_format: Any, heads: Heads, before: pa.Array | None) -> None:
        self._row, self._count = row, count
        self._before, self._zone = before, log_format.context.timezone
        self._carried: Records = log_format.records
        self._read_time = log_format.record_time
        self._heads = cache(heads)
        self.keys = frozenset(row.names)
        self._order = {key: number for number, key in enumerate(row.names)}
        self._shades: dict[str, tuple[Codes, Codes]] = {}
        self._made: dict[Source, pa.Array] = {}
        self._alike: list[tuple[str, str, Any]] = []

    def _text(self, key: str, at: int) -> str | None:
        value = self._column_of(key)[at].as_py()
        return None if value is None else str(value)

    def _column_of(self, key: str) -> pa.Array:
        """Return what a key states, of one with a value within a text that."""
        within = self._carried.within.get(key)
        if within is None:
            return self._row[key]
        source = ("within", key)
        if source not in self._made:
            made = _QUICKER.get(within.made, partial(mapped, function=within.made))
            self._made[source] = made(self._row[key])
        return self._made[source]

    def _of(self, key: str) -> tuple[Shade, ...]:
        return shades_of(self._carried, key)

    def _coded(self, key: str) -> tuple[Codes, Codes]:
        """The shade of each row's text, and the number of the text where it has none (-1: absent)."""
        if key not in self._shades and key in (TIMES, HOSTS):
            absent = self._heads()[key == HOSTS].is_null().to_numpy(zero_copy_only=False)
            self._shades[key] = np.zeros(self._count, np.int64), -absent.astype(np.int64)
        if key not in self._shades and pa.types.is_list(self._column_of(key).type):
            self._shades[key] = coded_lists(self._row[key])
        if key not in self._shades:
            column = self._column_of(key)
            shades = shades_in(column, self._of(key)) if self._of(key) else np.zeros(self._count, np.int64)
            if key in self._carried.clock:  # whether there is any
                texts = pc.equal(column, "") if pa.types.is_string(column.type) else pc.is_nan(column)
                empty = pc.fill_null(texts, False).to_numpy(zero_copy_only=False)
                texts = np.where(
                    pc.is_null(column).to_numpy(zero_copy_only=False), -1, empty.astype(np.int64)
                )
            elif shades.all():
                texts = np.zeros(self._count, np.int64)
            else:
                rest = pc.if_else(pa.array(shades == 0), column, pa.scalar(None, pa.string()))
                coded = rest.dictionary_encode()
                texts = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
            self._shades[key] = shades, texts
        return self._shades[key]

    def combinations(self, deciding: Collection[str]) -> tuple[Codes, Codes, list[bool]]:
        """The first row of each combination, of each row the number of its combination, and which
        combinations are too rare to be asked for."""
        parts: list[Any] = [part for key in sorted(deciding) for part in self._coded(key)]
        self._alike = self._likenesses(deciding)
        parts += [same.astype(np.int64) for *_, same in self._alike]
        together: Any = np.zeros(self._count, np.int64)
        most = 1
        for part in parts:
            low, high = int(part.min()), int(part.max())
            if low == high:
                continue
            if most * (high - low + 1) > _MOST_COMBINED:
                together = np.unique(together, return_inverse=True)[1]
                most = int(together.max()) + 1
            together = together * (high - low + 1) + part - low
            most *= high - low + 1
        if most == 1:
            return np.zeros(1, np.int64), together, [False]
        _, first, inverse, sizes = np.unique(
            together, return_index=True, return_inverse=True, return_counts=True
        )
        many = len(first) > max(_MANY, self._count // 8)
        odd = sizes < _MANY if many else np.zeros(len(first), np.bool_)
        if (sizes[odd].sum()) > self._count // 2:
            raise Unusual
        return first, inverse, odd.tolist()

    def combination(self, deciding: Collection[str], at: int) -> tuple[Any, ...]:
        """Return what a row's combination is, for any piece of the file."""
        told: list[Any] = []
        for key in sorted(deciding):
            shades, texts = self._coded(key)
            shade, text = int(shades[at]), int(texts[at])
            coded = shade or text if shade or key in (*self._carried.clock, TIMES, HOSTS) else None
            told.append(self._text(key, at) if coded is None else coded)
        return (*told, *((one, other) for one, other, same in self._alike if same[at]))

    def _likenesses(self, deciding: Collection[str]) -> list[tuple[str, str, Any]]:
        """Return which keys have the same texts, and in which rows."""
        found: list[tuple[str, str, Any]] = []
        for shades in (ANY, PORT):
            keys = [key for key in sorted(deciding) if key in self.keys and self._of(key) is shades]
            found += alike({key: (self._column_of(key), self._coded(key)[0]) for key in keys})
        tokens = [key for key in sorted(deciding) if key in self.keys and self._of(key) in EXCLUSIVE]
        return found + same_tokens({key: (self._column_of(key), self._coded(key)[0]) for key in tokens})

    def _mixed(self, at: int) -> bool:
        """Return whether a stand-in is in the place of a value that another key has in a spelling of no
        shade."""
        return any(
            same[at] and not (self._coded(one)[0][at] and self._coded(other)[0][at])
            for one, other, same in self._alike
        )

    def _number(self, key: str, at: int) -> int:
        """The number of a key's stand-in: of keys with the same text that of one of them."""
        same = [one for one, other, rows in self._alike if other == key and rows[at]]
        return self._order[min((*same, key))]

    def template(self, make: Make, at: int) -> _Template:
        """Return what the format makes of a row.

        It is asked twice, with other stand-ins: what it computes out of one (an address read backwards) is
        not the same then."""
        first = self._asked(make, at, 0)
        if first.fields is None:
            return first
        second = self._asked(make, at, _APART)
        return _Template(
            first.looked | second.looked, first.fields if first.fields == second.fields else None
        )

    def _asked(self, make: Make, at: int, apart: int) -> _Template:
        stand_ins: dict[Any, Source] = {_HOST: ("of", ((HOSTS,),))}
        stated: list[str] = [self._row.constant]

        def value(key: str) -> Any:
            if pa.types.is_list(self._row[key].type):
                return self._list(key, at, stand_ins)
            within = self._carried.within.get(key)
            shades = self._of(key)
            number = int(self._coded(key)[0][at]) if shades else 0
            if not number:
                own = self._text(key, at)
                stated.append(own or "")
                return own if own is None or within is None else within.text.format(own)
            stand_in, gives = shades[number - 1].of(self._number(key, at) + apart)
            for text, how in gives.items():
                stand_ins[text] = ("of", ((key, how),))
                if text.isdigit():
                    stand_ins[int(text)] = ("of", ((key, AS_NUMBER),))
            return stand_in if within is None else within.text.format(stand_in)

        fields = Looked({key: partial(value, key) for key in self._row.names}, self._row.certain)
        head = Head(
            fields,
            lambda: _HEAD_MOMENT if self._heads()[0][at].is_valid else None,
            lambda: _HOST if self._heads()[1][at].is_valid else None,
        )
        try:
            event = make(Tree(fields, self._row.names) if self._carried.nested else fields, head)
            texts = [one for one in stand_ins if isinstance(one, str)]
            taken = any(one in text for text in stated for one in texts)
            unknown = event is None or taken or self._mixed(at)
            found = None if unknown or event is None else self._fields_of(event, stand_ins, at)
            return _Template(frozenset(fields.at), found)
        except (Unusual, LineError, ValueError):
            return _Template(frozenset(fields.at), None)

    def _list(self, key: str, at: int, stand_ins: dict[Any, Source]) -> list[object] | None:
        """A list in the place of a row's."""
        shades, texts = self._coded(key)
        if not shades[at]:
            return None if texts[at] else []
        each = self._carried.lists.get(key)
        if each is None:
            raise Unusual
        items, told = stand_ins_of(each, self._order[key], MARK)
        stand_ins |= {text: ("item", key, number) for number, text in enumerate(told)}
        return items

    def _fields_of(self, event: Event, stand_ins: Mapping[Any, Source], at: int) -> dict[str, Source]:
        told = {key: source_of(getattr(event, key), stand_ins) for key in _PLAIN}
        told["device_mac"] = source_of(event.device_mac or event.source_mac, stand_ins)
        for digest in event.hashes:
            told.setdefault(HASH_KEYS[len(digest)], source_of(digest, stand_ins))
        told["time"] = self._time_of(event, at)
        return {key: how for key, how in told.items() if how != NOTHING}

    def _time_of(self, event: Event, at: int) -> Source:
        """Return whether the header's or the record's own."""
        if event.time is None:
            return NOTHING
        if event.time == _HEAD_MOMENT:
            return ("head",)
        fields = Looked(
            {key: partial(self._text, key, at) for key in self._carried.clock if key in self.keys}
        )
        if event.time != self._read_time(fields):
            raise Unusual
        return ("clock", tuple(sorted(fields.at)))

    def put_together(self, templates: Sequence[_Template | None], inverse: Codes) -> dict[str, pa.Array]:
        """The columns of the rows, each by the template with its number; those that have one."""
        fields = [None if one is None else one.fields for one in templates]
        told = [{} if one is None else one for one in fields]
        columns = {
            key: self._column(key, [one.get(key, NOTHING) for one in told], inverse)
            for key in dict.fromkeys(key for one in told for key in one)
        }
        if None in fields:
            rows = pa.array(np.flatnonzero(np.array([one is not None for one in fields])[inverse]))
            columns = {key: column.take(rows) for key, column in columns.items()} | {"line": rows}
        return columns

    def _column(self, key: str, sources: Sequence[Source], inverse: Codes) -> pa.Array:
        from lamsach.logs.events.tables import schema

        kind = schema().field(key).type
        constants = [source for source in sources if source[0] == "is"]
        others = list(dict.fromkeys(source for source in sources if source[0] != "is"))
        if not constants and len(others) == 1:
            return self._source(others[0], kind)
        number = {source: at for at, source in enumerate(others)}
        values = pa.array([source[1] if source[0] == "is" else None for source in sources], kind)
        if not others:
            return values.take(pa.array(inverse))
        place = np.array([number.get(source, -1) for source in sources])[inverse]
        parts = [values, *(self._source(source, kind) for source in others)]
        begin = len(values) + place * self._count + np.arange(self._count)
        return pa.concat_arrays(parts).take(pa.array(np.where(place < 0, inverse, begin)))

    def _source(self, source: Source, kind: pa.DataType) -> pa.Array:
        if source not in self._made:
            self._made[source] = self._computed(source)
        made = self._made[source]
        return made if made.type == kind else made.cast(kind)

    def _computed(self, source: Source) -> pa.Array:
        if source[0] == "head":
            return self._heads()[0]
        if source[0] == "clock":
            return self._stated_times(source[1])
        if source[0] == "is":
            return pa.repeat(source[1], self._count)
        if source[0] == "items":
            lists = [(self._row[key], self._carried.lists[key]) for key in source[1]]
            return values_of_items(lists, once=source[2])
        if source[0] == "list":
            columns = pa.concat_arrays([self._computed(part) for part in source[1]])
            width = len(source[1])
            places = np.arange(self._count)[:, None] + self._count * np.arange(width)
            offsets = pa.array(np.arange(self._count + 1, dtype=np.int32) * width)
            return pa.ListArray.from_arrays(offsets, columns.take(pa.array(places.ravel())))
        parts = [
            pa.repeat(part, self._count) if isinstance(part, str) else self._part(*part) for part in source[1]
        ]
        return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "")

    def _part(self, key: str, how: Callable[[pa.Array], pa.Array] | None = None) -> pa.Array:
        return self._heads()[1] if how is None else how(self._column_of(key))

    def _stated_times(self, keys: Sequence[str]) -> pa.Array:
        present = [key for key in self._carried.clock if key in self.keys]
        columns = {key: self._row[key] for key in keys}
        return of_keys(columns, present, self._read_time, self._before, self._zone)
