"""Hillstone StoneOS: sessions and translations of its firewalls.

Source: Hillstone Networks, "StoneOS Log Messages Reference Guide", chapters Traffic Log (`Traffic@FLOW: SESSION: ...`, `Traffic@FLOW: NAT: ...`).

Traps:
- Behind the syslog header stand the serial number with the virtual system in brackets and the message's number: `1234567890123456(root) 46083623 `.
- A user of whom nothing is known is `-@-`, a machine `-`.
- `dnat to` tells where the destination really is: the unit's own machine behind a public address.
"""

from __future__ import annotations

import re
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat
from lamsach.logs.events.direction import own_side
from lamsach.logs.events.placing import placed
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import ip_of, port_of, stated
from lamsach.model import Action, Event, EventKind

_END = r"(\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,43}?\]?):(\d{1,5})"
# Traffic@FLOW: SESSION: 10.1.1.5:51000->203.0.113.9:443(TCP), interface ethernet0/1, vr trust-vr, policy 1, user -@-, host -, session start
_RECORD = re.compile(
    rf"(?:^|[\s:])(?:\w{{4,12}}@)?(?:FLOW|NAT): (SESSION|NAT|SNAT|DNAT): {_END}->{_END}\((\w[\w-]{{0,15}})\)",
    re.ASCII,
)
# , snat to 192.0.2.1:60000     , dnat to 10.1.1.80:443
_TRANSLATED = re.compile(rf", (snat|dnat) to {_END}(?=[,\s]|$)", re.ASCII)
_USER = re.compile(r", user ([^,\s@]{1,128})@?")
_HOST = re.compile(r", host ([^,\s]{1,255})")
_REFUSED = re.compile(r", (?:session )?(?:deny|denied|drop|policy deny|default deny)\b")
# 1234567890123456(root) 46083623 Traffic@FLOW:
_SERIAL = re.compile(r"(\w{8,24})\([\w.-]{1,64}\) [0-9a-fA-F]{6,10} ", re.ASCII)
_ROOM = 300
_LONGEST = 2000


class Hillstone(LogFormat):
    """Reads connections that began, ended or were refused, and what their addresses were turned into."""

    name: ClassVar[str] = "hillstone"
    title: ClassVar[str] = "Hillstone StoneOS"
    gives: ClassVar[tuple[str, ...]] = (
        *("time", "observer", "source_ip", "source_port", "destination_ip", "destination_port"),
        *("source_nat_ip", "source_nat_port", "device_ip", "device_name", "user", "action"),
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """`SESSION:` or a translation with both ends and the protocol in brackets, behind `FLOW:`."""
        return (
            ("FLOW: " in line or "NAT: " in line)
            and "->" in line
            and _RECORD.search(line, 0, _ROOM) is not None
        )

    def parse(self, line: str, number: int) -> Event | None:
        """One record."""
        match = _RECORD.search(line, 0, _ROOM)
        if match is None:
            raise LineError("The line is not a traffic record of StoneOS.", line[:80])
        header, _ = split_header(line, self.context)
        serial = _SERIAL.search(line, 0, match.start() + 1)
        host = header.host if serial is None or header.host != serial[1] else None
        observer = host or (serial[1] if serial else None)
        return placed(
            _event(match, line[match.end() : match.end() + _LONGEST]), self, number, header.time, observer
        )


def _event(match: re.Match[str], rest: str) -> Event:
    source, destination = ip_of(match[2]), ip_of(match[4])
    translated = {found[1]: found for found in _TRANSLATED.finditer(rest)}
    snat, dnat = translated.get("snat"), translated.get("dnat")
    inner = ip_of(dnat[2]) if dnat else destination
    device = own_side(source, inner)
    name = _HOST.search(rest)
    user = _USER.search(rest)
    return Event(
        kind=EventKind.CONNECTION,
        source_ip=source,
        source_port=port_of(match[3]),
        destination_ip=destination,
        destination_port=port_of(match[5]),
        source_nat_ip=ip_of(snat[2]) if snat else None,
        source_nat_port=port_of(snat[3]) if snat else None,
        device_ip=device,
        device_name=stated(name[1]) if name and device == source else None,
        user=stated(user[1]) if user else None,
        action=Action.BLOCKED if _REFUSED.search(rest) else Action.ALLOWED,
    )
