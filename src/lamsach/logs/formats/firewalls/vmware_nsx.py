"""VMware NSX and NSX-T, distributed firewall.

`2026-11-20T09:26:53.123Z a57fa2ab INET match PASS 1024 OUT 52 TCP 10.1.1.5/49152->203.0.113.9/443 S`.

Source: VMware, "NSX Administration Guide", "Firewall Audit Messages" and "Distributed Firewall Packet Logs"
(`dfwpktlogs.log`); NSX-V "Firewall Logs". Traps:
- The rule is `1024`, `mainrs/1024` (NSX-T) or `domain-c7/1002` (NSX-V); the filter's hash is optional; syslog
  puts `FIREWALL-PKTLOG[pid]:` or `dfwpktlogs:` before it.
- `IN` and `OUT` are seen from the virtual machine: of two public addresses the receiver of an `IN` packet is
  the unit's.
- `TERM` ends an allowed connection, with packets and bytes of both directions after the ends.
- ICMP has type and code before the addresses, other protocols their number: `PROTO 2 10.1.1.1->224.0.0.1`.
"""

from __future__ import annotations

import re

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, placed
from lamsach.logs.mappings.sentences import stated_event
from lamsach.logs.text.record_headers import header_before
from lamsach.model import Action, Event, EventKind

# a57fa2ab INET match PASS mainrs/1024 IN 52 TCP 10.1.1.5/49152->203.0.113.9/443 S
_RECORD = re.compile(
    r"(?a)\bINET6? (?:(?:[\w-]{1,20}-)?match (PASS|DROP|REJECT|PUNT|REDIRECT|COPY|NAT|RDR|NORDR)"
    r"|(TERM)) \S{1,64} (IN|OUT) (?:\d{1,6} )?[A-Z]{2,8}(?: [A-Z0-9]{1,10}){0,2} "
    r"(?P<ip>[0-9A-Fa-f:.]{3,45})(?:/(?P<port>\d{1,5}))?->(?P<to>[0-9A-Fa-f:.]{3,45})(?:/(?P<to_port>\d{1,5}))?"
    r"(?= |$)"
)
_HASH = re.compile(
    r"(?a)(?:(?:FIREWALL-PKTLOG|dfwpktlogs)(?:\[\d{1,10}\])?: ?(?:\d{1,10} )?)?(?:[0-9a-f]{4,16} )?$"
)
_ACTIONS = {"DROP": Action.BLOCKED, "REJECT": Action.BLOCKED}
_ROOM = 500


class VmwareNsx(LogFormat):
    """Packets that the distributed firewall allowed or blocked, ended connections; NSX-V and NSX-T.

    Of two public addresses the receiver of an `IN` packet is the unit's.
    """

    name = "vmware_nsx"
    title = "VMware NSX firewall"
    gives = fields_named("contact action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match `INET match` or `INET TERM` with a rule, a direction and two ends."""
        return " INET" in line[:_ROOM] and "->" in line and _RECORD.search(line, 0, _ROOM) is not None

    def read(self, line: str) -> Event | None:
        """Read one packet, or the end of one connection."""
        match = required(_RECORD.search(line, 0, _ROOM), line)
        before = line[: match.start()]
        tag = _HASH.search(before)
        before = before[: tag.start()] if tag else before
        header = header_before(before + "%", len(before), self.context)
        action = _ACTIONS.get(match[1] or "", Action.ALLOWED)
        way = Way.INWARD if match[3] == "IN" else Way.UNSTATED
        event = stated_event(match.groupdict(), action=action, way=way)
        if event.kind is not EventKind.CONNECTION:
            raise LineError("The line is not of this product.", line[:80])
        return placed(event, header.time, header.host)
