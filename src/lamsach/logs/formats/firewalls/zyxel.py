"""Zyxel ZyWALL, USG, USG FLEX, ATP and VPN series: `src="a:p" dst="b:p" msg="..." note="..."`, and their CEF.

Source: Zyxel, "ZyWALL / USG / ATP Series: Log Reference" and the user's guides' appendix "Log Descriptions" (ZLD 4 and 5); remote server formats
"VRPT/Syslog" and "CEF/Syslog".

Traps:
- Address and port are one value, IPv6 in brackets; `0.0.0.0:0` says that there is none.
- What happened stands in `note` (`ACCESS BLOCK`, `ACCESS FORWARD`, `WEB BLOCK`), for a rule's log also at the end of `msg`.
- The web filter puts the site at the start of `msg`: `www.example: Business, rule_name:...`.
- `ob_mac` is zero for routed traffic. DHCP messages give address, name and hardware address in words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat
from lamsach.logs.events.direction import own_side
from lamsach.logs.events.own_machine import calling, mac_of_device
from lamsach.logs.events.placing import placed
from lamsach.logs.text import cef
from lamsach.logs.text.framing import header_before
from lamsach.logs.text.key_value import first, first_ip, first_port, pairs
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import domain_of, host_and_port, ip_of, mac_of
from lamsach.model import Action, Event, EventKind, LeaseAction

Fields = Mapping[str, str]

# src="10.0.0.5:51000" dst="203.0.113.9:443" msg="Match default rule, DROP" note="ACCESS BLOCK" user="lan" devID="02005e005301" cat="Firewall"
_START = re.compile(r'(?:^|[\s:])src="[0-9A-Fa-f:.\[\]]{0,60}" dst="[0-9A-Fa-f:.\[\]]{0,60}" msg="')
_CEF = re.compile(r"(?:CEF: ?)?0\|Zyxel\|", re.IGNORECASE)
_ROOM = 600
# DHCP server assigned 10.0.0.9 to PC-KETOAN(02:00:5E:00:53:09)     DHCP released 10.0.0.9 with PC-KETOAN(02:...)
_LEASE = re.compile(
    r"DHCP (?:server )?(assigned|released|renewed|expired) ([0-9.]{7,15}) (?:to|with|from|for) ?(.{0,64}?) ?\(?((?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})\)?",
    re.IGNORECASE,
)
_LEASES = {
    "assigned": LeaseAction.ASSIGNED,
    "renewed": LeaseAction.RENEWED,
    "released": LeaseAction.RELEASED,
    "expired": LeaseAction.EXPIRED,
}
_SITE = re.compile(
    r"(?:https?://)?([A-Za-z0-9][\w.-]{1,252})(?::\d{1,5})?(/\S{0,2048})?\s?(?::|,|$)", re.ASCII
)
_BLOCKING = re.compile(
    r"\b(?:block|blocked|drop|dropped|deny|denied|reject|rejected|failed login|destroy)\b", re.IGNORECASE
)
_ALLOWING = re.compile(r"\b(?:forward|accept|allow|pass|permit|has logged in|traffic log)\b", re.IGNORECASE)


class Zyxel(LogFormat):
    """Reads the records of a Zyxel firewall."""

    name: ClassVar[str] = "zyxel"
    title: ClassVar[str] = "Zyxel ZyWALL, USG, ATP"
    gives: ClassVar[tuple[str, ...]] = (
        *(
            "time",
            "observer",
            "source_ip",
            "source_port",
            "destination_ip",
            "destination_port",
            "source_nat_ip",
        ),
        *("source_nat_port", "device_ip", "device_name", "device_mac", "user", "domain", "url", "action"),
    )
    lease_markers: ClassVar[tuple[str, ...]] = (
        "DHCP server assigned",
        "DHCP released",
        "DHCP server renewed",
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """`src`, `dst` and `msg` in quotes side by side, or Zyxel's CEF header."""
        if ' dst="' in line:
            return _START.search(line, 0, _ROOM) is not None
        return "|Zy" in line and _CEF.search(line, 0, _ROOM) is not None

    def parse(self, line: str, number: int) -> Event | None:
        """One record."""
        if not self.recognises(line):
            raise LineError("The line is not a record of a Zyxel firewall.", line[:80])
        header, message = split_header(line, self.context)
        start = _CEF.search(message, 0, _ROOM) if "|Zy" in message else None
        if start:
            record = cef.read(message[start.start() :])
            fields: Fields = {"cat": record.name, "note": record.name, **record.extension}
        else:
            fields = pairs(message)
            if header.time is None:  # a collector's own way: `2026-03-01 10:00:01 192.0.2.1 usg src="...`
                header = header_before(line, line.find('src="'), self.context)
        observer = header.host or first(fields, "dvchost", "devID")
        return placed(_event(fields), self, number, header.time, observer)


