r"""Ends and openers of contacts in the sentences of Cisco ASA, Firepower, PIX and FWSM.

Source: Cisco, "Secure Firewall ASA Series Syslog Messages" 9.x, all chapters; "Catalyst 6500 FWSM System Log
Messages". The sentence decides, not the message's number, so lines without a number and numbers of newer
versions are read too. Traps:
- `Built outbound TCP connection 7 for outside:A to inside:B`: the far end comes first, and B opened it.
  `Built inbound`: A opened it.
- `Teardown TCP connection` does not state who opened it: the end with the ephemeral port did.
- `faddr A gaddr G laddr L` (ICMP): A is outside, L inside, G the translation of L; the opener's ICMP
  identifier is not 0. A comes first in both directions.
- `(B/b)` after an end is its translation, `(LOCAL\an)` its user. `identity` is the firewall itself.
- In a VPN client's session, `IP` is its address in the Internet, `IPv4 Address` or `Assigned IP` the assigned
  one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lamsach.logs.events.ends import is_internal
from lamsach.logs.formats.firewalls.cisco_asa.ftd import logged_on, user_of
from lamsach.logs.mappings.cisco_ends import ADDRESS, End, end_after, end_at, first_address
from lamsach.logs.text.values import domain_of, ip_of, mac_of, port_of

_EPHEMERAL = 32768
_WELL_KNOWN = 1024
# packet:sourceVlan:inside 192.0.2.5 198.51.100.7 49152 80 TCP
_CONTEXT = re.compile(
    rf"(?a)packet: ?\S{{1,64}} ({ADDRESS}) ({ADDRESS})(?: (\d{{1,5}}) (\d{{1,5}}))?(?! ?\d)"
)
_PAIRS = (
    ("ICMP source ", " destination "), ("src ", " dst "), ("Packet denied tcp ", " "),
    ("Packet denied udp ", " "), ("Packet denied icmp ", " "), ("src ", " dest "), ("src = ", "dest = "),
    ("SRC ", " DEST "), ("src_addr=", "dest_addr="), ("Local:", " Remote:"),
    ("foreign_address ", "local_address "), (" between ", " and "), ("originating interface: ", " to "),
)  # fmt: skip
"""Texts before the first and the second end."""
# Local:2001:db8::1:500 Remote:2001:db8::9:500
_IKE = re.compile(rf"Local: ?({ADDRESS}):(\d{{1,5}}),? Remote: ?({ADDRESS}):(\d{{1,5}})(?!\S)", re.ASCII)
# {tcp} 192.0.2.5:49152 (unknown)->198.51.100.7:80 (viet nam)
_ALERT = re.compile(
    rf"(?a)\{{[\w-]{{1,16}}\}} ({ADDRESS})(?::(\d{{1,5}}))?(?: \([^()]{{0,64}}\))? ?-> ?({ADDRESS})"
    rf"(?::(\d{{1,5}}))?(?![\w.])"
)
# Embryonic limit exceeded 10/10 for 203.0.113.7/5 (198.51.100.9) 10.1.1.80/80 on
_LIMIT = re.compile(r"exceeded \d{1,9}/\d{1,9}( for |\. ?)(?=[\d:])", re.ASCII)
_ROOM_OF_LIMIT = 200
_BEFORE_SOURCE = (
    "from laddr ", "exceeded.", "rom ", "SSL client ", "client ", "with server ", "Connection info: ",
    "low port: ", "different address: ", "Syslog Server ", " flow ", " for ",
)  # fmt: skip


def ends_of(text: str) -> tuple[End, End]:
    """Find the opener and the other end, by the first pattern that fits."""
    if "faddr " in text:
        return _icmp(text)
    for reader in (_connection, _translation, _alert, _paired, _arrow):
        found = reader(text)
        if found:
            return found
    for words, between in (("Shun added: ", ""), ("Shunned packet: ", " = ")):
        if text.startswith(words):
            source, stop = end_at(text, len(words))
            if source is None or not text.startswith(between, stop):
                return source or End(), End()
            return source, end_at(text, stop + len(between))[0] or End()
    if text.startswith("AAA challenge received "):
        return End(), End()  # the challenging server is no client
    context = _CONTEXT.search(text) if "security context" in text[:80] else None
    if context:
        return _end_of(context[1], context[3]), _end_of(context[2], context[4])
    position = text.find("local-host ")
    if position >= 0:
        return end_at(text, position + len("local-host "))[0] or End(), End()
    limit = _LIMIT.search(text, 0, _ROOM_OF_LIMIT) if "exceeded " in text else None
    if limit:
        source, stop = end_at(text, limit.end())
        if source and limit[1] == " for ":  # A/a (translation of B) B/b
            near = end_at(text, stop)[0] or End()
            return End(source.ip, source.port), replace(near, mapped_ip=source.mapped_ip)
        if source:
            return source, end_after(text, " to ", stop - 1)[0] or End()
    for word in _BEFORE_SOURCE:
        source, stop = end_after(text, word)
        if source:
            return source, _first_after(text, ("to PAT address ", " to "), stop)[0] or End()
    return End(), End()


def _translation(text: str) -> tuple[End, End] | None:
    """Read `Built dynamic TCP translation from A to B`, in which B is the translation of A."""
    if " translation " not in text or text.startswith("No "):
        return None
    real, stop = end_after(text, " from ")
    mapped, _ = end_after(text, " to ", stop) if real else (None, -1)
    if real is None or mapped is None:
        return None
    return End(real.ip, real.port, real.name, real.interface, mapped.ip, mapped.port, real.user), mapped


def _alert(text: str) -> tuple[End, End] | None:
    """Find the two ends of an intrusion reported by the management centre."""
    match = _ALERT.search(text, 0, 2000) if "->" in text and "{" in text else None
    if match is None or not ip_of(match[1].rstrip(":")) or not ip_of(match[3].rstrip(":")):
        return None
    return _end_of(match[1], match[2]), _end_of(match[3], match[4])


def _end_of(address: str, port: str | None) -> End:
    return End(ip_of(address.rstrip(":")), port_of(port))


def _arrow(text: str) -> tuple[End, End] | None:
    """Read `inside/A(49152)(user) -> outside/B(80)`, `A ==> B`."""
    arrow = "->" if "->" in text else "==>"
    position = text.find(arrow)
    if position < 0:
        return None
    slash = text.rfind("/", 0, position)
    begin = text.rfind(" ", 0, slash if slash > 0 else position - 1) + 1
    left, _ = end_at(text, begin)
    right, _ = end_at(text, position + len(arrow))
    return (left, right) if left and right else None


def _first_after(text: str, words: tuple[str, ...], start: int) -> tuple[End | None, int]:
    for word in words:
        end, stop = end_after(text, word, start)
        if end is not None:
            return end, stop
    return None, -1


def _paired(text: str) -> tuple[End, End] | None:
    """Read `src A dst B` and the like; a lone source counts only if no pattern finds both ends."""
    ike = _IKE.search(text) if "Local:" in text else None
    if ike and ip_of(ike[1]) and ip_of(ike[3]):  # the last number is the port, of IPv6 too
        return End(ip_of(ike[1]), int(ike[2])), End(ip_of(ike[3]), int(ike[4]))
    alone: tuple[End, End] | None = None
    for before, between in _PAIRS:
        source, stop = end_after(text, before) if before in text else (None, -1)
        if source is None and before == "src " and between in text:
            source, stop = _end_of_words(text, text.find(before) + len(before))
        if source is None:
            continue
        destination, after = end_after(text, between, 0 if before == "src_addr=" else stop)
        if destination is None and after < 0 and text.startswith(between, stop):
            destination, _ = _end_of_words(text, stop + len(between))
        if destination:
            return source, destination
        alone = alone or (source, End())
    return alone


def _end_of_words(text: str, start: int) -> tuple[End | None, int]:
    """Read the end after an interface name with a space: `guest wifi:192.0.2.5/80`."""
    space = text.find(" ", start, start + 64)
    return end_at(text, space + 1) if space > start and ":" not in text[start:space] else (None, -1)


def _icmp(text: str) -> tuple[End, End]:
    far, stop = end_after(text, "faddr ")
    mapped, stop = end_after(text, "gaddr ", max(stop, 0))
    near, _ = end_after(text, "laddr ", max(stop, 0))
    if far is None:
        return End(), near or End()
    near = near or mapped or End()
    if mapped and mapped.ip != near.ip:
        near = End(
            near.ip, near.port, near.name, near.interface, mapped.ip, mapped.port, near.user or mapped.user
        )
    called = bool(near.port) and not far.port if "ICMP" in text else _answers(far.port, near.port)
    inward = " inbound " in text or (" outbound " not in text and not called)
    return (far, near) if inward else (near, far)


def _connection(text: str) -> tuple[End, End] | None:
    """Read `Built outbound TCP connection 7 for A to B`; A is the far end."""
    if " connection " not in text or not text.startswith(("Built ", "Teardown ")):
        return None
    far, stop = end_after(text, " for ")
    near, _ = end_after(text, "to ", stop) if far else (None, -1)
    if far is None or near is None:
        return None
    if " outbound " in text[:60] and is_internal(far.ip or "") and not is_internal(near.ip or ""):
        return far, near  # FWSM writes the opener first
    if " outbound " in text[:60] or (" inbound " not in text[:60] and _answers(far.port, near.port)):
        return near, far
    return far, near


def is_far_first(text: str, source: End, destination: End) -> bool:
    """Return whether a message writes the other end before the opener."""
    if " connection " not in text or not text.startswith(("Built ", "Teardown ")):
        return False
    if "faddr " in text:
        far, _ = end_after(text, "faddr ")
        return far is not None and far.ip == destination.ip != source.ip
    first, _ = end_after(text, " for ")
    return (
        first is not None
        and (first.ip, first.port) == (destination.ip, destination.port)
        and (first.ip, first.port) != (source.ip, source.port)
    )


def _answers(port: int | None, other: int | None) -> bool:
    """Return whether the end with this port is the called one."""
    if port is None or other is None or port == other:
        return False
    return port < other and (port < _WELL_KNOWN or (port < _EPHEMERAL <= other))


# IP <192.0.2.5>   IP = 192.0.2.5,   IP 192.0.2.5 has   Addr 192.0.2.5,   user IP = 192.0.2.5
_CLIENT = re.compile(
    rf"(?a)(?:\b(?:user IP|peer IP|Public IP|IP|Addr|Peer Address|remote_peer_ip is)(?: = | ?= ?|: ?| "
    rf"|, A: )|\bSource: ?|\bIP, ?)<?({ADDRESS})>?"
)
# Group <VPN> User <an> IP <192.0.2.5> AnyConnect session resumed. Connection from 192.0.2.6
_SESSION_CLIENT = re.compile(rf"User <[^<>]{{0,128}}> IP <({ADDRESS})>", re.ASCII)
# [FQDN] c2.bad.example address 192.0.2.5 obsolete   [FQDN] c2.bad.example resolved 192.0.2.5
_RESOLVED = re.compile(rf"\[FQDN\] ([\w.-]{{1,253}}) (?:address|resolved) ({ADDRESS})", re.ASCII)
# IPv4 Address <10.9.8.7>   Address <10.9.8.7> assigned to session   Assigned IP=10.9.8.7
_GIVEN = re.compile(
    rf"(?a)(?:IPv4 Address[ =]|(?<=> )Address (?=<[^<>]{{3,45}}> assigned to session)|Assigned IP="
    rf"|Assigned private IP address |client_dynamic_ip is |Client assigned |IPv6 [aA]ddress[ =]"
    rf"|Add IP-User mapping )<?({ADDRESS})>?"
)
# server = 192.0.2.9
_SERVER = re.compile(rf"\bserver (?:= {{1,2}}|is )?({ADDRESS})", re.ASCII)
# address granted 0011.2233.4455 (10.1.1.5)   address granted 0100.1122.3344.55 (10.1.1.5)
_GRANTED = re.compile(
    rf"(?a)address (granted|released) (?:build_number )?\(?([0-9A-Fa-f.:]{{12,20}})\)? \(({ADDRESS})\)"
)
# (resolved from dynamic list: bad.example)
_BLACKLIST = re.compile(r"resolved from (?:local|dynamic) list: ?([\w.-]{1,253})")
# 192.0.2.5 Accessed URL 198.51.100.7:http://bad.example/a
_ACCESSED = re.compile(
    rf"(?a)(?:([^\s@]{{1,128}})@)?({ADDRESS})(?:/\d{{1,5}})?(?: ?\(([^()]{{1,128}})\))? Accessed (?:JAVA )?"
    rf"URL ({ADDRESS})(?:/\d{{1,5}})?(?:\([^()]{{1,128}}\))?:(\S{{0,2048}})"
)
# URL Server 192.0.2.9 timed out URL http://bad.example/a
_URL_SERVER = re.compile(rf"URL Server ({ADDRESS}) [\w ]{{1,40}}? URL (\S{{1,2048}})", re.ASCII)
# Deny MAC address 0011.2233.4455, possible spoof attempt
# Deny src 0011.2233.4455 dst 0011.2233.4466 by access-group "l2"
_HARDWARE = re.compile(
    r"(?a)(?:Deny MAC address|Deny src|reply to client|^MAC) ([0-9A-Fa-f.:]{12,17})(?=[ ,])"
)
# user-identity: DNS lookup for c2.bad.example failed, reason: Timeout
_LOOKUP = re.compile(r"DNS lookup for ([\w.-]{1,253}) failed")
# Nov 20 2026 09:26:53: Deny tcp   2026-11-20T09:26:53+07:00 fw01 : Built outbound
TIMED_SENTENCE = re.compile(
    r"(?a)(?:[A-Z][a-z]{2} {1,2}\d{1,2}(?: \d{4})?|\d{4}-\d\d-\d\d)[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?"
    r"(?:Z|[+-]\d\d:?\d\d)?(?: [\w.-]{1,128}){0,2}? ?:? (?=Built (?:in|out)bound |Built (?:dynamic"
    r"|static) \w{1,8} translation|Teardown (?:TCP|UDP|ICMP|GRE|dynamic|static|local-host)|Deny (?:tcp|udp"
    r"|icmp|inbound|protocol|TCP|IP) |access-list \S{1,240} (?:denied|permitted|est-allowed) "
    r"|Inbound TCP connection denied |Denied ICMP type|No matching connection for |Duplicate TCP SYN "
    r"|Shunned packet: |(?:TCP|UDP) access (?:denied|permitted) |Login (?:permitted|denied) from "
    r"|Dynamic [Ff]ilter |Group <[^<>]{0,128}> User <|FTP connection from )"
)
"""Time and host before a sentence without its tag; matches up to the sentence."""
_ROUTES = ("Added ", "Deleted ", "Adding ", "Deleting ", "Removing ")
_DENIED_URL = re.compile(r"Access denied URL (\S{1,2048})")
_ARP = re.compile(rf"ARP \w+ collision from ({ADDRESS})/([0-9A-Fa-f.]{{12,14}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class CiscoContact:
    """Content of a message: the opener, the other end, and the address assigned to a session's client."""

    source: End = End()  # noqa: RUF009 - frozen
    destination: End = End()  # noqa: RUF009 - frozen
    user: str | None = None
    given: str | None = None
    url: str | None = None
    domain: str | None = None
    mac: str | None = None
    answer: str | None = None
    """Address that the firewall resolved for `domain`."""
    far_first: bool = False
    """Whether the message writes the other end before the opener."""
    lease: str | None = None
    """`granted` or `released`, of the firewall's own DHCP server."""


def contact_of(text: str) -> CiscoContact:
    """Read the contact in a message without header and number."""
    return _special_sentence(text) or _between_ends(text)


def _special_sentence(text: str) -> CiscoContact | None:
    """Read a message with its own wording: lease, URL, route, the firewall's own question."""
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
    url_request = _URL_SERVER.match(text)
    if url_request:
        return CiscoContact(End(ip_of(url_request[1])), url=url_request[2])
    if text.startswith(_ROUTES) and " route " in text[:60]:  # networks and gateways, no contact
        return CiscoContact()
    lookup = _LOOKUP.search(text, 0, 400) if "DNS lookup for " in text else None
    if lookup:
        return CiscoContact(domain=domain_of(lookup[1]))
    resolved = _RESOLVED.search(text) if "[FQDN]" in text else None
    if resolved:
        return CiscoContact(domain=domain_of(resolved[1]), answer=ip_of(resolved[2]))
    return None


def _between_ends(text: str) -> CiscoContact:
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
    """Complete the ends by a session's client and server, else by the first address."""
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
