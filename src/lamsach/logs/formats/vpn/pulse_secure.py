"""Ivanti (Pulse, Juniper) Connect Secure: log-ins, VPN sessions, visited sites.

`PulseSecure: 2026-02-03 10:11:12 - ive - [203.0.113.9] an(Users)[Staff] - ...`.

Source: https://help.ivanti.com "Ivanti Connect Secure: logging and monitoring", standard and WELF filters,
releases 8 to 22. Traps:
- The address in brackets is the user's, or `127.0.0.1` for the machine's own messages.
- `VPN Tunneling: Session started for user with IPv4 address 10.9.0.5, hostname PC1` assigns an address;
  `Session ended` releases it.
- Before release 9 the message begins with `Network Connect:` and the program is `Juniper:`.
- WELF is `id=firewall time="..." fw=... vpn=ive user=an realm="Users" src=... msg="..."`, with the same text
  in `msg`.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Way, event_between, placed
from lamsach.logs.events.leases import session_event
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.text.key_value import first, first_ip, first_port, pairs
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import domain_of, host_of_url, ip_of, port_of
from lamsach.model import Event, EventKind

_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{3,39})"
# 2026-02-03 10:11:12 - ive - [203.0.113.9] an(Users)[Staff] - Login succeeded
_STANDARD = re.compile(
    rf"(?a)(?:(?:PulseSecure|Pulse Secure|Juniper|IvantiConnectSecure|Ivanti):\s{{1,2}})(?:- ){{0,3}}"
    rf"(?:(\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d) - )?([\w.:-]{{1,64}}) - \[({_ADDRESS})\] (?:([^()\s]{{1,40}}"
    rf"::)?([^()]{{0,128}}))\([^()]{{0,128}}\)\[[^\]]{{0,256}}\] - "
)
# id=firewall time="2026-02-03 10:11:12" pri=6 fw=198.51.100.1 vpn=ive user=an
_WELF = re.compile(r'\bid=firewall time="[\d :-]{19}" pri=\d fw=\S{1,64} vpn=', re.ASCII)
_SESSION = re.compile(
    rf"(?a)[Ss]ession (started|ended|resumed)\b.{{0,120}}?IP(?:v[46])?(?: address(?:es)?)? ({_ADDRESS})"
    rf"(?:.{{0,80}}?hostname ([\w.-]{{1,255}}))?"
)
_REACHED = re.compile(
    rf"(?a)(?:connect(?:ed|ion)?|access(?:ed)?|request)\b.{{0,40}}? (?:to )?({_ADDRESS})(?: port "
    rf"|:)(\d{{1,5}})"
)
_URL = re.compile(r"(?:Request: (?:GET|POST|HEAD|PUT) |\b)(https?://[^\s'\",]{1,4000})", re.IGNORECASE)
_OPENED = re.compile(r"\b(?:login|logon|authentication) (?:succeeded|successful)", re.IGNORECASE)
_REFUSED = re.compile(r"(?i)\b(?:login|logon|authentication|access)\b.{0,40}?\b(?:failed|denied|rejected)")
_LONGEST = 6000
_ROOM = 900


class PulseSecure(LogFormat):
    """Log-ins, VPN sessions, visited sites; standard and WELF.

    States the address assigned to a client, from when to when.
    """

    name = "pulse_secure"
    title = "Ivanti (Pulse) Connect Secure"
    gives = fields_named("hosts destination_port device_name user domain url action")
    lease_markers = ("ession started", "ession ended", "ession resumed")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match an address and a user with realm and roles, or WELF of a VPN."""
        if "id=firewall" in line:
            return _WELF.search(line, 0, _ROOM) is not None
        return "] - " in line[:_ROOM] and _STANDARD.search(line, 0, _ROOM) is not None

    def read(self, line: str) -> Event | None:
        """Read one record."""
        self.check(line)
        header, _ = split_header(line, self.context)
        record = None if "id=firewall" in line else _STANDARD.search(line, 0, _ROOM)
        if record:
            message = line[record.end() : record.end() + _LONGEST]
            event = _event(message, ip_of(record[3]), record[5])
            return placed(
                event, first_time((record[1],), self.context) or header.time, header.host or record[2]
            )
        fields = pairs(line[:_LONGEST])
        source = first_ip(fields, "src")
        event = _event(
            fields.get("msg", ""),
            source,
            first(fields, "user"),
            (first_ip(fields, "dst"), first_port(fields, "dstport", "dst_port")),
        )
        time = first_time((fields.get("time"),), self.context)
        return placed(event, time or header.time, fields.get("fw"))


def _event(
    message: str,
    source: str | None,
    user: str | None,
    destination: tuple[str | None, int | None] = (None, None),
) -> Event:
    source = None if source in ("127.0.0.1", "0.0.0.0", "::1") else source  # noqa: S104 - no bind
    user = None if user in (None, "", "System") else user
    session = _SESSION.search(message)
    given = ip_of(session[2]) if session else None
    if session and given:
        return session_event(source or given, given, user, ended=session[1] == "ended", name=session[3])
    site = _URL.search(message)
    reached = _REACHED.search(message)
    url = site[1] if site else None
    if reached:
        destination = ip_of(reached[1]), port_of(reached[2])
    kind = EventKind.LOGON if user else EventKind.OTHER
    if url or destination[0]:
        kind = EventKind.WEB if url else EventKind.CONNECTION
    return event_between(
        source,
        destination,
        kind=kind,
        user=user,
        domain=domain_of(host_of_url(url) or "") if url else None,
        url=url,
        action=verdict(_REFUSED.search(message), _OPENED.search(message)),
        way=Way.UNSTATED if destination[0] else Way.CALLED,
    )
