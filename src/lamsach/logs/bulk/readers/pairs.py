"""Lines of `key=value key="value"` in columns, where they have the same keys in the same order: a shape, which is told by the line without its values.

Records of `key=value key="value"`, of any product that says which of its values it only hands on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import cells, cut, holds
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import heads, of_header
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.text.syslog import split_header

Keys = Sequence[tuple[str, bool]]
"""The keys of a shape in their order, and of each whether its value is quoted."""
# date=2024-03-06 time=22:06:03 devname="FG 1" -> date= time= devname="
_QUOTED, _BARE = re.compile(rb'="[^"\n]*"'), re.compile(rb'=[^" \n]+')
_TOKEN = re.compile(r'([A-Za-z_][\w.-]*)=("?)', re.ASCII)
_MOST_KEYS = 200
_KIND = re.compile(rb' log_?id="?(\d+)')


class Mixed(Exception):  # noqa: N818 - no error: the lines are put together otherwise
    """Some lines have other keys than the first."""


def skeleton(line: bytes) -> bytes:
    """The line without its values."""
    return _BARE.sub(b"=", _QUOTED.sub(b'="', line))


def keys_of(shape: bytes) -> Keys | None:
    """The keys of a skeleton; None when it holds anything else, a key twice, or very many."""
    if shape.count(b" ") > _MOST_KEYS:
        return None
    tokens = [_TOKEN.fullmatch(token) for token in shape.decode().split(" ")]
    keys = [(token[1], bool(token[2])) for token in tokens if token]
    return keys if len(keys) == len(tokens) == len({key for key, _ in keys}) else None


def likely_groups(lines: Sequence[bytes | None], alone: list[int]) -> list[list[int]]:
    """Lines (by their numbers from 0) that may well have one shape, by what is told cheaply; those with escapes come to `alone`."""
    groups: dict[object, list[int]] = {}
    for at, line in enumerate(lines):
        if line is None or b"\\" in line or b"\t" in line:
            alone.append(at)
        else:
            kind = _KIND.search(line)
            groups.setdefault((kind and kind[0], line.count(b'="')), []).append(at)
    return list(groups.values())


class PairRows:
    """Reads lines of one shape: `wanted` of its keys."""

    def __init__(self, keys: Keys, wanted: Collection[str]) -> None:
        self._columns: list[str] = []
        for key, quoted in keys:
            self._columns += [f"{key}=", key] if quoted else [key]
        self._bare = [key for key, quoted in keys if not quoted]
        self._quoted = [key for key, quoted in keys if quoted]
        self._wanted = wanted
        told = {*self._bare, *wanted}
        self._read = [name for name in self._columns if name[-1] == "=" or name in told]

    def row(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """The values of so many lines by their keys. Raises Mixed, or pyarrow.ArrowInvalid, when they do not all have this shape."""
        quoted = data.replace(b'="', b'= "')
        row = cells(quoted, self._columns, " ", dict.fromkeys(self._read, pa.string()), quotes=True)
        same = [pc.equal(row[f"{key}="], f"{key}=") for key in self._quoted]
        same += [pc.starts_with(row[key], f"{key}=") for key in self._bare]
        if not same or len(same[0]) != count or not all(pc.all(one).as_py() for one in same):
            raise Mixed
        if any(holds(row[key], b",") or not _is_ascii(row[key]) for key in self._bare):
            raise Mixed  # either may part values as a space does
        for key in self._bare:
            if key in self._wanted:
                row[key] = cut(row[key], len(key) + 1)
        return {key: row[key] for key in self._wanted if key in row}


def _is_ascii(column: pa.Array) -> bool:
    texts = column.buffers()[2]
    return texts is None or texts.to_pybytes().isascii()


_SHAPES_KEPT = 1000
_LONGEST_HEAD = 300


class PairRecords(GroupReader):
    """Lines whose record begins with one of some keys, its pairs parted by single spaces."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        assert log_format.records is not None
        self._starts = [start.encode() for start in log_format.records.starts]
        self._doubled = log_format.records.doubled.encode()
        self._templates = Templates(log_format)
        self._known: dict[bytes, tuple[Keys, set[str]]] = {}

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the record's number, and how many keys it has."""
        told = Lines(lines)
        quotes, number = told.count('="'), told.place(" log")
        usual = (told.count('"') == 2 * quotes) & ~told.has("\\", "\t", "\v", "\f")
        begin = [told.letters(number + ahead, 8) for ahead in (4, 12)]
        return groups_of((*begin, quotes, told.count("=")), usual)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return skeleton(self._parted(line)[1])

    def _parted(self, line: bytes) -> tuple[bytes, bytes]:
        """The header before a record, and the record."""
        for start in self._starts:
            place = line.find(start, 0, _LONGEST_HEAD)
            if place >= 0 and b"=" not in line[:place]:
                record = line[place:]
                return line[:place], record.replace(
                    b"  " + self._doubled, b" " + self._doubled
                ) if self._doubled else record
        raise Unusual

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        before, records = self._all_parted(data, count)
        keys, usual = self._shape(skeleton(records.partition(b"\n")[0]))

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            try:
                return PairRows(keys, wanted).row(records, count)
            except Mixed:
                raise Unusual from None

        row = Row([key for key, _ in keys], load, usual, certain=True)
        if b"UtcTime" in records:
            raise Unusual
        return self._templates.columns(row, count, lambda: self._heads(before, count), before)

    def _shape(self, shape: bytes) -> tuple[Keys, set[str]]:
        """The keys of a shape, and those that are looked at."""
        if shape not in self._known:
            if len(self._known) > _SHAPES_KEPT:
                self._known.clear()
            keys = keys_of(shape.rstrip(b" "))
            if keys is None or any(key != key.lower() for key, _ in keys):
                raise Unusual
            self._known[shape] = keys, set()
        return self._known[shape]

    def _all_parted(self, data: bytes, count: int) -> tuple[pa.Array | None, bytes]:
        """The headers (None: there are none) and the records."""
        for start in self._starts:
            if data.startswith(start) and data.count(b"\n" + start) == count - 1:
                doubled = self._doubled
                return None, data.replace(b"  " + doubled, b" " + doubled) if doubled else data
        parted = [self._parted(line) for line in data.split(b"\n")]
        return pa.array([head.decode() for head, _ in parted]), b"\n".join([record for _, record in parted])

    def _heads(self, before: pa.Array | None, count: int) -> tuple[pa.Array, pa.Array]:
        if before is None:
            return pa.nulls(count, pa.timestamp("us", "UTC")), pa.nulls(count, pa.string())
        sample = f'{self._starts[0].decode()}"x" a=b'
        return heads(before, lambda text: of_header(split_header(text + sample, self.context)[0]))
