"""Lines of pfBlockerNG on pfSense: names that its lists blocked, packets that they stopped, the resolver's answers.

Source: pfBlockerNG's `dnsbl.log`, `ip_block.log`, `ip_permit.log`, `ip_match.log`, `dns_reply.log` and `unified.log` (columns as `pfblockerng.inc` and
`pfb_unbound.py` write them). Traps:
- The time is the firewall's, in the first or second column, without a year.
- `in` and `out` tell the way of the packet; the resolved name (column 18) is the outside's, the next one the machine's.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.logs.base import FileContext
from lamsach.logs.events.direction import is_internal
from lamsach.logs.events.ends import Role, Way, decide
from lamsach.logs.text.times.syslog_times import BSD_TIME, time_at
from lamsach.logs.text.values import domain_of, ip_of, port_of, question_of, stated
from lamsach.model import Action, Event, EventKind

_TIME = r"[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d"
# DNSBL-python,Jun 10 09:20:31,c2.example,10.20.1.5,Python,DNSBL_A,DNSBL_Malicious,c2.example,feed,+    DNSBL Reject,Jun 10 09:20:31,c2.example,10.20.1.5,...
_NAME = re.compile(rf"DNSBL[ -][\w ]{{1,20}},({_TIME}),([^,\s]{{1,255}}),([0-9A-Fa-f.:]{{3,45}}),", re.ASCII)
# DNS-reply,Jun 10 09:20:31,reply,A,A,60,c2.example,10.20.1.5,203.0.113.9,US
_REPLY = re.compile(
    rf"DNS-reply,({_TIME}),[\w-]{{1,20}},[\w-]{{1,12}},[\w-]{{1,12}},[\w-]{{1,12}},([^,\s]{{1,255}}),([0-9A-Fa-f.:]{{3,45}}),([^,]{{0,255}})(?:,|$)",
    re.ASCII,
)
# Jun 10 09:20:31,1770008963,em1,LAN,block,4,6,TCP-S,10.20.1.5,203.0.113.9,51234,443,out,US,pfB_x_v4,203.0.113.0/24,feed,c2.example,PC-17,..,+
_PACKET = re.compile(
    rf"({_TIME}),\d{{1,12}},[\w.@-]{{1,32}},[^,]{{0,64}},(block|reject|pass|permit|match),[46],\d{{1,3}},[\w-]{{1,16}},"
    r"([0-9A-Fa-f.:]{3,45}),([0-9A-Fa-f.:]{3,45}),(\d{0,5}),(\d{0,5}),(in|out),([^\n]{0,600})",
    re.ASCII,
)
_ACTIONS = {
    "block": Action.BLOCKED,
    "reject": Action.BLOCKED,
    "pass": Action.ALLOWED,
    "permit": Action.ALLOWED,
}
_RESOLVED, _NAMED = 4, 5


def event_in(line: str, context: FileContext) -> Event | None:
    """The event of a line; None when it is none of these."""
    if line.startswith("DNSBL") and (name := _NAME.match(line)):
        return _question(name[1], name[2], name[3], context)
    if line.startswith("DNS-reply,") and (reply := _REPLY.match(line)):
        return _question(reply[1], reply[2], reply[3], context, answer=reply[4])
    packet = _PACKET.match(line) if "," in line[14:22] else None
    return _packet(packet, context) if packet else None


def _question(
    time: str, name: str, client: str, context: FileContext, answer: str | None = None
) -> Event | None:
    asker = ip_of(client)
    if asker is None:
        return None
    found = (ip_of(answer) or domain_of(answer)) if answer else None
    return decide(
        Event(
            time=_time(time, context),
            kind=EventKind.DNS,
            source_ip=asker,
            domain=question_of(name),
            answers=(found,) if found and "." in found.replace(":", ".") else (),
            response=answer is not None,
            action=Action.BLOCKED if answer is None else Action.ALLOWED if found else Action.UNKNOWN,
        ),
        role=Role.SERVES_THE_UNIT,
    )


def _packet(match: re.Match[str], context: FileContext) -> Event | None:
    source, destination = ip_of(match[3]), ip_of(match[4])
    if source is None or destination is None:
        return None
    stranger = match[7] == "in" and not is_internal(source)
    rest = match[8].split(",")
    resolved, named = (stated(rest[at]) if len(rest) > at else None for at in (_RESOLVED, _NAMED))
    site = domain_of(resolved) if resolved else None
    return decide(
        Event(
            time=_time(match[1], context),
            kind=EventKind.CONNECTION,
            source_ip=source,
            source_port=port_of(match[5]),
            destination_ip=destination,
            destination_port=port_of(match[6]),
            device_name=named if named and named.lower() != "unknown" else None,
            domain=site if site and "." in site and ip_of(site) is None and not stranger else None,
            action=_ACTIONS.get(match[2], Action.UNKNOWN),
        ),
        Way.ARRIVED if stranger else Way.UNSTATED,
    )


def _time(text: str, context: FileContext) -> datetime | None:
    found = time_at(text) if BSD_TIME.match(text) else None
    return found[0](context) if found else None
