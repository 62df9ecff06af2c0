"""Columnar readers of key-value records: `key=value key="value"`, or `key:"value"; key:"value"`.

Works for any product that states which values it passes through; records are grouped by their keys in order.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.columns import (
    check,
    lines_of,
    may_contain,
    null_where,
    read_cells,
    slice_texts,
    text_of,
    trimmed,
)
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.headers import HeaderValues, header_values, read_headers
from lamsach.logs.bulk.readers.records import MOST_KEYS, RecordReader
from lamsach.logs.bulk.text_buffers import Unusual, split_once
from lamsach.logs.mappings.records import NAME, Written
from lamsach.logs.opening.marks import Truths
from lamsach.logs.text.syslog import split_header

Keys = Mapping[str, bool]
"""Keys in order, each with whether its value is quoted."""
# date=2024-03-06 time=22:06:03 devname="FG 1" -> date= time= devname="
_QUOTED, _BARE = re.compile(rb'="[^"\n]*"'), re.compile(rb'=[^" \n]+')
_TOKEN = re.compile(r'([A-Za-z_][\w.-]*)=("?)', re.ASCII)
_LONGEST_HEAD, _LONGEST_QUOTED_HEAD = 300, 500
_PART = "\x02"


def pair_groups(lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
    """Group lines by record number and number of keys: see `GroupReader.groups`."""
    block = Lines(lines)
    quotes, number = block.count('="'), block.place(" log")
    usual = (block.count('"') == 2 * quotes) & ~block.has("\\", "\t", "\v", "\f")
    begin = [block.letters(number + ahead, 8) for ahead in (4, 12)]
    return groups_of((*begin, quotes, block.count("=")), usual)


def skeleton(line: bytes) -> bytes:
    """Remove the values from a line."""
    return _BARE.sub(b"=", _QUOTED.sub(b'="', line))


def keys_of(shape: bytes) -> Keys:
    """Return the keys of a skeleton. Raises Unusual for other content, duplicate keys, or too many."""
    tokens = [_TOKEN.fullmatch(token) for token in shape.decode().split(" ", MOST_KEYS + 1)]
    keys = {token[1]: bool(token[2]) for token in tokens if token}
    if len(keys) != len(tokens) or len(keys) > MOST_KEYS:
        raise Unusual
    return keys


def pair_rows(keys: Keys, wanted: Collection[str], data: bytes, count: int) -> dict[str, pa.Array]:
    """Return the wanted values of `count` lines with these keys.

    Raises Unusual or pyarrow.ArrowInvalid when a line has other keys."""
    names = [name for key, quoted in keys.items() for name in ((f"{key}=", key) if quoted else (key,))]
    bare = [key for key, quoted in keys.items() if not quoted]
    read = [name for name in names if name[-1] == "=" or name in bare or name in wanted]
    row = read_cells(data.replace(b'="', b'= "'), names, " ", read, count, quotes=True)
    same = [pc.equal(row[name], name) for name in read if name[-1] == "="]
    same += [pc.starts_with(row[key], f"{key}=") for key in bare]
    if not same or not all(pc.all(condition).as_py() for condition in same):
        raise Unusual
    if any(may_contain(row[key], b",") or not _is_ascii(row[key]) for key in bare):
        raise Unusual  # either may separate values
    return {
        key: row[key] if quoted else slice_texts(row[key], len(key) + 1)
        for key, quoted in keys.items()
        if key in wanted
    }


def _is_ascii(column: pa.Array) -> bool:
    texts = column.buffers()[2]
    return texts is None or texts.to_pybytes().isascii()


class PairRecords(RecordReader):
    """Lines whose record begins with one of several keys, pairs separated by single spaces."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._starts = [start.encode() for start in self.records.starts]
        self._doubled = self.records.doubled.encode()

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """See `pair_groups`."""
        return pair_groups(lines)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return skeleton(self._split(line)[1])

    def _single(self, records: bytes) -> bytes:
        """Collapse two spaces before the `doubled` key."""
        return records.replace(b"  " + self._doubled, b" " + self._doubled) if self._doubled else records

    def _split(self, line: bytes) -> tuple[bytes, bytes]:
        """Split a line into header and record."""
        for start in self._starts:
            position = line.find(start, 0, _LONGEST_HEAD)
            if position >= 0 and b"=" not in line[:position]:
                return line[:position], self._single(line[position:])
        raise Unusual

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `GroupReader`."""
        before, records = self._split_all(data, count)
        keys = keys_of(skeleton(records.partition(b"\n")[0]).rstrip(b" "))
        if b"UtcTime" in records or any(key != key.lower() for key in keys):
            raise Unusual
        own_headers = None if before is None else lambda _: read_headers(before, self._read_header)
        return self.events(
            tuple(keys), lambda wanted: pair_rows(keys, wanted, records, count), count, own_headers, before
        )

    def _split_all(self, data: bytes, count: int) -> tuple[pa.Array | None, bytes]:
        """Split all lines into headers (None without any) and records."""
        for start in self._starts:
            if data.startswith(start) and data.count(b"\n" + start) == count - 1:
                return None, self._single(data)
        splits = [self._split(line) for line in data.split(b"\n")]
        return pa.array([head.decode() for head, _ in splits]), b"\n".join([record for _, record in splits])

    def _read_header(self, text: str) -> HeaderValues:
        return header_values(split_header(f'{text}{self._starts[0].decode()}"x" a=b', self.context)[0])


class Quoted:
    """Syntax of records with quoted values: see `Written`."""

    def __init__(self, written: Written) -> None:
        self._opening, self._closing, self._ends = written.opening, written.closing, written.ends

    def usual(self, block: Lines) -> Truths:
        """Return whether all quotes delimit values, and every value but the last is closed as usual.

        The lines have no quotes before their record."""
        keys, closings = block.count(self._opening), block.count(self._closing)
        closed_too = np.zeros(len(keys), np.bool_)
        for end in self._ends:
            if end.startswith(self._closing):
                closed_too |= block.end_with(end)
        usual: Truths = closings == keys - ~closed_too  # `a:"1";b:"2"; `
        usual &= (keys > 0) & (keys < MOST_KEYS) & (block.count('"') == 2 * keys)
        return usual & ~block.has("\\")

    def keys(self, record: str) -> tuple[str, ...]:
        """Return the record's keys in order."""
        end = next((end for end in self._ends if record.endswith(end)), "")
        parts = record.removesuffix(end).split(self._closing)
        return tuple(part.partition(self._opening)[0] for part in parts)

    def rows(self, records: pa.Array, wanted: Collection[str]) -> dict[str, pa.Array]:
        """Return the wanted values.

        Raises Unusual when keys differ from the first record's, or a wanted key occurs twice."""
        first = records[0].as_py()
        keys, end = self.keys(first), next((end for end in self._ends if first.endswith(end)), None)
        if end is None or any(keys.count(key) > 1 for key in {*keys} & {*wanted}):
            raise Unusual
        check(pc.ends_with(records, end))
        bodies = text_of(slice_texts(records, 0, -len(end))).to_pybytes()
        if _PART.encode() in bodies:
            raise Unusual
        names = [str(at) for at in range(len(keys))]
        row = read_cells(
            bodies.replace(self._closing.encode(), _PART.encode()), names, _PART, names, len(records)
        )
        for name, key in zip(names, keys, strict=True):
            check(pc.starts_with(row[name], f"{key}{self._opening}"))
        return {
            key: trimmed(slice_texts(row[name], len(key) + len(self._opening)))
            for name, key in zip(names, keys, strict=True)
            if key in wanted
        }


