"""Columns of texts turned into the events' spelling.

What is canonical already is seen by an expression; the rest goes through the functions of `values`, each
distinct text once. So a value comes out as the reader of single lines gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from lamsach.logs.bulk.letters import DIGITS, Unusual, all_ipv4, made_of, places_of, until
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


def cells(
    data: bytes | pa.Buffer,
    names: Sequence[str],
    delimiter: str,
    wanted: Collection[str],
    count: int,
    *,
    quotes: bool = False,
) -> dict[str, pa.Array]:
    """The texts of the wanted columns of so many delimited rows.

    Raises Unusual for another number of rows, pyarrow.ArrowInvalid for rows of other lengths."""
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
    return {name: one[0] if len(one) == 1 else pa.concat_arrays(one) for name, one in columns.items()}


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


def check(condition: pa.Array) -> None:
    """Raise Unusual unless all is true."""
    if condition.null_count or not pc.all(condition).as_py():
        raise Unusual


def check_distinct(column: pa.Array, shape: str) -> None:
    """Raise Unusual unless all texts have this shape (regular expression): quick for columns of few distinct
    texts."""
    coded = column.dictionary_encode()
    if coded.null_count or not pc.all(pc.match_substring_regex(coded.dictionary, shape)).as_py():
        raise Unusual


def mapped(column: pa.Array, function: Callable[[str], Any], kind: Any = None) -> pa.Array:
    """Return what the function makes of each text (default: a text). It is asked once for each
    distinct one."""
    coded = column.dictionary_encode()
    made = [function(text) for text in coded.dictionary.to_pylist()]
    return pa.array(made, kind or pa.string()).take(coded.indices)


def kept(column: pa.Array, canonical: pa.Array, function: Callable[[str], Any]) -> pa.Array:
    """The texts that are canonical as they are; of the others what the function makes of them."""
    if pc.all(canonical).as_py():  # an absent text is no exception
        return column
    others = pc.if_else(canonical, NONE, column)
    coded = others.dictionary_encode()
    made = pa.array([function(text) for text in coded.dictionary.to_pylist()], pa.string())
    return pc.if_else(canonical, column, made.take(coded.indices))


def without(absent: Collection[str], column: pa.Array) -> pa.Array:
    """The texts, absent where they are one of these."""
    return pc.if_else(pc.is_in(column, pa.array(sorted(absent))), NONE, column) if absent else column


def trimmed(column: pa.Array) -> pa.Array:
    """The texts without white space around them."""
    within = [((end == 0) | ((end > _SPACE) & (end < _DELETE))).all() for end in ends_of(column)]
    return column if all(within) else pc.utf8_trim_whitespace(column)


def not_empty(column: pa.Array) -> pa.Array:
    """The texts, absent where they are empty."""
    if not may_be_empty(column):
        return column
    return pc.if_else(pc.equal(column, ""), NONE, column)


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
    """Return whether any of the marks may stand in any of the texts; quick, and true too often when texts
    beside them hold it."""
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
    """Return whether each text has the shape (regular expression); where texts are repeated each distinct one
    is looked at once. `all_have_it`: a quicker way to tell that all have it."""
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


def canonical_names(column: pa.Array) -> pa.Array:
    """Return whether a text is a name, or an IPv4 address, in canonical spelling."""
    short = pc.less_equal(pc.binary_length(column), _LABEL)
    plain = pc.and_(pc.match_substring_regex(column, _NAME), short)
    return plain if pc.all(plain).as_py() else pc.or_(plain, ipv4(column))


def names(column: pa.Array, function: Callable[[str], Any]) -> pa.Array:
    """Return what a function such as `domain_of`, which leaves canonical names and addresses as they are,
    makes of names."""
    return kept(column, canonical_names(column), function)


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


_ABSENT_LENGTH = 10
_SCHEMES = ("http://", "https://")
_PORT_DIGITS = 5


def none_of(count: int) -> pa.Array:
    """So many absent texts."""
    return pa.nulls(count, pa.string())


def plain_texts(column: pa.Array) -> pa.Array:
    """Return whether a text is one that `stated` leaves as it is: too long to say that there is nothing,
    without spaces around it."""
    first, last = ends_of(column)
    printable = (first > _SPACE) & (first < _DELETE) & (last > _SPACE) & (last < _DELETE)
    return pc.and_(pa.array(printable), pc.greater_equal(pc.binary_length(column), _ABSENT_LENGTH))


def told(column: pa.Array) -> pa.Array:
    """`values.stated` of each text."""
    return kept(column, plain_texts(column), stated)


def machines(column: pa.Array) -> pa.Array:
    """`ip_of` of each text; 0.0.0.0 and :: mean that there is none."""
    made = kept(column, ipv4(column), ip_of)
    nowhere = pc.is_in(made, pa.array(["0.0.0.0", "::"]))  # noqa: S104 - means: no address
    return pc.if_else(nowhere, NONE, made) if pc.any(nowhere).as_py() else made


def port_numbers(column: pa.Array) -> pa.Array:
    """`port_of` of each text."""
    if made_of(column, DIGITS, 1, _PORT_DIGITS):
        numbers = column.cast(pa.int32())
        if (pc.max(numbers).as_py() or 0) <= 65535:
            return numbers
    return mapped(column, port_of, pa.int32())


def url_hosts(urls: pa.Array) -> pa.Array:
    """`host_in` of each URL: it is asked for each distinct beginning, up to the path."""
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
    return pc.if_else(plain, hosts, mapped(pc.if_else(plain, NONE, starts), host_in))


def _hosts_of_plain(urls: pa.Array) -> pa.Array | None:
    """The same where all have a scheme, a host in canonical spelling and a path; None when they do not."""
    if urls.null_count or not len(urls):
        return None
    schemed = [pc.starts_with(urls, scheme).to_numpy(zero_copy_only=False) for scheme in _SCHEMES]
    if not (schemed[0] | schemed[1]).all():
        return None
    skipped = np.where(schemed[0], *map(len, _SCHEMES))
    hosts, have_paths = until(urls, places_of(urls)[:-1] + skipped, "/")
    return hosts if have_paths and pc.all(canonical_names(hosts)).as_py() else None


_MAC_DIGITS = 12


def bare_macs(column: pa.Array) -> pa.Array:
    """`mac_of` of each, quick for twelve digits without marks between them."""
    bare = pc.match_substring_regex(column, f"^[0-9A-Fa-f]{{{_MAC_DIGITS}}}$")
    bare = pc.fill_null(pc.and_(bare, pc.not_equal(column, "0" * _MAC_DIGITS)), False)
    if not pc.any(bare).as_py():
        return mapped(column, mac_of)
    marked = _with_colons(column.filter(bare))
    if pc.all(bare).as_py():
        return marked
    others = mapped(pc.if_else(bare, NONE, column), mac_of)
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
