"""Classes of values that a format passes through unchanged.

A format treats all values of one class alike, so it can be run once on a stand-in: its result holds for
every value of that class.
A value without a class (rare spelling, word, reserved address) represents only itself: the format is run on
that value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.columns import (
    canonical_names,
    internal,
    ipv4,
    macs,
    map_distinct,
    port_numbers,
    url_hosts,
)
from lamsach.logs.bulk.text_buffers import DIGITS, HEX_DIGITS, consists_of
from lamsach.logs.events.ends import is_internal
from lamsach.logs.mappings.keyed_events import host_in
from lamsach.logs.mappings.records import Records
from lamsach.logs.opening.marks import Numbers, Truths
from lamsach.logs.text.values import domain_of, hash_of, ip_of, mac_of

MARK = "zq9"
"""Part of every stand-in text, and of no real one."""
_REPEATED = 0.5
_TRIED = 2048
_WEIGHED_PORTS = (0, 53, 67, 68, 80, 137, 443, 546, 547, 853, 5353, 5355)
"""Ports that formats test, for example to recognize DNS."""
# unspecified, loopback, multicast and reserved, link-local
_SPECIAL = r"^(?:0|127|22[4-9]|2[3-5][0-9])\.|^169\.254\."
_WORD = r"^(?:[G-Zg-z][A-Za-z0-9_-]|[A-Za-z0-9][A-Za-z0-9_-]*[G-Zg-z])[A-Za-z0-9_-]*$"
_ABSENT = r"(?i)^(?:none|null|n/a|na|unknown|undefined)$"
_MIXED_CASE_NAME = r"(?i)^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z][a-z]+$"
_LONGEST_URL = 4000
_HOST = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z]+"
_REQUEST_LINE = r"^[A-Z]{3,16} (/[!-~]*) HTTP/[0-9](?:\.[0-9])?$"
_PORT_DIGITS, _FAR_PORT = 5, 65_000
_FIRST = 64
"""Sample size for guessing the likely classes."""


@dataclass(frozen=True, slots=True)
class ValueClass:
    """A class of interchangeable values.

    `matches`: tests which texts of a column belong to it. `stand_in`: template of the nth stand-in.
    `results`: results that formats derive from a stand-in, with the function that derives the same from a
    column."""

    matches: Callable[[pa.Array], pa.Array]
    stand_in: str
    results: Mapping[str, Callable[[pa.Array], pa.Array]]

    def nth(self, number: int) -> tuple[str, dict[str, Callable[[pa.Array], pa.Array]]]:
        """Return the nth stand-in and its possible results."""
        high, low = divmod(number, 200)
        parts = {"n": number + 1, "high": high, "low": low + 1, "mark": MARK}
        return self.stand_in.format(**parts), {
            text.format(**parts): made for text, made in self.results.items()
        }


def _same(column: pa.Array) -> pa.Array:
    return column


def _lower(column: pa.Array) -> pa.Array:
    return pc.utf8_lower(column)


def _matching(pattern: str, but: str | None = None, longest: int = 63) -> Callable[[pa.Array], pa.Array]:
    def matches(column: pa.Array) -> pa.Array:
        found = pc.and_(
            pc.match_substring_regex(column, pattern), pc.less_equal(pc.binary_length(column), longest)
        )
        return pc.and_not(found, pc.match_substring_regex(column, but)) if but else found

    return matches


def _host_ipv4(column: pa.Array) -> pa.Array:
    """Return whether each text is the IPv4 address of a single host."""
    return pc.and_not(ipv4(column), pc.match_substring_regex(column, _SPECIAL))


def _host_ipv6(column: pa.Array, *, inside: bool) -> pa.Array:
    """Return whether each text is a canonical IPv6 host: global, or unique local (RFC 4193) if `inside`."""
    begin = r"^f[cd][0-9a-f]{2}:" if inside else r"^2[0-9a-f]{3}:"
    likely = pc.if_else(pc.match_substring_regex(column, begin), column, pa.scalar(None, pa.string()))
    found = map_distinct(likely, lambda text: ip_of(text) == text and is_internal(text) == inside, pa.bool_())
    return pc.fill_null(found, False)


def _canonical(column: pa.Array) -> pa.Array:
    return pc.and_not(canonical_names(column), ipv4(column))


def _digests(digits: int) -> Callable[[pa.Array], pa.Array]:
    def matches(column: pa.Array) -> pa.Array:
        if not column.null_count and consists_of(column, HEX_DIGITS, digits, digits):
            return pa.repeat(pa.scalar(True), len(column))
        return pc.match_substring_regex(column, rf"^[0-9A-Fa-f]{{{digits}}}$")

    return matches


ANY: tuple[ValueClass, ...] = (
    ValueClass(_host_ipv4, "198.18.{high}.{low}", {"198.18.{high}.{low}": _same}),
    ValueClass(internal, "10.213.{high}.{low}", {"10.213.{high}.{low}": _same}),
    ValueClass(_canonical, "n{n}.{mark}.example", {"n{n}.{mark}.example": _same}),
    ValueClass(
        _matching(rf"^https?://{_HOST}(?::[0-9]{{1,4}})?/[!#-\[\]-~]*$", longest=_LONGEST_URL),
        "http://n{n}.{mark}.example/p{n}{mark}",
        {"http://n{n}.{mark}.example/p{n}{mark}": _same, "n{n}.{mark}.example": url_hosts},
    ),
    ValueClass(
        _matching(rf"^{_HOST}/[!#-\[\]-~]*$", longest=_LONGEST_URL),
        "n{n}.{mark}.example/b{n}{mark}",
        {"n{n}.{mark}.example/b{n}{mark}": _same, "n{n}.{mark}.example": url_hosts},
    ),
    ValueClass(_matching(r"^/[!#-\[\]-~]*$", longest=_LONGEST_URL), "/q{n}{mark}", {"/q{n}{mark}": _same}),
    ValueClass(
        _matching("^[0-9a-f][02468ace](?::[0-9a-f]{2}){5}$", "^(?:00:){5}00$"),
        "02:5a:71:f9:{high:02x}:{low:02x}",
        {"02:5a:71:f9:{high:02x}:{low:02x}": _same},
    ),
    ValueClass(
        _matching("^[0-9A-Fa-f][02468ACEace](?:[:-][0-9A-Fa-f]{2}){5}$", "^(?:00[:-]){5}00$"),
        "06-5A-71-F9-{high:02X}-{low:02X}",
        {"06-5A-71-F9-{high:02X}-{low:02X}": _same, "06:5a:71:f9:{high:02x}:{low:02x}": macs},
    ),
    ValueClass(_matching(_WORD, _ABSENT), "W{n}{mark}", {"W{n}{mark}": _same, "w{n}{mark}": _lower}),
    ValueClass(
        _matching(_MIXED_CASE_NAME),
        "N{n}.{mark}.example",
        {"N{n}.{mark}.example": _same, "n{n}.{mark}.example": _lower},
    ),
    ValueClass(
        _matching(r"^[A-Za-z0-9_-]+\\[A-Za-z0-9._-]+$"),
        "D{n}{mark}\\U{n}{mark}",
        {"D{n}{mark}\\U{n}{mark}": _same},
    ),
    ValueClass(_digests(64), "{n:061x}f0a", {"{n:061x}f0a": _lower}),
    ValueClass(_digests(40), "{n:037x}f0a", {"{n:037x}f0a": _lower}),
    ValueClass(_digests(32), "{n:029x}f0a", {"{n:029x}f0a": _lower}),
    ValueClass(partial(_host_ipv6, inside=True), "fd12:f9::{n:x}", {"fd12:f9::{n:x}": _same}),
    ValueClass(partial(_host_ipv6, inside=False), "2001:db8:f9::{n:x}", {"2001:db8:f9::{n:x}": _same}),
)  # fmt: skip
"""Classes of values of any kind, in order of precedence."""
_INTERNAL = ANY[1]
_OVERLAPS = {8: (7,), 10: (3,)}
"""By class number, earlier classes that share texts with it: upper-case MAC addresses and names."""
_FEW = 64
URLS = tuple(at for at, value_class in enumerate(ANY, 1) if url_hosts in value_class.results.values())
"""Numbers of the classes whose texts contain a host name."""
_LIKENESS = (0, 4, 4, 9, 10, 3, 5, 6, 6, 8, 9, 7, 11, 12, 13, 14, 14)
_NAMES, _ADDRESSES = 9, {1, 2, 3}
_SPELT = {0, 1 + next(at for at, value_class in enumerate(ANY) if macs in value_class.results.values())}
"""Class numbers of values with several spellings, and zero for values without a class."""


def _ports(column: pa.Array) -> pa.Array:
    """Return whether each text is a port below 65000, a bound that is quick to test."""
    if not consists_of(column, DIGITS, 1, _PORT_DIGITS):
        plain = pc.match_substring_regex(column, "^[0-9]{1,5}$")
        column = pc.if_else(plain, column, "0")
    numbers = column.cast(pa.int32())
    plain = pc.and_(pc.less(numbers, _FAR_PORT), pc.invert(pc.starts_with(column, "0")))
    return pc.and_not(plain, pc.is_in(numbers, pa.array(_WEIGHED_PORTS, pa.int32())))


PORT: tuple[ValueClass, ...] = (ValueClass(_ports, "4{n:04}", {"4{n:04}": _same}),)
"""The class of ports."""
AS_NUMBER = port_numbers
"""Converts a column of port texts to numbers."""


def _between(least: int, most: int) -> Callable[[pa.Array], pa.Array]:
    """Match decimal numbers of four or five digits in a range.

    Formats compare ports with such bounds to find the client's."""

    def matches(column: pa.Array) -> pa.Array:
        if (pc.min(pc.binary_length(column)).as_py() or 0) > _PORT_DIGITS:
            return pa.repeat(pa.scalar(False), len(column))
        spelt = pc.match_substring_regex(column, "^[1-9][0-9]{3,4}$")
        numbers = pc.if_else(spelt, column, "0").cast(pa.int32())
        within = pc.and_(pc.greater_equal(numbers, least), pc.less_equal(numbers, most))
        return pc.and_not(within, pc.is_in(numbers, pa.array(_WEIGHED_PORTS, pa.int32())))

    return matches


