"""SonicWall firewalls and SMA.

`id=firewall sn=... time="..." fw=... pri=6 c=1024 m=537 msg="..." src=10.1.1.5:49152:X0:pc
dst=203.0.113.9:443:X1`.

Source: SonicWall, "SonicOS Log Events Reference Guide" (SonicOS 5.9, 6.5, 7.x), "Syslog Tags"; "SMA 100
Series Log Event Reference". Traps:
- `src` and `dst` hold address, port, interface and, if resolved, the name: `10.1.1.5:49152:X0:pc.unit.local`;
  IPv6 with or without brackets.
- A URL's site is in `dstname` and its path in `arg`; `dstname` may also be the name of the machine.
- `npcs` and `natSrc` are the translation; `m` is the message's number, which states the outcome when no word
  does.
- `fw` is the firewall's own address in the Internet: the observer when no header names one. Contacts with it
  come from outside.
- Messages of floods have no `src` and `dst`; their text names the ends.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, event_between, mac_of_device, own_end, placed
from lamsach.logs.events.leases import lease_event
from lamsach.logs.mappings.actions import action_of
from lamsach.logs.text.key_value import Fields, first, pairs
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import among, domain_of, hash_of, ip_of, mac_of, port_of
from lamsach.model import Action, Event, EventKind, LeaseAction

# id=firewall sn=18B169 time="2026-11-20 08:45:34" fw=   id=sslvpn sn=
_START = re.compile(r"\bid=\"?[\w.-]{1,40}\"? sn=\"?[0-9A-Fa-f]{2,24}\"? ", re.ASCII)
_ROOM = 300
# 10.1.1.5:49152:X0:pc.unit.local   203.0.113.9::X1   [2001:db8::5]:443:X1
_END = re.compile(
    r"(?a)(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5})?(?::([^:]{0,40})(?::(\S{0,253}))?"
    r")?)?"
)
# DHCP Server: ... IP 10.1.1.5, Ethernet 00:11:22:33:44:55, host pc
_LEASE = re.compile(r"(?:IP|ip)[ =]([\d.]{7,15}).{0,80}?((?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})", re.ASCII)
# Possible SYN Flood on IF X1 - src: 203.0.113.7:5 dst: 198.51.100.9:443
_ENDS_IN_TEXT = re.compile(
    r"(?a)(?:\bsrc: ?|[Ff]looding machine )([0-9A-Fa-f.:\[\]]{7,48})(?:,? dst: ?([0-9A-Fa-f.:\[\]]{7,48}))?"
)
_OUTSIDE = frozenset({"WAN", "UNTRUSTED", "INTERNET"})
_BLOCKING = among(
    "14 16 22 23 27 34 35 36 37 38 41 45 46 81 82 83 146 173 174 175 179 180 181 182 522 524 526 609 "
    "647 794 795 809"
)
"""Numbers of messages about a block, which may lack a word for it."""
_OPENED = frozenset({"97", "98", "537", "1153", "1197", "1235"})
_LOGONS = among("29 30 31 32 33 199 200 237 238 261 262 263 264 265 328 329 549 1080 1117")


class SonicWall(LogFormat):
    """Connections with NAT, blocked and visited sites, intrusion, log-ins, DHCP leases; SonicOS 5.9 to 7,
    SMA.

    A site and its path are joined to one URL.
    """

    name = "sonicwall"
    title = "SonicWall"
    gives = fields_named("contact nat machine user domain url hashes action")
    lease_markers = ("DHCP Server", "DHCP server")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match `id` followed by the serial number `sn`."""
        return " sn=" in line and "id=" in line and _START.search(line, 0, _ROOM) is not None

    def read(self, line: str) -> Event | None:
        """Read one record."""
        start = required(_START.search(line, 0, _ROOM) if self.recognises(line) else None, line)
        header, _ = split_header(line, self.context)
        fields = pairs(line[start.start() :])
        stated = first_time((fields.get("time"), fields.get("vp_time")), self.context)
        observer = header.host or first(fields, "fw", "sn")
        return placed(_event(fields), stated or header.time, observer)


