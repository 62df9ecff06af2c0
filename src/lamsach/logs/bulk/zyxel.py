"""Zyxel's records of sessions and sites, as `key="value"` behind whatever syslog header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.bare_macs import bare_macs
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check, internal, ipv4, lines_of, mapped, text_of
from lamsach.logs.bulk.features import Lines, groups_of, letters_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads
from lamsach.logs.bulk.keyed import device_columns, first_texts, none_of, port_numbers
from lamsach.logs.bulk.pairs import Mixed, PairRows, keys_of, skeleton
from lamsach.logs.bulk.parts import halves
from lamsach.logs.formats.firewalls.zyxel import action_of, end_of, site_of
from lamsach.model import Action

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pyarrow as pa

# src="10.0.0.5:51000" dst="203.0.113.9:443" msg="Match default rule, DROP" note="ACCESS BLOCK" user="lan" devID="02005e005301" cat="Firewall"
_START, _MESSAGE, _CATEGORY = 'src="', ' msg="', ' cat="'
_FIRST = ("src", "dst", "msg")
_END = "^[0-9.]{7,15}:[0-9]{1,5}$"
_NOWHERE = "0.0.0.0"  # noqa: S104 - means: no address
_LOGIN, _LEASE = "(?i)^.{0,35}login", "(?i)^dhcp "
_SITE = r"^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*\.[a-z][a-z]+: "
_LONGEST_SITE = 63
_WORDS = ("act", "note", "msg")
_MACS, _USERS, _OBSERVERS = ("ob_mac", "smac", "src_mac"), ("user", "suser"), ("dvchost", "devID")
_WANTED = frozenset((*_FIRST, *_WORDS, *_MACS, *_USERS, *_OBSERVERS, "cat"))
_UNUSUAL = frozenset({"spt", "dpt", "request", "url", "dhost", "hostname"})
_SHAPES_KEPT = 1000


class SessionRecords(GroupReader):
    """Records of what passed through the firewall; log-ins and leases are read one by one where they are few."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._readers: dict[bytes, PairRows] = {}

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By how many keys a record has, and its category's first letters."""
        told = Lines(lines)
        quoted = told.count('="')
        message = told.place(_MESSAGE)
        usual = (told.count('"') == 2 * quoted) & (message >= 0) & ~told.has("\\", "\t")
        usual &= told.letters(message + len(_MESSAGE), 4) != letters_of("DHCP")
        category = told.letters(told.place(_CATEGORY) + len(_CATEGORY), 8)
        return groups_of((quoted, told.count("="), category), usual)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return skeleton(line[line.find(_START.encode()) :])

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if b"\v" in data or b"\f" in data:
            raise Unusual
        before, rest = halves(lines_of(data), _START)
        check(pc.match_substring_regex(before, r"^(?:[^=]*[\s:])?$"))
        records = text_of(pc.binary_join_element_wise("", rest, _START)).to_pybytes()
        row = self._row(records, count)
        moments, hosts = heads(before, self._head)
        sources, source_ports = _end(row["src"])
        destinations, destination_ports = _end(row["dst"])
        message = row["msg"]
        check(pc.invert(pc.match_substring_regex(message, _LEASE)))
        category = row.get("cat", pa.repeat("", count))
        login = mapped(category, lambda text: text.lower() == "user", pa.bool_())
        login = pc.or_(login, pc.match_substring_regex(message, _LOGIN))
        login = pc.or_(login, pc.match_substring(message, "has logged"))
        own = device_columns(sources, destinations)
        if pc.any(login).as_py():
            callers = pc.if_else(
                pc.fill_null(internal(sources), False), sources, pa.scalar(None, pa.string())
            )
            own = pc.if_else(login, callers, own)
        return {
            "time": moments,
            "observer": pc.coalesce(hosts, first_texts(row, _OBSERVERS, count)),
            "source_ip": sources,
            "source_port": source_ports,
            "destination_ip": destinations,
            "destination_port": destination_ports,
            "device_ip": own,
            "device_mac": bare_macs(first_texts(row, _MACS, count)),
            "user": first_texts(row, _USERS, count),
            "action": _actions(row),
        } | _sites(category, message)

    def _row(self, records: bytes, count: int) -> dict[str, pa.Array]:
        shape = skeleton(records.partition(b"\n")[0])
        if shape not in self._readers:
            if len(self._readers) > _SHAPES_KEPT:
                self._readers.clear()
            keys = keys_of(shape)
            names = [key for key, _ in keys or ()]
            if keys is None or tuple(names[:3]) != _FIRST or _UNUSUAL & {*names}:
                raise Unusual
            self._readers[shape] = PairRows(keys, _WANTED)
        try:
            return self._readers[shape].row(records, count)
        except Mixed:
            raise Unusual from None

    def _head(self, text: str) -> Head:
        event = self.log_format.parse(f'{text}src="192.0.2.1:1" dst="192.0.2.2:2" msg="a"', 1)
        if event is None or event.source_port != 1:
            raise Unusual
        return event.time, event.observer