def _event(fields: Fields) -> Event:
    message = fields.get("msg", "")
    lease = _LEASE.match(message)
    if lease:
        address = ip_of(lease[2])
        return Event(
            kind=EventKind.LEASE,
            source_ip=address,
            device_ip=address,
            device_name=lease[3].strip() or None,
            device_mac=mac_of(lease[4]),
            action=_LEASES[lease[1].lower()],
        )
    source, source_port = end_of(fields, "src", "spt")
    destination, destination_port = end_of(fields, "dst", "dpt")
    category = fields.get("cat", "").lower()
    login = category == "user" or "login" in message[:40].lower() or "has logged" in message
    device = calling(source) if login else own_side(source, destination)
    site = site_of(fields, category)
    nat = first_ip(fields, "sourceTranslatedAddress")
    return Event(
        kind=EventKind.LOGON
        if login
        else EventKind.WEB
        if site[0]
        else EventKind.CONNECTION
        if source and destination
        else EventKind.OTHER,
        source_ip=source,
        source_port=source_port,
        destination_ip=destination,
        destination_port=destination_port,
        source_nat_ip=nat if nat != source else None,
        source_nat_port=first_port(fields, "sourceTranslatedPort") if nat and nat != source else None,
        device_ip=device,
        source_mac=mac_of(first(fields, "ob_mac", "smac", "src_mac")),
        device_mac=mac_of_device(device, source, mac_of(first(fields, "ob_mac", "smac", "src_mac"))),
        user=first(fields, "user", "suser"),
        domain=site[0],
        url=site[1],
        action=action_of(fields),
    )


def end_of(fields: Fields, key: str, port_key: str) -> tuple[str | None, int | None]:
    """Address and port of one side; none of both where it says that there is none."""
    host, port = host_and_port(fields.get(key, ""))
    address = ip_of(host or "")
    if address in (None, "0.0.0.0", "::"):  # noqa: S104 - means: no address
        return None, None
    port = port if port is not None else first_port(fields, port_key)
    return address, port or None


def site_of(fields: Fields, category: str) -> tuple[str | None, str | None]:
    """The site that a web or name filter's message starts with, and the URL when it has a path."""
    stated_url = first(fields, "request", "url")
    host = domain_of(first(fields, "dhost", "hostname") or "")
    if host or stated_url:
        return host or host_and_port(re.sub("^[a-z]+://|/.*", "", stated_url or ""))[0], stated_url
    if not any(word in category for word in ("web", "content", "url", "dns", "reputation", "threat")):
        return None, None
    match = _SITE.match(fields.get("msg", ""))
    name = domain_of(match[1]) if match else None
    if match is None or name is None or "." not in name:
        return None, None
    return name, f"{match[1]}{match[2]}" if match[2] else None


def action_of(fields: Fields) -> Action:
    """What happened, by the first key whose words tell it."""
    for key in ("act", "note", "msg"):
        text = fields.get(key, "")[:600]
        if _BLOCKING.search(text):
            return Action.BLOCKED
        if _ALLOWING.search(text):
            return Action.ALLOWED
    return Action.UNKNOWN
