"""Run a format's record function once per combination of values, and apply the result to columns.

Rows are grouped whose values have the same class (`value_classes.py`) or, where the format reads a value
without one, the same text. The format is run once per group with stand-ins, and where those reappear in its
event shows which columns the fields come from. The keys that matter are those that the format reads.
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
from lamsach.logs.bulk.columns import bare_macs, map_distinct
from lamsach.logs.bulk.headers import times_of_keys
from lamsach.logs.bulk.rows import HEADER_HOST, HEADER_TIME, NestedFields, Row, TrackedFields, TrackedHeader
from lamsach.logs.bulk.sources import NOTHING, Source, coded_lists, source_of, stand_ins_of, values_of_items
from lamsach.logs.bulk.text_buffers import Unusual
from lamsach.logs.bulk.value_classes import (
    ANY,
    AS_NUMBER,
    EXCLUSIVE,
    MARK,
    PORT,
    ValueClass,
    classes_of,
    classify,
    equal_tokens,
    equivalent_keys,
)
from lamsach.logs.events.records import HASH_KEYS, KEYS
from lamsach.logs.mappings.records import RecordFormat, Records
from lamsach.logs.opening.marks import Numbers
from lamsach.logs.text.values import mac_of
from lamsach.model import Event

LoadHeaders = Callable[[], tuple["pa.Array", "pa.Array"]]
"""Loads the times and hosts of the headers before records."""
_HOST = f"sender.{MARK}.example"
_HEAD_MOMENT = datetime(2001, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
_TEXT_FIELDS = tuple(
    key for key in KEYS if key not in ("format", "file", "line", "time", *HASH_KEYS.values())
)
_CACHE_SIZE = 20_000
_MANY = 64
_QUICKER: Mapping[Any, Callable[[pa.Array], pa.Array]] = {mac_of: bare_macs}
"""Functions of a text, and faster equivalents for a column."""
_APART = 1000
"""Offset between the numbers of two stand-ins for one value; no record has so many keys."""
_MOST_COMBINED = 2**62
_SEPARATOR = "\x1f"


Make = Callable[[Any, TrackedHeader], Event | None]
"""Builds the event of a record from its fields and header."""


@dataclass(frozen=True)
class _Template:
    read_keys: frozenset[str]
    fields: Mapping[str, Source] | None
    """The sources of the event's fields; None without an event, or when a source is unknown."""


class Templates:
    """Columnar parser of the records of one file; caches one template per combination."""

    def __init__(self, log_format: LogFormat | RecordFormat) -> None:
        assert log_format.records is not None
        self._format: Any = log_format
        self._cache: dict[tuple[Any, ...], _Template] = {}
        self._deciding: dict[frozenset[str], set[str]] = {}

    def columns(
        self, row: Row, count: int, headers: LoadHeaders, before: pa.Array | None = None
    ) -> dict[str, pa.Array]:
        """Parse `count` records; `before`: the text before each record, if any.

        `line`: numbers (from 0) of the parsed records, when some are left over. Raises Unusual, LineError."""
        if len(self._cache) > _CACHE_SIZE:
            self._cache.clear()
        deciding = self._deciding.setdefault(frozenset(row.names), set())
        rows = _Rows(row, count, self._format, headers, before)
        while True:
            first, inverse, odd = rows.combinations(deciding)
            templates = [
                None if bad else self._template(rows, deciding, int(at))
                for at, bad in zip(first, odd, strict=True)
            ]
            read_keys = frozenset[str]().union(
                *(template.read_keys for template in templates if template is not None)
            )
            if read_keys <= deciding:
                return rows.assemble(templates, inverse)
            deciding |= read_keys

    def _template(self, rows: _Rows, deciding: Collection[str], at: int) -> _Template:
        key = (rows.keys, *rows.combination(deciding, at))
        template = self._cache.get(key)
        if template is None:
            template = rows.template(self._format.record_event, at)
            if template.read_keys <= {*deciding}:
                self._cache[key] = template
        return template


