"""Sophos Firewall's records of sessions and web requests, as `key="value" key=value`."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.announced import constant
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check, ends_of, holds, mapped, names
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import times
from lamsach.logs.bulk.keyed import device_columns, first_ips, first_ports, first_texts, none_of
from lamsach.logs.bulk.pairs import Mixed, PairRows, keys_of, skeleton
from lamsach.logs.formats.firewalls.sophos.format import Sophos
from lamsach.logs.formats.firewalls.sophos.records import (
    DOMAINS,
    HASHES,
    TO_ITSELF,
    ZONES,
    action_of_fields,
    mac_as_stated,
    site_of_url,
)
from lamsach.logs.text.values import domain_of

if TYPE_CHECKING:
    import pyarrow as pa

_START = b'device="'
_NEEDED = frozenset({"device", "device_name", "log_type", "log_component"})
_KINDS = ("log_type", "log_component", "log_subtype", "sub")
_TOLD_ELSEWISE = ("auth", "waf", "web application", "dhcp", "vpn")
"""Words in a record's kind that say that it tells of no session or request."""
_SOURCES = ("src_ip", "sourceip", "srcip", "remote_ip", "ipaddress", "client_ip")
_DESTINATIONS, _INNER = ("dst_ip", "destinationip", "dstip"), ("tran_dst_ip", "dst_trans_ip")
_USERS, _MACS = ("user_name", "user", "login_user", "username"), ("src_mac", "srcmac")
_SOURCE_PORTS, _DESTINATION_PORTS = ("src_port", "srcport"), ("dst_port", "dstport")
_ACTIONS = ("action", "log_subtype", "status", "result", "statuscode", "httpstatus")
_TIMES = ("date", "time", "timezone", "timestamp")
_UNUSUAL = frozenset({"virtual_ip", "localip", "threatname", "name"})
_WANTED = frozenset(
    (*_NEEDED, *_KINDS, *_SOURCES, *_DESTINATIONS, *_INNER, *_USERS, *_MACS, *_SOURCE_PORTS, *_DESTINATION_PORTS, *_ACTIONS, *_TIMES, *DOMAINS, *HASHES, *ZONES, "url")
)  # fmt: skip
# Between these two keys stand two spaces.
_TWO_SPACES, _ONE_SPACE = b"  recv_pkts=", b" recv_pkts="
# A comma parts keys as a space does: a=1,b=2
_COMMA = re.compile(rb'=[^" \n]*,[A-Za-z_][\w.-]*=')
_SHAPES_KEPT = 1000


