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
from lamsach.logs.events.ends import Way, event_between, placed
from lamsach.logs.events.leases import session_event
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Event, EventKind

_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{3,39})"
# 01490500:5: /Common/access:Common:abcd1234:
_NUMBER = re.compile(
    r"(?a)\b(01(?:49|58|4d)[0-9a-f]{4}):\d: ?(?:(?:/[\w./-]{1,128}:)?\w{1,64}:[0-9a-f]{8}: )?"
)
_CLIENT = re.compile(rf"(?:[Cc]lient IP:?|from client|Source IP) ({_ADDRESS})", re.ASCII)
_GATEWAY = re.compile(rf"at VIP ({_ADDRESS})", re.ASCII)
_GIVEN = re.compile(rf"Assigned PPP (?:Dynamic |Static )?IPv[46]: ({_ADDRESS})", re.ASCII)
_USER = re.compile(r"(?:Username|[Uu]ser(?: name)?) '([^']{1,128})'")
_NAME = re.compile(r"Hostname: ([\w.-]{1,255})", re.ASCII)
_LISTENER = re.compile(rf"({_ADDRESS}):(\d{{1,5}}) ?-> ?({_ADDRESS}):(\d{{1,5}})", re.ASCII)
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
    client, given, named = _CLIENT.search(text), _GIVEN.search(text), _USER.search(text)
    name = _NAME.search(text)
    source = ip_of(client[1]) if client else None
    user = named[1] if named else None
    address = ip_of(given[1]) if given else None
    if address:
        return session_event(source or address, address, user)
    flow = _LISTENER.search(text)
    if flow:
        ends = (ip_of(flow[1]), port_of(flow[2])), (ip_of(flow[3]), port_of(flow[4]))
        return event_between(*ends, user=user, way=Way.CALLED)
    gateway = _GATEWAY.search(text)
    return event_between(
        source,
        ip_of(gateway[1]) if gateway else None,
        kind=EventKind.LOGON if source or user else EventKind.OTHER,
        device_name=name[1] if name else None,
        user=user,
        action=verdict(_REFUSED.search(text), _OPENED.search(text)),
        way=Way.CALLED,
    )
