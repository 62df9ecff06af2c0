"""What BIND says of its own questions: resolver, zones, transfers, validation, rate limits; and the lines of `dnstap-read`.

Source: BIND 9 `lib/dns/resolver.c`, `xfrin.c`, `zone.c`, `validator.c`, `rrl.c`, `dispatch.c`; dnstap-read(1).
Traps: see `lamsach.logs.formats.dns.bind.format`. A rate limit names a network of clients, and no client.
"""

from __future__ import annotations

import re
from typing import Any

from lamsach.logs.events.ends import Role
from lamsach.logs.text.dns_names import from_presentation
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, EventKind

_HEAD = 2600
# query (cache) 'www.example/A/IN' denied (allow-query-cache did not match)
QUOTED = re.compile(r"'([^'\s]{1,1100}?)(?:/[A-Z][A-Z0-9-]{0,15}){0,2}(?:/[\w-]{1,64})?'")
# DNS format error from 192.0.2.9#53 resolving www.example/AAAA for 10.1.1.5#55198: ...
_FORMAT_ERROR = re.compile(
    r"DNS format error from ([0-9A-Fa-f:.]{2,45})(?:%\w{1,32})?#(\d{1,5}) resolving '?(\S{1,1100}?)/[A-Z0-9-]{1,16}(?:/[A-Z]{2,5})?'?"
    r"(?: for (?:client )?(?:([0-9A-Fa-f:.]{2,45})(?:%\w{1,32})?#(\d{1,5})|<unknown>))?(?=[:\s]|$)"
)
# timed out resolving 'www.example/A/IN': 192.0.2.9#53     transfer of 'example/IN' from 192.0.2.9#53: connected using 192.0.2.53#41
_RESOLVING = re.compile(r"\bresolving '[^'\s]{1,1100}'|^transfer of '[^'\s]{1,1100}' from ")
_ADDRESS = re.compile(r"(?<![\w.:])([0-9A-Fa-f]{0,4}[:.][0-9A-Fa-f:.]{1,44})(?:%\w{1,32})?#(\d{1,5})\b")
# zone example.vn/IN: www.example.vn/A: bad owner name (check-names)
_ZONE = re.compile(r"^(?:\w+: )?zone ([^/\s]{1,255})/(?:IN|CH|HS)(?:/[\w-]{1,64})?: ")
_OWNER = re.compile(r"([^\s/:]{1,1100})/[A-Z0-9]{1,16}: ")
# validating www.example/A: no valid signature found
_VALIDATING = re.compile(r"validating (?:@0x[0-9a-f]{1,16}: )?([^\s/:]{1,1100})[/ ]([A-Z0-9]{1,16}): ")
# dispatch 0x7f3c5c0a1000: shutting down due to TCP receive error: 192.0.2.9#53: connection reset
# invalid command from 192.0.2.9#40111: bad auth
_DISPATCH = re.compile(r"dispatch 0x[0-9a-f]{4,16}: |invalid command from ")
# RFC 1918 response from Internet for 1.0.0.10.in-addr.arpa
LEAKED = re.compile(r"RFC 1918 response from Internet for (\S{1,1100})")
# limit NXDOMAIN responses to 192.0.2.0/24 for www.example IN A (0a1b2c3d)     stop limiting error responses to 192.0.2.0/24
_LIMITED = re.compile(
    r"\*?(?:would |stop |continue )?limit(?:ing)? (?:[\w-]{1,20} )?responses? to [0-9A-Fa-f.:]{2,45}(?:/\d{1,3})?(?: for (\S{1,1100}))?(?=\s|$)"
)
# CQ 192.0.2.1:53001 -> 192.0.2.53:53 UDP 40b www.example/IN/A     RR 192.0.2.53:41001 <- 198.51.100.53:53 UDP 56b www.example/IN/A
_TAPPED = re.compile(
    r"([ACFRSTU])([QR]) (\S{2,45}):(\d{1,5}) (?:->|<-) (\S{2,45}):(\d{1,5}) (?:UDP|TCP|DOT|DOH|DNSCryptUDP|DNSCryptTCP) \d{1,6}b (\S{1,1100})/[A-Z]{2,5}/[A-Z0-9-]{1,16}(?=\s|$)",
    re.ASCII,
)
_SHAPES = (LEAKED, _FORMAT_ERROR, _ZONE, _VALIDATING, _DISPATCH, _LIMITED, _TAPPED)


def is_resolvers(message: str) -> bool:
    """Return whether only BIND words a message so."""
    if _RESOLVING.search(message, 0, _HEAD):
        return True
    message = message.lstrip(" ")
    return any(shape.match(message) for shape in _SHAPES)


def resolvers(message: str) -> dict[str, Any]:
    """The event of a message that names no client; empty when it tells of no address and no question."""
    message = message.lstrip(" ")
    if tapped := _TAPPED.match(message):
        return _tapped(tapped)
    if limited := _LIMITED.match(message):
        action = Action.BLOCKED if message.startswith(("limit", "continue limit")) else Action.UNKNOWN
        name = from_presentation(limited[1] or "")
        return {"kind": EventKind.DNS, "domain": name, "action": action} if name else {}
    if error := _FORMAT_ERROR.match(message):
        server, server_port, name, client, client_port = error.groups()
        return {
            "kind": EventKind.DNS,
            "source_ip": ip_of(client) if client else None,
            "source_port": port_of(client_port),
            "destination_ip": ip_of(server),
            "destination_port": port_of(server_port),
            "role": Role.SERVES_THE_UNIT,
            "domain": from_presentation(name),
            "forwarded": client is None,
        }
    if zone := _ZONE.match(message):
        owner = _OWNER.match(message, zone.end())
        address = _ADDRESS.search(message, zone.end(), _HEAD)
        name = owner[1] if owner else zone[1]
        if owner is None and address is None:
            return {}
        return _far_side(name, address)
    if validating := _VALIDATING.search(message, 0, _HEAD):
        return _far_side(validating[1], None)
    if leaked := LEAKED.match(message):
        return _far_side(leaked[1], None)
    if _DISPATCH.match(message):
        address = _ADDRESS.search(message, 0, _HEAD)
        return _far_side(None, address) if address else {}
    resolving = message.find("resolving '", 0, _HEAD)
    quoted = QUOTED.search(message, max(0, resolving), _HEAD)
    address = _ADDRESS.search(message, 0, _HEAD)
    if quoted is None or (address is None and resolving < 0):
        return {}
    values = _far_side(quoted[1], address)
    if resolving >= 0:  # the address is the server's that was asked
        values["destination_ip"], values["destination_port"] = (
            values.pop("source_ip"),
            values.pop("source_port"),
        )
    return values


def _far_side(name: str | None, address: re.Match[str] | None) -> dict[str, Any]:
    return {
        "kind": EventKind.DNS,
        "source_ip": ip_of(address[1]) if address else None,
        "source_port": port_of(address[2]) if address else None,
        "domain": from_presentation(name) if name else None,
        "forwarded": True,
    }


def _tapped(match: re.Match[str]) -> dict[str, Any]:
    """A message that dnstap took down: the side that asked, and the one that was asked."""
    source, destination = ip_of(match[3]), ip_of(match[5])
    asked_by_server = match[1] in "FRS"
    return {
        "kind": EventKind.DNS,
        "source_ip": source,
        "source_port": port_of(match[4]),
        "destination_ip": destination,
        "destination_port": port_of(match[6]),
        "role": Role.APART if asked_by_server else Role.BETWEEN,
        "domain": from_presentation(match[7]),
        "forwarded": asked_by_server,
        "response": match[2] == "R",
    }
