"""`columns.event_of` for many records at once, whose columns are known by their names (`column_names`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check, internal, ipv4, kept, macs, mapped, names
from lamsach.logs.bulk.heads import times
from lamsach.logs.bulk.keyed import device_columns, first_ports, none_of, plain_texts, told, url_hosts
from lamsach.logs.events.records import HASH_KEYS
from lamsach.logs.mappings import columns
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import among, host_and_port, host_of_url, ip_of, question_of, stated
from lamsach.model import Action, Event

if TYPE_CHECKING:
    import pyarrow as pa

Values = Mapping[str, Sequence["pa.Array"]]
"""Field: the columns that mean it, the best first; an empty cell is absent."""
KNOWN = among(
    "time date clock source source_port destination destination_port nat nat_port ip name host mac user source_name source_mac destination_name query"
    " domain url path answers hash action observer"
)
"""The fields that are read here."""
_LONGEST, _LONGEST_END, _LONGEST_URL = 1024, 400, 8192
_ABSOLUTE, _PATH = "^[a-z]{1,15}://", "^/[!-~]*$"
_OF_DOMAINS = ("domain", "destination_name")
_MAC = r"^\s*(?:1[,/])?[0-9A-Fa-f]{1,4}(?:[:.-]?[0-9A-Fa-f]{1,4}){2,}\s*$"
_ADDRESS_OR_MAC = rf"{_MAC}|^\s*\[?[0-9A-Fa-f:.]+[%\]/]?"
_IDENTIFIER = rf"^\s*(?:{columns.IDENTIFIER.pattern})\s*$"
_SOMEBODY = "192.0.2.1"
_SEPARATOR = "\x1f"
_NO_TIMES = LooseTimes(FileContext())


def event_columns(
    values: Values, times_of: LooseTimes, count: int, *, host_is_device: bool
) -> dict[str, pa.Array]:
    """The columns of the events; see `columns.event_of`. Raises Unusual for fields that are not known here and records without a time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not set(values) <= KNOWN or (not host_is_device and {"ip", "host"} <= set(values)):
        raise Unusual
    _check_usual(values)
    moments = times(_moments(values, count), times_of.read)
    none = pa.scalar(None, pa.string())
    sources, near, source_ports = _end(values, "source", "source_port", count)
    destinations, far, destination_ports = _end(values, "destination", "destination_port", count)
    urls = _urls(values, count)
    named = url_hosts(urls) if urls.null_count < count else urls
    host_ips, host_names, sites = _hosts(values, count, host_is_device=host_is_device)
    if host_names.null_count < count and named.null_count < count:
        same = pc.fill_null(pc.equal(named, pc.utf8_lower(host_names)), False)
        host_names = pc.if_else(same, none, host_names)
    asked = names(_one(values, "query", count), question_of)
    own = pc.coalesce(_first(values, "ip", count, lambda each: kept(each, ipv4(each), _ip)), host_ips)
    sides = device_columns(sources, destinations)
    better = pc.and_(pc.fill_null(internal(own), False), pc.invert(pc.fill_null(internal(sides), False)))
    devices = pc.if_else(better, own, pc.coalesce(sides, own))
    arrived = pc.and_(pc.equal(devices, destinations), pc.fill_null(pc.not_equal(devices, sources), True))
    arrived = pc.fill_null(arrived, False)
    observers = _one(values, "observer", count)
    near = pc.if_else(
        arrived,
        _one(values, "destination_name", count),
        pc.coalesce(_one(values, "source_name", count), near),
    )
    known_names = pc.coalesce(_one(values, "name", count), near)

    def domains(column: pa.Array) -> pa.Array:
        return names(column, _domain)

    found = {
        "time": moments,
        "observer": observers if host_is_device else pc.coalesce(observers, host_names),
        "source_ip": sources,
        "source_port": source_ports,
        "destination_ip": destinations,
        "destination_port": destination_ports,
        "device_ip": devices,
        "device_name": pc.coalesce(known_names, host_names) if host_is_device else known_names,
        "device_mac": pc.coalesce(
            _first(values, "mac", count, macs),
            pc.if_else(arrived, none, _first(values, "source_mac", count, macs)),
        ),
        "user": _one(values, "user", count),
        "domain": pc.coalesce(
            asked, *(_first(values, field, count, domains) for field in _OF_DOMAINS), named, sites, far
        ),
        "url": urls,
        "action": _actions(values, count),
    }
    return found | _answers(values) | _hashes(values)


