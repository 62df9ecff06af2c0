"""Cisco Umbrella: DNS, proxy, IP and cloud firewall logs, from S3 or exported reports.

Source: Cisco Umbrella, "Log Formats and Versioning" (schema versions 1 to 11), "DNS Log Formats", "Proxy Log
Formats", "IP Log Formats", "Cloud Firewall Log Formats". Every cell is quoted: `"2026-06-05
07:31:12","an","an,Site 1","10.1.1.5","203.0.113.9","Blocked","1 (A)","NOERROR","bad.example.","Malware"`.
Times are in UTC. Traps:
- Newer versions append columns; lines do not name their log, so the columns' values identify it.
- Since version 4 a header line may name the columns, whose names and order are the same.
- The second address of a DNS or proxy record is the site's public one, not the far end's.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, event_between
from lamsach.logs.mappings.actions import action_of
from lamsach.logs.mappings.keyed_events import host_in
from lamsach.logs.text.delimited import cells_of
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import hash_of, ip_of, port_of, question_of, stated
from lamsach.model import Event, EventKind

_CELL = r'"(?:[^"]|"")*"'
_TIME = r'"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"'
_ADDRESS_CELL = r'"[0-9A-Fa-f:.]{2,45}"'
_MAYBE = r'"(?:[0-9A-Fa-f:.]{2,45})?"'
_ACTION = r'"(?:Allowed|Blocked|Proxied|ALLOWED|BLOCKED|PROXIED|ALLOW|BLOCK|Isolated)"'
# time, user, identities, internal address, external address, action, query type, response, name, categories
_DNS = re.compile(
    rf'^{_TIME},{_CELL},{_CELL},{_MAYBE},{_MAYBE},{_ACTION},"\d{{1,5}} ?\([A-Z0-9]+\)","[A-Z]*",{_CELL}'
)
# time, identity, internal, external, destination, content type, action, url, referer, user agent, status, ...
_PROXY = re.compile(rf"^{_TIME},{_CELL},{_MAYBE},{_MAYBE},{_MAYBE},{_CELL},{_ACTION},{_CELL}")
# time, identity, source address, source port, destination address, destination port, categories
_IP = re.compile(rf'^{_TIME},{_CELL},{_ADDRESS_CELL},"\d{{0,5}}",{_ADDRESS_CELL},"\d{{0,5}}",{_CELL}')
# time, origin id, identity, identity type, direction, protocol, packet size, source, port, destination, port,
# data centre, rule id, verdict
_FIREWALL = re.compile(
    rf'^{_TIME},"\[?\d*\]?",{_CELL},{_CELL},"(?:INBOUND|OUTBOUND|TO_INTERNET|FROM_INTERNET'
    rf'|[A-Z_]*)","\d{{0,3}}","\d*",{_ADDRESS_CELL},"\d{{0,5}}",{_ADDRESS_CELL}'
)
_START = re.compile(rf"^\ufeff?{_TIME},")
_ZONE_IS_UTC = "Z"

_COMPUTERS = ("computer", "roaming client", "device", "chromebook")
"""Keywords of an identity's type (`Roaming Computers`, `Mobile Devices`) that name a machine."""
_PLACES = ("network", "site", "tunnel")
"""Keywords of identities that are neither machine nor person."""
_IDENTITIES = frozenset([
    "AD Users", "AD Groups", "AD Computers", "Directory Users", "Roaming Computers", "Roaming Clients",
    "Anyconnect Roaming Client", "Mobile Devices", "Chromebook", "Network Devices", "Networks",
    "Internal Networks", "Sites", "Network Tunnels",
])  # fmt: skip
"""Identity types: their column in a proxy record differs between versions."""


class CiscoUmbrella(LogFormat):
    """DNS, proxy, IP and cloud firewall exports.

    Times are in UTC.
    """

    name = "cisco_umbrella"
    title = "Cisco Umbrella"
    gives = fields_named("contact source_nat_ip device_name user domain url hashes action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a quoted time in the first cell and the cells of one of the four logs."""
        if not line.startswith(('"20', '\ufeff"20')) or _START.match(line) is None:
            return False
        line = line.lstrip("\ufeff")
        return any(pattern.match(line) for pattern in (_DNS, _PROXY, _IP, _FIREWALL))

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        line = line.lstrip("\ufeff").rstrip("\r\n")
        self.check(line)
        cells = cells_of(line)
        time = from_iso(cells[0] + _ZONE_IS_UTC, self.context.timezone)
        readers = ((_DNS, _dns), (_PROXY, _proxy), (_IP, _ip), (_FIREWALL, _firewall))
        read = next(reader for pattern, reader in readers if pattern.match(line))
        return replace(read(cells), time=time)


def _dns(cells: list[str]) -> Event:
    client, site = ip_of(cells[3]), ip_of(cells[4])
    user, computer = _named(cells[1], cells[10] if len(cells) > 10 else "")
    return event_between(
        client or site,
        kind=EventKind.DNS,
        device_name=computer,
        source_nat_ip=site if client and site != client else None,
        user=user,
        domain=question_of(cells[8]),
        action=action_of(cells[5]),
        role=Role.SERVES_THE_UNIT,
    )


def _named(identity: str, kind: str) -> tuple[str | None, str | None]:
    """Resolve an identity of this type to (user, None) or (None, machine)."""
    name, kind = stated(identity), kind.lower()
    if any(word in kind for word in _COMPUTERS):
        return None, name
    return None if any(word in kind for word in _PLACES) else name, None


def _proxy(cells: list[str]) -> Event:
    client, site = ip_of(cells[2]), ip_of(cells[3])
    url = stated(cells[7])
    digest = next((found for cell in cells[10:] if (found := hash_of(cell))), None)
    user, computer = _named(cells[1], next((cell for cell in cells[16:] if cell in _IDENTITIES), ""))
    return event_between(
        client or site,
        ip_of(cells[4]),
        kind=EventKind.WEB,
        device_name=computer,
        source_nat_ip=site if client and site != client else None,
        user=user,
        domain=host_in(url) if url else None,
        url=url,
        hashes=(digest,) if digest else (),
        action=action_of(cells[6]),
        role=Role.SERVES_THE_UNIT,
    )


def _ip(cells: list[str]) -> Event:
    return _flow(cells[2:6], cells[1], "blocked")


def _firewall(cells: list[str]) -> Event:
    return _flow([*cells[7:11], ""], cells[2], cells[13] if len(cells) > 13 else "")


def _flow(ends: list[str], user: str, verdict: str) -> Event:
    return event_between(
        (ip_of(ends[0]), port_of(ends[1])),
        (ip_of(ends[2]), port_of(ends[3])),
        user=stated(user),
        action=action_of(verdict),
    )
