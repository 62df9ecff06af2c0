"""Packets as the kernel of Linux 2.2 (ipchains) logs them.

Source: "Linux IPCHAINS-HOWTO" section 7.3, Linux 2.2 `net/ipv4/ip_fw.c` (dump_packet). Traps: what stands where ports do is type and code of
ICMP, and 65535 of protocols without either; `forward` names the interface by which the packet leaves.
"""

from __future__ import annotations

import re

from lamsach.logs.events.ends import Way, decide
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event, EventKind

MARK = "Packet log: "
_ADDRESS = r"(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})"
# Packet log: input DENY eth0 PROTO=6 203.0.113.9:4444 192.0.2.1:23 L=44 S=0x00 I=33280 F=0x0000 T=243 SYN (#42)
_PACKET = re.compile(
    rf"Packet log: ([\w.-]{{1,32}}) ([A-Z]{{3,8}}|-)(?:/\d{{1,6}})? [\w.:@-]{{1,32}} PROTO=(\d{{1,3}}) {_ADDRESS} {_ADDRESS} L=\d",
    re.ASCII,
)
_ACTIONS = {
    "DENY": Action.BLOCKED,
    "REJECT": Action.BLOCKED,
    "ACCEPT": Action.ALLOWED,
    "MASQ": Action.ALLOWED,
}
_WITH_PORTS = frozenset({"6", "17"})


def recognises(line: str) -> bool:
    """Return whether the line states a packet so."""
    return MARK in line and _PACKET.search(line) is not None


def read(line: str) -> Event | None:
    """The packet, without observer, time and place; None when the line has none."""
    match = _PACKET.search(line)
    if match is None:
        return None
    chain, target, protocol, source_text, source_port, destination_text, destination_port = match.groups()
    source, destination = ip_of(source_text), ip_of(destination_text)
    if source is None and destination is None:
        return None
    ported = protocol in _WITH_PORTS
    return decide(
        Event(
            kind=EventKind.CONNECTION,
            source_ip=source,
            source_port=port_of(source_port) if ported else None,
            destination_ip=destination,
            destination_port=port_of(destination_port) if ported else None,
            action=_ACTIONS.get(target, Action.UNKNOWN),
        ),
        Way.RECEIVED if chain == "input" else Way.UNSTATED,
    )
