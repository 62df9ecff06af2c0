"""Columns of texts converted to the spelling that events use.

A regular expression recognizes canonical values; all others go through the functions of `values`, once per
distinct text. The results equal those of the line-by-line parser.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from lamsach.logs.bulk.text_buffers import DIGITS, Unusual, all_ipv4, consists_of, offsets_of, slice_until
from lamsach.logs.events.ends import is_internal
from lamsach.logs.events.tables import may_be_empty
from lamsach.logs.mappings.keyed_events import host_in
from lamsach.logs.opening.marks import marks_of
from lamsach.logs.text.values import ip_of, mac_of, port_of, stated

NONE = pa.scalar(None, pa.string())
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


def read_cells(
    data: bytes | pa.Buffer,
    names: Sequence[str],
    delimiter: str,
    wanted: Collection[str],
    count: int,
    *,
    quotes: bool = False,
) -> dict[str, pa.Array]:
    """Read the wanted columns of `count` delimited rows, as text.

    Raises Unusual for a different number of rows, pyarrow.ArrowInvalid for rows of unequal length."""
    table = csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(use_threads=False, column_names=list(names), block_size=len(data) + 64),
        csv.ParseOptions(delimiter=delimiter, quote_char='"' if quotes else False, double_quote=False),
        csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()), include_columns=list(wanted), check_utf8=False
        ),
    )
    if wanted and table.num_rows != count:
        raise Unusual
    columns = {name: table.column(name).chunks for name in wanted}
    return {
        name: chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks) for name, chunks in columns.items()
    }


def lines_of(data: bytes) -> pa.Array:
    """Split UTF-8 text into lines."""
    ends = marks_of(np.frombuffer(data, np.uint8), b"\n").places
    offsets = np.zeros(len(ends) + 2, np.int32)
    offsets[1:-1] = ends - np.arange(len(ends))
    offsets[-1] = len(data) - len(ends)
    texts = pa.py_buffer(data.replace(b"\n", b""))
    return pa.StringArray.from_buffers(len(ends) + 1, pa.py_buffer(offsets), texts)


def text_of(lines: pa.Array) -> pa.Buffer:
    """Join lines, none of them null, into one text; the inverse of `lines_of`."""
    whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
    return pc.binary_join(whole, "\n")[0].as_buffer()


def split_by_single_spaces(data: bytes) -> bool:
    """Return whether splitting at single spaces gives the same columns as `str.split`."""
    return data.isascii() and not any(mark in data for mark in _SPACES)


def check(condition: pa.Array) -> None:
    """Raise Unusual unless all values are true; null counts as false."""
    if condition.null_count or not pc.all(condition).as_py():
        raise Unusual


def check_distinct(column: pa.Array, shape: str) -> None:
    """Raise Unusual unless all texts match a regular expression; fast for columns with few distinct texts."""
    coded = column.dictionary_encode()
    if coded.null_count or not pc.all(pc.match_substring_regex(coded.dictionary, shape)).as_py():
        raise Unusual


def map_distinct(column: pa.Array, function: Callable[[str], Any], kind: Any = None) -> pa.Array:
    """Apply a function once per distinct text; the result is a column of `kind` (default: string)."""
    coded = column.dictionary_encode()
    made = [function(text) for text in coded.dictionary.to_pylist()]
    return pa.array(made, kind or pa.string()).take(coded.indices)


def normalized(column: pa.Array, canonical: pa.Array, function: Callable[[str], Any]) -> pa.Array:
    """Return canonical texts unchanged and the function's result for all others; null stays null."""
    if pc.all(canonical).as_py():  # an absent text is no exception
        return column
    others = pc.if_else(canonical, NONE, column)
    coded = others.dictionary_encode()
    results = pa.array([function(text) for text in coded.dictionary.to_pylist()], pa.string())
    return pc.if_else(canonical, column, results.take(coded.indices))


def null_where(absent: Collection[str], column: pa.Array) -> pa.Array:
    """Replace these values by null."""
    return pc.if_else(pc.is_in(column, pa.array(sorted(absent))), NONE, column) if absent else column


def trimmed(column: pa.Array) -> pa.Array:
    """Strip surrounding white space."""
    clean = [((end == 0) | ((end > _SPACE) & (end < _DELETE))).all() for end in boundary_bytes(column)]
    return column if all(clean) else pc.utf8_trim_whitespace(column)


def not_empty(column: pa.Array) -> pa.Array:
    """Replace empty texts by null."""
    if not may_be_empty(column):
        return column
    return pc.if_else(pc.equal(column, ""), NONE, column)