class _Rows:
    """Records with the same keys."""

    def __init__(
        self, row: Row, count: int, log_format: Any, headers: LoadHeaders, before: pa.Array | None
    ) -> None:
        self._row, self._count = row, count
        self._before, self._zone = before, log_format.context.timezone
        self._records: Records = log_format.records
        self._read_time = log_format.record_time
        self._headers = cache(headers)
        self.keys = frozenset(row.names)
        self._order = {key: number for number, key in enumerate(row.names)}
        self._codes: dict[str, tuple[Numbers, Numbers]] = {}
        self._computed_columns: dict[Source, pa.Array] = {}
        self._equal: list[tuple[str, str, Any]] = []

    def _text(self, key: str, at: int) -> str | None:
        value = self._column_of(key)[at].as_py()
        return None if value is None else str(value)

    def _column_of(self, key: str) -> pa.Array:
        """Return the column of a key; of a key with an embedded value, the column of those values."""
        within = self._records.within.get(key)
        if within is None:
            return self._row[key]
        source = ("within", key)
        if source not in self._computed_columns:
            extract = _QUICKER.get(within.made, partial(map_distinct, function=within.made))
            self._computed_columns[source] = extract(self._row[key])
        return self._computed_columns[source]

    def _classes_of(self, key: str) -> tuple[ValueClass, ...]:
        return classes_of(self._records, key)

    def _coded(self, key: str) -> tuple[Numbers, Numbers]:
        """Return each row's class, and a code for its text where it has none (-1: absent)."""
        if key not in self._codes and key in (HEADER_TIME, HEADER_HOST):
            absent = self._headers()[key == HEADER_HOST].is_null().to_numpy(zero_copy_only=False)
            self._codes[key] = np.zeros(self._count, np.int64), -absent.astype(np.int64)
        if key not in self._codes and pa.types.is_list(self._column_of(key).type):
            self._codes[key] = coded_lists(self._row[key])
        if key not in self._codes:
            column = self._column_of(key)
            classes = (
                classify(column, self._classes_of(key))
                if self._classes_of(key)
                else np.zeros(self._count, np.int64)
            )
            if key in self._records.clock:  # only its presence matters
                texts = pc.equal(column, "") if pa.types.is_string(column.type) else pc.is_nan(column)
                empty = pc.fill_null(texts, False).to_numpy(zero_copy_only=False)
                texts = np.where(
                    pc.is_null(column).to_numpy(zero_copy_only=False), -1, empty.astype(np.int64)
                )
            elif classes.all():
                texts = np.zeros(self._count, np.int64)
            else:
                rest = pc.if_else(pa.array(classes == 0), column, pa.scalar(None, pa.string()))
                coded = rest.dictionary_encode()
                texts = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
            self._codes[key] = classes, texts
        return self._codes[key]

    def combinations(self, deciding: Collection[str]) -> tuple[Numbers, Numbers, list[bool]]:
        """Group rows by the classes and texts of the deciding keys.

        Returns the first row of each group, each row's group number, and which groups are too small to run
        the format for. Raises Unusual when those hold most rows."""
        parts: list[Any] = [part for key in sorted(deciding) for part in self._coded(key)]
        self._equal = self._equal_pairs(deciding)
        parts += [same.astype(np.int64) for *_, same in self._equal]
        codes: Any = np.zeros(self._count, np.int64)
        size = 1
        for part in parts:
            low, high = int(part.min()), int(part.max())
            if low == high:
                continue
            if size * (high - low + 1) > _MOST_COMBINED:
                codes = np.unique(codes, return_inverse=True)[1]
                size = int(codes.max()) + 1
            codes = codes * (high - low + 1) + part - low
            size *= high - low + 1
        if size == 1:
            return np.zeros(1, np.int64), codes, [False]
        _, first, inverse, sizes = np.unique(
            codes, return_index=True, return_inverse=True, return_counts=True
        )
        many = len(first) > max(_MANY, self._count // 8)
        rare = sizes < _MANY if many else np.zeros(len(first), np.bool_)
        if (sizes[rare].sum()) > self._count // 2:
            raise Unusual
        return first, inverse, rare.tolist()

    def combination(self, deciding: Collection[str], at: int) -> tuple[Any, ...]:
        """Return a key of a row's combination that is valid across pieces of the file."""
        parts: list[Any] = []
        for key in sorted(deciding):
            classes, texts = self._coded(key)
            value_class, text = int(classes[at]), int(texts[at])
            coded = (
                value_class or text
                if value_class or key in (*self._records.clock, HEADER_TIME, HEADER_HOST)
                else None
            )
            parts.append(self._text(key, at) if coded is None else coded)
        return (*parts, *((left, right) for left, right, same in self._equal if same[at]))

    def _equal_pairs(self, deciding: Collection[str]) -> list[tuple[str, str, Any]]:
        """Return pairs of keys with equivalent texts, and the rows where they are."""
        found: list[tuple[str, str, Any]] = []
        for classes in (ANY, PORT):
            keys = [key for key in sorted(deciding) if key in self.keys and self._classes_of(key) is classes]
            found += equivalent_keys({key: (self._column_of(key), self._coded(key)[0]) for key in keys})
        tokens = [key for key in sorted(deciding) if key in self.keys and self._classes_of(key) in EXCLUSIVE]
        return found + equal_tokens({key: (self._column_of(key), self._coded(key)[0]) for key in tokens})

    def _loses_equality(self, at: int) -> bool:
        """Return whether a stand-in replaces a value that another key has in a spelling without a class."""
        return any(
            same[at] and not (self._coded(left)[0][at] and self._coded(right)[0][at])
            for left, right, same in self._equal
        )

    def _number(self, key: str, at: int) -> int:
        """Return the number of a key's stand-in; keys with equivalent texts share one."""
        same = [left for left, right, rows in self._equal if right == key and rows[at]]
        return self._order[min((*same, key))]

    def template(self, make: Make, at: int) -> _Template:
        """Run the format on a row.

        It runs twice with different stand-ins, which exposes fields computed from one (such as a reversed
        address)."""
        first = self._run(make, at, 0)
        if first.fields is None:
            return first
        second = self._run(make, at, _APART)
        return _Template(
            first.read_keys | second.read_keys, first.fields if first.fields == second.fields else None
        )

    def _run(self, make: Make, at: int, apart: int) -> _Template:
        stand_ins: dict[Any, Source] = {_HOST: ("of", ((HEADER_HOST,),))}
        literals: list[str] = [self._row.constant]

        def value(key: str) -> Any:
            if pa.types.is_list(self._row[key].type):
                return self._list(key, at, stand_ins)
            within = self._records.within.get(key)
            classes = self._classes_of(key)
            number = int(self._coded(key)[0][at]) if classes else 0
            if not number:
                own = self._text(key, at)
                literals.append(own or "")
                return own if own is None or within is None else within.text.format(own)
            stand_in, results = classes[number - 1].nth(self._number(key, at) + apart)
            for text, how in results.items():
                stand_ins[text] = ("of", ((key, how),))
                if text.isdigit():
                    stand_ins[int(text)] = ("of", ((key, AS_NUMBER),))
            return stand_in if within is None else within.text.format(stand_in)

        fields = TrackedFields({key: partial(value, key) for key in self._row.names}, self._row.certain)
        header = TrackedHeader(
            fields,
            lambda: _HEAD_MOMENT if self._headers()[0][at].is_valid else None,
            lambda: _HOST if self._headers()[1][at].is_valid else None,
        )
        try:
            event = make(NestedFields(fields, self._row.names) if self._records.nested else fields, header)
            texts = [stand_in_text for stand_in_text in stand_ins if isinstance(stand_in_text, str)]
            collides = any(stand_in_text in text for text in literals for stand_in_text in texts)
            unknown = event is None or collides or self._loses_equality(at)
            sources = None if unknown or event is None else self._fields_of(event, stand_ins, at)
            return _Template(frozenset(fields.read_keys), sources)
        except (Unusual, LineError, ValueError):
            return _Template(frozenset(fields.read_keys), None)

    def _list(self, key: str, at: int, stand_ins: dict[Any, Source]) -> list[object] | None:
        """Return a stand-in for a row's list."""
        classes, texts = self._coded(key)
        if not classes[at]:
            return None if texts[at] else []
        each = self._records.lists.get(key)
        if each is None:
            raise Unusual
        items, results = stand_ins_of(each, self._order[key], MARK)
        stand_ins |= {text: ("item", key, number) for number, text in enumerate(results)}
        return items

    def _fields_of(self, event: Event, stand_ins: Mapping[Any, Source], at: int) -> dict[str, Source]:
        sources = {key: source_of(getattr(event, key), stand_ins) for key in _TEXT_FIELDS}
        sources["device_mac"] = source_of(event.device_mac or event.source_mac, stand_ins)
        for digest in event.hashes:
            sources.setdefault(HASH_KEYS[len(digest)], source_of(digest, stand_ins))
        sources["time"] = self._time_of(event, at)
        return {key: how for key, how in sources.items() if how != NOTHING}

    def _time_of(self, event: Event, at: int) -> Source:
        """Return whether the event's time is the header's or the record's own."""
        if event.time is None:
            return NOTHING
        if event.time == _HEAD_MOMENT:
            return ("head",)
        fields = TrackedFields(
            {key: partial(self._text, key, at) for key in self._records.clock if key in self.keys}
        )
        if event.time != self._read_time(fields):
            raise Unusual
        return ("clock", tuple(sorted(fields.read_keys)))

    def assemble(self, templates: Sequence[_Template | None], inverse: Numbers) -> dict[str, pa.Array]:
        """Build the columns of all rows from the templates of their groups; rows without one are left out."""
        fields = [None if template is None else template.fields for template in templates]
        known = [{} if template is None else template for template in fields]
        columns = {
            key: self._column(key, [template.get(key, NOTHING) for template in known], inverse)
            for key in dict.fromkeys(key for template in known for key in template)
        }
        if None in fields:
            rows = pa.array(np.flatnonzero(np.array([template is not None for template in fields])[inverse]))
            columns = {key: column.take(rows) for key, column in columns.items()} | {"line": rows}
        return columns

    def _column(self, key: str, sources: Sequence[Source], inverse: Numbers) -> pa.Array:
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
        block = np.array([number.get(source, -1) for source in sources])[inverse]
        parts = [values, *(self._source(source, kind) for source in others)]
        begin = len(values) + block * self._count + np.arange(self._count)
        return pa.concat_arrays(parts).take(pa.array(np.where(block < 0, inverse, begin)))

    def _source(self, source: Source, kind: pa.DataType) -> pa.Array:
        if source not in self._computed_columns:
            self._computed_columns[source] = self._computed(source)
        made = self._computed_columns[source]
        return made if made.type == kind else made.cast(kind)

    def _computed(self, source: Source) -> pa.Array:
        if source[0] == "head":
            return self._headers()[0]
        if source[0] == "clock":
            return self._stated_times(source[1])
        if source[0] == "is":
            return pa.repeat(source[1], self._count)
        if source[0] == "items":
            lists = [(self._row[key], self._records.lists[key]) for key in source[1]]
            return values_of_items(lists, once=source[2])
        if source[0] == "list":
            columns = pa.concat_arrays([self._computed(part) for part in source[1]])
            width = len(source[1])
            positions = np.arange(self._count)[:, None] + self._count * np.arange(width)
            offsets = pa.array(np.arange(self._count + 1, dtype=np.int32) * width)
            return pa.ListArray.from_arrays(offsets, columns.take(pa.array(positions.ravel())))
        parts = [
            pa.repeat(part, self._count) if isinstance(part, str) else self._part(*part) for part in source[1]
        ]
        return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "")

    def _part(self, key: str, how: Callable[[pa.Array], pa.Array] | None = None) -> pa.Array:
        return self._headers()[1] if how is None else how(self._column_of(key))

    def _stated_times(self, keys: Sequence[str]) -> pa.Array:
        present = [key for key in self._records.clock if key in self.keys]
        columns = {key: self._row[key] for key in keys}
        return times_of_keys(columns, present, self._read_time, self._before, self._zone)