def _end(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Address and port of `10.0.0.5:51000`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = pc.match_substring_regex(texts, _END)
    address, port = halves(pc.if_else(plain, texts, f"{_NOWHERE}:0"), ":")
    check(ipv4(address))
    numbers = port_numbers(port)
    told = pc.and_(plain, pc.not_equal(address, _NOWHERE))
    with_port = pc.and_(told, pc.greater(numbers, 0))
    found = pc.if_else(told, address, pa.scalar(None, pa.string()))
    ports = pc.if_else(with_port, numbers, pa.scalar(None, pa.int32()))
    if pc.all(plain).as_py():
        return found, ports
    others = pc.if_else(plain, pa.scalar(None, pa.string()), texts)
    return (
        pc.coalesce(found, mapped(others, lambda text: end_of({"src": text}, "src", "")[0])),
        pc.coalesce(ports, mapped(others, lambda text: end_of({"src": text}, "src", "")[1], pa.int32())),
    )


def _actions(row: dict[str, pa.Array]) -> pa.Array:
    """The action that `act` or `note` tells, else that of the message."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def action(key: str) -> pa.Array:
        return mapped(row[key], lambda text: _known(action_of({key: text})))

    found = [action(key) for key in _WORDS[:2] if key in row]
    verbs = pc.coalesce(*found) if found else none_of(len(row["msg"]))
    if verbs.null_count:
        others = pc.if_else(pc.is_null(verbs), row["msg"], pa.scalar(None, pa.string()))
        verbs = pc.coalesce(verbs, mapped(others, lambda text: action_of({"msg": text}).value))
    return verbs


def _known(action: Action) -> str | None:
    return None if action is Action.UNKNOWN else action.value


def _sites(category: pa.Array, message: pa.Array) -> dict[str, pa.Array]:
    """The site and the URL that the message of a web or name filter starts with."""
    import pyarrow as pa
    import pyarrow.compute as pc

    filtering = mapped(
        category, lambda text: site_of({"msg": "a.example:"}, text.lower())[0] is not None, pa.bool_()
    )
    if not pc.any(filtering).as_py():
        return {}
    none = pa.scalar(None, pa.string())
    texts = pc.if_else(filtering, message, none)
    plain = pc.fill_null(pc.match_substring_regex(texts, _SITE), False)
    name = halves(pc.if_else(plain, texts, ": "), ": ")[0]
    plain = pc.and_(plain, pc.less_equal(pc.binary_length(name), _LONGEST_SITE))
    others = pc.if_else(plain, none, texts)
    return {
        "domain": pc.if_else(plain, name, mapped(others, lambda text: site_of({"msg": text}, "web")[0])),
        "url": mapped(others, lambda text: site_of({"msg": text}, "web")[1]),
    }