def boundary_bytes(column: pa.Array) -> tuple[Any, Any]:
    """Return the first and last byte of each text as numbers; zero for empty and null texts."""
    offsets, texts = offsets_of(column), column.buffers()[2]
    letters = np.frombuffer(texts, np.uint8) if texts is not None and len(texts) else np.zeros(1, np.uint8)
    starts, ends = offsets[:-1], offsets[1:]
    not_empty = ends > starts
    last_byte = len(letters) - 1
    first = np.where(not_empty, letters[np.minimum(starts, last_byte)], 0)
    return first, np.where(not_empty, letters[np.maximum(ends - 1, 0)], 0)


def may_contain(column: pa.Array, *marks: bytes) -> bool:
    """Return whether a mark may occur in any text; quick, with false positives from sliced-off neighbours."""
    texts = column.buffers()[2]
    whole = b"" if texts is None else texts.to_pybytes()
    return any(mark in whole for mark in marks)


def slice_texts(column: pa.Array, start: int, stop: int = _FAR) -> pa.Array:
    """Return `text[start:stop]` of each text, in bytes; cut only between ASCII characters."""
    return pc.binary_slice(column.view(pa.binary()), start, stop).view(pa.string())


def ipv4(column: pa.Array) -> pa.Array:
    """Return whether each text is a canonical IPv4 address."""
    return matches_shape(column, _IPV4, all_ipv4)


def matches_shape(
    column: pa.Array, shape: str, all_match: Callable[[pa.Array], bool] | None = None
) -> pa.Array:
    """Return whether each text matches a regular expression; repeated texts are matched once.

    `all_have_it`: a quicker test that holds only when all texts match."""
    first = column.slice(0, _TRIED).dictionary_encode()
    if len(first.dictionary) > len(first) * _REPEATED:
        if all_match is not None and all_match(column):
            return pa.repeat(pa.scalar(True), len(column))
        return pc.match_substring_regex(column, shape)
    coded = first if len(first) == len(column) else column.dictionary_encode()
    return pc.match_substring_regex(coded.dictionary, shape).take(coded.indices)


def addresses(column: pa.Array) -> pa.Array:
    """Apply `ip_of` to each text. Raises Unusual when one is no address."""
    found = normalized(column, ipv4(column), ip_of)
    if found.null_count:
        raise Unusual
    return found


def macs(column: pa.Array) -> pa.Array:
    """Apply `mac_of` to each text."""
    plain = matches_shape(column, "^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$")
    return normalized(column, pc.and_(plain, pc.not_equal(column, "00:00:00:00:00:00")), mac_of)


def canonical_names(column: pa.Array) -> pa.Array:
    """Return whether each text is a canonical domain name or IPv4 address."""
    short = pc.less_equal(pc.binary_length(column), _LABEL)
    plain = pc.and_(pc.match_substring_regex(column, _NAME), short)
    return plain if pc.all(plain).as_py() else pc.or_(plain, ipv4(column))


def names(column: pa.Array, function: Callable[[str], Any]) -> pa.Array:
    """Normalize names with a function that leaves canonical names and addresses unchanged (`domain_of`)."""
    return normalized(column, canonical_names(column), function)


def seconds(column: pa.Array) -> pa.Array:
    """Convert seconds since 1970 to times; doubles hold them to a quarter of a microsecond."""
    bounds = pc.min_max(column).as_py()
    if column.null_count or not 0 <= bounds["min"] <= bounds["max"] < 10_000_000_000:
        raise Unusual
    return pc.round(pc.multiply(column, 1e6)).cast(pa.int64()).cast(pa.timestamp("us", "UTC"))


def internal(column: pa.Array) -> pa.Array:
    """Apply `ends.is_internal` to each address."""
    four = _starts_with(column, _INTERNAL)
    partly = _starts_with(column, _PARTLY_INTERNAL)
    if pc.any(partly).as_py():
        rest = pc.if_else(partly, column, "")
        four = pc.or_(four, pc.match_substring_regex(rest, _INTERNAL_PART))
    if not may_contain(column, b":"):
        return four
    return pc.if_else(pc.match_substring(column, ":"), map_distinct(column, is_internal, pa.bool_()), four)


def _starts_with(column: pa.Array, prefixes: Sequence[str]) -> pa.Array:
    """Return whether each text starts with one of these prefixes."""
    from functools import reduce

    return reduce(pc.or_, [pc.starts_with(column, prefix) for prefix in prefixes])


_ABSENT_LENGTH = 10
_SCHEMES = ("http://", "https://")
_PORT_DIGITS = 5


def none_of(count: int) -> pa.Array:
    """Return `count` null texts."""
    return pa.nulls(count, pa.string())


