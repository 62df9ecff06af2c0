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
from lamsach.logs.events.ends import Way, event_between, placed
from lamsach.logs.mappings.antivirus import hashes_in
from lamsach.logs.mappings.keyed_events import host_in
from lamsach.logs.text.record_headers import header_before
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event, EventKind

_LEVEL = re.compile(
    r"(?:^|(?<=[ :]))(?:Info|Warning|Critical|Debug|Trace): (?=New SMTP [ID]CID \d|(?:ICID|DCID"
    r"|MID) \d{1,12}(?: |$)|Start (?:MID|delivery)|Message (?:done|finished|aborted)|Delivery start DCID"
    r"|Connection Error: DCID|File reputation query|SMTP Auth: |Close: ?[ID]CID|TLS)"
)
# New SMTP ICID 1234 interface Data 1 (192.0.2.25) address 203.0.113.7 reverse dns host mail.bad.example ..
_INCOMING = re.compile(
    r"(?a)New SMTP ICID \d{1,12} interface [^()]{0,64}\(([0-9A-Fa-f:.]{2,45})\) address "
    r"([0-9A-Fa-f:.]{2,45})(?= |$)"
)
# New SMTP DCID 77 interface 192.0.2.25 address 203.0.113.9 port 25
_DELIVERING = re.compile(
    r"(?a)New SMTP DCID \d{1,12} interface ([0-9A-Fa-f:.]{2,45}) address ([0-9A-Fa-f:.]{2,45})(?: port "
    r"(\d{1,5}))?"
)
# ICID 1234 REJECT SG BLOCKED_LIST match sbrs[-10.0:-3.0]
_REFUSED = re.compile(
    r"ICID \d{1,12} (?:REJECT|TCPREFUSE)\b|authentication failed|\bquarantined\b|Dropped by|Message aborted"
)
_USER = re.compile(r"for user:? (\S{1,256})")
_URL = re.compile(r"\bURL:? ?((?:https?|ftp)://[^\s'\"<>]{1,2048})", re.IGNORECASE)


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
    incoming, delivering = _INCOMING.search(text), _DELIVERING.search(text)
    if incoming:
        source = ip_of(incoming[2])
        return event_between(source, (ip_of(incoming[1]), 25), way=Way.CALLED)
    if delivering:
        return Event(
            kind=EventKind.CONNECTION,
            source_ip=ip_of(delivering[1]),
            destination_ip=ip_of(delivering[2]),
            destination_port=port_of(delivering[3] or ""),
            forwarded=True,
        )
    url, user = _URL.search(text), _USER.search(text)
    hashes = hashes_in(text) if "SHA" in text or "sha" in text else ()
    return Event(
        kind=EventKind.WEB if url else EventKind.FILE if hashes else EventKind.OTHER,
        user=user[1] if user else None,
        url=url[1] if url else None,
        domain=host_in(url[1]) if url else None,
        hashes=hashes,
        action=Action.BLOCKED if _REFUSED.search(text) else Action.UNKNOWN,
        forwarded=url is not None or bool(hashes),
    )
