"""What readers of single records make of a text, for columns of them: `values.stated`, `port_of`, the host in a URL."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.columns import canonical_names, ends_of, ipv4, kept, mapped
from lamsach.logs.bulk.letters import DIGITS, made_of
from lamsach.logs.bulk.parts import places_of, until
from lamsach.logs.mappings.keyed_events import host_in
from lamsach.logs.text.values import ip_of, port_of, stated

_SPACE, _DELETE = 0x20, 0x7F
_ABSENT_LENGTH = 10
_SCHEMES = ("http://", "https://")
_PORT_DIGITS = 5


def none_of(count: int) -> pa.Array:
    """So many absent texts."""
    return pa.nulls(count, pa.string())


def plain_texts(column: pa.Array) -> pa.Array:
    """Return whether a text is one that `stated` leaves as it is: too long to say that there is nothing, without spaces around it."""
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
    return pc.if_else(nowhere, pa.scalar(None, pa.string()), made) if pc.any(nowhere).as_py() else made


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
    none = pa.scalar(None, pa.string())
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
    return pc.if_else(plain, hosts, mapped(pc.if_else(plain, none, starts), host_in))


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
