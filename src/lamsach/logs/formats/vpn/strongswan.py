"""strongSwan (charon), Libreswan (pluto) and OpenConnect (ocserv): VPN clients and their addresses.

Source: strongSwan, "Logger configuration" and the messages of `libcharon`; Libreswan, `pluto(8)`; ocserv,
`ocserv(8)`. Traps:
- `05[IKE] assigning virtual IP 10.9.8.7 to peer 'an'` assigns the address; `lease 10.9.8.7 by 'an' went
  offline` releases it.
- Addresses with ports are `203.0.113.9[4500]`; identities are in the same brackets: `203.0.113.9[an]`.
- A number with a keyword in brackets is the thread: `05[NET]`. With names of connections: `05[IKE] <rw|7>
  ...`.
- ocserv: `main[an]:203.0.113.9:4512 user logged in`; `worker[an]: 203.0.113.9 sending IPv4 10.9.8.7`.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, Way, event_between, placed
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event, EventKind, LeaseAction

_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})"
# 05[IKE] 203.0.113.9 is initiating   charon: 05[NET] <rw|7>   pluto[1]: "rw"[1] 203.0.113.9
_CHARON = re.compile(
    r"(?a)(?:^|[\s:])\d{2,3}\[(?:IKE|NET|CFG|ENC|KNL|DMN|JOB|LIB|MGR|CHD|ESP|TNC|APP|ASN|TLS|IMC|IMV|PTS"
    r"|JRN)\] ?(?:<[^>]{1,80}> ?)?"
)
_PLUTO = re.compile(rf'(?:^|[\s:])"[\w.@/-]{{1,64}}"(?:\[\d{{1,6}}\] ({_ADDRESS}))?,? #\d{{1,9}}', re.ASCII)
_OCSERV = re.compile(r"(?a)\bocserv(?:\[\d{1,10}\])?: (?:main|worker|sec-mod)(?:\[([^\]\s]{0,128})\])?:")
# assigning virtual IP 10.9.8.7 to peer 'an'     lease 10.9.8.7 by 'an' went offline
_ASSIGNED = re.compile(
    rf"(?a)assigning (?:new lease|virtual IP) (?:to '[^']{{1,128}}' )?({_ADDRESS})(?: to peer '"
    rf"([^']{{1,128}})')?"
)
_LEFT = re.compile(rf"lease ({_ADDRESS}) by '([^']{{1,128}})' went offline", re.ASCII)
# received packet: from 203.0.113.9[500] to 198.51.100.4[500]
_PACKET = re.compile(
    rf"(?a)(received|sending) packet: from ({_ADDRESS})\[(\d{{1,5}})\] to ({_ADDRESS})\[(\d{{1,5}})\]"
)
# established between 198.51.100.4[vpn]...203.0.113.9[an]
_BETWEEN = re.compile(rf"(?a)between ({_ADDRESS})\[[^\]]{{0,128}}\]\.\.\.({_ADDRESS})\[([^\]]{{0,128}})\]")
# 203.0.113.9 is initiating a Main Mode IKE_SA     main[an]:203.0.113.9:4512 user logged in
_FROM = re.compile(
    rf"(?a)({_ADDRESS})(?::(\d{{1,5}})(?![\w:]))? ?(?:is initiating|user logged|user disconnected"
    rf"|sending IPv[46]|worker|new user|suggesting|user '|authentication|connected|adding|tun)"
)
_GIVEN = re.compile(rf"sending IPv[46] ({_ADDRESS})", re.ASCII)
_USER = re.compile(
    r"(?a)(?:EAP|XAuth) authentication of '([^']{1,128})'|authentication of '([^']{1,128})' with"
    r"|user '([^']{1,128})'"
)
_LONGEST = 2048
_FAILED = ("failed", "rejected", "no peer config", "no matching", "invalid", "denied", "error")


class StrongSwan(LogFormat):
    """Sessions of IPsec and OpenConnect servers.

    States the address assigned to a client, from when to when.
    """

    name = "strongswan"
    title = "strongSwan, Libreswan, ocserv"
    gives = fields_named("contact user action")
    lease_markers = (
        "assigning virtual IP", "assigning new lease", "went offline", "sending IPv4 ", "sending IPv6 ",
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a thread of charon, a connection of pluto, or a process of ocserv."""
        if "ocserv" in line:
            return _OCSERV.search(line, 0, 300) is not None
        if "pluto" in line:
            return _PLUTO.search(line, 0, 400) is not None
        return ("charon" in line or "ipsec" in line or "strongswan" in line) and _CHARON.search(
            line, 0, 300
        ) is not None

    def parse(self, line: str, number: int) -> Event | None:
        """Read one message. A message without an address proves that the server logged."""
        self.check(line)
        header, message = split_header(line, self.context)
        return placed(_event(line[:_LONGEST], message[:_LONGEST]), self, number, header.time, header.host)


def _event(line: str, message: str) -> Event:
    lease = _lease(line)
    if lease is not None:
        return lease
    ocserv = _OCSERV.search(line)
    packet = _PACKET.search(line)
    if packet:
        far = (2, 3) if packet[1] == "received" else (4, 5)
        near = (4, 5) if packet[1] == "received" else (2, 3)
        source, own = ip_of(packet[far[0]]), ip_of(packet[near[0]])
        return event_between(
            (source, port_of(packet[far[1]])), (own, port_of(packet[near[1]])), way=Way.CALLED
        )
    between = _BETWEEN.search(line)
    if between:
        source = ip_of(between[2])
        user = between[3] if between[3] and ip_of(between[3]) is None else None
        action = Action.ALLOWED if "established" in line else Action.UNKNOWN
        return event_between(
            source, ip_of(between[1]), kind=EventKind.LOGON, user=user, action=action, way=Way.CALLED
        )
    pluto = _PLUTO.search(line) if "pluto" in line else None
    start = _FROM.search(line)
    source = ip_of(start[1]) if start else ip_of(pluto[1] or "") if pluto else None
    named = _USER.search(line)
    user = (
        (next(filter(None, named.groups()), None) if named else None)
        or (ocserv[1] if ocserv else None)
        or None
    )
    words = message.lower()
    failed = any(word in words for word in _FAILED)
    opened = "logged in" in words or "successful" in words or "established" in words
    return event_between(
        (source, port_of(start[2] or "") if start else None),
        kind=EventKind.LOGON if user or source else EventKind.OTHER,
        user=user,
        action=Action.BLOCKED if failed else Action.ALLOWED if opened else Action.UNKNOWN,
        way=Way.CALLED,
    )


def _lease(line: str) -> Event | None:
    """Read an address assigned to a client or released."""
    left = _LEFT.search(line)
    if left:
        address = ip_of(left[1])
        return event_between(
            address, kind=EventKind.LEASE, user=left[2], action=LeaseAction.RELEASED, role=Role.HOLDER
        )
    assigned = _ASSIGNED.search(line)
    if assigned:
        address = ip_of(assigned[1])
        return event_between(
            address, kind=EventKind.LEASE, user=assigned[2], action=LeaseAction.ASSIGNED, role=Role.HOLDER
        )
    given = _GIVEN.search(line)
    ocserv = _OCSERV.search(line) if given else None
    if given and ocserv:
        start = _FROM.search(line)
        address = ip_of(given[1])
        return event_between(
            ip_of(start[1]) if start else address,
            kind=EventKind.LEASE,
            user=ocserv[1] or None,
            action=LeaseAction.ASSIGNED,
            given=address,
        )
    return None
