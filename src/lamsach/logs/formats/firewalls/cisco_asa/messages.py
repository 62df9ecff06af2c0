r"""Who talked to whom, in the sentences of Cisco ASA, Firepower Threat Defense, PIX and FWSM.

Source: Cisco, "Secure Firewall ASA Series Syslog Messages" 9.x, all chapters; "Catalyst 6500 FWSM System Log Messages". The sentence decides, not the
message's number, so that lines without one, and numbers that a newer version added, are read as well. Traps:
- `Built outbound TCP connection 7 for outside:A to inside:B`: the far end stands first, and B opened it. `Built inbound`: A opened it.
- `Teardown TCP connection` does not say who opened it: the end with the ephemeral port did.
- `faddr A gaddr G laddr L` (ICMP): A is outside, L inside, G what L is translated to; the opener's ICMP identifier is not 0. A stands first whoever opened it.
- `(B/b)` behind an end is its translation, `(LOCAL\an)` its user. `identity` is the firewall itself.
- Of a session of a VPN client, `IP` is its address in the Internet, `IPv4 Address` or `Assigned IP` the one it was given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lamsach.logs.formats.firewalls.cisco_asa.sides import ends_of, is_far_first
from lamsach.logs.formats.firewalls.cisco_asa.users import logged_on, user_of
from lamsach.logs.mappings.cisco_ends import ADDRESS, End, first_address
from lamsach.logs.text.values import domain_of, ip_of, mac_of

# IP <192.0.2.5>   IP = 192.0.2.5,   IP 192.0.2.5 has   Addr 192.0.2.5,   user IP = 192.0.2.5   from: 192.0.2.5
_CLIENT = re.compile(
    rf"(?:\b(?:user IP|peer IP|Public IP|IP|Addr|Peer Address|remote_peer_ip is)(?: = | ?= ?|: ?| |, A: )|\bSource: ?|\bIP, ?)<?({ADDRESS})>?",
    re.ASCII,
)
# Group <VPN> User <an> IP <192.0.2.5> AnyConnect session resumed. Connection from 192.0.2.6
_SESSION_CLIENT = re.compile(rf"User <[^<>]{{0,128}}> IP <({ADDRESS})>", re.ASCII)
# [FQDN] c2.bad.example address 192.0.2.5 obsolete   [FQDN] c2.bad.example resolved 192.0.2.5
_RESOLVED = re.compile(rf"\[FQDN\] ([\w.-]{{1,253}}) (?:address|resolved) ({ADDRESS})", re.ASCII)
# IPv4 Address <10.9.8.7>   Address <10.9.8.7> assigned to session   Assigned IP=10.9.8.7   Assigned private IP address 10.9.8.7   client_dynamic_ip is 10.9.8.7   Client assigned 10.9.8.7
_GIVEN = re.compile(
    rf"(?:IPv4 Address[ =]|(?<=> )Address (?=<[^<>]{{3,45}}> assigned to session)|Assigned IP=|Assigned private IP address |client_dynamic_ip is |Client assigned |IPv6 [aA]ddress[ =]|Add IP-User mapping )<?({ADDRESS})>?",
    re.ASCII,
)
# server = 192.0.2.9
_SERVER = re.compile(rf"\bserver (?:= {{1,2}}|is )?({ADDRESS})", re.ASCII)
# address granted 0011.2233.4455 (10.1.1.5)   address granted 0100.1122.3344.55 (10.1.1.5)
_GRANTED = re.compile(
    rf"address (granted|released) (?:build_number )?\(?([0-9A-Fa-f.:]{{12,20}})\)? \(({ADDRESS})\)", re.ASCII
)
# (resolved from dynamic list: bad.example)   source 192.0.2.5 resolved from local list: bad.example, threat-level
_BLACKLIST = re.compile(r"resolved from (?:local|dynamic) list: ?([\w.-]{1,253})")
# 192.0.2.5 Accessed URL 198.51.100.7:http://bad.example/a   an@192.0.2.5(CORP\an) Accessed JAVA URL 198.51.100.7:/a
_ACCESSED = re.compile(
    rf"(?:([^\s@]{{1,128}})@)?({ADDRESS})(?:/\d{{1,5}})?(?: ?\(([^()]{{1,128}})\))? Accessed (?:JAVA )?URL ({ADDRESS})(?:/\d{{1,5}})?(?:\([^()]{{1,128}}\))?:(\S{{0,2048}})",
    re.ASCII,
)
# URL Server 192.0.2.9 timed out URL http://bad.example/a
_URL_SERVER = re.compile(rf"URL Server ({ADDRESS}) [\w ]{{1,40}}? URL (\S{{1,2048}})", re.ASCII)
# Deny MAC address 0011.2233.4455, possible spoof attempt   Unable to send DHCP reply to client 0011.2233.4455 on interface
# Deny src 0011.2233.4455 dst 0011.2233.4466 by access-group "l2"   MAC 0011.2233.4455 moved from inside to dmz
_HARDWARE = re.compile(
    r"(?:Deny MAC address|Deny src|reply to client|^MAC) ([0-9A-Fa-f.:]{12,17})(?=[ ,])", re.ASCII
)
# user-identity: DNS lookup for c2.bad.example failed, reason: Timeout
_LOOKUP = re.compile(r"DNS lookup for ([\w.-]{1,253}) failed")
# Nov 20 2026 09:26:53: Deny tcp   2026-11-20T09:26:53+07:00 fw01 : Built outbound   Nov 20 09:26:53 192.0.2.1 Teardown UDP
TIMED_SENTENCE = re.compile(
    r"(?:[A-Z][a-z]{2} {1,2}\d{1,2}(?: \d{4})?|\d{4}-\d\d-\d\d)[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?: [\w.-]{1,128}){0,2}? ?:? "
    r"(?=Built (?:in|out)bound |Built (?:dynamic|static) \w{1,8} translation|Teardown (?:TCP|UDP|ICMP|GRE|dynamic|static|local-host)|Deny (?:tcp|udp|icmp|inbound|protocol|TCP|IP) "
    r"|access-list \S{1,240} (?:denied|permitted|est-allowed) |Inbound TCP connection denied |Denied ICMP type|No matching connection for |Duplicate TCP SYN |Shunned packet: "
    r"|(?:TCP|UDP) access (?:denied|permitted) |Login (?:permitted|denied) from |Dynamic [Ff]ilter |Group <[^<>]{0,128}> User <|FTP connection from )",
    re.ASCII,
)
"""A sentence without its tag behind a time, and a host or two words; matches up to where the sentence begins."""
_ROUTES = ("Added ", "Deleted ", "Adding ", "Deleting ", "Removing ")
_DENIED_URL = re.compile(r"Access denied URL (\S{1,2048})")
_ARP = re.compile(rf"ARP \w+ collision from ({ADDRESS})/([0-9A-Fa-f.]{{12,14}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class CiscoContact:
    """What a message tells: the end that opened the contact and the other one, and for a session the address that the client was given."""

    source: End = End()  # noqa: RUF009 - frozen
    destination: End = End()  # noqa: RUF009 - frozen
    user: str | None = None
    given: str | None = None
    url: str | None = None
    domain: str | None = None
    mac: str | None = None
    answer: str | None = None
    """An address that the firewall was told for `domain`."""
    far_first: bool = False
    """Whether the message writes the other end before the one that opened the contact."""
    lease: str | None = None
    """`granted` or `released`, of the firewall's own DHCP server."""