def plain_texts(column: pa.Array) -> pa.Array:
    """Return whether `stated` leaves a text unchanged: no surrounding spaces, too long for a "none" word."""
    first, last = boundary_bytes(column)
    printable = (first > _SPACE) & (first < _DELETE) & (last > _SPACE) & (last < _DELETE)
    return pc.and_(pa.array(printable), pc.greater_equal(pc.binary_length(column), _ABSENT_LENGTH))


def stated_texts(column: pa.Array) -> pa.Array:
    """Apply `values.stated` to each text."""
    return normalized(column, plain_texts(column), stated)


def host_ips(column: pa.Array) -> pa.Array:
    """Apply `ip_of` to each text; 0.0.0.0 and :: become null."""
    found = normalized(column, ipv4(column), ip_of)
    unspecified = pc.is_in(found, pa.array(["0.0.0.0", "::"]))  # noqa: S104 - means: no address
    return pc.if_else(unspecified, NONE, found) if pc.any(unspecified).as_py() else found


def port_numbers(column: pa.Array) -> pa.Array:
    """Apply `port_of` to each text."""
    if consists_of(column, DIGITS, 1, _PORT_DIGITS):
        numbers = column.cast(pa.int32())
        if (pc.max(numbers).as_py() or 0) <= 65535:
            return numbers
    return map_distinct(column, port_of, pa.int32())


def url_hosts(urls: pa.Array) -> pa.Array:
    """Apply `host_in` to each URL, once per distinct part before the path."""
    plain_hosts = _hosts_of_plain(urls)
    if plain_hosts is not None:
        return plain_hosts
    schemed = pc.fill_null(pc.match_substring_regex(urls, r"^https?://[\w.:-]{1,300}/"), False)
    marked = pc.fill_null(pc.match_substring(urls, "://"), False)
    bare = pc.and_(
        pc.fill_null(pc.match_substring_regex(urls, r"^[\w.:-]{1,300}/"), False), pc.invert(marked)
    )
    usual = pc.or_(schemed, bare)
    first = pc.list_element(pc.split_pattern(pc.if_else(bare, urls, "-/"), "/", max_splits=1), 0)
    third = pc.list_element(pc.split_pattern(pc.if_else(schemed, urls, "http://-/"), "/", max_splits=3), 2)
    hosts = pc.if_else(schemed, third, first)
    plain = pc.and_(usual, canonical_names(hosts))
    if pc.all(plain).as_py():
        return hosts
    whole = pc.if_else(schemed, "http://", "")
    starts = pc.if_else(usual, pc.binary_join_element_wise(whole, hosts, "/", ""), urls)
    return pc.if_else(plain, hosts, map_distinct(pc.if_else(plain, NONE, starts), host_in))


def _hosts_of_plain(urls: pa.Array) -> pa.Array | None:
    """Return the hosts if every URL has a scheme, a canonical host and a path; else None."""
    if urls.null_count or not len(urls):
        return None
    schemed = [pc.starts_with(urls, scheme).to_numpy(zero_copy_only=False) for scheme in _SCHEMES]
    if not (schemed[0] | schemed[1]).all():
        return None
    skipped = np.where(schemed[0], *map(len, _SCHEMES))
    hosts, have_paths = slice_until(urls, offsets_of(urls)[:-1] + skipped, "/")
    return hosts if have_paths and pc.all(canonical_names(hosts)).as_py() else None


_MAC_DIGITS = 12


def bare_macs(column: pa.Array) -> pa.Array:
    """Apply `mac_of` to each text; quick for twelve digits without separators."""
    bare = pc.match_substring_regex(column, f"^[0-9A-Fa-f]{{{_MAC_DIGITS}}}$")
    bare = pc.fill_null(pc.and_(bare, pc.not_equal(column, "0" * _MAC_DIGITS)), False)
    if not pc.any(bare).as_py():
        return map_distinct(column, mac_of)
    marked = _with_colons(column.filter(bare))
    if pc.all(bare).as_py():
        return marked
    others = map_distinct(pc.if_else(bare, NONE, column), mac_of)
    return pc.replace_with_mask(others, bare, marked)


def _with_colons(column: pa.Array) -> pa.Array:
    """`02005E101234` as `02:00:5e:10:12:34`."""
    count = len(column)
    digits = np.frombuffer(text_of(column), np.uint8)
    rows = np.append(digits, ord("\n")).reshape(count, _MAC_DIGITS + 1)[:, :_MAC_DIGITS]
    made = np.full((count, 17), ord(":"), np.uint8)
    for pair in range(6):
        made[:, 3 * pair : 3 * pair + 2] = rows[:, 2 * pair : 2 * pair + 2] | 0x20  # lower case
    offsets = np.arange(0, 17 * (count + 1), 17, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(made.tobytes()))
