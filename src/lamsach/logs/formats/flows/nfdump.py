r"""Output of nfdump: `-o csv`, `-o json`, `-o ndjson`, lines (`line`, `long`, `extended`, `nsel`).

Source: `nfdump(1)`, https://github.com/phaag/nfdump, versions 1.6 and 1.7. Traps:
- The CSV of version 1.6 has 48 columns and ends with a summary of other columns; that of 1.7 begins with the
  duration and protocol.
- JSON is printed with a key a line, `"src4_addr" : "192.0.2.5"`, or from 1.7.4 on a record a line; IPv6 has
  keys of its own.
- In lines an IPv4 port follows a colon and an IPv6 port a dot; without `-6` a long IPv6 address is cut
  (`2001:db8..7:15`) and does not count.
- The second port of an ICMP record is type and code, `8.0`.
- Times are on the clock of the machine that printed them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import event_between
from lamsach.logs.text.json_records import first_text, read_object
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event

_NOWHERE = (None, "0.0.0.0", "::")  # noqa: S104 - means: no address
_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?"
_IP = r"[0-9A-Fa-f:.]{2,45}"
# 2026-10-03 14:22:02,2026-10-03 14:22:03,1.000,192.0.2.5,203.0.113.9,51514,443,TCP,...AP.SF,
_CSV_16 = re.compile(
    rf"(?a)(?P<time>{_TIME}),{_TIME},[\d.]{{1,20}},(?P<source>{_IP}),(?P<destination>{_IP}),"
    rf"(?P<source_port>\d{{1,5}}),(?P<destination_port>[\d.]{{1,7}}),(?P<protocol>[\w-]{{1,16}}),"
    r"(?:[^,]{0,8},(?P<forwarding>\d{1,3}),(?:(?:[^,]{0,60},){34}(?P<observer>[0-9A-Fa-f:.]{2,45}),)?)?"
)
# 2026-10-03 14:22:02.494,1.000,TCP,192.0.2.5,51514,203.0.113.9,443,10,1000,1
_CSV_17 = re.compile(
    rf"(?a)(?P<time>{_TIME}), *[\d.:]{{1,20}}, *(?P<protocol>[\w-]{{1,16}}), *(?P<source>{_IP}), *"
    rf"(?P<source_port>\d{{1,5}}), *(?P<destination>{_IP}), *(?P<destination_port>[\d.]{{1,7}}),"
)
# 2026-10-03 14:22:02.494     1.000 TCP        192.0.2.5:51514 ->     203.0.113.9:443         10     1000
# 2026-10-03 14:22:02.494   CREATE  Ignore TCP 192.0.2.5:51514 ->
_LINE = re.compile(
    rf"(?a)(?P<time>{_TIME}) {{1,12}}(?:[\d.:]{{1,20}}|(?P<event>[A-Za-z_-]{{2,16}})(?: {{1,12}}"
    rf"[A-Za-z_-]{{2,16}})?) {{1,12}}(?P<protocol>[\w-]{{1,16}}) {{1,40}}"
    r"(?P<source>[0-9A-Fa-f:.]{4,60}) {1,12}<?->? {1,40}(?P<destination>[0-9A-Fa-f:.]{4,60})(?= "
    r"|$)(?: {1,40}(?P<nat>[0-9A-Fa-f:.]{4,60}) {1,12}->)?"
)
_CSV_HEADS = ("ts,te,td,sa,da,sp,dp,pr,", "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,")
_JSON_KEY = re.compile(r'"(?:src|dst)[46]_(?:addr|xlt_ip)"\s{0,3}:', re.ASCII)
_JSON_LINE = re.compile(r'\s{1,8}"[a-z0-9_]{1,40}"\s{0,3}:|\s{0,4}[\[\]{}],?\s*$', re.ASCII)
_AROUND = re.compile(
    r"Date first seen |Date flow start |Summary|flows,bytes,packets|\d+(?:,\d+){5}\s*$|Time window: "
    r"|Total (?:flows|records) |Sys: |Top \d|Aggregated |[\[\]]\s*$"
)
_DENIED = frozenset({"DENIED", "DENY"})
_WITH_PORTS = frozenset({"", "TCP", "UDP", "DCCP", "SCTP", "UDPLT", "6", "17", "33", "132", "136"})
_DROPPED = 2
_ACTIONS = {1: Action.ALLOWED, _DROPPED: Action.BLOCKED}
"""Outcome by the upper two of the eight bits of the forwarding status (RFC 7270 section 4.12)."""


class Nfdump(LogFormat):
    """`-o csv`, `-o json`, `-o ndjson`, and lines (`line`, `long`, `extended`, `nsel`, `nel`) of versions
    1.6 and 1.7, with NAT.

    Times are on the clock of the machine that printed them.
    """

    name = "nfdump"
    title = "nfdump"
    gives = fields_named("contact nat user action")
    multiline = True
    around = re.compile(f"{_AROUND.pattern}|{_JSON_LINE.pattern}", re.ASCII)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a row or line of a flow, a heading of the CSV, or JSON with nfdump's address keys."""
        if line[:2] == "20":
            return any(pattern.match(line) for pattern in (_CSV_16, _CSV_17, _LINE))
        if line.startswith(_CSV_HEADS):
            return True
        return '"' in line[:60] and _JSON_KEY.search(line[:8000]) is not None

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match every line but those within a JSON object printed with a key a line."""
        return _JSON_LINE.match(line) is None or line.lstrip().startswith(("{", "["))

    def read(self, line: str) -> Event | None:
        """Read one flow; None for headings and summaries."""
        if line.startswith(_CSV_HEADS) or _AROUND.match(line):
            return None
        if line.lstrip().startswith("{"):
            return self._json(line)
        match = _LINE.match(line)
        if match is not None:
            return self._event(_with_ports(match.groupdict()))
        match = required(_CSV_16.match(line) or _CSV_17.match(line), line)
        return self._event(match.groupdict())

    def _event(self, fields: Mapping[str, str | None]) -> Event:
        """Build an event; `fields` has the group names of the expressions above."""
        source, destination = ip_of(fields["source"] or ""), ip_of(fields["destination"] or "")
        if source is None and destination is None:
            raise LineError("The line is not of this product.", fields["time"] or "")
        ported = (fields["protocol"] or "").upper() in _WITH_PORTS
        source_port = port_of(fields["source_port"]) if ported else None
        nat, nat_port = ip_of(fields.get("nat") or ""), port_of(fields.get("nat_port"))
        if nat in _NOWHERE or (nat, nat_port) == (source, source_port):
            nat = nat_port = None
        forwarding = int(fields.get("forwarding") or 0) >> 6
        if (fields.get("event") or "").upper() in _DENIED:
            forwarding = _DROPPED
        observer = ip_of(fields.get("observer") or "")
        return event_between(
            (source, source_port),
            (destination, port_of(fields["destination_port"]) if ported else None),
            time=from_iso(fields["time"], self.context.timezone) if fields["time"] else None,
            observer=None if observer in _NOWHERE else observer,
            source_nat_ip=nat,
            source_nat_port=nat_port,
            user=fields.get("user"),
            action=_ACTIONS.get(forwarding, Action.UNKNOWN),
        )

    def _json(self, text: str) -> Event | None:
        record = read_object(" ".join(text.split("\n")).rstrip(", \t\r]"))[1]
        first = partial(first_text, record)
        if first("src4_addr", "src6_addr", "dst4_addr", "dst6_addr") is None:
            return None  # a statistic, or an option of the exporter
        forwarding = first("fwd_status") or ""
        return self._event(
            {
                "time": first("t_first", "first", "firstSeen", "t_event", "received", "t_received"),
                "source": first("src4_addr", "src6_addr"),
                "destination": first("dst4_addr", "dst6_addr"),
                "source_port": first("src_port"),
                "destination_port": first("dst_port"),
                "protocol": first("proto"),
                "nat": first("src4_xlt_ip", "src6_xlt_ip"),
                "nat_port": first("src_xlt_port"),
                "event": first("event", "nat_event"),
                "user": first("username", "user"),
                "forwarding": forwarding if re.fullmatch(r"\d{1,3}", forwarding, re.ASCII) else None,
                "observer": first("ip4_router", "ip6_router"),
            },
        )


def _with_ports(fields: dict[str, str | None]) -> dict[str, str | None]:
    """Split addresses and ports: `192.0.2.5:443`, `2001:db8::5.443`, `192.0.2.5:8.0`."""
    for name in ("source", "destination", "nat"):
        text = fields[name]
        if text:
            mark = ":" if text.count(":") == 1 else "."
            address, _, port = text.rpartition(mark)
            if mark == "." and ip_of(address) is None:
                address = address.rpartition(".")[0]
            fields[name], fields[f"{name}_port"] = address, port
    return fields