def _check_usual(values: Values) -> None:
    """Unusual where a value is of another kind than its name says, or which of several counts depends on more than their order."""
    import pyarrow.compute as pc

    odd = {
        "source_name": _ADDRESS_OR_MAC,
        "destination_name": _ADDRESS_OR_MAC,
        "source_port": "/",
        "destination_port": "/",
        "nat_port": "/",
        "user": _MAC,
    }
    if len(values.get("user", ())) > 1:
        odd["user"] = f"{_MAC}|{_IDENTIFIER}"
    for field, pattern in odd.items():
        for column in values.get(field, ()):
            check(pc.invert(pc.fill_null(pc.match_substring_regex(column, pattern), False)))
    if len(values.get("query", ())) > 1 or len(values.get("host", ())) > 1:
        raise Unusual


def _first(values: Values, field: str, count: int, made: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """The first that is made of the field's columns."""
    import pyarrow.compute as pc

    found = [made(column) for column in values.get(field, ())]
    return pc.coalesce(*found) if found else none_of(count)


def _one(values: Values, field: str, count: int) -> pa.Array:
    """The first text of a field that states something."""
    import pyarrow.compute as pc

    def one(column: pa.Array) -> pa.Array:
        short = pc.less_equal(pc.binary_length(column), _LONGEST)
        return kept(column, pc.and_(plain_texts(column), short), lambda text: stated(text[:_LONGEST]))

    return _first(values, field, count, one)


def _moments(values: Values, count: int) -> pa.Array:
    """The text of each record's time."""
    import pyarrow.compute as pc

    date, clock = _one(values, "date", count), _one(values, "clock", count)
    both = pc.binary_join_element_wise(date, clock, " ")
    others = [_first(values, field, count, told) for field in ("time", "date")]
    return pc.coalesce(both, *others)


def _ip(text: str) -> str | None:
    return ip_of(text.strip())


def _end(values: Values, field: str, port_field: str, count: int) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Address, name and port of one end, from `a`, `a:port`, or a name."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ports = {f"{at}": column for at, column in enumerate(values.get(port_field, ()))}
    found, called, on_port = none_of(count), none_of(count), first_ports(ports, [*ports], count)
    for column in values.get(field, ()):
        plain = ipv4(column)
        if pc.all(plain).as_py():
            found = pc.coalesce(found, column)
            continue
        coded = pc.if_else(plain, pa.scalar(None, pa.string()), column).dictionary_encode()
        ends = [_end_of(text) for text in coded.dictionary.to_pylist()]
        address, name, port = (
            pa.array([end[at] for end in ends], kind).take(coded.indices)
            for at, kind in enumerate((pa.string(), pa.string(), pa.int32()))
        )
        found = pc.coalesce(found, pc.if_else(plain, column, address))
        called = pc.coalesce(called, name)
        on_port = pc.coalesce(on_port, port)
    return found, called, on_port


def _end_of(text: str) -> tuple[str | None, str | None, int | None]:
    event = _event({"source": [text]})
    if event.source_ip is None and event.device_name is None:
        return None, None, None
    return event.source_ip, event.device_name, event.source_port


def _event(values: Mapping[str, Sequence[str]]) -> Event:
    """The event of a record with these values and no time; `ip` makes sure that it tells something."""
    return columns.event_of({"ip": [_SOMEBODY], **values}, _NO_TIMES)


def _urls(values: Values, count: int) -> pa.Array:
    """The URL as stated; an absolute one before a path."""
    import pyarrow.compute as pc

    given = [(field, column) for field in ("url", "path") for column in values.get(field, ())]
    if not given:
        return none_of(count)
    if len(given) == 1:
        ((field, column),) = given
        usual = pc.or_(pc.match_substring_regex(column, _ABSOLUTE), pc.match_substring_regex(column, _PATH))
        usual = pc.and_(
            pc.and_(usual, plain_texts(column)), pc.less_equal(pc.binary_length(column), _LONGEST_URL)
        )
        return kept(column, usual, lambda text: _event({field: [text]}).url)
    joined = pc.binary_join_element_wise(*(pc.fill_null(column, "") for _, column in given), _SEPARATOR)
    fields = [field for field, _ in given]

    def url(text: str) -> str | None:
        stated_texts: dict[str, list[str]] = {}
        for field, part in zip(fields, text.split(_SEPARATOR), strict=True):
            if part:
                stated_texts.setdefault(field, []).append(part)
        return _event(stated_texts).url

    return mapped(joined, url)


def _hosts(values: Values, count: int, *, host_is_device: bool) -> tuple[pa.Array, pa.Array, pa.Array]:
    """What `host` is of each record: an address, a machine's name, or (beside a URL) a site."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = _one(values, "host", count)
    nothing = none_of(count)
    if texts.null_count == count:
        return nothing, nothing, nothing
    none = pa.scalar(None, pa.string())
    coded = texts.dictionary_encode()
    hosts = [host_and_port(text)[0] for text in coded.dictionary.to_pylist()]
    addresses = pa.array([host if host and ip_of(host) else None for host in hosts], pa.string()).take(
        coded.indices
    )
    dotted = pa.array([host if host and "." in host else None for host in hosts], pa.string()).take(
        coded.indices
    )
    beside = pa.repeat(pa.scalar(False), count)
    for field in ("url", "path"):
        for column in values.get(field, ()):
            beside = pc.or_(beside, pc.is_valid(column))
    site = pc.and_(pc.and_(pc.is_null(addresses), beside), pc.is_valid(dotted))
    if not host_is_device:
        site = pa.repeat(pa.scalar(False), count)
    named = pc.if_else(pc.or_(site, pc.is_valid(addresses)), none, texts)
    return addresses, named, pc.if_else(site, dotted, none)


def _domain(text: str) -> str | None:
    host, _ = host_and_port(text.strip())
    return host if host and "." in host else host_of_url(text.strip())


def _actions(values: Values, count: int) -> pa.Array:
    """What the words of all columns say together."""
    import pyarrow as pa
    import pyarrow.compute as pc

    given = values.get("action", ())
    if not given:
        return pa.repeat(Action.UNKNOWN.value, count)
    joined = pc.binary_join_element_wise(*(pc.fill_null(column, "") for column in given), _SEPARATOR)

    def action(text: str) -> str:
        event = _event({"action": [part for part in text.split(_SEPARATOR) if part]})
        if event.inbound:
            raise Unusual
        return event.action.value

    return mapped(joined, action)


def _answers(values: Values) -> dict[str, pa.Array]:
    import pyarrow as pa

    given = values.get("answers", ())
    if not given:
        return {}
    if len(given) > 1:
        raise Unusual
    return {
        "answers": mapped(
            given[0], lambda text: list(_event({"answers": [text]}).answers) or None, pa.list_(pa.string())
        )
    }


def _hashes(values: Values) -> dict[str, pa.Array]:
    """The first hash of each kind, from whichever column."""
    import pyarrow.compute as pc

    found: dict[str, pa.Array] = {}
    for column in values.get("hash", ()):
        for length, key in HASH_KEYS.items():

            def digest(text: str, length: int = length) -> str | None:
                hashes = _event({"hash": [text]}).hashes
                return next((one for one in hashes if len(one) == length), None)

            made = mapped(column, digest)
            found[key] = pc.coalesce(found[key], made) if key in found else made
    return found
