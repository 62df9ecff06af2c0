"""Cisco VPN 3000 Series Concentrator: log-ons, and addresses assigned to clients.

Source: Cisco, "VPN 3000 Series Concentrator Reference Volume II", chapter Events; "VPN 3000 Concentrator
Series: Event Log Messages". Traps:
- A record has several lines in the concentrator's own file, and one by syslog.
- The date is month/day/year in every language, on the concentrator's clock; a syslog header's time is the
  relay's.
- The address after `RPT=` is the peer's in the Internet; `remote Proxy Host` is the address assigned to the
  client inside the tunnel.
- In a tunnel between sites the group's name is the peer's address, and there is no user.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import placed
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.sentences import found_in, session_of, stated_event
from lamsach.logs.text.syslog import sender_of, split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import among, ip_of, stated
from lamsach.model import Event, EventKind, LeaseAction

# 23 03/04/2026 10:00:01.340 SEV=4 IKE/52 RPT=5 203.0.113.9 Group [Staff] User [an] User (an) authenticated.
_HEADER = re.compile(
    r"(?a)(?:^|(?<=[\s>]))\d{1,10} (\d\d/\d\d/\d{4} \d\d:\d\d:\d\d\.\d{1,3}) SEV=\d{1,2} ([A-Z0-9]{2,16})"
    r"/\d{1,5} RPT=\d{1,10}(?: (\d{1,3}(?:\.\d{1,3}){3}))?(?=\s|$)"
)
# User [an] Group [Staff] connected   user = an, domain =   User (an) authenticated
_USER = re.compile(
    r"\bUser \[(?P<user>[^\]\n]{1,128})\]|\buser = (?P<user2>[^,\n]{1,128})"
    r"|\bUser \((?P<user3>[^)\n]{1,128})\)"
    r"|administrator login: (?P<user4>\S{1,128}?)\.?(?:\s|$)"
)
# remote Proxy Host data in ID Payload: Address 10.9.0.5, Protocol 0, Port 0
_GIVEN = re.compile(
    r"(?a)(?:remote Proxy Host data in ID Payload:\s{1,4}Address|Assigned private IP address) "
    r"(?P<given>\d{1,3}"
    r"(?:\.\d{1,3}){3})"
)
_SERVER = re.compile(r"\bserver = (?P<to>\d{1,3}(?:\.\d{1,3}){3})", re.ASCII)
_BLOCKED = re.compile(r"(?i)\b(?:rejected|failed|denied|mismatch|not authenticated|unsuccessful)\b")
_ALLOWED = re.compile(r"\b(?:authenticated|connected|login|successful|completed)\b", re.IGNORECASE)
_LOGONS = among("AUTH IKE HTTP TELNET SSH PPTP L2TP PPP WEBVPN FTPD CONSOLE")
_ROOM = 300
_LONGEST = 2000


class CiscoVpn3000(LogFormat):
    """Log-ons, and addresses assigned to clients; its own file and syslog.

    The date is month/day/year.
    """

    name = "cisco_vpn3000"
    title = "Cisco VPN 3000 Concentrator"
    gives = fields_named("time observer source_ip destination_ip device_ip user action")
    multiline = True
    lease_markers = ("remote Proxy Host data", "Assigned private IP address", "disconnected:")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a number and a time in American order, then `SEV=`, a class, and `RPT=`."""
        return " SEV=" in line and " RPT=" in line and _HEADER.search(line, 0, _ROOM) is not None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Share of lines that belong to records, further lines included."""
        if not any(" SEV=" in line for line in head):
            return 0.0
        read, within = 0, False
        for line in head:
            within = cls.recognises(line) or (within and not cls.starts_record(line))
            read += within
        return read / len(head)

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match a record's own start, or any line with a syslog header; continuations have neither."""
        return cls.recognises(line) or sender_of(line) != (None, None)

    def read(self, line: str) -> Event | None:
        """Read one event. An event without user and address proves that the concentrator logged."""
        match = required(_HEADER.search(line, 0, _ROOM), line.partition("\n")[0])
        header = split_header(line[: match.start()] + "-", self.context)[0] if match.start() else None
        event = _event(match[2], ip_of(match[3] or ""), line[match.end() : match.end() + _LONGEST])
        time = first_time((match[1],), self.context, month_first=True)
        time = header.time if header and time is None else time
        return placed(event, time, header.host if header else None)


def _event(kind: str, peer: str | None, text: str) -> Event:
    found = found_in(text, _USER, _GIVEN, _SERVER, known={"ip": peer})
    user = stated(found.get("user"))
    found["user"] = user = "" if user is None or ip_of(user) else user
    if user and (session := session_of(found)):
        return session
    if "disconnected:" in text and user and peer:
        return Event(kind=EventKind.LEASE, source_ip=peer, user=user, action=LeaseAction.RELEASED)
    found.pop("given", None)
    logon = EventKind.LOGON if user and kind in _LOGONS else EventKind.OTHER
    action = verdict(_BLOCKED.search(text), user and _ALLOWED.search(text))
    return stated_event(found, kind=logon, action=action)