def _event(fields: Fields) -> Event:
    message = fields.get("msg", "")
    ends = _ENDS_IN_TEXT.search(message, 0, _ROOM) if "src" not in fields and "dst" not in fields else None
    source, source_port, source_name = _end(ends[1] if ends else fields.get("src", ""))
    destination, destination_port, destination_name = _end((ends[2] or "") if ends else fields.get("dst", ""))
    lease = _lease(fields, message)
    if lease is not None:
        return lease
    number = fields.get("m", "")
    login = number in _LOGONS or "ogin" in message[:80] or "logged" in message[:80]
    to_itself = destination is not None and destination == ip_of(fields.get("fw", ""))
    inward = to_itself or _is_from_outside(fields, ends)
    called = login or (ends and not destination)
    way = Way.CALLED if called else Way.INWARD if inward else Way.UNSTATED
    device = own_end(source, destination, way)
    arrived = device is not None and device != source
    domain, url = _site(fields, destination_name)
    nat, nat_port, _ = _end(fields.get("natSrc", "") or fields.get("npcs", ""))
    digest = hash_of(first(fields, "fileid", "sha256", "md5", "filehash") or "")
    source_mac = mac_of(fields.get("srcMac") or fields.get("srcmac"))
    contact = EventKind.CONNECTION if source and destination else EventKind.OTHER
    return event_between(
        (source, source_port),
        (destination, destination_port),
        kind=EventKind.LOGON if login else EventKind.WEB if url is not None else contact,
        source_nat_ip=nat if nat != source else None,
        source_nat_port=nat_port if nat and nat != source else None,
        source_mac=source_mac,
        device_name=destination_name if arrived else source_name,
        device_mac=mac_of(fields.get("dstMac")) if arrived else mac_of_device(device, source, source_mac),
        user=first(fields, "usr", "user", "suser"),
        domain=domain,
        url=url,
        hashes=(digest,) if digest else (),
        action=_action(fields, number, message),
        way=way,
    )


def _is_from_outside(fields: Fields, ends: re.Match[str] | None) -> bool:
    """Return whether the contact came from outside, by the zones or an attack's message."""
    zones = [fields.get(key, "").upper() for key in ("srcZone", "dstZone")]
    return ends is not None or (zones[0] in _OUTSIDE and zones[1] not in _OUTSIDE)


def _end(text: str) -> tuple[str | None, int | None, str | None]:
    """Split `address:port:interface:name` into address, port and name."""
    match = _END.fullmatch(text[:400])
    parts = match.groups() if match else _end_in_colons(text[:400])
    address = ip_of(parts[0]) if parts else ip_of(text)
    if parts is None or address in (None, "0.0.0.0", "::"):  # noqa: S104 - means: no address
        return (address if parts is None else None), None, None
    return address, port_of(parts[1] or ""), domain_of(parts[3] or "")


def _end_in_colons(text: str) -> tuple[str, str | None, str | None, str | None] | None:
    """Split `2001:db8::5:443:X1`: without brackets the interface locates the port."""
    pieces = text.split(":", 12)
    for cut in range(min(len(pieces), 8), 2, -1):
        port, *rest = pieces[cut:] or [""]
        if rest and len(rest) <= 2 and (not port or port.isdecimal()) and ip_of(":".join(pieces[:cut])):
            return ":".join(pieces[:cut]), port, rest[0], rest[1] if len(rest) > 1 else None
    return None


def _site(fields: Fields, destination_name: str | None) -> tuple[str | None, str | None]:
    """Find site and URL: `dstname` and `arg`, or a whole URL in one of them."""
    name, path = first(fields, "dstname", "dname"), first(fields, "arg", "url")
    if path and "://" in path[:12]:
        name = path.partition("://")[2].partition("/")[0]
        return domain_of(name.partition(":")[0]), path
    site = domain_of(name.partition("/")[0].partition(":")[0]) if name else None
    site = site if site and "." in site else None
    if path and path.startswith("/"):
        return site or destination_name, f"{name}{path}" if site else path
    if name and "/" in name and site:
        return site, name
    return site or (destination_name if destination_name and "." in destination_name else None), None


def _lease(fields: Fields, message: str) -> Event | None:
    """Read a message of the firewall's own DHCP server."""
    if not message.startswith(("DHCP Server", "DHCP server", "DHCP lease")):
        return None
    match = _LEASE.search(message[:400]) or _LEASE.search(fields.get("note", "")[:400])
    address = ip_of(match[1]) if match else None
    if match is None or address is None:
        return None
    words = message.lower()
    action = LeaseAction.ASSIGNED
    if "release" in words:
        action = LeaseAction.RELEASED
    elif "expire" in words or "delete" in words:
        action = LeaseAction.EXPIRED
    return lease_event(address, action, mac=mac_of(match[2]))


def _action(fields: Fields, number: str, message: str) -> Action:
    """Outcome by the firewall's own verb, else by the message's number or wording."""
    stated = first(fields, "fw_action", "af_action", "action")
    if action_of(stated) is not Action.UNKNOWN:
        return action_of(stated)
    if number in _BLOCKING:
        return Action.BLOCKED
    by_wording = action_of(message)
    return Action.ALLOWED if by_wording is Action.UNKNOWN and number in _OPENED else by_wording
