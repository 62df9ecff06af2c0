"""Cisco Secure Email Gateway (AsyncOS, IronPort): connections, deliveries, URLs and files in messages.

Source: Cisco, "User Guide for AsyncOS", chapter "Logging", sections "Text Mail Logs" and "Advanced Malware
Protection Logs". Its consolidated log is CEF. Traps:
- `ICID` counts incoming connections, `DCID` deliveries, `MID` messages; only the first two state addresses.
- The time precedes the level with the year at its end, or only the collector's header states one.
- A URL or file in a message was sent to somebody; no machine has opened it.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Role, placed
from lamsach.logs.mappings.antivirus import hashes_in
from lamsach.logs.mappings.sentences import found_in, stated_event
from lamsach.logs.text.record_headers import header_before
from lamsach.model import Action, Event, EventKind

_LEVEL = re.compile(
    r"(?:^|(?<=[ :]))(?:Info|Warning|Critical|Debug|Trace): (?=New SMTP [ID]CID \d|(?:ICID|DCID"
    r"|MID) \d{1,12}(?: |$)|Start (?:MID|delivery)|Message (?:done|finished|aborted)|Delivery start DCID"
    r"|Connection Error: DCID|File reputation query|SMTP Auth: |Close: ?[ID]CID|TLS)"
)
# New SMTP ICID 1234 interface Data 1 (192.0.2.25) address 203.0.113.7 reverse dns host mail.bad.example ..
_INCOMING = re.compile(
    r"(?a)New SMTP ICID \d{1,12} interface [^()]{0,64}\((?P<to>[0-9A-Fa-f:.]{2,45})\) address "
    r"(?P<ip>[0-9A-Fa-f:.]{2,45})(?= |$)"
)
# New SMTP DCID 77 interface 192.0.2.25 address 203.0.113.9 port 25
_DELIVERING = re.compile(
    r"(?a)New SMTP DCID \d{1,12} interface (?P<ip>[0-9A-Fa-f:.]{2,45}) address (?P<to>[0-9A-Fa-f:.]{2,45})"
    r"(?: port (?P<to_port>\d{1,5}))?"
)
# ICID 1234 REJECT SG BLOCKED_LIST match sbrs[-10.0:-3.0]
_REFUSED = re.compile(
    r"ICID \d{1,12} (?:REJECT|TCPREFUSE)\b|authentication failed|\bquarantined\b|Dropped by|Message aborted"
)
_USER = re.compile(r"for user:? (?P<user>\S{1,256})")
_URL = re.compile(r"\bURL:? ?(?P<url>(?:https?|ftp)://[^\s'\"<>]{1,2048})", re.IGNORECASE)


class CiscoEsa(LogFormat):
    """Connections in and out, refused log-ons, URLs and files in messages; its consolidated log is CEF.

    The content of a message was sent to somebody: no machine has opened it.
    """

    name = "cisco_esa"
    title = "Cisco Secure Email Gateway (ESA)"
    gives = fields_named("hosts destination_port user domain url hashes action forwarded")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a level, then a connection's or message's number."""
        return "ID " in line and _LEVEL.search(line, 0, 400) is not None

    def read(self, line: str) -> Event | None:
        """Read one message. A message without an address proves that the gateway logged."""
        level = required(_LEVEL.search(line, 0, 400) if self.recognises(line) else None, line)
        header = header_before(line, level.start(), self.context)
        host = None if header.host in ("Info", "Warning") else header.host
        return placed(_event(line[level.end() : level.end() + 8192]), header.time, host)


def _event(text: str) -> Event:
    if incoming := found_in(text, _INCOMING):
        return stated_event(incoming | {"to_port": "25"}, kind=EventKind.CONNECTION)
    if delivering := found_in(text, _DELIVERING):
        return stated_event(delivering, kind=EventKind.CONNECTION, role=Role.APART, forwarded=True)
    found, hashes = found_in(text, _URL, _USER), hashes_in(text) if "SHA" in text or "sha" in text else ()
    return stated_event(
        found,
        kind=EventKind.WEB if "url" in found else EventKind.FILE if hashes else EventKind.OTHER,
        action=Action.BLOCKED if _REFUSED.search(text) else Action.UNKNOWN,
        role=Role.APART,
        hashes=hashes,
        forwarded="url" in found or bool(hashes),
    )
