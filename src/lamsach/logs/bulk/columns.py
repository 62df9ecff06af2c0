"""Columns of texts turned into the events' spelling. What is canonical already is told by an expression, the rest by the functions of `values`, each distinct
text once; so a value comes out as the reader of single lines gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.letters import all_ipv4
from lamsach.logs.bulk.marks import marks_of
from lamsach.logs.bulk.parts import places_of
from lamsach.logs.events.direction import is_internal
from lamsach.logs.events.tables import may_be_empty
from lamsach.logs.text.values import hash_of, ip_of, mac_of

_NAME = r"^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z][a-z]+$"
_LABEL = 63
_SPACES = (b"  ", b"\t", b"\v", b"\f", b"\x1c", b"\x1d", b"\x1e", b"\x1f")
_SPACE, _DELETE = 0x20, 0x7F
_REPEATED = 0.5
_TRIED = 8192
_FAR = 2**31 - 1
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"^(?:{_OCTET}\.){{3}}{_OCTET}$"
_INTERNAL = ("10.", "192.168.", "127.", "169.254.")
_PARTLY_INTERNAL = ("172.", "100.")
_INTERNAL_PART = r"^(?:172\.(?:1[6-9]|2[0-9]|3[01])|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\."


def cells(
    data: bytes | pa.Buffer,
    names: Sequence[str],
    delimiter: str,
    kinds: dict[str, Any],
    *,
    quotes: bool = False,
) -> dict[str, pa.Array]:
    """The columns of delimited rows: those of `kinds`, in its types. Raises pyarrow.ArrowInvalid for rows of other lengths and other types."""
    table = csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(use_threads=False, column_names=list(names), block_size=len(data) + 64),
        csv.ParseOptions(delimiter=delimiter, quote_char='"' if quotes else False, double_quote=False),
        csv.ConvertOptions(column_types=kinds, include_columns=list(kinds), check_utf8=False),
    )
    return {name: _one(table.column(name), pa) for name in kinds}


def lines_of(data: bytes) -> pa.Array:
    """The lines of a text in UTF-8."""
    ends = marks_of(np.frombuffer(data, np.uint8), b"\n").places
    offsets = np.zeros(len(ends) + 2, np.int32)
    offsets[1:-1] = ends - np.arange(len(ends))
    offsets[-1] = len(data) - len(ends)
    texts = pa.py_buffer(data.replace(b"\n", b""))
    return pa.StringArray.from_buffers(len(ends) + 1, pa.py_buffer(offsets), texts)


def text_of(lines: pa.Array) -> pa.Buffer:
    """Lines, of which none is absent, as one text; the other way round from `lines_of`."""
    whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
    return pc.binary_join(whole, "\n")[0].as_buffer()


def parted_by_single_spaces(data: bytes) -> bool:
    """Return whether `str.split` finds the columns of the lines where single spaces stand."""
    return data.isascii() and not any(mark in data for mark in _SPACES)


def _one(column: pa.ChunkedArray, pa: Any) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def check(condition: pa.Array) -> None:
    """Raise Unusual unless all is true."""
    if condition.null_count or not pc.all(condition).as_py():
        raise Unusual


def check_distinct(column: pa.Array, shape: str) -> None:
    """Raise Unusual unless all texts have this shape (regular expression): quick for columns of few distinct texts."""
    coded = column.dictionary_encode()
    if coded.null_count or not pc.all(pc.match_substring_regex(coded.dictionary, shape)).as_py():
        raise Unusual


def mapped(column: pa.Array, function: Callable[[str], Any], kind: Any = None) -> pa.Array:
    """Return what the function makes of each text (default: a text). It is asked once for each distinct one."""
    coded = column.dictionary_encode()
    made = [function(text) for text in coded.dictionary.to_pylist()]
    return pa.array(made, kind or pa.string()).take(coded.indices)


def kept(column: pa.Array, canonical: pa.Array, function: Callable[[str], Any]) -> pa.Array:
    """The texts that are canonical as they are; of the others what the function makes of them."""
    if pc.all(canonical).as_py():  # an absent text is no exception
        return column
    others = pc.if_else(canonical, pa.scalar(None, pa.string()), column)
    coded = others.dictionary_encode()
    made = pa.array([function(text) for text in coded.dictionary.to_pylist()], pa.string())
    return pc.if_else(canonical, column, made.take(coded.indices))


def said(column: pa.Array) -> pa.Array:
    """The texts that state something: `-` says that there is nothing."""
    return pc.if_else(pc.equal(column, "-"), pa.scalar(None, pa.string()), column)


def trimmed(column: pa.Array) -> pa.Array:
    """The texts without white space around them."""
    within = [((end == 0) | ((end > _SPACE) & (end < _DELETE))).all() for end in ends_of(column)]
    return column if all(within) else pc.utf8_trim_whitespace(column)


def not_empty(column: pa.Array) -> pa.Array:
    """The texts, absent where they are empty."""
    if not may_be_empty(column):
        return column
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def ends_of(column: pa.Array) -> tuple[Any, Any]:
    """The first and the last byte of each text, as numbers; zero of an empty or absent one."""
    places, texts = places_of(column), column.buffers()[2]
    letters = np.frombuffer(texts, np.uint8) if texts is not None and len(texts) else np.zeros(1, np.uint8)
    begins, ends = places[:-1], places[1:]
    held = ends > begins
    last = len(letters) - 1
    first = np.where(held, letters[np.minimum(begins, last)], 0)
    return first, np.where(held, letters[np.maximum(ends - 1, 0)], 0)


def holds(column: pa.Array, *marks: bytes) -> bool:
    """Return whether any of the marks may stand in any of the texts; quick, and true too often when texts beside them hold it."""
    texts = column.buffers()[2]
    whole = b"" if texts is None else texts.to_pybytes()
    return any(mark in whole for mark in marks)


def cut(column: pa.Array, start: int, stop: int = _FAR) -> pa.Array:
    """`text[start:stop]` of each, counted in bytes: only where the cut is among ASCII letters."""
    return pc.binary_slice(column.view(pa.binary()), start, stop).view(pa.string())


def ipv4(column: pa.Array) -> pa.Array:
    """Return whether a text is an IPv4 address in canonical spelling."""
    return judged(column, _IPV4, all_ipv4)


def judged(column: pa.Array, shape: str, all_have_it: Callable[[pa.Array], bool] | None = None) -> pa.Array:
    """Return whether each text has the shape (regular expression); where texts are repeated each distinct one is looked at once. `all_have_it`: a quicker way to tell
    that all have it."""
    first = column.slice(0, _TRIED).dictionary_encode()
    if len(first.dictionary) > len(first) * _REPEATED:
        if all_have_it is not None and all_have_it(column):
            return pa.repeat(pa.scalar(True), len(column))
        return pc.match_substring_regex(column, shape)
    coded = first if len(first) == len(column) else column.dictionary_encode()
    return pc.match_substring_regex(coded.dictionary, shape).take(coded.indices)


def addresses(column: pa.Array) -> pa.Array:
    """`ip_of` of each; Unusual when there is none."""
    found = kept(column, ipv4(column), ip_of)
    if found.null_count:
        raise Unusual
    return found


def macs(column: pa.Array) -> pa.Array:
    """`mac_of` of each."""
    plain = judged(column, "^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$")
    return kept(column, pc.and_(plain, pc.not_equal(column, "00:00:00:00:00:00")), mac_of)


def hashes(column: pa.Array, digits: int) -> pa.Array:
    """`hash_of` of each, all of so many digits; Unusual when there are others."""
    found = kept(column, pc.match_substring_regex(column, f"^[0-9a-f]{{{digits}}}$"), hash_of)
    check(pc.fill_null(pc.equal(pc.binary_length(found), digits), True))
    return found


def canonical_names(column: pa.Array) -> pa.Array:
    """Return whether a text is a name, or an IPv4 address, in canonical spelling."""
    short = pc.less_equal(pc.binary_length(column), _LABEL)
    plain = pc.and_(pc.match_substring_regex(column, _NAME), short)
    return plain if pc.all(plain).as_py() else pc.or_(plain, ipv4(column))


def names(column: pa.Array, function: Callable[[str], Any]) -> pa.Array:
    """Return what a function such as `domain_of`, which leaves canonical names and addresses as they are, makes of names."""
    return kept(column, canonical_names(column), function)


def ports(column: pa.Array) -> pa.Array:
    """Ports, read as numbers; Unusual when one is absent or too large."""
    bounds = pc.min_max(column).as_py()
    if column.null_count or not 0 <= bounds["min"] <= bounds["max"] <= 65535:
        raise Unusual
    return column


def seconds(column: pa.Array) -> pa.Array:
    """Times out of seconds since 1970 as doubles, which hold them to a quarter of a microsecond."""
    bounds = pc.min_max(column).as_py()
    if column.null_count or not 0 <= bounds["min"] <= bounds["max"] < 10_000_000_000:
        raise Unusual
    return pc.round(pc.multiply(column, 1e6)).cast(pa.int64()).cast(pa.timestamp("us", "UTC"))


def internal(column: pa.Array) -> pa.Array:
    """`direction.is_internal` of each address."""
    four = _starts_with(column, _INTERNAL)
    partly = _starts_with(column, _PARTLY_INTERNAL)
    if pc.any(partly).as_py():
        rest = pc.if_else(partly, column, "")
        four = pc.or_(four, pc.match_substring_regex(rest, _INTERNAL_PART))
    if not holds(column, b":"):
        return four
    return pc.if_else(pc.match_substring(column, ":"), mapped(column, is_internal, pa.bool_()), four)


def _starts_with(column: pa.Array, beginnings: Sequence[str]) -> pa.Array:
    """Return whether each text starts with one of these."""
    from functools import reduce

    return reduce(pc.or_, [pc.starts_with(column, beginning) for beginning in beginnings])