TOKEN: tuple[ValueClass, ...] = (
    ValueClass(_between(1024, 32767), "2{n:04}", {"2{n:04}": _same}),
    ValueClass(_between(32768, 65535), "4{n:04}", {"4{n:04}": _same}),
    *(ANY[at] for at in (0, 1, 2, 6, 7, 14, 15)),
)
"""Classes of values in a message: numbers, addresses, dotted names, MAC addresses.

Words have none, because they determine the message type.
"""
NAME_TOKEN: tuple[ValueClass, ...] = (*TOKEN, ANY[8])
"""Classes of names in a message; they include words."""


def _targets(column: pa.Array) -> pa.Array:
    """Return the second word of request lines."""
    return pc.replace_substring_regex(column, _REQUEST_LINE, r"\1")


REQUEST: tuple[ValueClass, ...] = (
    *NAME_TOKEN,
    ValueClass(
        _matching(_REQUEST_LINE, "://", _LONGEST_URL), "GET /r{n}{mark} HTTP/1.1", {"/r{n}{mark}": _targets}
    ),
    ValueClass(_matching(r"^/[!-~]*$", "://", _LONGEST_URL), "/q{n}{mark}", {"/q{n}{mark}": _same}),
    ValueClass(_matching(r"^[!-~]*=[!-~]*$", "://", _LONGEST_URL), "q{n}{mark}=1", {"q{n}{mark}=1": _same}),
)
"""Classes of request targets and user names: also request lines, paths and queries on the same server."""
EXCLUSIVE = (TOKEN, NAME_TOKEN, REQUEST)
"""Class lists without overlaps."""


