"""Columnar readers of JSON objects, one per line, with equal keys.

Either a format describes its objects, or their key names are known from any product. Lines that embed
another product's line are left to the format.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.columns import check, map_distinct, not_empty
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.reader import GroupReader
from lamsach.logs.bulk.readers.json_table import as_items, as_texts, leaves, may_be_object, table_of_objects
from lamsach.logs.bulk.readers.records import NamedRecords, RecordReader
from lamsach.logs.bulk.text_buffers import Unusual
from lamsach.logs.formats.generic.json_lines import CLOCK, ENDPOINT_KEYS, PARSED, time_rank
from lamsach.logs.mappings import cloud_records, column_names
from lamsach.logs.mappings.envelopes import may_hold_line
from lamsach.logs.opening.lines import Text
from lamsach.logs.text.json_records import TEXT_KEYS
from lamsach.logs.text.times.loose_times import LooseTimes

# "src_ip":"192.0.2.5"
_KEY = re.compile(rb'"([^"\\]{1,80})" ?:')
_MOST_ITEMS = 8
_WITH_TEXT_INSIDE = r"^\s*\{"
Held = list[tuple[str, "pa.Array"]]
"""Columns of texts with their paths."""


class NamedKeys(GroupReader):
    """Records with a time and a known key that every record has."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        times = LooseTimes(context)
        self._named = {known: NamedRecords(times, host_is_device=known) for known in (True, False)}

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """Group by the number of keys."""
        block = Lines(lines)
        return groups_of((block.count('":'),), may_be_object(block))

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return tuple(_KEY.findall(line))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        values = leaves(table_of_objects(data, count))
        endpoint, by_field = _fields(values)
        time = _moments(by_field.pop("time", []))
        fields = {field: _ordered(columns, data) for field, columns in by_field.items()} | {"time": [time]}
        complete = {
            field for field, columns in fields.items() if any(not column.null_count for column in columns)
        }
        if not column_names.is_contact_log(complete):
            raise Unusual
        _check_embeds_nothing(values, parsed=any(field in complete for field in PARSED))
        if not endpoint and "source" in fields and "source" not in complete:
            raise Unusual  # whether `host` is the device depends on the record
        host_is_device = endpoint or "source" not in fields
        return self._named[host_is_device].columns(fields, count)


def _fields(values: Mapping[str, pa.Array]) -> tuple[bool, dict[str, Held]]:
    """Return whether the records come from an endpoint, and the columns of each field.

    See `json_lines.values_of`."""
    paths = [([part.lstrip("_@") for part in path.split(".")], path) for path in values]
    names: set[str] = set()
    endpoint = False
    for parts, path in paths:
        plain = {column_names.plain(part) for part in parts}
        name = column_names.plain(parts[-1])
        names.add(name)
        if not ENDPOINT_KEYS.isdisjoint(plain) or name in column_names.CONTEXT_NAMES:
            if values[path].null_count:  # absent from some records
                raise Unusual
            endpoint |= not ENDPOINT_KEYS.isdisjoint(plain)
    others = column_names.contextual_meanings(frozenset(names))
    if (endpoint and "ipaddress" in names) or cloud_records.kind_of(names):  # a log-on
        raise Unusual
    by_field: dict[str, Held] = {}
    for parts, path in paths:
        name = column_names.plain(parts[-1])
        field = others.get(name, column_names.field_of(".".join(parts)))
        if field is None and holds_objects(values[path]):
            raise Unusual
        if field is None or (field == "source" and parts == ["source"] and "sourcetype" in names):
            continue
        if field == "host" and name == "hostname":
            raise Unusual  # takes precedence over a collector's `host`
        columns = [column for column in _columns(values[path]) if column.null_count < len(column)]
        if columns:
            by_field.setdefault(field, []).extend((path, column) for column in columns)
    return endpoint, by_field


def holds_objects(column: pa.Array) -> bool:
    """Return whether a column contains lists of objects."""
    return bool(pa.types.is_list(column.type) and pa.types.is_struct(column.type.value_type))


def _columns(column: pa.Array) -> list[pa.Array]:
    """Convert values to texts; of a list, one column per position."""
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return []
    if not pa.types.is_list(kind):
        return [as_texts(column)]
    if pa.types.is_null(kind.value_type):
        return []
    items = as_texts(column.flatten())
    if items.null_count or not pa.types.is_string(kind.value_type):
        raise Unusual
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    begins = np.cumsum(lengths) - lengths
    if lengths.max(initial=0) > _MOST_ITEMS:
        raise Unusual
    return [items.take(pa.array(begins + at, mask=lengths <= at)) for at in range(lengths.max(initial=0))]