class QuotedRecords(RecordReader):
    """Lines whose record follows a mark, with all values in quotes."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        assert self.records.written is not None
        self._written = self.records.written
        self._quoted = Quoted(self._written)

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """Group by the number of keys, the first key's length, and the text around the mark."""
        block, mark = Lines(lines), self._written.mark
        position = block.place(mark)
        usual = (position >= 0) & (position < _LONGEST_QUOTED_HEAD) & (block.place('"') > position)
        usual &= self._quoted.usual(block) & ~block.has("UtcTime", *self._written.signs)
        usual &= block.count('"]') <= 1  # the record ends at the first, and the rest is no value
        around = [block.letters(position + ahead, 8) for ahead in (-8, -16, len(mark))]
        first_length = block.place(self._written.opening) - position
        return groups_of((block.count(self._written.closing), first_length, *around), usual)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return self._quoted.keys(line.decode().partition(self._written.mark)[2])

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `GroupReader`."""
        written = self._written
        before, records = split_once(lines_of(data), written.mark)
        if written.mark.endswith("@"):
            number, records = split_once(records, " ")
            check(pc.match_substring_regex(number, r"^[0-9.]{1,40}$"))
        check(pc.invert(pc.match_substring(before, '"')))
        if written.head:
            check(pc.match_substring_regex(before, written.head))
        keys = self._quoted.keys(records[0].as_py())
        name = re.search(written.name, before[0].as_py()) if written.name else None
        if written.name:
            if name is None:
                raise Unusual
            check(pc.ends_with(before, f" {name[1]} "))
            check(pc.equal(pc.count_substring_regex(before, written.name), 1))

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            found = self._quoted.rows(records, {*wanted} - {NAME})
            found = {key: null_where(written.absent, column) for key, column in found.items()}
            return found | {NAME: pa.repeat(name[1], count)} if name else found

        names, own_headers = (
            (*keys, NAME) if name else keys,
            lambda _: read_headers(before, self._read_header),
        )
        return self.events(names, load, count, own_headers, before, certain=not written.absent)

    def _read_header(self, text: str) -> HeaderValues:
        return header_values(split_header(text + self._written.sample, self.context)[0])
