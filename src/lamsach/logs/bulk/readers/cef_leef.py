"""Columnar readers of CEF and LEEF records of any product, grouped by keys.

CEF is split at `=`, so that each part holds one key's value and the next key's name; values with an
unescaped `=` are unusual. LEEF attributes are separated by tabs, or by the delimiter that LEEF 2.0 states.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.columns import check, may_contain, normalized, read_cells, slice_texts, trimmed
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.headers import headers_before
from lamsach.logs.bulk.readers.records import MOST_KEYS, RecordReader
from lamsach.logs.bulk.text_buffers import Unusual, split_once
from lamsach.logs.mappings.cef_events import FAR_HOSTNAME
from lamsach.logs.opening.marks import Numbers, Truths
from lamsach.logs.text import cef, leef

_UTC_TIME = b"UtcTime"
_MARK, _ESCAPED = b"\x01", b"\\="
_CEF, _LEEF = "CEF:0|Maker|Product|1|1|name|1|", "LEEF:1.0|Maker|Product|1|1|"


def _groups(block: Lines, keys: Numbers, *features: Truths) -> tuple[list[list[int]], list[int]]:
    """Group lines by their number of keys and the beginnings of vendor and event name."""
    names = (block.letters(block.nth("|", at) + 1, 8) for at in (1, 4))
    usual = (block.nth("|", 5) >= 0) & (keys > 0) & (keys < MOST_KEYS)
    return groups_of((*features, keys, *names), usual)


class CefRecords(RecordReader):
    """Columnar reader of CEF records."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """See `_groups`."""
        block = Lines(lines)
        keys = block.count("=") - block.count(_ESCAPED.decode())
        return _groups(block, np.where(block.has(_MARK.decode()), 0, keys))

    def shape(self, line: bytes) -> tuple[str, ...] | None:
        """Return the keys of a line's record in order; None without a record, or with a further `=`."""
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
        parts = read_cells(data.replace(_ESCAPED, _MARK), names, "=", names, count)
        for name, key in zip(names[1:-1], keys[1:], strict=True):
            check(pc.ends_with(parts[name], f" {key}"))
        before, record = split_once(parts["0"], "CEF:")
        check(pc.match_substring_regex(record, rf"^ ?[01]\|(?:[^|\\]*\|){{6}} *{re.escape(keys[0])}$"))
        sources = {
            key: (name, -len(after) - 1) for key, name, after in zip(keys, names[1:], keys[1:], strict=False)
        }

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            values = {
                key: slice_texts(parts[name], 0, end) for key, (name, end) in sources.items() if key in wanted
            }
            if keys[-1] in wanted:
                values[keys[-1]] = parts[names[-1]]
            return {key: _plain(pc.utf8_trim_whitespace(text), key) for key, text in values.items()}

        return self.events(keys, load, count, lambda _: headers_before(before, _CEF, self.context))


def _plain(texts: pa.Array, key: str) -> pa.Array:
    """Remove the escapes from values."""
    if not may_contain(texts, _MARK, b"\\"):
        return texts
    escaped = pc.match_substring(texts, "\\")
    if not pc.any(escaped).as_py():
        return pc.replace_substring(texts, _MARK.decode(), "=")
    plain = pc.invert(pc.or_(escaped, pc.match_substring(texts, _MARK.decode())))
    return normalized(texts, plain, lambda text: cef.unescaped(key, text.replace("\x01", "\\=")))


# LEEF:1.0|Vendor|Product|1.0|event|src=   LEEF:2.0|Vendor|Product|1.0|event|^|src=
_HEADERS = {
    "1": r"^ ?1(?:\.[0-9])?\|(?:[^|]{0,100}\|){4}",
    "2": r"^ ?2(?:\.[0-9])?\|(?:[^|]{0,100}\|){4}(?:\^|x09|0x09|x5[Ee]|0x5[Ee])?\|",
}
# srcPort=81
_KEY = re.compile(r"([A-Za-z_][\w.-]{0,80})=", re.ASCII)
_HEADER = re.compile(r"LEEF: ?([12])")


class LeefRecords(RecordReader):
    """Columnar reader of LEEF records, except those that state a remote host's name."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """See `_groups`; also grouped by delimiter."""
        block = Lines(lines)
        tabs = block.count("\t")
        return _groups(block, np.where(tabs > 0, tabs, block.count("^")), tabs > 0)

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
        row = read_cells(data, names, delimiter, names, count)
        before, record = split_once(row["0"], "LEEF:")
        check(pc.match_substring_regex(record, f"{_HEADERS[version[1]]}{re.escape(stated[0])}=[^|]*$"))
        if version[1] == "2":  # states its delimiter, which only the first line was tested for
            sign = r"\|\^\||\|0?x5[Ee]\|" if delimiter == "^" else r"\|\|[^|]|\|0?x09\|"
            check(pc.match_substring_regex(record, sign))
        row["0"] = pc.list_element(pc.split_pattern(record, "|", max_splits=1, reverse=True), 1)
        for name, name_written in zip(names, stated, strict=True):
            check(pc.starts_with(row[name], f"{name_written}="))
        positions = dict(zip(keys, names, strict=True))

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            return {key: trimmed(slice_texts(row[positions[key]], len(key) + 1)) for key in wanted}

        return self.events(keys, load, count, lambda _: headers_before(before, _LEEF, self.context))
