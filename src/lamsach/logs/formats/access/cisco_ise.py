"""Cisco Identity Services Engine (and ACS 5): 802.1X, MAB and TACACS+ log-ons, RADIUS accounting.

Source: Cisco, "ISE Syslogs" 2.x to 3.x, "Syslog message format". `CISE_RADIUS_Accounting 0000000001 1 0
2026-11-20 16:26:53.123 +07:00 0000000001 3002 NOTICE Radius-Accounting: RADIUS Accounting watchdog update,
Device IP Address=10.1.1.2, User-Name=an, Framed-IP-Address=10.1.5.7, ...`. Traps:
- `Device IP Address` is the switch or access point, `Framed-IP-Address` the client, `Calling-Station-ID` its
  hardware address; over a VPN, or for a log-on without 802.1X, its IP address, like `ip:source-ip` in a
  `cisco-av-pair`.
- A comma within a value is escaped (`\\,`). The first value of a repeated key counts.
- A long message comes in segments: the number after their count is 0 for the first; the others have no time.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.mappings.radius import RadiusRecord, event_of
from lamsach.logs.text.key_value import first
from lamsach.logs.text.record_headers import header_before
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.model import Event

# CISE_RADIUS_Accounting 0000000001 1 0 2026-11-20 16:26:53.123 +07:00 0000000001 3002 NOTICE ..
_START = re.compile(
    r"(?a)\b(?:CISE|CSCOacs)_([A-Z][\w-]{2,60}) \d{1,12} \d{1,3} \d{1,3} (?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    r"(?:\.\d{1,6})?) ([+-]\d\d:\d\d) \d{1,12} \d{1,6} )?"
)
_FIELD = re.compile(r"(?:^|, ?)([A-Za-z][\w -]{1,60})=((?:[^,\\]|\\.)*)")
# cisco-av-pair=ip:source-ip=203.0.113.9
_SOURCE_IP = re.compile(r"\bip:source-ip=([0-9A-Fa-f.:]{3,45})", re.ASCII)
_ROOM = 400
_LONGEST = 32768


class CiscoIse(LogFormat):
    """Log-ons by 802.1X, MAB and TACACS+, RADIUS accounting; ISE 2 to 3, ACS 5.

    States who had which address, by user and hardware address.
    """

    name = "cisco_ise"
    title = "Cisco ISE"
    gives = fields_named("time observer source_ip destination_ip device_ip machine user action")
    lease_markers = ("Acct-Status-Type",)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the category of a message and its segment numbers."""
        return ("CISE_" in line[:_ROOM] or "CSCOacs_" in line[:_ROOM]) and _START.search(
            line, 0, _ROOM
        ) is not None

    def read(self, line: str) -> Event | None:
        """Read one message; None when it (or its segment) names neither user nor machine."""
        start = required(_START.search(line, 0, _ROOM), line)
        header = header_before(line, start.start(), self.context)
        fields: dict[str, str] = {}
        for key, value in _FIELD.findall(line[start.end() : start.end() + _LONGEST]):
            fields.setdefault(key.lower(), re.sub(r"\\(.)", r"\1", value).strip())
        user = first(fields, "user-name", "username", "user", "adminname")
        station = first(
            fields, "calling-station-id", "remote-address", "endpointmacaddress", "adminipaddress"
        )
        if station is None and (pair := _SOURCE_IP.search(line)):
            station = pair[1]
        if not user and not station:
            return None
        return event_of(
            RadiusRecord(
                time=from_iso(f"{start[2]}{start[3]}", self.context.timezone) if start[2] else header.time,
                user=user,
                framed_ip=fields.get("framed-ip-address") or fields.get("framed-ipv6-address"),
                calling_station=station,
                nas=header.host or fields.get("networkdevicename"),
                nas_ip=fields.get("nas-ip-address") or fields.get("device ip address"),
                status=fields.get("acct-status-type"),
                accepted={"passed": True, "failed": False}.get(start[1][:6].lower()),
            )
        )
