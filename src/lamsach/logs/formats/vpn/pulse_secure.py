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
from lamsach.logs.events.ends import Way, placed
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.sentences import found_in, session_of, stated_event
from lamsach.logs.text.key_value import first, first_ip, pairs
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import ip_of
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
    rf"(?a)[Ss]ession (?P<word>started|ended|resumed)\b.{{0,120}}?IP(?:v[46])?(?: address(?:es)?)? "
    rf"(?P<given>{_ADDRESS})"
    rf"(?:.{{0,80}}?hostname (?P<name>[\w.-]{{1,255}}))?"
)
_REACHED = re.compile(
    rf"(?a)(?:connect(?:ed|ion)?|access(?:ed)?|request)\b.{{0,40}}? (?:to )?(?P<to>{_ADDRESS})(?: port "
    rf"|:)(?P<to_port>\d{{1,5}})"
)
_URL = re.compile(r"(?:Request: (?:GET|POST|HEAD|PUT) |\b)(?P<url>https?://[^\s'\",]{1,4000})", re.IGNORECASE)
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
            event = _event(message, {"ip": record[3], "user": record[5]})
            return placed(
                event, first_time((record[1],), self.context) or header.time, header.host or record[2]
            )
        fields = pairs(line[:_LONGEST])
        ends = {"ip": first_ip(fields, "src"), "to": first_ip(fields, "dst")}
        texts = {"user": first(fields, "user"), "to_port": first(fields, "dstport", "dst_port")}
        event = _event(fields.get("msg", ""), ends | texts)
        time = first_time((fields.get("time"),), self.context)
        return placed(event, time or header.time, fields.get("fw"))


def _event(message: str, stated: dict[str, str | None]) -> Event:
    """Read a message; `stated`: the groups that its header states."""
    found = {**stated, **found_in(message, _REACHED, _URL)}
    if found["ip"] in ("127.0.0.1", "0.0.0.0", "::1"):  # noqa: S104 - no bind
        found["ip"] = None
    if found["user"] == "System":
        found["user"] = None
    session = found_in(message, _SESSION)
    if lease := session_of(found | session, ended=session.get("word") == "ended"):
        return lease
    reached = ip_of(found.get("to") or "") is not None
    contact = EventKind.CONNECTION if reached else EventKind.LOGON if found["user"] else EventKind.OTHER
    return stated_event(
        found,
        kind=EventKind.WEB if found.get("url") else contact,
        action=verdict(_REFUSED.search(message), _OPENED.search(message)),
        way=Way.UNSTATED if reached else Way.CALLED,
    )