def classes_of(records: Records, key: str) -> tuple[ValueClass, ...]:
    """Return the classes that the values of a key may have."""
    if records.sentences:
        return NAME_TOKEN if key in records.texts else TOKEN
    if records.cells:
        return REQUEST if key in records.texts else TOKEN if key in records.ports else ()
    if key in records.ports:
        return PORT
    return ANY if key in records.texts or (records.like and re.search(records.like, key)) else ()


def classify(column: pa.Array, classes: tuple[ValueClass, ...]) -> Numbers:
    """Return each text's class number (from 1); 0 without a class.

    Repeated texts are classified once."""
    first = column.slice(0, _TRIED).dictionary_encode()
    if len(first.dictionary) > len(first) * _REPEATED and len(column) > _TRIED:
        return _classify(column, classes)
    coded = column.dictionary_encode()
    codes: Numbers = np.concatenate((_classify(coded.dictionary, classes), [0]))
    chosen: Numbers = codes[coded.indices.fill_null(len(coded.dictionary)).to_numpy(zero_copy_only=False)]
    return chosen


def equal_tokens(columns: Mapping[str, tuple[pa.Array, Numbers]]) -> list[tuple[str, str, Truths]]:
    """Return pairs of keys with equal texts, as `equivalent_keys` does, for the classes in `EXCLUSIVE`."""
    found = []
    kinds = {key: {*np.unique(codes).tolist()} - {0} for key, (_, codes) in columns.items()}
    for at, (key, (column, codes)) in enumerate(columns.items()):
        for other, (texts, _) in [*columns.items()][at + 1 :]:
            if kinds[key] & kinds[other]:
                same = pc.fill_null(pc.equal(column, texts), False).to_numpy(zero_copy_only=False) & (
                    codes > 0
                )
                if same.any():
                    found.append((key, other, same))
    return found


