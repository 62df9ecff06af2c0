"""Juniper SRX's records as structured data: `[junos@2636.1.1.1.2.129 source-address="10.1.1.5" ...]`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check, lines_of, mapped, names
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads, of_header
from lamsach.logs.bulk.keyed import device_columns, first_ips, first_ports, first_texts, none_of
from lamsach.logs.bulk.parts import halves
from lamsach.logs.bulk.quoted import Quoted
from lamsach.logs.formats.firewalls.juniper_srx.format import (
    DESTINATION_ZONE,
    EVENT,
    SOURCE_ZONE,
    action_of_event,
    arrives,
)
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import domain_of

if TYPE_CHECKING:
    import pyarrow as pa

# <14>1 2026-06-10T08:00:01.123+07:00 srx01 RT_FLOW - RT_FLOW_SESSION_CLOSE [junos@2636.1.1.1.2.129 reason="TCP FIN" source-address="10.1.1.5" ...]
_LAYOUT = Quoted('="', '" ', ('"]',))
_START = "[junos@"
_SOURCES = ("source-address", "client-ip-str", "client-ip")
_DESTINATIONS = ("destination-address", "server-ip-str")
_INNER, _HOSTS, _NAMES = (
    ("nat-destination-address",),
    ("hostname", "client-hostname"),
    ("http-host", "dns-domain", "sni"),
)
_SOURCE_PORTS, _DESTINATION_PORTS = ("source-port",), ("destination-port",)
_WANTED = frozenset(
    (*_SOURCES, *_DESTINATIONS, *_INNER, *_HOSTS, *_NAMES, *_SOURCE_PORTS, *_DESTINATION_PORTS, SOURCE_ZONE, DESTINATION_ZONE, "protocol-id", "username", "action")
)  # fmt: skip
_UNUSUAL = frozenset({"url", "obj", "sample-sha256", "sha256", "file-hash-lookup"})
_LONGEST_START = 500


class SrxRecords(GroupReader):
    """Records without URLs and hashes."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the end of the record's name, and how many keys it has."""
        told = Lines(lines)
        place = told.place(_START)
        usual = (place >= 0) & (place < _LONGEST_START) & (told.place('"') > place) & _LAYOUT.usual(told)
        names = [told.letters(place - ahead, 8) for ahead in (8, 16)]
        return groups_of((told.count(_LAYOUT.closing), *names), usual)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return _LAYOUT.keys(line.decode().partition(_START)[2].partition(" ")[2])

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        before, tagged = halves(lines_of(data), _START)
        number, records = halves(tagged, " ")
        check(pc.match_substring_regex(number, r"^[0-9.]{1,40}$"))
        event = EVENT.search(before[0].as_py())
        if event is None or _UNUSUAL & {*_LAYOUT.keys(records[0].as_py())}:
            raise Unusual
        check(pc.ends_with(before, f" {event[1]} "))
        check(pc.equal(pc.count_substring_regex(before, EVENT.pattern), 1))
        row = {key: _told(column) for key, column in _LAYOUT.rows(records, _WANTED).items()}
        moments, hosts = heads(before, self._head)
        sources, destinations = first_ips(row, _SOURCES, count), first_ips(row, _DESTINATIONS, count)
        devices = device_columns(
            sources, pc.coalesce(first_ips(row, _INNER, count), destinations), _arriving(row, count)
        )
        icmp = pc.is_in(row.get("protocol-id", none_of(count)), pa.array(["1", "58"]))
        no_port, no_name = pa.scalar(None, pa.int32()), pa.scalar(None, pa.string())
        near = pc.fill_null(pc.equal(devices, sources), False)
        near = pc.or_(near, pc.and_(pc.is_null(devices), pc.is_null(sources)))
        done = pc.fill_null(row.get("action", none_of(count)), "")
        return {
            "time": moments,
            "observer": hosts,
            "source_ip": sources,
            "source_port": pc.if_else(icmp, no_port, first_ports(row, _SOURCE_PORTS, count)),
            "destination_ip": destinations,
            "destination_port": pc.if_else(icmp, no_port, first_ports(row, _DESTINATION_PORTS, count)),
            "device_ip": devices,
            "device_name": pc.if_else(near, first_texts(row, _HOSTS, count), no_name),
            "user": first_texts(row, ("username",), count),
            "domain": names(first_texts(row, _NAMES, count), domain_of),
            "action": mapped(done, lambda text: action_of_event(event[1], text).value),
        }

    def _head(self, text: str) -> Head:
        return of_header(split_header(f'{text}{_START}2636.1 reason="x"]', self.context)[0])


def _arriving(row: dict[str, pa.Array], count: int) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    zones = [pc.fill_null(row.get(key, none_of(count)), "") for key in (SOURCE_ZONE, DESTINATION_ZONE)]
    both = pc.binary_join_element_wise(*zones, "\x1f")
    return mapped(both, lambda text: arrives(*text.split("\x1f")), pa.bool_())


def _told(column: pa.Array) -> pa.Array:
    """The values that say something."""
    import pyarrow as pa
    import pyarrow.compute as pc

    nothing = pc.is_in(column, pa.array(["N/A", "UNKNOWN"]))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), column)
