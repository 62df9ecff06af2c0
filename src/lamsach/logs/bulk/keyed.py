"""`keyed_events.event_of` for many records of the same keys at once: each key's values are a column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import (
    canonical_names,
    check,
    ends_of,
    internal,
    ipv4,
    kept,
    macs,
    mapped,
    names,
)
from lamsach.logs.bulk.letters import DIGITS, made_of
from lamsach.logs.bulk.parts import places_of, until
from lamsach.logs.mappings.actions import action_of
from lamsach.logs.mappings.keyed_events import ADDRESS_WITH_PORT, Keys, host_in, unusual_names, url_of
from lamsach.logs.text.key_value import first
from lamsach.logs.text.values import domain_of, ip_of, port_of, question_of, stated
from lamsach.model import Action

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, "pa.Array"]
_SPACE, _DELETE = 0x20, 0x7F
_ABSENT_LENGTH = 10
_OF_URLS, _QUOTE = r"[./\\]", '"'
_SCHEMES = ("http://", "https://")
_LONGEST_URL = 8000
_PORT_DIGITS = 5


def none_of(count: int) -> pa.Array:
    """So many absent texts."""
    import pyarrow as pa

    return pa.nulls(count, pa.string())


def check_named(row: Row, names: Iterable[str], keys: Keys) -> None:
    """Unusual where `keyed_events.completed` may add what an unusual name states."""
    import pyarrow.compute as pc

    for others in unusual_names(frozenset(names), keys).values():
        if not any(key in row and pc.all(pc.not_equal(row[key], "")).as_py() for key in others):
            raise Unusual


def event_columns(row: Row, keys: Keys, count: int, *, inward: pa.Array | None = None) -> dict[str, pa.Array]:
    """The columns of the events, but for their time, answers and hashes: see `keyed_events.event_of`. `observer` is what a key names.

    `inward`: whether the observer says that the contact came from outside. Raises Unusual.
    """
    import pyarrow.compute as pc

    sources, destinations = first_ips(row, keys.source, count), first_ips(row, keys.destination, count)
    _check_joined(row, keys.source, sources)
    _check_joined(row, keys.destination, destinations)
    devices = device_columns(sources, destinations, inward)
    arrived = pc.fill_null(pc.not_equal(devices, sources), False)
    arrived = pc.or_(arrived, pc.and_(pc.is_valid(devices), pc.is_null(sources)))
    near, far = first_texts(row, keys.source_name, count), keys.destination_name
    urls = urls_of(row, keys.url, count)
    asked = names(first_texts(row, keys.query, count), question_of)
    return {
        "source_ip": sources,
        "source_port": first_ports(row, keys.source_port, count),
        "destination_ip": destinations,
        "destination_port": first_ports(row, keys.destination_port, count),
        "device_ip": devices,
        "device_name": by_side(arrived, lambda: near, lambda: first_texts(row, far, count)),
        "device_mac": by_side(
            arrived,
            lambda: first_macs(row, keys.source_mac, count),
            lambda: first_macs(row, keys.destination_mac, count),
        ),
        "user": by_side(
            arrived,
            lambda: first_texts(row, (*keys.source_user, *keys.destination_user), count),
            lambda: first_texts(row, (*keys.destination_user, *keys.source_user), count),
        ),
        "domain": _domains(row, keys, count, asked, urls),
        "url": urls,
        "action": actions(row, keys.action, count),
        "observer": first_texts(row, keys.observer, count),
    }


def _check_joined(row: Row, keys: Sequence[str], found: pa.Array) -> None:
    """Unusual where an address is missing because its port is written behind it."""
    import pyarrow.compute as pc

    for key in keys if found.null_count else ():
        if key in row:
            joined = pc.match_substring_regex(row[key], f"^(?:{ADDRESS_WITH_PORT.pattern})$")
            check(pc.invert(pc.fill_null(joined, False)))


def device_columns(sources: pa.Array, destinations: pa.Array, inward: pa.Array | None = None) -> pa.Array:
    """`keyed_events.device_of` of each pair of addresses, of which either may be absent."""
    import pyarrow as pa
    import pyarrow.compute as pc

    none = pa.scalar(None, pa.string())
    from_inside = pc.fill_null(internal(sources), False)
    to_inside = pc.fill_null(internal(destinations), False)
    alone = pc.if_else(to_inside, destinations, none)
    known = pc.is_valid(sources)
    turned = pc.and_(to_inside, pc.invert(from_inside))
    if inward is not None:
        public = pc.and_(pc.invert(from_inside), pc.and_(pc.is_valid(destinations), pc.invert(to_inside)))
        turned = pc.or_(turned, pc.and_(inward, public))
    return pc.if_else(known, pc.if_else(turned, destinations, sources), alone)


def by_side(arrived: pa.Array, near: Callable[[], pa.Array], far: Callable[[], pa.Array]) -> pa.Array:
    """What is said of the device: the source, or where contacts arrived the destination."""
    import pyarrow.compute as pc

    return pc.if_else(arrived, far(), near()) if pc.any(arrived).as_py() else near()


def _first(
    row: Row, keys: Sequence[str], count: int, function: Callable[[pa.Array], pa.Array]
) -> pa.Array | None:
    """The first of these keys' values of which the function makes anything; None when there is none of the keys."""
    import pyarrow.compute as pc

    found: pa.Array | None = None
    for key in keys:
        if key in row and row[key].null_count < count:
            made = function(row[key])
            found = made if found is None else pc.coalesce(found, made)
            if not found.null_count:
                break
    return found


