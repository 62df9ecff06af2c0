r"""Common Event Format of any product.

CEF records with the same keys in the same order, in columns.

The lines are taken apart at `=`: before each stands the value of one key and the name of the next. So a value that holds a `=` which is not escaped is not usual.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.announced import heads_before
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import cells, check, cut, holds, kept
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.looked import Row
from lamsach.logs.bulk.parts import halves
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.text import cef

_MARK, _ESCAPED = b"\x01", b"\\="
_MOST_KEYS = 200


def groups_by_signature(lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
    """The lines by how many keys their records have, and the beginnings of the vendor's name and of the signature; see `GroupReader.groups`."""
    told = Lines(lines)
    keys = told.count("=") - told.count(_ESCAPED.decode())
    vendor, signature = told.nth("|", 1), told.nth("|", 4)
    usual = (told.nth("|", 5) >= 0) & (keys > 0) & (keys < _MOST_KEYS) & ~told.has(_MARK.decode())
    return groups_of((keys, told.letters(vendor + 1, 8), told.letters(signature + 1, 8)), usual)


def keys_of(line: bytes) -> tuple[str, ...] | None:
    """The keys of a line's record in their order; None when it holds none, or a `=` elsewhere."""
    text = line.decode()
    start = cef.find(text)
    if start < 0:
        return None
    keys = tuple(cef.read(text[start:]).extension)
    return keys if len(keys) == line.count(b"=") - line.count(_ESCAPED) else None


class CefRows:
    """Reads records with these keys."""

    def __init__(self, keys: Sequence[str], wanted: Collection[str]) -> None:
        self._keys = keys
        self._wanted = wanted

    def row(self, data: bytes, count: int) -> tuple[pa.Array, dict[str, pa.Array]]:
        """Return what stands before each record, and the values by their keys. Raises Unusual, pyarrow.ArrowInvalid."""
        keys = self._keys
        names = [str(at) for at in range(len(keys) + 1)]
        row = cells(data.replace(_ESCAPED, _MARK), names, "=", dict.fromkeys(names, pa.string()))
        if len(row["0"]) != count:
            raise Unusual
        for at in range(1, len(keys)):
            check(pc.ends_with(row[names[at]], f" {keys[at]}"))
        before, record = halves(row["0"], "CEF:")
        check(pc.match_substring_regex(record, rf"^ ?[01]\|(?:[^|\\]*\|){{6}} *{re.escape(keys[0])}$"))
        values = {}
        for at, key in enumerate(keys, 1):
            if key in self._wanted:
                text = row[names[at]]
                if at < len(keys):
                    text = cut(text, 0, -len(keys[at]) - 1)
                values[key] = _value(pc.utf8_trim_whitespace(text), key)
        return before, values


def _value(texts: pa.Array, key: str) -> pa.Array:
    """The values without escapes."""
    if not holds(texts, b"\x01", b"\\"):
        return texts
    escaped = pc.match_substring(texts, "\\")
    if not pc.any(escaped).as_py():
        return pc.replace_substring(texts, _MARK.decode(), "=")
    plain = pc.invert(pc.or_(escaped, pc.match_substring(texts, _MARK.decode())))
    return kept(texts, plain, lambda text: cef.unescaped(key, text.replace("\x01", "\\=")))


_RECORD = "CEF:0|Maker|Product|1|1|name|1|"
_SHAPES_KEPT = 1000


class CefRecords(GroupReader):
    """Records of any maker."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._templates = Templates(log_format)
        self._known: dict[tuple[str, ...], set[str]] = {}

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """See `GroupReader`."""
        return groups_by_signature(lines)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return keys_of(line)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        keys = keys_of(data.partition(b"\n")[0])
        if keys is None or b"UtcTime" in data:
            raise Unusual
        if len(self._known) > _SHAPES_KEPT:
            self._known.clear()
        before: list[pa.Array] = []

        def load(wanted: Collection[str]) -> dict[str, pa.Array]:
            heads, row = CefRows(keys, wanted).row(data, count)
            before.append(heads)
            return row

        row = Row(keys, load, self._known.setdefault(keys, set()), certain=True)
        return self._templates.columns(row, count, lambda: heads_before(before[0], _RECORD, self.context))
