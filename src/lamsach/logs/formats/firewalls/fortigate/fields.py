"""What the values of a FortiGate record say: its kind, the unit's own machine, names, answers, digests. Source and traps: `lamsach.logs.formats.firewalls.fortigate.format`."""

from __future__ import annotations

import re

from lamsach.logs.events.direction import is_internal
from lamsach.logs.events.ends import Role, Way
from lamsach.logs.formats.firewalls.fortigate.actions import action_of as action_of
from lamsach.logs.mappings.keyed_events import host_in
from lamsach.logs.text.key_value import Fields, first_ip
from lamsach.logs.text.values import domain_of, hash_of, host_of_url, ip_of
from lamsach.model import EventKind

# ui="https(192.0.2.7)"  sproc=192.0.2.7
_USER_INTERFACE = re.compile(r"(?:[\w.-]{1,32}\()?([0-9A-Fa-f:.]{2,45})\)?")
_WEB = frozenset({"webfilter", "webcontent", "urlfilter", "waf", "http", "ztna"})
OWN_ROLES = frozenset({"lan", "dmz"})
ARRIVING = frozenset({"local", "ztna", "anomaly"})
"""The kinds of traffic that comes to the firewall itself."""
# msg="Login disabled from IP 203.0.113.7 for 60 seconds because of 3 bad attempts"
_DISABLED = re.compile(r"Login disabled from IP ([0-9A-Fa-f:.]{2,45}) ", re.ASCII)


def is_client(fields: Fields) -> bool:
    """Return whether FortiClient wrote the record: `hostname` is then the machine, not the site."""
    return "fctver" in fields or fields.get("devid", "").startswith("FCT")


def interface_ip(fields: Fields) -> str | None:
    """The address an administrator came from, which system events give only as `ui="https(192.0.2.7)"`."""
    for key in ("ui", "sproc"):
        match = _USER_INTERFACE.fullmatch(fields.get(key, ""))
        if match and (address := ip_of(match[1])):
            return address
    disabled = _DISABLED.search(fields.get("msg", ""))
    return ip_of(disabled[1]) if disabled else None


def types_of(fields: Fields) -> tuple[str, str]:
    """Type and subtype; CEF has both in `cat=utm:webfilter`."""
    category = fields.get("cat", "").partition(":")
    return fields.get("type") or category[0], fields.get("subtype") or category[2]


def kind_of(fields: Fields) -> EventKind:
    """Return what a record tells of, by its type and subtype."""
    main, sub = types_of(fields)
    if sub == "dns" or main == "dns":
        return EventKind.DNS
    if main == "event":
        return (
            EventKind.LOGON
            if sub in ("vpn", "user") or "login" in fields.get("logdesc", "")
            else EventKind.OTHER
        )
    if sub in _WEB or main in _WEB or any(fields.get(key) for key in ("url", "request", "http_url")):
        return EventKind.WEB
    if hashes_of(fields):
        return EventKind.FILE
    return EventKind.TLS if sub in ("ssl", "ssh") and fields.get("hostname") else EventKind.CONNECTION


def place_of(
    fields: Fields, kind: EventKind, source: str | None, destination: str | None
) -> tuple[Role, Way, str | None, str | None]:
    """The facts by which the own end is decided, the address that a session gives, and where the destination really is."""
    if kind is EventKind.DNS:
        return Role.SERVES_THE_UNIT, Way.UNSTATED, None, None
    main, sub = types_of(fields)
    if kind is EventKind.LOGON or (main == "event" and destination is None):
        tunnel = first_ip(fields, "tunnelip", "assignip", "assigned_ip")
        return Role.BETWEEN, Way.CALLED, tunnel, None
    inner = first_ip(fields, "tranip") or destination
    if source and inner and not is_internal(source) and not is_internal(inner):
        if fields.get("srcintfrole") in OWN_ROLES:
            return Role.BETWEEN, Way.OUTWARD, None, inner
        inward = (
            came_in(fields.get("srcintfrole", ""), fields.get("srcintf") or fields.get("src_int", ""))
            or fields.get("dstintfrole") in OWN_ROLES
            or sub in ARRIVING
        )
        return Role.BETWEEN, Way.INWARD if inward else Way.UNSTATED, None, inner
    return Role.BETWEEN, Way.UNSTATED, None, inner


def came_in(role: str, interface: str) -> bool:
    """Return whether the interface that a contact came from leads to the Internet: by its role, else by the name that the maker gave it (`wan1`)."""
    return role == "wan" or (role in ("", "undefined") and interface.lower().startswith("wan"))


def domain_in(fields: Fields, destination: str | None) -> str | None:
    """The DNS question, the host of the URL or certificate, else the name the firewall looked up for an outside address."""
    if types_of(fields)[0] == "event":
        return domain_of(fields.get("qname", ""))
    if is_client(fields):
        return domain_of(fields.get("remotename", "")) or host_in(fields.get("url", ""))
    for key in ("qname", "hostname", "http_host", "dhost", "destinationDnsDomain", "sni"):
        name = domain_of(fields.get(key, ""))
        if name:
            return name
    host = host_of_url(fields.get("url") or fields.get("request") or "")
    if host:
        return host
    if destination and is_internal(destination):
        return None
    for key in ("dstname", "dst_name", "dstip", "dst"):
        name = domain_of(fields.get(key, ""))
        if name and "." in name and ip_of(name) is None:
            return name
    return None


def answers_of(fields: Fields) -> tuple[str, ...]:
    """The addresses of a DNS answer: ipaddr="198.51.100.4, 2001:db8::4"."""
    found = (ip_of(text) for text in re.split("[,; ]+", fields.get("ipaddr", "")[:4096]))
    return tuple(dict.fromkeys(address for address in found if address))


def hashes_of(fields: Fields) -> tuple[str, ...]:
    """The digests of a file."""
    keys = ("analyticscksum", "filehash", "fileHash", "sha256", "md5", "checksum")
    return tuple(dict.fromkeys(digest for key in keys if (digest := hash_of(fields.get(key, "")))))
