"""Pi-hole's own log, `FTL.log`: clients that are held back, and with `debug.queries` what is asked and answered.

Source: https://github.com/pi-hole/FTL `src/log.c` (head of a line, of FTL 5 and 6), `src/dnsmasq_interface.c` (`FTL_new_query`, `FTL_reply`, `FTL_forwarded`),
`src/database/message-table.c` (rate limit).
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Role, decide
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.times.zone_names import zone_of
from lamsach.logs.text.values import ip_of, port_of, question_of
from lamsach.model import Action, Event, EventKind

# [2026-06-07 09:00:01.123 812/T813] Rate-limiting ...   2026-06-07 09:00:01.123 +07 [812M] WARNING: ...
FTL = re.compile(
    r"\[?(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3})(?: ([A-Z]{2,5}|[+-]\d{2,4}))? \[?\d{1,10}(?:M|/[TF]\d{1,10})\] (?:[A-Z_]{3,24}: )?",
    re.ASCII,
)
# **** new UDP IPv4 query[A] query "www.example" from eth0/192.0.2.9#53124 (ID 1, FTL 2, src/dnsmasq/forward.c:1)
_NEW = re.compile(
    r"\*{4} new (?:TCP|UDP|DoH|DoT) \S{1,8} \w{0,16}\[[\w-]{1,20}\](?: query)? \"([^\"]{0,255})\" from (?:[^\s/]{1,32}/)?([0-9A-Fa-f.:]{2,45})(?:#(\d{1,5}))? ",
    re.ASCII,
)
# **** got cache reply: www.example is 198.51.100.7 (ID 1, ...   **** got upstream reply from 198.51.100.53#53: www.example is (CNAME) (ID 1, ...
_REPLY = re.compile(
    r"\*{4} got (?:\S{1,30} ){0,3}reply(?: from \S{2,60})?: (?:\S{1,20} )?(\S{1,255}) is (\S{1,255})",
    re.ASCII,
)
_FORWARDED = re.compile(r"\*{4} forwarded (\S{1,255}) to ([0-9A-Fa-f.:]{2,45})(?:#(\d{1,5}))?", re.ASCII)
# Rate-limiting 192.0.2.9 for at least 44 seconds   Client 192.0.2.9 has been rate-limited ...
_HELD_BACK = re.compile(
    r"(?:Rate-limiting ([0-9A-Fa-f.:]{2,45}) for|Client ([0-9A-Fa-f.:]{2,45}) has been rate-limited)",
    re.ASCII,
)


def time_of(head: re.Match[str], context: FileContext) -> datetime:
    """The time in the head of a line; on the clock of the context's zone when it states no zone that is known."""
    zone = zone_of(head[2]) if head[2] else None
    return from_iso(head[1], zone or context.timezone)


def message(text: str) -> Event | None:
    """Return what a line says behind its head; None when it tells of no client and no name."""
    if match := _NEW.match(text):
        client = ip_of(match[2])
        return decide(
            Event(
                kind=EventKind.DNS,
                source_ip=client,
                source_port=port_of(match[3]),
                domain=question_of(match[1]),
            ),
            role=Role.SERVES_THE_UNIT,
        )
    if match := _REPLY.match(text):
        answer = ip_of(match[2])
        return Event(
            kind=EventKind.DNS,
            domain=question_of(match[1]),
            answers=(answer,) if answer else (),
            action=Action.ALLOWED if answer or match[2] == "(CNAME)" else Action.UNKNOWN,
        )
    if match := _FORWARDED.match(text):
        return Event(
            kind=EventKind.DNS,
            destination_ip=ip_of(match[2]),
            destination_port=port_of(match[3]) or 53,
            domain=question_of(match[1]),
            forwarded=True,
        )
    if match := _HELD_BACK.match(text):
        client = ip_of(match[1] or match[2])
        return decide(
            Event(kind=EventKind.DNS, source_ip=client, action=Action.BLOCKED), role=Role.SERVES_THE_UNIT
        )
    return None
