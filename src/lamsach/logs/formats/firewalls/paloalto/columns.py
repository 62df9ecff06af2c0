"""Columns of Palo Alto's comma-separated logs, and the texts of its SYSTEM and AUTHENTICATION records.

Source: Palo Alto Networks, "Syslog Field Descriptions" of PAN-OS 8.0, 8.1, 9.0, 9.1, 10.0, 10.1, 10.2, 11.0
and 11.1; "System Log Messages". Newer versions append columns, so one table serves all. Only GlobalProtect
moved: until 9.0 it wrote SYSTEM records. Indices are 0-based: 0 is the unused first column, 3 the type, 4 the
subtype, 6 the time of the event. Texts are `failed authentication for user 'a'. Reason: ... server address
'192.0.2.9', auth protocol 'PAP', From: 198.51.100.4.`, with or without quotes by version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lamsach.logs.events.leases import lease_event
from lamsach.logs.text.values import among, domain_of, in_order, ip_of, mac_of, stated
from lamsach.model import Event, LeaseAction

RECEIVED, SERIAL, TYPE, SUBTYPE, GENERATED = 1, 2, 3, 4, 6
KIND_KEY, SUBTYPE_KEY, TIME_KEYS = "|kind", "|subtype", ("|exact", "|generated")
"""Keys of type, subtype, time with an offset and without, where columns have names."""

_SESSION = {
    "source": 7, "destination": 8, "source_nat": 9, "source_user": 12, "destination_user": 13,
    "from_zone": 16, "to_zone": 17, "source_port": 24, "destination_port": 25, "source_nat_port": 26,
    "action": 30
}  # fmt: skip
_CARRIED = {
    key: column
    for key, column in _SESSION.items()
    if not key.startswith("source_nat") and not key.endswith("_user")
}
_AUTHENTICATION = {"source": 8, "source_user": 9, "message": 18, "observer": 29}
_TRAFFIC = {
    **_SESSION, "observer": 52, "source_name": 82, "source_mac": 83, "destination_name": 90,
    "destination_mac": 91,
}  # fmt: skip
_THREAT = {
    **_SESSION, "misc": 31, "threat": 32, "hash": 43, "observer": 59, "source_name": 86, "source_mac": 87,
    "destination_name": 94, "destination_mac": 95,
}  # fmt: skip
_SYSTEM = {"event": 8, "object": 9, "message": 14, "observer": 22}
PLACES: Mapping[str, Mapping[str, int]] = {
    **dict.fromkeys(("TRAFFIC", "START", "END"), _TRAFFIC),
    "TUNNEL": {**_SESSION, "observer": 52},
    **dict.fromkeys(("THREAT", "URL", "DATA", "WILDFIRE"), _THREAT),
    "DECRYPTION": {**_SESSION, "domain": 63, "observer": 97},
    "SCTP": {**_CARRIED, "observer": 36},
    "GTP": _CARRIED,
    "CONFIG": {"source": 7, "source_user": 10, "observer": 21},
    "SYSTEM": _SYSTEM,
    "HIPMATCH": {"source_user": 7, "source_name": 9, "source": 11, "observer": 24, "source_ipv6": 26,
        "source_mac": 29},
    "GLOBALPROTECT": {"event": 8, "source_user": 12, "source_name": 14, "source": 15, "source_ipv6": 16,
        "given": 17, "given_ipv6": 18, "status": 28, "observer": 47},
    "USERID": {"source": 8, "source_user": 9, "event": 4, "source_port": 14, "destination_port": 15,
        "observer": 25},
    "IPTAG": {"source": 8, "event": 10, "observer": 23},
    **dict.fromkeys(("AUTHENTICATION", "AUTH"), _AUTHENTICATION),
    "CORRELATION": {"source": 7, "source_user": 8, "observer": 17},
    "AUDIT": {},
}  # fmt: skip
"""Column index by field, by record type."""


_ADDRESS = r"'?\[?(\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,43}(?<!\.))\]?'?"
_END = r"(?=[\s',;)\[]|[.:](?:\s|$)|:\d{1,5}\b|$)"
# From: 198.51.100.4.   from '198.51.100.4'   Login from: 198.51.100.4,   source ip 198.51.100.4
_CLIENT = re.compile(
    r"\b(?:from|client ip|source ip|source address|private ip|user ip|initiated by|peer ip"
    r"|ip)\b(?: address)?[:=]?\s{0,2}" + _ADDRESS + _END,
    re.IGNORECASE,
)
# server address '192.0.2.9'   dhcp server: 192.0.2.9   update server: updates.example
_SERVER = re.compile(
    r"(?i)\b(?:server address|dhcp server|ldap server|radius server|ntp server|update server|syslog server"
    r"|to server|server at|server ip|gateway address)\b[:=]?\s{0,2}'?([A-Za-z0-9][\w.:-]{0,254})"
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
    r"(?i)DHCP lease (started|renewed|expired|released|ended|stopped) ip ([0-9A-Fa-f:.]{2,45}) --> mac "
    r"([0-9A-Fa-f:.-]{12,17})(?: - hostname ([^\s,]{1,255}))?"
)
_LEASE_ACTIONS = {
    "started": LeaseAction.ASSIGNED,
    "renewed": LeaseAction.RENEWED,
    "expired": LeaseAction.EXPIRED,
}
_ENDS = in_order("source_ip source_port destination_ip destination_port domain user device_name")
_NO_USERS = among("is in not was name authentication ip has with login logout logged to from for failed")


def ends_of(message: str) -> dict[str, Any]:
    """Find the machines and the user in a message, as fields of its event; the server may be a name."""
    message = message[:4096]
    user = _user(message)
    association = _ASSOCIATION.search(message)
    if association:
        first, second = ip_of(association[1]), ip_of(association[3])
        if first and second:
            ports = int(association[2]) % 65536, int(association[4]) % 65536
            return dict(zip(_ENDS, (first, ports[0], second, ports[1], None, user, None), strict=True))
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
    own_name = stated(device[1]) if device else None
    found = (client, None, server, None, None if server else name, user, own_name)
    return dict(zip(_ENDS, found, strict=True))


def lease_of(message: str, time: datetime | None, observer: str | None) -> Event | None:
    """Read a lease of the firewall's own DHCP server in a message; None without one."""
    match = _LEASE.search(message[:4096]) if "DHCP lease" in message else None
    ip, mac = (ip_of(match[2]), mac_of(match[3])) if match else (None, None)
    if match is None or ip is None or mac is None:
        return None
    action = _LEASE_ACTIONS.get(match[1].lower(), LeaseAction.RELEASED)
    return lease_event(ip, action, mac=mac, name=stated(match[4]), time=time, observer=observer)


def _user(message: str) -> str | None:
    for match in _USER.finditer(message):
        name = (match[1] or match[2] or match[3]).rstrip(".")
        if name.lower() not in _NO_USERS:
            return name
    return None
