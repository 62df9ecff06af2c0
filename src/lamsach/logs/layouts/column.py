"""Columnar reader of Layouts, for the shapes that Arrow can run; other lines are read singly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext
from lamsach.logs.bulk.columns import check, internal, lines_of, map_distinct, none_of, not_empty
from lamsach.logs.bulk.headers import HeaderValues, read_headers, read_times
from lamsach.logs.bulk.reader import FEW_LINES, UNREADABLE, BulkReader, Piece, usable_lines
from lamsach.logs.bulk.text_buffers import Unusual, offsets_of, slice_until, slices
from lamsach.logs.events.ends import SIDES, Address, Role, Side, Way
from lamsach.logs.events.records import KEYS
from lamsach.logs.events.tables import in_line_order
from lamsach.logs.layouts import VIRTUAL, Made, Of, Shape
from lamsach.logs.layouts.kind_columns import COLUMNS
from lamsach.logs.layouts.kinds import Clock
from lamsach.logs.layouts.line import LayoutFormat
from lamsach.logs.layouts.pattern_cost import is_one_pass
from lamsach.logs.opening.marks import Numbers
from lamsach.model import Action

Row = Mapping[str, "pa.Array"]
_LONG, _FEW = 256, 12
_ONE_PASS_GROUPS = 4
"""Groups that RE2 extracts in one pass at most."""
# the bounds in [^ ]{1,300}
_BOUNDED = re.compile(r"\{(\d+),(\d+)\}")
_NAMED = re.compile(r"\(\?P<(\w+)>")
_ODD = (b"\v", b"\x1c", b"\x1d", b"\x1e", b"\x1f")
"""Separators in Python's expressions but not in RE2's; also the joint used here."""
_PARTING = [*b" \t:"]
_PAIRS = r'^(?:[A-Za-z_][\w.-]*=(?:"[^"\\]*"|[^" ]*)(?: +|$))+$'
_JOINT = "\x1f"
_HEADER_CACHE_SIZE = 1024
# 2026-06-10T17:44:31+02:00 192.0.2.53 unbound[901]: 2026-06-10T08:00:01Z
_CLOCK = re.compile(r"\d:\d\d:\d\d")
_GROUPS = r"^(?:(?:22[4-9]|23[0-9])\.|ff[0-9a-f]{2}:|255\.255\.255\.255$|0\.0\.0\.0$|::$)"
"""Canonical addresses that belong to no single machine."""
_READ = {*KEYS, *VIRTUAL, "source_mac"}


def _ends_with_second_time(head: str) -> bool:
    """Return whether the last word of a header has a time of day that is not its first."""
    words = head.rstrip(" ")
    if not words or words[-1].isspace() or len(_CLOCK.findall(head)) < 2:
        return False
    return _CLOCK.search(words.split()[-1]) is not None


def for_arrow(pattern: str) -> str:
    """Remove upper bounds beyond RE2's limit from a pattern; see `longest_line`."""
    return _BOUNDED.sub(lambda m: f"{{{m[1]},}}" if int(m[2]) >= _LONG else m[0], pattern)


def relaxed(pattern: str) -> str:
    """Remove upper bounds, which slow extraction fivefold; for lines known to match the pattern."""
    return _BOUNDED.sub(lambda m: m[0] if int(m[2]) <= _FEW else "*" if m[1] == "0" else "+", pattern)


def longest_line(shape: Shape) -> int:
    """Return the line length up to which `for_arrow` equals the original pattern."""
    bounds = [int(m[2]) for pattern in (shape.pattern, *shape.also) for m in _BOUNDED.finditer(pattern)]
    return min((bound for bound in bounds if bound >= _LONG), default=1 << 20)


