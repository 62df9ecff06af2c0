"""What the text of Palo Alto's SYSTEM and AUTHENTICATION records names: the client, the server, the user.

Source: Palo Alto Networks, "System Log Messages"; lines such as `failed authentication for user 'a'. Reason: ... server address '192.0.2.9', auth
protocol 'PAP', From: 198.51.100.4.`, with the quotes or without them by version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lamsach.logs.text.values import domain_of, ip_of, mac_of, stated
from lamsach.model import LeaseAction

_ADDRESS = r"'?\[?(\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,43}(?<!\.))\]?'?"
_END = r"(?=[\s',;)\[]|[.:](?:\s|$)|:\d{1,5}\b|$)"
# From: 198.51.100.4.   from '198.51.100.4'   Login from: 198.51.100.4,   source ip 198.51.100.4   Source IP: 198.51.100.4
_CLIENT = re.compile(
    r"\b(?:from|client ip|source ip|source address|private ip|user ip|initiated by|peer ip|ip)\b(?: address)?[:=]?\s{0,2}"
    + _ADDRESS
    + _END,
    re.IGNORECASE,
)
# server address '192.0.2.9'   dhcp server: 192.0.2.9   update server: updates.example   to server at 192.0.2.9
_SERVER = re.compile(
    r"\b(?:server address|dhcp server|ldap server|radius server|ntp server|update server|syslog server|to server|server at|server ip|gateway address)\b[:=]?\s{0,2}'?"
    r"([A-Za-z0-9][\w.:-]{0,254})",
    re.IGNORECASE,
)
# Established SA: 192.0.2.1[500]-198.51.100.2[500] message id
_ASSOCIATION = re.compile(r"([0-9A-Fa-f:.]{2,45})\[(\d{1,5})\]-([0-9A-Fa-f:.]{2,45})\[(\d{1,5})\]")
# user 'a.b'   User name: a.b,   for user a.b.   User admin logged in via Web
_USER = re.compile(
    r"\b[Uu]ser(?: name)?:? ?(?:'([^']{1,128})'|\"([^\"]{1,128})\"|([\w\\@$][\w.\\@$-]{0,127}))"
)
# Private IP: 10.9.8.7, Client version: 6.0.4, Device name: LAPTOP-7, Client OS version: Windows 10
_DEVICE = re.compile(r"\b[Dd]evice name: ([^\s,]{1,255})")
# DHCP lease started ip 10.1.1.77 --> mac 00:11:22:33:44:55 - hostname PC-7, interface ethernet1/1
_LEASE = re.compile(
    r"DHCP lease (started|renewed|expired|released|ended|stopped) ip ([0-9A-Fa-f:.]{2,45}) --> mac ([0-9A-Fa-f:.-]{12,17})(?: - hostname ([^\s,]{1,255}))?",
    re.IGNORECASE,
)
_LEASE_ACTIONS = {
    "started": LeaseAction.ASSIGNED,
    "renewed": LeaseAction.RENEWED,
    "expired": LeaseAction.EXPIRED,
}
_NO_USERS = frozenset(
    {
        "is",
        "in",
        "not",
        "was",
        "name",
        "authentication",
        "ip",
        "has",
        "with",
        "login",
        "logout",
        "logged",
        "to",
        "from",
        "for",
        "failed",
    }
)


@dataclass(frozen=True, slots=True)
class MessageEnds:
    """Client and server that a message names, with their ports; the server may be a name."""

    client: str | None = None
    client_port: int | None = None
    server: str | None = None
    server_port: int | None = None
    server_name: str | None = None
    user: str | None = None
    device_name: str | None = None


def ends_of(message: str) -> MessageEnds:
    """The machines and the user that a message names."""
    message = message[:4096]
    user = _user(message)
    association = _ASSOCIATION.search(message)
    if association:
        first, second = ip_of(association[1]), ip_of(association[3])
        if first and second:
            return MessageEnds(
                first, int(association[2]) % 65536, second, int(association[4]) % 65536, None, user
            )
    client = next((ip for match in _CLIENT.finditer(message) if (ip := ip_of(match[1].rstrip(".:")))), None)
    server = name = None
    for match in _SERVER.finditer(message):
        text = match[1].rstrip(".:")
        address = ip_of(text) or ip_of(text.partition(":")[0])
        if address:
            server = address
            break
        if "." in text and name is None:
            name = domain_of(text)
    device = _DEVICE.search(message) if "evice name:" in message else None
    return MessageEnds(
        client=client,
        server=server,
        server_name=None if server else name,
        user=user,
        device_name=stated(device[1]) if device else None,
    )


@dataclass(frozen=True, slots=True)
class LeaseOfMessage:
    """A lease of the firewall's own DHCP server."""

    action: LeaseAction
    ip: str
    mac: str
    name: str | None


def lease_of(message: str) -> LeaseOfMessage | None:
    """The lease that a message tells of, if it does."""
    match = _LEASE.search(message[:4096]) if "DHCP lease" in message else None
    ip, mac = (ip_of(match[2]), mac_of(match[3])) if match else (None, None)
    if match is None or ip is None or mac is None:
        return None
    return LeaseOfMessage(
        _LEASE_ACTIONS.get(match[1].lower(), LeaseAction.RELEASED), ip, mac, stated(match[4])
    )


def _user(message: str) -> str | None:
    for match in _USER.finditer(message):
        name = (match[1] or match[2] or match[3]).rstrip(".")
        if name.lower() not in _NO_USERS:
            return name
    return None
