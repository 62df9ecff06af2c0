"""Log Event Extended Format of any product, its attributes parted by tabs or by the delimiter that LEEF 2.0 states."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.bulk.announced import constant, heads_before, stated_times
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import cells, check, cut, trimmed
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.keyed import check_named, event_columns
from lamsach.logs.bulk.parts import halves
from lamsach.logs.mappings.cef_events import HASH_KEY
from lamsach.logs.mappings.keyed_events import asked_of
from lamsach.logs.mappings.leef_events import FAR_HOSTNAME, KEYS, MONTH_FIRST, TIMES
from lamsach.logs.text import leef

if TYPE_CHECKING:
    import pyarrow as pa

_ZONES = ("devtimezone", "timezone")
_ASKED = asked_of(KEYS) | {*TIMES, *_ZONES, "devtimeformat"}
_MOST_KEYS = 200
# LEEF:1.0|Maker|Product|1.0|event|src=   LEEF:2.0|Maker|Product|1.0|event|^|src=
_HEADERS = {
    "1": r"^ ?1(?:\.[0-9])?\|(?:[^|]{0,100}\|){4}",
    "2": r"^ ?2(?:\.[0-9])?\|(?:[^|]{0,100}\|){4}(?:\^|x09|0x09|x5[Ee]|0x5[Ee])?\|",
}
_KEY = re.compile(r"([A-Za-z_][\w.-]{0,80})=", re.ASCII)
_HEADER = re.compile(r"LEEF: ?([12])")


class LeefRecords(GroupReader):
    """Records that state no hashes."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the delimiter, how often it stands, and the beginnings of the vendor's name and of the event's."""
        import numpy as np

        told = Lines(lines)
        tabs = told.count("\t")
        count = np.where(tabs > 0, tabs, told.count("^"))
        vendor, event = told.nth("|", 1), told.nth("|", 4)
        usual = (told.nth("|", 5) >= 0) & (count > 0) & (count < _MOST_KEYS)
        return groups_of((tabs > 0, count, told.letters(vendor + 1, 8), told.letters(event + 1, 8)), usual)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        delimiter = b"\t" if b"\t" in line else b"^"
        return tuple(piece.partition(b"=")[0] for piece in line.split(delimiter)[1:])

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        line = data.partition(b"\n")[0].decode()
        delimiter = "\t" if "\t" in line else "^"
        start, version = leef.find(line), _HEADER.search(line)
        pieces = line.split(delimiter)
        found = [_KEY.match(piece) for piece in (pieces[0].rpartition("|")[2], *pieces[1:])]
        stated = [match[1] for match in found if match]
        keys = [key.lower() for key in stated]
        if FAR_HOSTNAME in line:
            raise Unusual
        if start < 0 or version is None or len(keys) != len(pieces) or len({*keys}) != len(keys):
            raise Unusual
        if delimiter == "^" and version[1] == "1":
            raise Unusual
        names = [str(at) for at in range(len(keys))]
        row = cells(data, names, delimiter, dict.fromkeys(names, pa.string()))
        if len(row["0"]) != count:
            raise Unusual
        before, record = halves(row["0"], "LEEF:")
        check(pc.match_substring_regex(record, f"{_HEADERS[version[1]]}{re.escape(stated[0])}=[^|]*$"))
        if version[1] == "2":  # of which the delimiter was not told from the first line
            sign = r"\|\^\||\|0?x5[Ee]\|" if delimiter == "^" else r"\|\|[^|]|\|0?x09\|"
            check(pc.match_substring_regex(record, sign))
        values = {}
        row["0"] = pc.list_element(pc.split_pattern(record, "|", max_splits=1, reverse=True), 1)
        for name, key, written in zip(names, keys, stated, strict=True):
            check(pc.starts_with(row[name], f"{written}="))
            if key in _ASKED or HASH_KEY.search(key):
                values[key] = trimmed(cut(row[name], len(key) + 1))
        check_named(values, keys, KEYS)
        return self._columns(before, values, count)

    def _columns(self, before: pa.Array, row: dict[str, pa.Array], count: int) -> dict[str, pa.Array]:
        import pyarrow.compute as pc

        for key, column in row.items():
            if key in KEYS.hashes or HASH_KEY.search(key):
                check(pc.equal(column, ""))
        times, hosts = heads_before(before, "LEEF:1.0|Maker|Product|1|1|", self.context)
        zone = next((text for key in _ZONES if (text := constant(row, key))), None)
        pattern = constant(row, "devtimeformat") or ""
        stated = stated_times(row, TIMES, self.context, zone, month_first=pattern.startswith(MONTH_FIRST))
        columns = event_columns(row, KEYS, count)
        columns["observer"] = pc.coalesce(columns["observer"], hosts)
        return columns | {"time": times if stated is None else stated}
