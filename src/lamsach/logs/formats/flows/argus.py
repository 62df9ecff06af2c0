"""Flows printed by `ra` of Argus: comma-separated (also `.binetflow` data sets) or aligned columns.

Source: `ra(1)`, https://openargus.org. Traps:
- The columns are a choice of the user, and the heading names them. Aligned columns join address and port by a
  dot.
- The direction is `->`, `<->`, `<-` (the destination opened it), or with `?` when Argus saw no beginning;
  `who` is ARP, which is no contact.
- ICMP has type and code instead of ports, in hexadecimal (`0x0008`).
- The time is on the clock of the machine that printed it; without a date it has no day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import event_between
from lamsach.logs.mappings.printed_packets import port_or_service
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import ip_of
from lamsach.model import Event, EventKind

_HEADING = re.compile(r"\s{0,40}(?:StartTime|SrcAddr|LastTime|Flgs|Rank|Seq)\b.{0,400}\bDstAddr\b", re.ASCII)
_DIRECTION = r"(?:<?[-?|]>|<[-?|]|-|who)"
_ENDS = r"[0-9A-Fa-f:.]{3,45}"
# 2026/10/03 14:22:02.672448,63.822830,tcp,192.0.2.5,51514,   ->,203.0.113.9,443,S0,0,0,31,8764,1887,15,
_ROW = re.compile(
    rf"(?a)(?:\d{{4}}[/-]\d\d[/-]\d\d[ .T])?\d\d:\d\d:\d\d\.\d{{1,9}},.{{0,80}}?,?{_ENDS},[^,]{{0,20}}"
    rf", {{0,6}}{_DIRECTION} {{0,4}},{_ENDS},"
)
# 14:22:02.494016  e           tcp         192.0.2.5.51514     ->        203.0.113.9.443          10
_ALIGNED = re.compile(
    rf"(?a)\s{{0,12}}(?P<time>(?:\d{{4}}[/-]\d\d[/-]\d\d[ .T])?\d\d:\d\d:\d\d\.\d{{1,9}}) {{1,4}}[ "
    rf"\w*&!@$%~+^-]{{0,14}}? {{1,14}}(?P<protocol>[a-z0-9-]{{2,12}}) {{1,40}}(?P<source>{_ENDS}"
    rf"(?:\.[\w-]{{1,20}})?) {{1,12}}(?P<direction>{_DIRECTION}) {{1,40}}(?P<destination>{_ENDS}"
    rf"(?:\.[\w-]{{1,20}})?)(?= |$)"
)
_IPV4 = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(?:\.([\w-]{1,20}))?", re.ASCII)
_HEX_PORT = re.compile(r"0x[0-9a-fA-F]{1,4}", re.ASCII)
_OF_THE_FRAME = frozenset({"arp", "llc", "man", "rarp", "ether", "lldp", "stp"})
"""Protocols without IP: ARP states the requested addresses, the others none."""
_WITHOUT_PORTS = _OF_THE_FRAME | {
    "icmp", "ipv6-icmp", "icmp6", "igmp", "esp", "ah", "gre", "pim", "ospf", "vrrp",
}  # fmt: skip
_SIGNS = ("->", "?>", "<-", "<?", "- ", " who,")
_OPENED_BY_DESTINATION = ("<-", "<?")
_FIELDS = {
    "starttime": "time", "lasttime": "last", "proto": "protocol", "srcaddr": "source", "sport": "source_port",
    "dir": "direction", "dstaddr": "destination", "dport": "destination_port"
}  # fmt: skip
_USUAL = ("time", "", "protocol", "source", "source_port", "direction", "destination", "destination_port")


class Argus(LogFormat):
    """Flows with commas between the columns (`.binetflow` too) or aligned.

    Aligned columns without a date have no time.
    """

    name = "argus"
    title = "Argus (ra)"
    gives = fields_named("time ends device_ip")

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._times = LooseTimes(context)
        heading = next((line for line in context.head[:20] if _HEADING.match(line) and "," in line), None)
        names = (
            [_FIELDS.get(name.strip(' \ufeff"').lower(), "") for name in heading.split(",")]
            if heading
            else []
        )
        self._columns = names or list(_USUAL)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a heading with Argus's column names, or a flow with its direction as an arrow."""
        if "Addr" in line:
            return _HEADING.match(line) is not None
        if not any(sign in line for sign in _SIGNS):
            return False
        return (_ROW.match(line) or _ALIGNED.match(line)) is not None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Below a heading with commas, count the rows with as many columns."""
        if not head or not _HEADING.match(head[0]) or "," not in head[0]:
            return super().score(head)
        commas = head[0].count(",")
        return sum(abs(line.count(",") - commas) <= 1 for line in head) / len(head)

    def read(self, line: str) -> Event | None:
        """Read one flow; None for the heading and for frames without IP addresses."""
        if _HEADING.match(line):
            return None
        match = _ALIGNED.match(line)
        if match is not None:
            fields = match.groupdict()
            fields["source"], fields["source_port"] = _split_end(fields["source"])
            fields["destination"], fields["destination_port"] = _split_end(fields["destination"])
        elif "," in line:
            fields = dict(zip(self._columns, (cell.strip() for cell in line.split(",", 200)), strict=False))
        else:
            raise LineError("The line is not of this product.", line[:80])
        source, destination = ip_of(fields.get("source") or ""), ip_of(fields.get("destination") or "")
        if source is None and destination is None:
            if fields.get("protocol") in _OF_THE_FRAME:
                return None
            raise LineError("The line is not of this product.", line[:80])
        protocol = (fields.get("protocol") or "").lower()
        has_ports = protocol not in _WITHOUT_PORTS
        outbound = (fields.get("direction") or "") in _OPENED_BY_DESTINATION
        return event_between(
            (source, _port(fields.get("source_port") or "") if has_ports else None),
            (destination, _port(fields.get("destination_port") or "") if has_ports else None),
            time=self._time(fields.get("time") or fields.get("last") or ""),
            kind=EventKind.OTHER if protocol in _OF_THE_FRAME else EventKind.CONNECTION,
            outbound=outbound,
            turned=outbound,
        )

    def _time(self, text: str) -> datetime | None:
        """Read a time; None for a clock without date."""
        if len(text) < 16 and ":" in text:
            return None
        return (
            self._times.read(text.replace(".", " ", 1) if text[10:11] == "." and "/" in text else text)
            if text
            else None
        )


def _port(text: str) -> int | None:
    """Read a port: a number, a service's name, or hexadecimal for rare protocols (`0x0050`)."""
    return int(text, 16) if _HEX_PORT.fullmatch(text) else port_or_service(text)


def _split_end(text: str) -> tuple[str, str]:
    """Split address and port: `192.0.2.5.443`, `2001:db8::5.443`."""
    match = _IPV4.fullmatch(text)
    if match:
        return match[1], match[2] or ""
    if ":" in text and "." in text:
        before, _, last = text.rpartition(".")
        return before, last
    return text, ""
