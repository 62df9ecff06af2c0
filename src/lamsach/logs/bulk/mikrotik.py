"""The firewall's messages of MikroTik RouterOS, behind topics and whatever syslog header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import (
    cells,
    check,
    check_distinct,
    ipv4,
    judged,
    lines_of,
    macs,
    mapped,
    not_empty,
    own_sides,
    text_of,
)
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads
from lamsach.logs.bulk.keyed import none_of, port_numbers
from lamsach.logs.bulk.letters import DIGITS, made_of
from lamsach.logs.bulk.parts import halves, parted
from lamsach.logs.formats.firewalls.mikrotik.firewall import decision_of
from lamsach.logs.formats.firewalls.mikrotik.format import Mikrotik

if TYPE_CHECKING:
    import pyarrow as pa

# Jun 10 08:00:01 router firewall,info forward: in:bridge out:ether1, connection-state:new src-mac 02:00:5e:10:00:01, proto TCP (SYN), 10.1.1.5:51514->203.0.113.9:443, len 52
_TOPICS = "firewall,info "
_PLACES = "in:"
_WORD = r"^[\w<>.@+-]{1,60}$"
_PORT_DIGITS = 5
_PREFIX = r"^(?:[A-Za-z][\w-]{0,40} ){0,4}(?:[a-z]{1,20}: )$"
_AFTER = frozenset({"len", "prio"})


class FirewallPackets(GroupReader):
    """Packets of IPv4 that are not translated."""

    log_format: Mikrotik

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By how many words stand behind the interfaces, whether a MAC address is stated, and whether it is TCP."""
        told = Lines(lines)
        start, topics = told.place(" in:"), told.place(_TOPICS)
        usual = (start > topics) & (topics >= 0) & (told.count("->") == 1)
        usual &= ~told.has("->(", ")->", "|MikroTik|")
        return groups_of((told.count(" ", start), told.has(" src-mac "), told.has("proto TCP")), usual)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""

        lines = lines_of(data)
        before, packet = halves(lines, _PLACES)
        head, prefix = halves(before, _TOPICS)
        check_distinct(prefix, _PREFIX)
        row = _row(packet, count)
        moments, hosts = heads(head, self._head)
        sources, source_ports = _ends(row["source"])
        destinations, destination_ports = _ends(row["destination"])
        return {
            "time": moments,
            "observer": hosts,
            "source_ip": sources,
            "source_port": source_ports,
            "destination_ip": destinations,
            "destination_port": destination_ports,
            "device_ip": own_sides(sources, destinations),
            "device_mac": macs(row["mac"]) if "mac" in row else none_of(count),
            "action": mapped(prefix, lambda text: decision_of(text).value),
        }

    def _head(self, text: str) -> Head:
        sample = f"{text}{_TOPICS}input: in:a out:b, proto UDP, 10.0.0.1:1->10.0.0.2:2, len 4"
        event = self.log_format.parse(sample, 1)
        if event is None:
            raise Unusual
        return event.time, event.observer


def _row(packet: pa.Array, count: int) -> dict[str, pa.Array]:
    """The MAC address and the two ends of packets whose words have one order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = packet[0].as_py().split(" ")
    flow = next((at for at, word in enumerate(words) if "->" in word), 0)
    mac = words.index("src-mac") + 1 if "src-mac" in words else None
    if not 2 <= flow < len(words) - 1 or (mac is not None and mac >= flow) or words[flow + 1] not in _AFTER:
        raise Unusual
    names = [str(at) for at in range(len(words))]
    row = cells(text_of(packet), names, " ", dict.fromkeys(names, pa.string()))
    if len(row["0"]) != count:
        raise Unusual
    check_distinct(row["0"], _WORD)
    check_distinct(row["1"], r"^out:[\w<>.@+-]{1,60},?$")
    if words[1].endswith(":(unknown"):
        raise Unusual
    for at in range(2, flow):
        if at != mac:
            check(pc.equal(row[str(at)], words[at]))
    check(pc.equal(row[str(flow + 1)], words[flow + 1]))
    found = {}
    if mac is not None:
        found["mac"] = pc.ascii_rtrim(row[str(mac)], ",")
        check(judged(found["mac"], "^(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$"))
    ends = row[str(flow)]
    check(pc.ends_with(ends, ","))
    found["source"], found["destination"] = halves(pc.utf8_slice_codeunits(ends, 0, -1), "->")
    return found


def _ends(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Address and port of `10.1.1.5:51514`, or the address alone."""
    import pyarrow.compute as pc

    check(pc.invert(pc.ends_with(texts, ":")))
    address, port = parted(texts, ":")
    check(ipv4(address))
    if not made_of(port, DIGITS, 0, _PORT_DIGITS):
        raise Unusual
    return address, port_numbers(not_empty(port))