class SophosPairs(GroupReader):
    """Records of SFOS that name their device."""

    log_format: Sophos

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._readers: dict[bytes, PairRows] = {}

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the record's number, and how many keys it has."""
        told = Lines(lines)
        quotes, place = told.count('="'), told.place("log_id=")
        usual = (told.count('"') == 2 * quotes) & ~told.has("\\", "\t")
        number = told.letters(place + len("log_id="), 8)
        return groups_of(
            (number, told.letters(place + len("log_id=") + 8, 4), quotes, told.count("=")), usual
        )

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return skeleton(_record(line))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if _COMMA.search(data) or b"\v" in data or b"\f" in data:
            raise Unusual
        records = _records(data, count)
        shape = skeleton(records.partition(b"\n")[0])
        if shape not in self._readers:
            if len(self._readers) > _SHAPES_KEPT:
                self._readers.clear()
            self._readers[shape] = _learnt(shape)
        try:
            row = self._readers[shape].row(records, count)
        except Mixed:
            raise Unusual from None
        for key, column in row.items():
            first, last = ends_of(column)
            if holds(column, b"recv_pkts=") or (first == ord(",")).any() or (last == ord(",")).any():
                raise Unusual
            if key in HASHES:
                check(pc.equal(column, ""))
        kinds = pc.binary_join_element_wise(*(row[key] for key in _KINDS if key in row), "|")
        check(mapped(kinds, _is_usual, pa.bool_()))
        return self._columns(row, count)

    def _columns(self, row: dict[str, pa.Array], count: int) -> dict[str, pa.Array]:
        import pyarrow as pa
        import pyarrow.compute as pc

        sources, destinations = first_ips(row, _SOURCES, count), first_ips(row, _DESTINATIONS, count)
        inner = pc.coalesce(first_ips(row, _INNER, count), destinations)
        urls = first_texts(row, ("url",), count)
        observers = first_texts(row, ("device_name",), count)
        check(pc.is_valid(first_texts(row, ("device",), count)))
        check(pc.is_valid(observers))
        keys = [key for key in _ACTIONS if key in row]
        verbs = pc.binary_join_element_wise(*(row[key] for key in keys), "\x1f")
        found = none_of(count)
        for key in DOMAINS:
            if key in row:
                found = pc.coalesce(found, names(row[key], domain_of))
        others = pc.if_else(pc.is_null(found), urls, pa.scalar(None, pa.string()))
        return {
            "time": self._times(row),
            "observer": observers,
            "source_ip": sources,
            "source_port": first_ports(row, _SOURCE_PORTS, count),
            "destination_ip": destinations,
            "destination_port": first_ports(row, _DESTINATION_PORTS, count),
            "device_ip": device_columns(sources, inner, _from_outside(row, count)),
            "device_mac": mapped(first_texts(row, _MACS, count), mac_as_stated),
            "user": first_texts(row, _USERS, count),
            "domain": pc.coalesce(found, mapped(others, site_of_url)),
            "url": urls,
            "action": mapped(verbs, lambda text: _action(keys, text)),
        }

    def _times(self, row: dict[str, pa.Array]) -> pa.Array:
        import pyarrow.compute as pc

        if "date" in row and "time" in row:
            zone = constant(row, "timezone") or ""
            texts = pc.binary_join_element_wise(row["date"], row["time"], " ")

            def read(text: str) -> object:
                day, _, clock = text.partition(" ")
                return self.log_format.time_of({"date": day, "time": clock, "timezone": zone})

            return times(texts, read)  # type: ignore[arg-type]
        if "timestamp" not in row or "date" in row or "time" in row:
            raise Unusual
        zone = constant(row, "timezone") or ""
        return times(
            row["timestamp"], lambda text: self.log_format.time_of({"timestamp": text, "timezone": zone})
        )


def _from_outside(row: dict[str, pa.Array], count: int) -> pa.Array:
    import pyarrow.compute as pc

    outside = pc.fill_null(pc.equal(first_texts(row, ZONES, count), "WAN"), False)
    return pc.or_(outside, pc.fill_null(pc.equal(row["log_component"], TO_ITSELF), False))


def _records(data: bytes, count: int) -> bytes:
    """The lines as `_record` gives them."""
    if data.startswith(_START) and data.count(b"\n" + _START) == count - 1:
        return data.replace(_TWO_SPACES, _ONE_SPACE)
    return b"\n".join(map(_record, data.split(b"\n")))


def _record(line: bytes) -> bytes:
    """The line without the header before the record, and without a second space where the maker puts one."""
    place = line.find(_START)
    if place < 0 or b"=" in line[:place]:
        raise Unusual
    return line[place:].replace(_TWO_SPACES, _ONE_SPACE)


def _learnt(shape: bytes) -> PairRows:
    keys = keys_of(shape.rstrip(b" "))
    present = {key for key, _ in keys or ()}
    if (
        keys is None
        or not present >= _NEEDED
        or present & _UNUSUAL
        or any(key != key.lower() for key in present)
    ):
        raise Unusual
    return PairRows(keys, _WANTED)


def _is_usual(kind: str) -> bool:
    lower = kind.lower()
    return not any(word in lower for word in _TOLD_ELSEWISE)


def _action(keys: list[str], text: str) -> str:
    return action_of_fields(dict(zip(keys, text.split("\x1f"), strict=True))).value