def _moments(candidates: Held) -> pa.Array:
    """Return the text of each record's time, from the best-named key."""
    ranked = sorted(candidates, key=lambda each: time_rank(each[0].rpartition(".")[2]))
    ranks = [time_rank(path.rpartition(".")[2]) for path, _ in ranked]
    if not ranked or len({*ranks}) < len(ranks):
        raise Unusual
    for path, column in ranked:
        if "utc" in column_names.plain(path.rpartition(".")[2]):
            raise Unusual  # the name states the zone that the value lacks
        check(pc.fill_null(pc.invert(pc.match_substring_regex(column, f"^(?:{CLOCK.pattern})$")), True))
    return pc.coalesce(*(column for _, column in ranked))


def _ordered(columns_by_path: Held, data: bytes) -> Sequence[pa.Array]:
    """Return the columns of a field.

    Raises Unusual if two differ and their keys are not in the same order in all records."""
    for at, (path, column) in enumerate(columns_by_path):
        for other, earlier in columns_by_path[:at]:
            if other != path and _differ(column, earlier):
                _check_order(other, path, data)
    return [column for _, column in columns_by_path]


def _differ(column: pa.Array, other: pa.Array) -> bool:
    return not pc.all(pc.equal(column, other)).as_py()  # null is ignored


def _check_order(first: str, second: str, data: bytes) -> None:
    """Raise Unusual unless the deeper key is second, or the first differing key precedes in every line."""
    above, below = first.split("."), second.split(".")
    if len(above) < len(below):
        return
    first_key, second_key = next(pair for pair in zip(above, below, strict=True) if pair[0] != pair[1])
    block = Lines(Text(data))
    marks = [f'"{name}":' for name in (first_key, second_key)]
    once = all((block.count(mark) == 1).all() for mark in marks)
    if not once or (block.place(marks[0]) > block.place(marks[1])).any():
        raise Unusual


def _check_embeds_nothing(values: Mapping[str, pa.Array], *, parsed: bool) -> None:
    """Raise Unusual if a record may embed another product's line, or an object as text."""
    for path, column in values.items():
        if not pa.types.is_string(column.type) or column.null_count == len(column):
            continue
        if may_hold_line(path, literal=parsed):
            raise Unusual
        if path.removeprefix("result.") in TEXT_KEYS:
            check(pc.invert(pc.match_substring_regex(pc.fill_null(not_empty(column), ""), _WITH_TEXT_INSIDE)))


class JsonRecords(RecordReader):
    """JSON objects without a prefix."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """Group by the words after the marks; without marks, by the number of keys."""
        block = Lines(lines)
        usual = may_be_object(block)
        if self.records.nested:  # an object with only null values is not empty
            usual &= ~block.has(":null", ": null")
        marks = self.records.marks
        words = [block.letters(block.place(mark) + len(mark), 8) for mark in marks] or [block.count('":')]
        return groups_of(words, usual)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return tuple(_KEY.findall(line))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `GroupReader`."""
        table = table_of_objects(data, count)
        needs = self.records.needs
        if any(name not in table.column_names or table.column(name).null_count for name in needs):
            raise Unusual
        values = {**self._named(leaves(table))}
        for key, function in self.records.made.items():
            if key in values:
                values[key] = map_distinct(values[key].cast(pa.string()), function, pa.list_(pa.string()))
        return self.events(
            tuple(values),
            lambda wanted: {key: self._loaded(key, values[key]) for key in wanted},
            count,
            certain=[key for key, column in values.items() if not column.null_count],
            first={*self.records.clock} & values.keys(),
        )

    def _named(self, leaves: Mapping[str, pa.Array]) -> Mapping[str, pa.Array]:
        """Rename the columns to the format's keys."""
        renamed, nested = self.records.renamed, self.records.nested
        if nested:  # the format ignores booleans
            leaves = {path: column for path, column in leaves.items() if not pa.types.is_boolean(column.type)}
        if renamed is None:
            return leaves
        named = {renamed(path): column for path, column in leaves.items()}
        if len(named) < len(leaves):
            raise Unusual
        return named

    def _loaded(self, key: str, column: pa.Array) -> pa.Array:
        if pa.types.is_list(column.type):
            each = self.records.lists.get(key)
            return column if each is None else as_items(column, each.item)
        if key in self.records.lists:
            raise Unusual
        is_count = key in self.records.clock and pa.types.is_floating(column.type)
        return column if is_count else as_texts(column)
