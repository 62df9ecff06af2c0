"""Hillstone StoneOS: sessions and translations of its firewalls.

Source: Hillstone Networks, "StoneOS Log Messages Reference Guide", chapters Traffic Log (`Traffic@FLOW:
SESSION: ...`, `Traffic@FLOW: NAT: ...`). Traps:
- After the syslog header come the serial number with the virtual system in brackets and the message's number:
  `1234567890123456(root) 46083623 `.
- An unknown user is `-@-`, an unknown machine `-`.
- `dnat to` states the real destination: the unit's own machine behind a public address.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.logs.layouts import Layout, Made, Shape
from lamsach.logs.layouts.line import LayoutFormat
from lamsach.model import Action, EventKind

_ADDRESS = r"\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,43}?\]?"
# 1234567890123456(root) 46083623 Traffic@FLOW:
_SERIAL = re.compile(r"(\w{8,24})\([\w.-]{1,64}\) [0-9a-fA-F]{6,10} ", re.ASCII)


def _action(refused: str | None) -> Action:
    return Action.BLOCKED if refused else Action.ALLOWED


class Hillstone(LayoutFormat):
    """Sessions and translations of traffic logs.

    Behind a destination translation the inner machine is the device.
    """

    layout = Layout(
        name="hillstone",
        title="Hillstone StoneOS",
        marks=("FLOW: ", "NAT: "),
        anywhere=True,
        shapes=(
            Shape(
                # Traffic@FLOW: SESSION: 10.1.1.5:51000->203.0.113.9:443(TCP), interface ethernet0/1, vr ..
                rf"(?:^|[\s:])(?:\w{{4,12}}@)?(?:FLOW|NAT): (?:SESSION|NAT|SNAT"
                rf"|DNAT): (?P<source_ip>{_ADDRESS}):(?P<source_port>\d{{1,5}})->"
                rf"(?P<destination_ip>{_ADDRESS}):(?P<destination_port>\d{{1,5}})\(\w[\w-]{{0,15}}\)",
                also=(
                    rf", snat to (?P<source_nat_ip>{_ADDRESS}):(?P<source_nat_port>\d{{1,5}})(?:[,\s]|$)",
                    rf", dnat to (?P<inner_ip>{_ADDRESS}):\d{{1,5}}(?:[,\s]|$)",
                    r", user (?P<user>[^,\s@]{1,128})",
                    r", host (?P<source_name>[^,\s]{1,255})",
                    r"(?P<refused>, (?:session )?(?:deny|denied|drop|policy deny|default deny)\b)",
                ),
                fields={"kind": EventKind.CONNECTION, "action": Made(_action, ("refused",))},
            ),
        ),
        examples=(
            (
                "Traffic@FLOW: SESSION: 10.1.1.5:51000->203.0.113.9:443(TCP), interface ethernet0/1, vr "
                "trust-vr, policy 1, user -@-, host PC-7, session start",
                {
                    "source_ip": "10.1.1.5",
                    "destination_port": 443,
                    "device_name": "PC-7",
                    "action": "allowed",
                },
            ),
            (
                "Traffic@FLOW: NAT: 198.51.100.7:51000->203.0.113.9:443(TCP), dnat to 10.1.1.80:8443, "
                "policy deny",
                {"device_ip": "10.1.1.80", "destination_ip": "203.0.113.9", "action": "blocked"},
            ),
        ),
    )

    def head(self, line: str, start: int) -> tuple[datetime | None, str | None]:
        """Read the header; the sender is its host, else the serial number."""
        time, host = super().head(line, start)
        serial = _SERIAL.search(line, 0, start + 1)
        return time, (host if serial is None or host != serial[1] else None) or (
            serial[1] if serial else None
        )
