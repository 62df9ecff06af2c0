"""Records that announce themselves, `CEF:` and `LEEF:`, of any product: those with the same keys in the same
order.

CEF is taken apart at `=`: before each is the value of one key and the name of the next, so that a value that
holds a `=` which is not escaped is not usual. The attributes of LEEF are parted by tabs or by the delimiter
that LEEF 2.0 states.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.columns import cells, check, cut, holds, kept, trimmed
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.heads import heads_before
from lamsach.logs.bulk.letters import Unusual, halves
from lamsach.logs.bulk.readers.records import MOST_KEYS, RecordReader
from lamsach.logs.mappings.cef_events import FAR_HOSTNAME
from lamsach.logs.opening.marks import Numbers, Truths
from lamsach.logs.text import cef, leef

_UTC_TIME = b"UtcTime"
_MARK, _ESCAPED = b"\x01", b"\\="
_CEF, _LEEF = "CEF:0|Maker|Product|1|1|name|1|", "LEEF:1.0|Maker|Product|1|1|"


def _groups(read: Lines, keys: Numbers, *features: Truths) -> tuple[list[list[int]], list[int]]:
    """The lines by how many keys they have, and by the beginnings of the vendor's name and of the event's."""
    names = (read.letters(read.nth("|", at) + 1, 8) for at in (1, 4))
    usual = (read.nth("|", 5) >= 0) & (keys > 0) & (keys < MOST_KEYS)
    return groups_of((*features, keys, *names), usual)


class CefRecords(RecordReader):
    """Records of CEF."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """See `_groups`."""
        read = Lines(lines)
        keys = read.count("=") - read.count(_ESCAPED.decode())
        return _groups(read, np.where(read.has(_MARK.decode()), 0, keys))

    def shape(self, line: bytes) -> tuple[str, ...] | None:
        """The keys of a line's record in their order; None when it holds none, or a `=` elsewhere."""
        text = line.decode()
        start = cef.find(text)
        keys = tuple(cef.read(text[start:]).extension) if start >= 0 else ()
        return keys if keys and len(keys) == line.count(b"=") - line.count(_ESCAPED) else None

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `GroupReader`."""
        keys = self.shape(data.partition(b"\n")[0])
        if keys is None or _UTC_TIME in data:
            raise Unusual
        names = [*map(str, range(len(keys) + 1))]
        row = cells(data.replace(_ESCAPED, _MARK), names, "=", names, count)
        for name, key in zip(names[1:-1], keys[1:], strict=True):
            check(pc.ends_with(row[name], f" {key}"))
        before, record = halves(row["0"], "CEF:")
        check(pc.match_substring_regex(record, rf"^ ?[01]\|(?:[^|\\]*\|){{6}} *{re.escape(keys[0])}$"))
        places = {
            key: (name, -len(after) - 1) for key, name, after in zip(keys, names[1:], keys[1:], strict=False)
        }

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            values = {key: cut(row[name], 0, end) for key, (name, end) in places.items() if key in wanted}
            if keys[-1] in wanted:
                values[keys[-1]] = row[names[-1]]
            return {key: _plain(pc.utf8_trim_whitespace(text), key) for key, text in values.items()}

        return self.events(keys, load, count, lambda _: heads_before(before, _CEF, self.context))


def _plain(texts: pa.Array, key: str) -> pa.Array:
    """The values without escapes."""
    if not holds(texts, _MARK, b"\\"):
        return texts
    escaped = pc.match_substring(texts, "\\")
    if not pc.any(escaped).as_py():
        return pc.replace_substring(texts, _MARK.decode(), "=")
    plain = pc.invert(pc.or_(escaped, pc.match_substring(texts, _MARK.decode())))
    return kept(texts, plain, lambda text: cef.unescaped(key, text.replace("\x01", "\\=")))


# LEEF:1.0|Maker|Product|1.0|event|src=   LEEF:2.0|Maker|Product|1.0|event|^|src=
_HEADERS = {
    "1": r"^ ?1(?:\.[0-9])?\|(?:[^|]{0,100}\|){4}",
    "2": r"^ ?2(?:\.[0-9])?\|(?:[^|]{0,100}\|){4}(?:\^|x09|0x09|x5[Ee]|0x5[Ee])?\|",
}
_KEY = re.compile(r"([A-Za-z_][\w.-]{0,80})=", re.ASCII)
_HEADER = re.compile(r"LEEF: ?([12])")


class LeefRecords(RecordReader):
    """Records of LEEF but for those that state a far machine's name."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """See `_groups`; also by the delimiter."""
        read = Lines(lines)
        tabs = read.count("\t")
        return _groups(read, np.where(tabs > 0, tabs, read.count("^")), tabs > 0)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        delimiter = b"\t" if b"\t" in line else b"^"
        return tuple(piece.partition(b"=")[0] for piece in line.split(delimiter)[1:])

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `GroupReader`."""
        line = data.partition(b"\n")[0].decode()
        delimiter = "\t" if "\t" in line else "^"
        start, version = leef.find(line), _HEADER.search(line)
        pieces = line.split(delimiter)
        found = [_KEY.match(piece) for piece in (pieces[0].rpartition("|")[2], *pieces[1:])]
        stated = [match[1] for match in found if match]
        keys = [key.lower() for key in stated]
        if start < 0 or version is None or len(keys) != len(pieces) or len({*keys}) != len(keys):
            raise Unusual
        if FAR_HOSTNAME.encode() in data or _UTC_TIME in data or (delimiter, version[1]) == ("^", "1"):
            raise Unusual
        names = [str(at) for at in range(len(keys))]
        row = cells(data, names, delimiter, names, count)
        before, record = halves(row["0"], "LEEF:")
        check(pc.match_substring_regex(record, f"{_HEADERS[version[1]]}{re.escape(stated[0])}=[^|]*$"))
        if version[1] == "2":  # of which the delimiter was not seen in the first line
            sign = r"\|\^\||\|0?x5[Ee]\|" if delimiter == "^" else r"\|\|[^|]|\|0?x09\|"
            check(pc.match_substring_regex(record, sign))
        row["0"] = pc.list_element(pc.split_pattern(record, "|", max_splits=1, reverse=True), 1)
        for name, written in zip(names, stated, strict=True):
            check(pc.starts_with(row[name], f"{written}="))
        places = dict(zip(keys, names, strict=True))

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            return {key: trimmed(cut(row[places[key]], len(key) + 1)) for key in wanted}

        return self.events(keys, load, count, lambda _: heads_before(before, _LEEF, self.context))
