"""DHCP servers of modems and small routers: BusyBox `udhcpd` (VNPT, Viettel, ZTE, Huawei), TP-Link.

Source: BusyBox, `networking/udhcp/dhcpd.c` 1.19 to 1.36 (`Sending ACK to %s`, `sending ACK to %s %s`);
TP-Link, "System Log" (`DHCPS:Send ACK to ...`). Traps:
- Most lines state an address or a hardware address, not both: they prove that the server ran. Only lines with
  both are leases.
- A modem without a clock dates its lines 1970 until its time is set.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import placed
from lamsach.logs.events.leases import lease_event
from lamsach.logs.text.record_headers import header_before
from lamsach.logs.text.values import ip_of, mac_of, stated
from lamsach.model import Event, EventKind, LeaseAction

_IP = r"(\d{1,3}(?:\.\d{1,3}){3})"
_MAC = r"((?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})"
# udhcpd[812]: Sending ACK to 10.1.2.3   udhcpd: sending OFFER to 10.1.2.3 00:11:22:33:44:55
_SENT = re.compile(
    rf"(?a)\b(?:udhcpd(?:\[\d{{1,10}}\])?: ?|DHCP[SD]: ?)[Ss]end(?:ing)? (ACK|OFFER|NAK)\b(?: (?:to|of"
    rf"|with ip))?(?: {_IP})?(?:,? {_MAC})?(?: ([\w.-]{{1,63}}))?"
)
# DHCPS:Recv REQUEST from 00:11:22:33:44:55   udhcpd[1]: Received DISCOVER
_RECEIVED = re.compile(
    rf"(?a)\b(?:udhcpd(?:\[\d{{1,10}}\])?: ?|DHCP[SD]: ?)(?:Recv|[Rr]ecei?ved?) (DISCOVER|REQUEST|RELEASE"
    rf"|DECLINE|INFORM)\b(?: from {_MAC})?"
)
# udhcpd: DHCPACK(br0) 10.1.2.3 00:11:22:33:44:55 PC-7   [DHCP] Assign IP 10.1.2.3 to 00:11:22:33:44:55 (PC-7)
_ASSIGNED = re.compile(
    rf"(?a)(?:\budhcpd(?:\[\d{{1,10}}\])?: ?DHCPACK\(\S{{1,16}}\) |\[DHCP\] Assign(?:ed)? IP ){_IP} (?:to "
    rf")?{_MAC}(?: \(?([\w.-]{{1,63}})\)?)?"
)
_ROOM = 300


class Udhcpd(LogFormat):
    """Assigned addresses, by hardware address where the line states it.

    A line with an address alone is no lease.
    """

    name = "udhcpd"
    title = "Modems' DHCP servers (BusyBox udhcpd, TP-Link)"
    gives = fields_named("time observer source_ip device_ip machine action")
    lease_markers = ("ACK", "Assign")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the program's name and one of its messages."""
        if "udhcpd" not in line and "DHCP" not in line:
            return False
        return any(pattern.search(line, 0, _ROOM) for pattern in (_SENT, _RECEIVED, _ASSIGNED))

    def read(self, line: str) -> Event | None:
        """Read one message."""
        assigned, sent = _ASSIGNED.search(line, 0, _ROOM), _SENT.search(line, 0, _ROOM)
        received = _RECEIVED.search(line, 0, _ROOM)
        match = required(assigned or sent or received, line)
        header = header_before(line, match.start(), self.context)
        if assigned:
            event = _lease(assigned[1], assigned[2], assigned[3])
        elif sent and sent[1] == "ACK":
            event = _lease(sent[2], sent[3], sent[4])
        elif sent:
            event = Event(kind=EventKind.OTHER, source_ip=ip_of(sent[2] or ""), device_mac=mac_of(sent[3]))
        else:
            event = Event(kind=EventKind.OTHER, device_mac=mac_of(match[2]))
        return placed(event, header.time, header.host)


def _lease(ip: str | None, mac: str | None, name: str | None) -> Event:
    address, hardware = ip_of(ip or ""), mac_of(mac)
    return lease_event(address, LeaseAction.ASSIGNED if hardware else None, mac=hardware, name=stated(name))
