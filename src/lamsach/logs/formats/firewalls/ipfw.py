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

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, placed
from lamsach.logs.mappings.sentences import event_of, sentence
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import among
from lamsach.model import Action, Event, EventKind

_END = r"(?P<%s>\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.%%]{2,60}\])(?::(?P<%s>\d{1,5}))?"
_SOURCE, _TARGET = _END % ("ip", "port"), _END % ("to", "to_port")
_ACTIONS = {
    **dict.fromkeys(among("deny refuse reset reset6 reject unreach unreach6 abort abort6"), Action.BLOCKED),
    **dict.fromkeys(among("accept allow"), Action.ALLOWED),
}
_SENTENCES = (
    # ipfw: 100 Deny TCP 203.0.113.9:4444 192.0.2.10:22 in via em0     ipfw: 300 Forward to 10.0.0.5:80 TCP ..
    sentence("ipfw",
        r"(?:^|(?<=[\s:]))ipfw(?:\[\d{1,6}\])?: (?:-?\d{1,10} )?(?P<word>[A-Z][A-Za-z]{2,15}6?)(?: to "
        r"\S{1,64}| \d{1,6})? (?:TCP|UDP|SCTP|ICMP(?:v6)?(?::\d{1,3}\.\d{1,3})?|P:\d{1,3}) "
        f"{_SOURCE} {_TARGET}" r"(?: (?:in|out)\b|(?=\s|$))",
        _ACTIONS, kind=EventKind.CONNECTION, way=Way.UNSTATED),
    # Firewall[38]: Stealth Mode connection attempt to TCP 192.168.1.10:22 from 203.0.113.9:4444
    sentence(" Firewall[", rf"Stealth Mode connection attempt to (?:TCP|UDP) {_TARGET} from {_SOURCE}"
        rf"(?=\s|$)",
        Action.BLOCKED, kind=EventKind.CONNECTION, way=Way.RECEIVED),
    # Firewall[38]: Deny nmbd data in from 192.168.1.5:137 uid = 0 proto=17
    sentence(" Firewall[",
        rf"(?P<word>Deny|Allow) [^\n]{{1,80}}? (?:data in|connecting) from {_SOURCE} (?:to port "
        r"(?P<to_port>\d{1,5}) |uid = )", _ACTIONS, kind=EventKind.CONNECTION),
)  # fmt: skip
_ROOM = 400


class Ipfw(LogFormat):
    """Packets logged by a rule with `log`, IPv4 and IPv6; decisions of macOS' application firewall."""

    name = "ipfw"
    title = "ipfw (FreeBSD, macOS)"
    gives = fields_named("contact action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match `ipfw: ` with an action and two ends, or a message of macOS' `Firewall`."""
        return event_of(_SENTENCES, line[:_ROOM]) is not None

    def read(self, line: str) -> Event | None:
        """Read one packet, or one decision about a connection."""
        event = required(event_of(_SENTENCES, line[:_ROOM]), line)
        header, _ = split_header(line, self.context)
        return placed(event, header.time, header.host)
