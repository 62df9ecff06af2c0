"""Records of `key=value key="value"`, of any product that says which of its values it only hands on."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import heads, of_header
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.pairs import Keys, Mixed, PairRows, keys_of, skeleton
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.text.syslog import split_header

if TYPE_CHECKING:
    import pyarrow as pa

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
        import pyarrow as pa

        for start in self._starts:
            if data.startswith(start) and data.count(b"\n" + start) == count - 1:
                doubled = self._doubled
                return None, data.replace(b"  " + doubled, b" " + doubled) if doubled else data
        parted = [self._parted(line) for line in data.split(b"\n")]
        return pa.array([head.decode() for head, _ in parted]), b"\n".join([record for _, record in parted])

    def _heads(self, before: pa.Array | None, count: int) -> tuple[pa.Array, pa.Array]:
        import pyarrow as pa

        if before is None:
            return pa.nulls(count, pa.timestamp("us", "UTC")), pa.nulls(count, pa.string())
        sample = f'{self._starts[0].decode()}"x" a=b'
        return heads(
            before,
            lambda text: of_header(split_header(text + sample, self.context)[0]),
        )
