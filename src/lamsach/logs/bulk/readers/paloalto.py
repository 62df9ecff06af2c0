"""Columnar reader of Palo Alto's comma-separated traffic and URL records, after any syslog header."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.columns import check, read_cells, stated_texts
from lamsach.logs.bulk.features import Lines, groups_of, letters_of
from lamsach.logs.bulk.headers import HeaderValues, read_headers
from lamsach.logs.bulk.readers.records import RecordReader
from lamsach.logs.bulk.text_buffers import Unusual
from lamsach.logs.formats.firewalls.paloalto.columns import (
    GENERATED,
    KIND_KEY,
    PLACES,
    RECEIVED,
    SERIAL,
    SUBTYPE,
    SUBTYPE_KEY,
    TIME_KEYS,
    TYPE,
)
from lamsach.logs.text.record_headers import last_header
from lamsach.logs.text.times.stated_clock import states_other_zone

# <14>Jun 10 08:00:01 PA-220 1,2026/06/10 08:00:01,0123456789,TRAFFIC,end,2305,2026/06/10
# 08:00:01,10.1.1.5,198.51.100.7,
_SHAPES = {
    0: r"^(?:[^,;]*[\s:])?[0-9]{0,2}$",
    RECEIVED: "^[0-9/: T.+-]{0,32}$",
    SERIAL: "^[0-9A-Za-z_-]{0,40}$",
    GENERATED - 1: "^[^,;]{0,20}$",
    GENERATED: "^[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$",
}
_SUBTYPES = {"TRAFFIC": ("start", "end", "drop", "deny"), "THREAT": ("url",)}
_EXACT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})$"
)
_IS_EXACT, _MAY_BE_EXACT = re.compile(_EXACT), re.compile(rb",\d{4}-\d\d-\d\dT")


class PaloAltoColumns(RecordReader):
    """Records of the types TRAFFIC and THREAT,url."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """Group by type, subtype, and (except for URLs, which may contain commas) the number of columns."""
        block = Lines(lines)
        position = block.nth(",", SUBTYPE - 1) + 1
        kind, subtype = np.zeros((2, len(lines)), np.int64)
        for at, (name, several) in enumerate(_SUBTYPES.items(), 1):
            matches = block.letters(position, len(name)) == letters_of(name)
            kind[matches] = at
            for number, word in enumerate(several, 1):
                text = f",{word},"
                subtype[matches & (block.letters(position + len(name), len(text)) == letters_of(text))] = (
                    number
                )
        quotes = block.count('"')
        odd = block.has('""') | (quotes != block.count(',"') + block.count('",'))
        usual = (
            (position > 0) & (subtype > 0) & ~((quotes > 0) & odd) & ~block.has("CEF:", "LEEF:", '"LogType"')
        )
        return groups_of((kind, subtype, np.where(quotes > 0, 0, block.count(","))), usual)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        if b',\\"' in data:
            raise Unusual
        line = data[: data.find(b"\n")].decode() if count > 1 else data.decode()
        sample = next(csv.reader([line]))
        positions = PLACES[sample[SUBTYPE - 1]]
        exact = max((at for at in range(GENERATED, len(sample)) if _IS_EXACT.match(sample[at])), default=None)
        if exact is None and _MAY_BE_EXACT.search(data):
            raise Unusual
        tail = range(exact if exact is not None else len(sample), len(sample))
        wanted = {*_SHAPES, TYPE, SUBTYPE, *positions.values(), *tail} & {*range(len(sample))}
        names = [str(at) for at in range(len(sample))]
        row = read_cells(data, names, ",", [str(at) for at in sorted(wanted)], count, quotes=True)
        for at, shape in _SHAPES.items():
            check(pc.match_substring_regex(row[str(at)], shape))
        for at in tail:
            found = pc.match_substring_regex(row[str(at)], _EXACT)
            check(found if at == exact else pc.invert(found))
        fields = {name: row[str(position)] for name, position in positions.items() if position < len(sample)}
        fields |= {
            KIND_KEY: row[str(TYPE)],
            SUBTYPE_KEY: row[str(SUBTYPE)],
            TIME_KEYS[1]: row[str(GENERATED)],
        }
        if exact is not None:
            fields[TIME_KEYS[0]] = row[str(exact)]
        return self.events(
            tuple(fields),
            lambda wanted: {key: stated_texts(fields[key]) for key in wanted},
            count,
            lambda _: read_headers(pc.ascii_rtrim(row["0"], "0123456789"), self._read_header),
            certain=False,
        )

    def _read_header(self, text: str) -> HeaderValues:
        if not text:
            return None, None
        if states_other_zone(text, self.context.timezone):
            raise Unusual
        header = last_header(text, self.context)
        return header.time, header.host or (header.app if header.pid is None else None)