def first_texts(row: Row, keys: Sequence[str], count: int) -> pa.Array:
    """`key_value.first` of each record."""
    found = _first(row, keys, count, stated_texts)
    return none_of(count) if found is None else found


def stated_texts(column: pa.Array) -> pa.Array:
    """`key_value.first` of each text."""
    return kept(column, plain_texts(column), lambda text: first({"": text}, ""))


def plain_texts(column: pa.Array) -> pa.Array:
    """Whether a text is one that `stated` leaves as it is: too long to say that there is nothing, without spaces around it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    first, last = ends_of(column)
    printable = (first > _SPACE) & (first < _DELETE) & (last > _SPACE) & (last < _DELETE)
    return pc.and_(pa.array(printable), pc.greater_equal(pc.binary_length(column), _ABSENT_LENGTH))


def told(column: pa.Array) -> pa.Array:
    """`values.stated` of each text."""
    return kept(column, plain_texts(column), stated)


def first_ips(row: Row, keys: Sequence[str], count: int) -> pa.Array:
    """`key_value.first_ip` of each record."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def useful(column: pa.Array) -> pa.Array:
        made = kept(column, ipv4(column), ip_of)
        nowhere = pc.is_in(made, pa.array(["0.0.0.0", "::"]))  # noqa: S104 - means: no address
        return pc.if_else(nowhere, pa.scalar(None, pa.string()), made) if pc.any(nowhere).as_py() else made

    found = _first(row, keys, count, useful)
    return none_of(count) if found is None else found


def first_ports(row: Row, keys: Sequence[str], count: int) -> pa.Array:
    """`key_value.first_port` of each record."""
    import pyarrow as pa

    found = _first(row, keys, count, port_numbers)
    return pa.nulls(count, pa.int32()) if found is None else found


def port_numbers(column: pa.Array) -> pa.Array:
    """`port_of` of each text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if made_of(column, DIGITS, 1, _PORT_DIGITS):
        numbers = column.cast(pa.int32())
        if (pc.max(numbers).as_py() or 0) <= 65535:
            return numbers
    return mapped(column, port_of, pa.int32())


def first_macs(row: Row, keys: Sequence[str], count: int) -> pa.Array:
    """The first MAC address of each record."""
    found = _first(row, keys, count, macs)
    return none_of(count) if found is None else found


def urls_of(row: Row, keys: Sequence[str], count: int) -> pa.Array:
    """The URL of each record, as `url_of` makes it."""
    import pyarrow.compute as pc

    texts = first_texts(row, keys, count)
    quoted = pc.or_(pc.starts_with(texts, _QUOTE), pc.ends_with(texts, _QUOTE))
    plain = pc.and_not(pc.and_(plain_texts(texts), pc.match_substring_regex(texts, _OF_URLS)), quoted)
    plain = pc.and_(plain, pc.less(pc.binary_length(texts), _LONGEST_URL))
    return kept(texts, plain, url_of)


def _domains(row: Row, keys: Keys, count: int, asked: pa.Array, urls: pa.Array) -> pa.Array:
    """The question, else the name that a key states, else the URL's host."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = asked
    if found.null_count:
        stated = _first(
            row, keys.domain, count, lambda column: names(column, lambda text: domain_of(text[:300]))
        )
        found = found if stated is None else pc.coalesce(found, stated)
    if found.null_count and urls.null_count < count:
        others = pc.if_else(pc.is_null(found), urls, pa.scalar(None, pa.string()))
        found = pc.coalesce(found, url_hosts(others))
    return found


def url_hosts(urls: pa.Array) -> pa.Array:
    """`host_in` of each URL: it is asked for each distinct beginning, up to the path."""
    import pyarrow as pa
    import pyarrow.compute as pc

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
    import numpy as np
    import pyarrow.compute as pc

    if urls.null_count or not len(urls):
        return None
    schemed = [pc.starts_with(urls, scheme).to_numpy(zero_copy_only=False) for scheme in _SCHEMES]
    if not (schemed[0] | schemed[1]).all():
        return None
    skipped = np.where(schemed[0], *map(len, _SCHEMES))
    hosts, have_paths = until(urls, places_of(urls)[:-1] + skipped, "/")
    return hosts if have_paths and pc.all(canonical_names(hosts)).as_py() else None


def actions(row: Row, keys: Sequence[str], count: int) -> pa.Array:
    """`first_action` of these keys' values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def verbs(column: pa.Array) -> pa.Array:
        def action(text: str | None) -> str | None:
            found = action_of(text)
            return None if found is Action.UNKNOWN else found.value

        return mapped(column, action)

    found = _first(row, keys, count, verbs)
    unknown = pa.scalar(Action.UNKNOWN.value)
    return pa.repeat(unknown, count) if found is None else pc.fill_null(found, unknown)