def _classify(column: pa.Array, classes: tuple[ValueClass, ...]) -> Numbers:
    if classes is ANY and len(column) > _FEW and (codes := _same_as_first(column)) is not None:
        return codes
    if classes not in EXCLUSIVE or len(column) <= 2 * _FIRST:
        return _in_order(column, classes, range(1, len(classes) + 1))
    kinds, last = [*range(1, len(classes) + 1)], classes.index(_INTERNAL) + 1
    likely = {*_in_order(column.slice(0, _FIRST), classes, kinds).tolist()}
    likely |= {last - 1, last} if likely & {last - 1, last} else set()
    return _in_order(column, classes, sorted(kinds, key=lambda kind: kind not in likely))


def _in_order(column: pa.Array, classes: tuple[ValueClass, ...], kinds: Sequence[int]) -> Numbers:
    """Classify texts by trying the classes in this order."""
    codes = np.zeros(len(column), np.int64)
    rows = np.flatnonzero(~column.is_null().to_numpy(zero_copy_only=False))
    rest = column.drop_null()
    for number in kinds:
        value_class = classes[number - 1]
        if not len(rest) and value_class is not _INTERNAL:
            break
        if value_class is _INTERNAL:  # among the addresses found before it
            addresses = np.flatnonzero(codes == number - 1)
            if len(addresses):
                internal_rows = internal(
                    column if len(addresses) == len(column) else column.take(pa.array(addresses))
                )
                codes[addresses[internal_rows.to_numpy(zero_copy_only=False)]] = number
            continue
        matched = value_class.matches(rest).fill_null(False).to_numpy(zero_copy_only=False)
        if matched.any():
            codes[rows[matched]] = number
            rows = rows[~matched]
            rest = column.take(pa.array(rows)) if len(rows) else column.slice(0, 0)
    return codes


def _same_as_first(column: pa.Array) -> Numbers | None:
    """Classify a column whose texts all share the first one's class, or an earlier overlapping one.

    Returns None for other columns, and for addresses."""
    first = column.slice(0, _FEW).drop_null().slice(0, 1)
    number_of_first = int(_in_order(first, ANY, range(1, len(ANY) + 1)).sum())
    if (
        number_of_first <= ANY.index(_INTERNAL) + 1
        or not pc.all(ANY[number_of_first - 1].matches(column)).as_py()
    ):
        return None
    codes = np.where(column.is_valid().to_numpy(zero_copy_only=False), number_of_first, 0)
    for number in _OVERLAPS.get(number_of_first, ()):
        codes[pc.fill_null(ANY[number - 1].matches(column), False).to_numpy(zero_copy_only=False)] = number
    return codes


def equivalent_keys(columns: Mapping[str, tuple[pa.Array, Numbers]]) -> list[tuple[str, str, Truths]]:
    """Return pairs of keys whose texts are equivalent, and in which rows: a format may compare them.

    A URL is compared by its host. `columns`: each key's texts and class numbers."""
    likeness, null = np.array(_LIKENESS), pa.scalar(None, pa.string())
    compared: list[tuple[str, pa.Array, set[int]]] = []
    for key, (column, codes) in columns.items():
        classes = {*np.unique(codes).tolist()}
        plain = column if classes <= _ADDRESSES else pc.utf8_lower(column)
        kinds = {*likeness[sorted(classes)].tolist()}
        if classes & _SPELT:
            spelt = pa.array(np.isin(codes, [*_SPELT]))
            respelt = pc.if_else(spelt, column, null)
            plain = pc.if_else(spelt, map_distinct(respelt, _normal_form), plain)
            hosts = map_distinct(respelt, host_in)
            if hosts.null_count < len(hosts):
                compared.append((key, hosts, {_NAMES}))
            if 0 in classes and pc.all(pc.or_(pc.is_null(plain), pc.invert(spelt))).as_py():
                kinds.discard(0)
        if kinds:
            compared.append((key, plain, kinds))
        if not classes.isdisjoint(URLS):
            urls = np.isin(codes, URLS)
            url_texts = column if urls.all() else pc.if_else(pa.array(urls), column, null)
            compared.append((key, url_hosts(url_texts), {_NAMES}))
    found = []
    for at, (key, column, kinds) in enumerate(compared):
        for other, texts, others in compared[at + 1 :]:
            if other != key and (kinds & others or 0 in kinds | others):
                same = pc.fill_null(pc.equal(column, texts), False).to_numpy(zero_copy_only=False)
                same = same & ((columns[key][1] > 0) | (columns[other][1] > 0))
                if same.any():
                    found.append((key, other, same))
    return found


def _normal_form(text: str) -> str | None:
    """Return the normal form of a value with several spellings."""
    return ip_of(text) or mac_of(text) or hash_of(text) or domain_of(text)
