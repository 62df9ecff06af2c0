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
from collections.abc import Mapping
from dataclasses import dataclass

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, Way, changed
from lamsach.logs.mappings.actions import action_of
from lamsach.logs.mappings.keyed_events import host_in
from lamsach.logs.mappings.sentences import stated_event
from lamsach.logs.text.delimited import cells_of
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import hash_of, ip_of, stated
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


@dataclass(frozen=True, slots=True)
class _Log:
    """One of the four exports: its rows, and the columns of an event's texts.

    `verdict`: of a log without such a column."""

    pattern: re.Pattern[str]
    kind: EventKind
    columns: Mapping[str, int]
    verdict: str = ""
    of_client: bool = False
    """Whether the unit's own machine asked the service: its identity has a type."""


_LOGS = (
    _Log(_DNS, EventKind.DNS, {"user": 1, "inner": 3, "nat": 4, "verdict": 5, "question": 8, "kind": 10},
        of_client=True),
    _Log(_PROXY, EventKind.WEB, {"user": 1, "inner": 2, "nat": 3, "to": 4, "verdict": 6, "url": 7},
        of_client=True),
    _Log(_IP, EventKind.CONNECTION, {"user": 1, "ip": 2, "port": 3, "to": 4, "to_port": 5}, "blocked"),
    _Log(_FIREWALL, EventKind.CONNECTION,
        {"user": 2, "ip": 7, "port": 8, "to": 9, "to_port": 10, "verdict": 13}),
)  # fmt: skip
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
        return any(log.pattern.match(line) for log in _LOGS)

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        line = line.lstrip("\ufeff").rstrip("\r\n")
        self.check(line)
        cells = cells_of(line)
        time = from_iso(cells[0] + _ZONE_IS_UTC, self.context.timezone)
        return changed(_read(cells, next(log for log in _LOGS if log.pattern.match(line))), time=time)


def _read(cells: list[str], log: _Log) -> Event:
    found = {name: cells[at] for name, at in log.columns.items() if at < len(cells)}
    client, site = ip_of(found.get("inner", "")), ip_of(found.get("nat", ""))
    if "inner" in found:
        found |= {"ip": client or site or "", "nat": (site if client else None) or ""}
    url = stated(found.get("url"))
    found["url"], found["host"] = url or "", (host_in(url) if url else None) or ""
    kind = found.get("kind") or next((cell for cell in cells[16:] if cell in _IDENTITIES), "")
    user, computer = _named(found["user"], kind) if log.of_client else (stated(found["user"]), None)
    digest = next((text for cell in cells[10:] if (text := hash_of(cell))), None) if url else None
    return stated_event(
        {**found, "user": user, "name": computer},
        kind=log.kind,
        action=action_of(found.get("verdict", log.verdict)),
        way=Way.UNSTATED,
        role=Role.SERVES_THE_UNIT if log.of_client else Role.BETWEEN,
        hashes=(digest,) if digest else (),
    )


def _named(identity: str, kind: str) -> tuple[str | None, str | None]:
    """Resolve an identity of this type to (user, None) or (None, machine)."""
    name, kind = stated(identity), kind.lower()
    if any(word in kind for word in _COMPUTERS):
        return None, name
    return None if any(word in kind for word in _PLACES) else name, None
