"""ipfw, the packet filter of FreeBSD and of macOS until 10.9, and the application firewall of macOS.

Source: FreeBSD `sys/netpfil/ipfw/ip_fw_log.c`, `ipfw(8)` option log; Apple, "About the application firewall"
(`/var/log/appfirewall.log`). Traps:
- A fragment's ports are missing, and a number (`P:47`) or type and code (`ICMP:8.0`) may replace the
  protocol.
- Some actions have a number or an address of their own (`Divert 8668`, `Forward to 10.0.0.5:8080`), which is
  no end of the packet.
- IPv6 addresses are in brackets.
- macOS names the machine's own end first: `connection attempt to TCP OWN from STRANGER`.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, event_between, placed
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event

_END = r"(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.%]{2,60}\])(?::(\d{1,5}))?"
# ipfw: 100 Deny TCP 203.0.113.9:4444 192.0.2.10:22 in via em0     ipfw: 300 Forward to 10.0.0.5:8080 TCP ...
_PACKET = re.compile(
    r"(?a)(?:^|(?<=[\s:]))ipfw(?:\[\d{1,6}\])?: (?:-?\d{1,10} )?([A-Z][A-Za-z]{2,15}6?)(?: to \S{1,64}"
    r"| \d{1,6})? "
    rf"(?:TCP|UDP|SCTP|ICMP(?:v6)?(?::\d{{1,3}}\.\d{{1,3}})?|P:\d{{1,3}}) {_END} {_END}(?: (?:in|out)\b"
    rf"|(?=\s|$))"
)
# Firewall[38]: Stealth Mode connection attempt to TCP 192.168.1.10:22 from 203.0.113.9:4444
_STEALTH = re.compile(rf"Stealth Mode connection attempt to (?:TCP|UDP) {_END} from {_END}(?=\s|$)", re.ASCII)
# Firewall[38]: Deny nmbd data in from 192.168.1.5:137 uid = 0 proto=17
_PROGRAM = re.compile(
    rf"(?a)(Deny|Allow) [^\n]{{1,80}}? (?:data in|connecting) from {_END} (?:to port (\d{{1,5}}) |uid = )"
)
_ACTIONS = {
    **dict.fromkeys(
        ("Deny", "Reset", "Reset6", "Reject", "Unreach", "Unreach6", "Abort", "Abort6"), Action.BLOCKED
    ),
    "Refuse": Action.BLOCKED,
    "Accept": Action.ALLOWED,
    "Allow": Action.ALLOWED,
}
_ROOM = 400


class Ipfw(LogFormat):
    """Packets logged by a rule with `log`, IPv4 and IPv6; decisions of macOS' application firewall."""

    name = "ipfw"
    title = "ipfw (FreeBSD, macOS)"
    gives = fields_named("contact action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match `ipfw: ` with an action and two ends, or a message of macOS' `Firewall`."""
        if "ipfw" in line:
            return _PACKET.search(line, 0, _ROOM) is not None
        return " Firewall[" in line[:120] and (
            _STEALTH.search(line, 0, _ROOM) is not None or _PROGRAM.search(line, 0, _ROOM) is not None
        )

    def parse(self, line: str, number: int) -> Event | None:
        """Read one packet, or one decision about a connection."""
        event = required(_packet(line), line)
        header, _ = split_header(line, self.context)
        return placed(event, self, number, header.time, header.host)


def _packet(line: str) -> Event | None:
    packet = _PACKET.search(line, 0, _ROOM) if "ipfw" in line else None
    if packet:
        source, destination = ip_of(packet[2]), ip_of(packet[4])
        return _connection(
            source, packet[3], destination, packet[5], Way.UNSTATED, _ACTIONS.get(packet[1], Action.UNKNOWN)
        )
    stealth = _STEALTH.search(line, 0, _ROOM)
    if stealth:
        source, destination = ip_of(stealth[3]), ip_of(stealth[1])
        return _connection(source, stealth[4], destination, stealth[2], Way.RECEIVED, Action.BLOCKED)
    program = _PROGRAM.search(line, 0, _ROOM)
    if program is None:
        return None
    source = ip_of(program[2])
    return _connection(source, program[3], None, program[4], Way.CALLED, _ACTIONS[program[1]])


def _connection(
    source: str | None,
    source_port: str | None,
    destination: str | None,
    destination_port: str | None,
    way: Way,
    action: Action,
) -> Event | None:
    if source is None and destination is None:
        return None
    return event_between(
        (source, port_of(source_port)), (destination, port_of(destination_port)), action=action, way=way
    )
