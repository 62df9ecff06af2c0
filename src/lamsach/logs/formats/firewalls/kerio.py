"""Kerio Control (WinRoute): packets, connections, visited pages, intrusions.

Logs `filter`, `connection`, `web` and `security`.

Source: Kerio (GFI), "Kerio Control Administrator's Guide", chapter "Logs". `[20/Nov/2026 16:26:53] PERMIT
"rule" packet from LAN, proto:TCP, len:60, 10.1.1.5:49152 -> 203.0.113.9:443, flags:[ SYN ]`; `[...] [ID] 1
[Rule] NAT [Service] HTTPS [User] an [Connection] TCP pc-01 (10.1.1.5):49152 -> c2.example (203.0.113.9):443
[Duration] 10 sec`. Traps:
- The time is on the firewall's own clock. The `http` log is Squid's or a web server's and is read as such.
- An end of a connection is an address, or a name with the address in brackets.
- `Connection` lines are written when the connection ends: it was allowed.
"""

from __future__ import annotations

import re

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Role, Way, event_between, own_end, placed
from lamsach.logs.mappings.sentences import event_of, sentence
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import domain_of, ip_of, port_of, stated
from lamsach.model import Action, Event, EventKind

# [20/Nov/2026 16:26:53]
_TIME = re.compile(r"\[(\d\d/[A-Z][a-z]{2}/\d{4} \d\d:\d\d:\d\d)\] ", re.ASCII)
_PACKET = re.compile(
    r"(?a)(PERMIT|DENY|DROP|ALLOW|REJECT) \"[^\"]{0,255}\" (?:packet|connection) (?:from|to"
    r"|-) [^,]{1,128}, proto: ?\w+"
)
_INTRUSION = re.compile(
    r"(?i)IPS: (Packet drop|Alert|Connection drop|IP blacklisted)[^>]{0,500}?\bip/port: ?"
)
_CONNECTION = re.compile(
    r"(?:\[ID\] \d+ )?(?:\[Rule\] .{0,255}? )?(?:\[Service\] .{0,128}? )?(?:\[User\] (.{0,128}?) )?"
    r"\[Connection\] \w{2,10} "
)
_END = r"(?:([\w.-]{1,253}) \()?([0-9A-Fa-f.:]{2,45}?)\)?(?::(\d{1,5}))?"
_ENDS = re.compile(rf"(?:^|[ ,:]){_END} -> {_END}(?=[ ,]|$)", re.ASCII)
# 10.1.1.5:51000 -> c2.example:443   the address is omitted
_TO_NAME = re.compile(
    rf"(?a)(?:^|[ ,:]){_END} -> (?=[\w.-]{{0,250}}[A-Za-z])([\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,10}})()"
    rf"(?::(\d{{1,5}}))?(?=[ ,]|$)"
)
# 10.1.1.5 an "Title" http://c2.example/a
_PAGE = sentence("://", r"^(?P<ip>[0-9A-Fa-f.:]{3,45}) (?P<user>\S{1,128}) \"[^\"]{0,2048}\" "
    r"(?P<url>(?:https?|ftp)://\S{1,8192})", Action.ALLOWED, kind=EventKind.WEB, role=Role.SERVES_THE_UNIT,
    way=Way.UNSTATED)  # fmt: skip
_REFUSED = frozenset({"DENY", "DROP", "REJECT", "packet drop", "connection drop", "ip blacklisted"})
_ROOM = 1500


class Kerio(LogFormat):
    """Packets, connections, visited pages, intrusions: the logs `filter`, `connection`, `web`, `security`.

    Times are on the firewall's own clock.
    """

    name = "kerio"
    title = "Kerio Control"
    gives = fields_named("contact device_name user domain url action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match Kerio's time, then a packet, a connection, an intrusion or a page."""
        time = _TIME.search(line, 0, 200) if "] " in line[:200] and "[" in line[:180] else None
        if time is None:
            return False
        return any(
            pattern.match(line[time.end() :]) for pattern in (_PACKET, _CONNECTION, _INTRUSION, _PAGE.pattern)
        )

    def read(self, line: str) -> Event | None:
        """Read one packet, connection, intrusion or page."""
        time = required(_TIME.search(line, 0, 200) if self.recognises(line) else None, line)
        header = split_header(line[: time.start()] + "-", self.context)[0] if time.start() else None
        event = _event(line[time.end() :].rstrip())
        moment = LooseTimes(self.context).read(time[1])
        return placed(event, moment, header.host if header else None)


def _event(text: str) -> Event:
    if page := event_of((_PAGE,), text):
        return page
    packet, connection = _PACKET.match(text), _CONNECTION.match(text)
    start = packet or connection or _INTRUSION.match(text)
    ends = _ENDS.search(text, max(0, start.end() - 1), _ROOM) if start else None
    if start and ends is None:
        ends = _TO_NAME.search(text, max(0, start.end() - 1), _ROOM)
    if start is None or ends is None:
        raise LineError("The line is not of this product.", text[:80])
    source, destination = ip_of(ends[2]), ip_of(ends[5])
    done = "" if connection else start[1] if packet else start[1].lower()
    device = own_end(source, destination)
    return event_between(
        (source, port_of(ends[3])),
        (destination, port_of(ends[6])),
        device_name=(ends[1] if device == source else ends[4]) or None,
        user=stated(connection[1]) if connection and connection[1] else None,
        domain=domain_of(ends[4]) if ends[4] and "." in ends[4] and device != destination else None,
        action=Action.BLOCKED if done in _REFUSED else Action.UNKNOWN if done == "alert" else Action.ALLOWED,
    )