class LayoutColumns(BulkReader):
    """Columnar reader of a Layout's shapes; an unusual line affects only its own group."""

    log_format: LayoutFormat

    def __init__(self, log_format: LayoutFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._cached_header = lru_cache(maxsize=_HEADER_CACHE_SIZE)(self._read_header)
        self._sample = ""
        self._last: tuple[Any, ...] = ()
        self._shapes = [shape for shape in log_format.layout.shapes if shape.in_columns]
        self._longest = min(map(longest_line, self._shapes), default=0)

    def piece(self, first: int, lines: Sequence[bytes | None]) -> Piece | None:
        """See `BulkReader`."""
        usable, leftover = usable_lines(lines)
        data = usable.data
        if any(mark in data for mark in _ODD):
            return None
        texts = lines_of(data)
        fits = pc.less_equal(pc.binary_length(texts), self._longest).to_numpy(zero_copy_only=False)
        fits[leftover] = False
        rows = np.flatnonzero(fits)
        tables: list[pa.RecordBatch] = []
        unread = [np.flatnonzero(~fits)]
        self._last = ()
        for shape in filter(self.log_format.applies, self._shapes):
            rows = self._read_shape(shape, texts, rows, (usable, first, tables, unread))
        leftover = sorted(np.concatenate([rows, *unread]).tolist())
        return (in_line_order(tables), leftover) if tables else None

    def _read_shape(self, shape: Shape, texts: pa.Array, rows: Numbers, into: tuple[Any, ...]) -> Numbers:
        """Read the lines that have the shape; return the numbers of the others."""
        if self._last[:2] != (shape.begins, len(rows)):
            lines = texts if len(rows) == len(texts) else texts.take(pa.array(rows))
            self._last = (shape.begins, len(rows), *self._split(shape, lines))
        _, _, heads_of, records = self._last
        records = _of_shape(shape, records)
        valid = records.is_valid().to_numpy(zero_copy_only=False)
        if not valid.any():
            return rows
        if not valid.all():
            records, heads_of = records.filter(pa.array(valid)), heads_of.filter(pa.array(valid))
        row = (
            _by_key(shape, records)
            if shape.pairs
            else dict(zip([field.name for field in records.type], records.flatten(), strict=True))
        )
        self._tables(shape, row | {"head_": heads_of}, rows[valid], *into)
        rest: Numbers = rows[~valid]
        return rest

    def _split(self, shape: Shape, lines: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Split lines at the beginning of their record; without one the record is empty."""
        begins, ends = offsets_of(lines)[:-1], offsets_of(lines)[1:]
        if shape.begins in ("", "^"):
            return slices(lines.buffers()[2], begins, begins), lines
        found = pc.find_substring_regex(lines, for_arrow(shape.begins)).to_numpy()
        starts = begins + np.maximum(found, 0)
        letters = np.frombuffer(lines.buffers()[2], np.uint8)
        after_separator = np.isin(letters[np.minimum(starts, len(letters) - 1)], _PARTING)
        starts = np.where(found >= 0, starts + after_separator, ends)  # `(?:^|[\s:])`
        buffer = lines.buffers()[2]
        return slices(buffer, begins, starts), slices(buffer, starts, ends)

    def _tables(
        self,
        shape: Shape,
        row: dict[str, pa.Array],
        rows: Numbers,
        lines: Sequence[bytes],
        first: int,
        tables: list[pa.RecordBatch],
        unread: list[Numbers],
    ) -> None:
        """Read lines of one shape; after an unusual line, in halves."""
        table = self._parse_together(shape, row, rows, lines, first)
        if table is not None:
            tables.append(table)
        elif len(rows) < 2 * FEW_LINES:
            unread.append(rows)
        else:
            half = len(rows) // 2
            for begin, end in ((0, half), (half, len(rows))):
                part = {name: column.slice(begin, end - begin) for name, column in row.items()}
                self._tables(shape, part, rows[begin:end], lines, first, tables, unread)

    def _parse_together(
        self, shape: Shape, row: dict[str, pa.Array], rows: Numbers, lines: Sequence[bytes], first: int
    ) -> pa.RecordBatch | None:
        try:
            columns = self._columns(shape, {**row}, lines[int(rows[0])])
        except UNREADABLE:
            return None
        return self.table(columns, rows.tolist(), first, lines)

    def _columns(self, shape: Shape, row: dict[str, pa.Array], line: bytes) -> dict[str, pa.Array]:
        """Return the columns of events of one shape; `line`: the first line."""
        count = len(row["head_"])
        self._sample = line[len(row["head_"][0].as_py().encode()) :].decode()
        moments, hosts = read_headers(row.pop("head_"), self._cached_header)
        rest = row.pop("rest_", None)
        for other in shape.also:
            found = pc.extract_regex(rest, for_arrow(other))
            row |= dict(zip([field.name for field in found.type], found.flatten(), strict=True))
        texts = {name: not_empty(column) for name, column in row.items()}
        values = {key: self._field(key, how, texts, count) for key, how in shape.made.items() if key in _READ}
        for key, value in shape.constant.items():
            if key in _READ:
                values[key] = pa.repeat(pa.scalar(value), count)
        if any(values[key].null_count for key in shape.needs):
            raise Unusual
        values["time"] = pc.coalesce(values["time"], moments) if "time" in values else moments
        nothing = none_of(count)
        values["observer"] = pc.coalesce(
            values.pop("observer", nothing), hosts, values.pop("sender", nothing)
        )
        return decided(values, self.log_format.layout.role, count)

    def _field(self, key: str, how: Of | Made, texts: Row, count: int) -> pa.Array:
        kind = _arrow_kind(key)
        if isinstance(how, Made):
            return _made(how, texts, kind, count)
        found: pa.Array | None = None
        for name in how.names:
            if name in texts and texts[name].null_count < count:
                column = self._read(how.kind, texts[name], kind)
                found = column if found is None else pc.coalesce(found, column)
                if not found.null_count:
                    return found
        found = pa.nulls(count, kind) if found is None else found
        return found if how.absent is None else pc.fill_null(found, pa.scalar(how.absent, kind))

    def _read(self, kind: Any, column: pa.Array, arrow_kind: pa.DataType) -> pa.Array:
        if kind.column:
            return COLUMNS[kind.column](column, kind.read)
        if isinstance(kind, Clock):
            return read_times(column, lambda text: kind.read(text, self.log_format.clock))
        return map_distinct(column, kind.read, arrow_kind)

    def _read_header(self, text: str) -> HeaderValues:
        if _ends_with_second_time(text):  # its meaning depends on the record
            raise Unusual
        if self.log_format.layout.anywhere:
            return self.log_format.head(text + self._sample, len(text))
        time, observer, record = self.log_format.opened(text + self._sample)
        if record != self._sample:
            raise Unusual
        return time, observer


def _of_shape(shape: Shape, records: pa.Array) -> pa.Array:
    """Split records into the groups that are read, except pairs; null for those without the shape.

    Of a pattern that takes several passes the upper bounds are matched first, and removed for the split."""
    wanted = {name for key, how in shape.made.items() if key in _READ for name in how.names}
    exact, split = f"^(?:{for_arrow(shape.pattern)})", f"^(?:{relaxed(shape.pattern)})"
    if is_one_pass(shape.pattern) and len(wanted) <= _ONE_PASS_GROUPS and not shape.also:
        split = exact
    if shape.pairs or split != exact:
        fits = pc.match_substring_regex(records, _PAIRS if shape.pairs else exact)
        records = pc.if_else(fits, records, pa.scalar(None, pa.string()))
    if shape.pairs:
        return records
    split = _NAMED.sub(lambda m: m[0] if m[1] in wanted else "(?:", split)
    return pc.extract_regex(records, f"{split}{'(?P<rest_>.*)$' * bool(shape.also)}")


def _by_key(shape: Shape, records: pa.Array) -> dict[str, pa.Array]:
    """Return the values of key-value records by key. Raises Unusual for keys inside quoted text."""
    row: dict[str, pa.Array] = {}
    wanted = sorted({name for field, how in shape.made.items() if field in _READ for name in how.names})
    first = f" {records[0].as_py()}"
    likely = [key for key in wanted if f" {key}=" in first]
    others = "|".join(key for key in wanted if key not in likely)
    if others and pc.any(pc.match_substring_regex(records, f"(?:^| )(?:{others})=")).as_py():
        likely = wanted
    for key in likely:
        for opening, closing in ((f'{key}="', '"'), (f"{key}=", " ")):
            found, before = _value(records, opening, closing)
            if closing == " " and found.null_count < len(found):
                quotes = pc.count_substring(before, '"')
                check(pc.or_(pc.is_null(found), pc.equal(pc.bit_wise_and(quotes, 1), 0)))
            row[key] = pc.coalesce(row[key], found) if key in row else found
            if not row[key].null_count:
                break
    return row


def _value(records: pa.Array, opening: str, closing: str) -> tuple[pa.Array, pa.Array]:
    """Return the text after `key="` or `key=` (null when empty), and the text before it."""
    begins, ends = offsets_of(records)[:-1], offsets_of(records)[1:]
    found = pc.find_substring(records, f" {opening}").to_numpy()
    first = pc.starts_with(records, opening).to_numpy(zero_copy_only=False)
    positions = begins + np.where(first, 0, np.maximum(found, 0) + 1)
    starts = np.where(first | (found >= 0), positions + len(opening), ends)
    values, _ = slice_until(records, starts, closing)
    if closing == " ":
        values = pc.if_else(pc.starts_with(values, '"'), "", values)
    return not_empty(values), slices(records.buffers()[2], begins, np.minimum(positions, ends))


def _arrow_kind(key: str) -> pa.DataType:
    if key == "way":
        return pa.int8()
    if key.endswith("_port"):
        return pa.int32()
    return pa.list_(pa.string()) if key == "answers" else pa.string()


def _made(how: Made, texts: Row, kind: pa.DataType, count: int) -> pa.Array:
    """Compute a field by a function, once per distinct combination of the texts."""
    given = [pc.fill_null(texts[name], "") if name in texts else pa.repeat("", count) for name in how.names]
    joined = given[0] if len(given) == 1 else pc.binary_join_element_wise(*given, _JOINT)
    return map_distinct(
        joined, lambda text: how.function(*[part or None for part in text.split(_JOINT)]), kind
    )


def decided(values: dict[str, pa.Array], role: Role, count: int) -> dict[str, pa.Array]:
    """Decide the device as `line.decided` does, for columns."""
    take, nothing = values.pop, none_of(count)
    source, inner = values.get("source_ip", nothing), values.get("destination_ip", nothing)
    if (translated := take("inner_ip", None)) is not None:
        inner = pc.coalesce(translated, inner)
    way, mac, stated_mac = take("way", None), take("client_mac", None), take("source_mac", None)
    near, far = take("source_name", None), take("destination_name", nothing)
    if "device_ip" not in values and role is Role.SERVES_THE_UNIT:
        values["device_ip"] = source
        mac = None if mac is None else pc.if_else(pc.is_valid(source), mac, nothing)
    elif "device_ip" not in values:
        sides = sides_of(role, way, source, inner)
        own, arrived = pc.equal(sides, int(Side.SOURCE)), pc.equal(sides, int(Side.DESTINATION))
        values["device_ip"] = pc.if_else(own, source, pc.if_else(arrived, inner, nothing))
        if near is not None:
            strange = False if way is None else pc.and_not(pc.equal(way, int(Way.CALLED)), own)
            near = pc.if_else(arrived, far, pc.if_else(strange, nothing, near))
        if mac is not None:
            mac = pc.if_else(pc.and_(own, pc.is_valid(source)), mac, nothing)
    for key, column in (("device_name", near), ("device_mac", mac)):
        if column is not None:
            values[key] = pc.coalesce(values[key], column) if key in values else column
    if stated_mac is not None:
        values["device_mac"] = pc.coalesce(values.get("device_mac", nothing), stated_mac)
    values.setdefault("action", pa.repeat(Action.UNKNOWN.value, count))
    return values


def sides_of(role: Role, ways: pa.Array | None, sources: pa.Array, destinations: pa.Array) -> pa.Array:
    """Apply `ends.side_of` to each pair, as numbers. `ways`: numbers without null, or None if unstated."""
    table = np.array(SIDES[role * len(Way) : (role + 1) * len(Way)], np.int8)
    way = np.zeros(len(sources), np.int8) if ways is None else ways.to_numpy(zero_copy_only=False)
    return pa.array(table[way, _kinds(sources) * len(Address) + _kinds(destinations)])


def _kinds(addresses: pa.Array) -> Any:
    """Apply `ends.address_kind` to each address, as numbers."""
    kinds = np.full(len(addresses), Address.PUBLIC, np.int8)
    within = pc.fill_null(internal(addresses), False).to_numpy(zero_copy_only=False)
    kinds[within] = Address.INTERNAL
    groups = pc.fill_null(pc.match_substring_regex(addresses, _GROUPS), False).to_numpy(zero_copy_only=False)
    kinds[groups & ~within] = Address.GROUP
    kinds[addresses.is_null().to_numpy(zero_copy_only=False)] = Address.ABSENT
    return kinds