def contact_of(text: str) -> CiscoContact:
    """The contact that a message, without its header and number, tells of."""
    granted = _GRANTED.search(text) if "address " in text else None
    if granted:
        digits = granted[2].replace(".", "").replace(":", "")
        return CiscoContact(
            given=ip_of(granted[3]), mac=mac_of(digits[2:] if len(digits) == 14 else digits), lease=granted[1]
        )
    accessed = _ACCESSED.search(text) if "Accessed " in text else None
    if accessed:
        url = accessed[5]
        return CiscoContact(
            End(ip_of(accessed[2])),
            End(ip_of(accessed[4])),
            user=logged_on(accessed[3]) or accessed[1],
            url=url or None,
        )
    asked = _URL_SERVER.match(text)
    if asked:
        return CiscoContact(End(ip_of(asked[1])), url=asked[2])
    if text.startswith(_ROUTES) and " route " in text[:60]:  # networks and gateways, no machine's contact
        return CiscoContact()
    lookup = _LOOKUP.search(text, 0, 400) if "DNS lookup for " in text else None
    if lookup:
        return CiscoContact(domain=domain_of(lookup[1]))
    resolved = _RESOLVED.search(text) if "[FQDN]" in text else None
    if resolved:
        return CiscoContact(domain=domain_of(resolved[1]), answer=ip_of(resolved[2]))
    source, destination = ends_of(text)
    if text.startswith(("Group <", "TunnelGroup <")) and _SESSION_CLIENT.search(text):
        source, destination = End(), End()
    if text.startswith("Group = ") and " IP = " in text[:300]:
        source, destination = End(), End()
    given = (
        _GIVEN.search(text)
        if "ddress" in text or "ssigned" in text or "client_dynamic_ip" in text or "mapping" in text
        else None
    )
    source, destination = _with_session(text, source, destination)
    blacklist = _BLACKLIST.search(text) if "resolved from " in text else None
    denied = _DENIED_URL.search(text) if "Access denied URL " in text else None
    arp = _ARP.search(text) if "ARP " in text else None
    hardware = _HARDWARE.search(text)
    return CiscoContact(
        source,
        destination,
        far_first=is_far_first(text, source, destination),
        user=user_of(text) or logged_on(source.user) or logged_on(destination.user),
        given=ip_of(given[1]) if given else None,
        url=denied[1] if denied else None,
        domain=domain_of(blacklist[1]) if blacklist else None,
        mac=mac_of(arp[2]) if arp else mac_of(hardware[1]) if hardware else None,
    )


def _with_session(text: str, source: End, destination: End) -> tuple[End, End]:
    """Source and destination completed from what names the client and the server of a session, else the first address."""
    if source.ip or source.name:
        return source, destination
    client = _SESSION_CLIENT.search(text) or _CLIENT.search(text)
    server = _SERVER.search(text) if "server " in text else None
    if client:
        source = End(ip_of(client[1].rstrip(".:")))
    if server:
        destination = End(ip_of(server[1].rstrip(".:")))
    if not client and not server:
        source = End(first_address(text))
    return source, destination
