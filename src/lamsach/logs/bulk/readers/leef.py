"""Log Event Extended Format of any product, its attributes parted by tabs or by the delimiter that LEEF 2.0 states."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.announced import heads_before
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import cells, check, cut, trimmed
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.parts import halves
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.mappings.cef_events import FAR_HOSTNAME
from lamsach.logs.text import leef

_RECORD = "LEEF:1.0|Maker|Product|1|1|"
_MOST_KEYS = 200
# LEEF:1.0|Maker|Product|1.0|event|src=   LEEF:2.0|Maker|Product|1.0|event|^|src=
_HEADERS = {
    "1": r"^ ?1(?:\.[0-9])?\|(?:[^|]{0,100}\|){4}",
    "2": r"^ ?2(?:\.[0-9])?\|(?:[^|]{0,100}\|){4}(?:\^|x09|0x09|x5[Ee]|0x5[Ee])?\|",
}
_KEY = re.compile(r"([A-Za-z_][\w.-]{0,80})=", re.ASCII)
_HEADER = re.compile(r"LEEF: ?([12])")


class LeefRecords(GroupReader):
    """Records of any maker but one."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._templates = Templates(log_format)
        self._known: dict[tuple[str, ...], set[str]] = {}

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the delimiter, how often it stands, and the beginnings of the vendor's name and of the event's."""
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
        line = data.partition(b"\n")[0].decode()
        delimiter = "\t" if "\t" in line else "^"
        start, version = leef.find(line), _HEADER.search(line)
        pieces = line.split(delimiter)
        found = [_KEY.match(piece) for piece in (pieces[0].rpartition("|")[2], *pieces[1:])]
        stated = [match[1] for match in found if match]
        keys = [key.lower() for key in stated]
        if FAR_HOSTNAME.encode() in data or b"UtcTime" in data:
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
        row["0"] = pc.list_element(pc.split_pattern(record, "|", max_splits=1, reverse=True), 1)
        for name, written in zip(names, stated, strict=True):
            check(pc.starts_with(row[name], f"{written}="))
        places = dict(zip(keys, names, strict=True))

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            return {key: trimmed(cut(row[places[key]], len(key) + 1)) for key in wanted}

        texts = Row(keys, load, self._known.setdefault(tuple(keys), set()), certain=True)
        return self._templates.columns(texts, count, lambda: heads_before(before, _RECORD, self.context))
