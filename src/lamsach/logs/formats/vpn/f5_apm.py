"""F5 BIG-IP Access Policy Manager: VPN sessions.

`apmd[1234]: 01490500:5: /Common/access:Common:abcd1234: New session from client IP 203.0.113.9 ...`.

Source: https://my.f5.com K10531487 and "BIG-IP error messages: APM (0149)", 11.x to 17.x. Traps:
- A session is many lines that share an id: the user is in `01490010`, the client's address in `01490500`, the
  assigned one in `01490549`.
- `Assigned PPP Dynamic IPv4: 10.9.0.5 ... Client IP: 203.0.113.9` is the lease; `01490505` (`PPP tunnel ...
  closed`) has no address.
- BIG-IP writes the priority's name between host and program: `bigip1 notice apmd[1234]:`.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import placed
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.sentences import found_in, session_of, stated_event
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import ip_of
from lamsach.model import Event, EventKind

_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{3,39})"
# 01490500:5: /Common/access:Common:abcd1234:
_NUMBER = re.compile(
    r"(?a)\b(01(?:49|58|4d)[0-9a-f]{4}):\d: ?(?:(?:/[\w./-]{1,128}:)?\w{1,64}:[0-9a-f]{8}: )?"
)
_CLIENT = re.compile(rf"(?:[Cc]lient IP:?|from client|Source IP) (?P<ip>{_ADDRESS})", re.ASCII)
_GATEWAY = re.compile(rf"at VIP (?P<to>{_ADDRESS})", re.ASCII)
_GIVEN = re.compile(rf"Assigned PPP (?:Dynamic |Static )?IPv[46]: (?P<given>{_ADDRESS})", re.ASCII)
_USER = re.compile(r"(?:Username|[Uu]ser(?: name)?) '(?P<user>[^']{1,128})'")
_NAME = re.compile(r"Hostname: (?P<name>[\w.-]{1,255})", re.ASCII)
_LISTENER = re.compile(
    rf"(?a)(?P<ip>{_ADDRESS}):(?P<port>\d{{1,5}}) ?-> ?(?P<to>{_ADDRESS}):(?P<to_port>\d{{1,5}})"
)
_REFUSED = re.compile(r"\b(?:denied|fail(?:ed|ure)|rejected|logon_deny)\b", re.IGNORECASE)
_OPENED = re.compile(r"\b(?:successful|Following rule '[^']{0,64}' .{0,200}ending 'Allow')")
_ROOM = 400
_LONGEST = 4000


class F5Apm(LogFormat):
    """Sessions of the access policy and their assigned addresses.

    User and address are in different lines of one session.
    """

    name = "f5_apm"
    title = "F5 BIG-IP APM"
    gives = fields_named("contact device_name user action")
    lease_markers = ("Assigned PPP ",)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the number of an access message."""
        return ": 01" in line[:_ROOM] and _NUMBER.search(line, 0, _ROOM) is not None

    def read(self, line: str) -> Event | None:
        """Read one message. A message without an address proves that the gateway logged."""
        start = required(_NUMBER.search(line, 0, _ROOM) if self.recognises(line) else None, line)
        header, _ = split_header(line, self.context)
        return placed(_event(line[start.end() : start.end() + _LONGEST]), header.time, header.host)


def _event(text: str) -> Event:
    found = found_in(text, _USER, _CLIENT, _GIVEN)
    if session := session_of(found):
        return session
    if flow := found_in(text, _LISTENER):
        return stated_event(flow | {"user": found.get("user")}, kind=EventKind.CONNECTION)
    return stated_event(
        found_in(text, _NAME, _GATEWAY, known=found),
        kind=EventKind.LOGON if "user" in found or ip_of(found.get("ip", "")) else EventKind.OTHER,
        action=verdict(_REFUSED.search(text), _OPENED.search(text)),
    )
