"""DrayTek Vigor: connections and DNS questions of local users, firewall decisions, web content filter.

Source: DrayTek, "Syslog Explanation and Examples" and "Vigor User's Guide" (chapter Syslog: User Access,
Firewall, WAN, VPN). Traps:
- Lines are `Local User (MAC=...): a:p -> b:p (TCP)`, `a DNS -> b inquire name`, and newer
  `[FILTER][Block][LAN/RT/VPN->WAN, 4:48:16][@S:R=1:1, a:p->b:p][TCP]...`.
- The hardware address is written with dashes, and belongs to the user on the left.
- A DNS line states no port; the queried server is on the right.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Role, Way, event_between, mac_of_device, own_end, placed
from lamsach.logs.mappings.printed_packets import port_or_service
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import domain_of, host_of_url, ip_of, mac_of, port_of, question_of
from lamsach.model import Action, Event, EventKind

_END = r"([0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[?[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,43}?\]?)(?::(\d{1,5}))?"
# Local User (MAC=02-00-5E-00-53-01): 10.0.0.5:51000 -> 203.0.113.9:443 (TCP)
_LOCAL_USER = re.compile(
    rf"(?as)(?:Local|Remote|VPN) User(?:\s?\((?:MAC=([0-9A-Fa-f:-]{{17}})[^)]{{0,80}}"
    rf"|[^)]{{0,80}})\))?: {_END} (?:(DNS) )?->\s?{_END}(?: inquire (\S{{1,255}}))?(.*)"
)
# [FILTER][Block][LAN/RT/VPN->WAN, 4:48:16][@S:R=1:1, 10.0.0.5:51000->203.0.113.9:443][TCP][HLen=20, TLen=48]
# [CSM] Block URL content filter: 10.0.0.5:51000 -> 203.0.113.9:80 URL=..
_BRACKETS = re.compile(
    r"(?a)\[(FILTER|DoS|DOS|CSM|URL|WCF|UCF|APPE|IM|P2P|URL/WCF|DNSF|WEB|IPS|FW|FIREWALL|Conn_Limit"
    r"|Port_Scan)\](?:\[\w[\w/ -]{0,20}\]|(?<=SM\]|RL\]|CF\]|SF\]|PE\]) ?\[?(?=(?i:block|pass|drop|deny"
    r"|allow)|(?:APPE|URL|WCF|UCF|DNSF)\]))"
)
_WORD = re.compile(
    r"(?ai)(?<![\w/])(?:(block(?:ed)?|drop(?:ped)?|deny|denied|reject(?:ed)?)|pass(?:ed)?|accept(?:ed)?"
    r"|allow(?:ed)?|permit(?:ted)?)(?![\w/])"
)
# [URL] Block 10.0.0.5:51000 -> c2.example/gate.php
_TO_SITE = re.compile(rf"[\[, ]{_END} ?-> ?(?=[A-Za-z0-9-]{{1,63}}\.)", re.ASCII)
# [QNAME=c2.example]   host: c2.example   [c2.example/gate.php]   -> c2.example/gate.php
_NAMED = re.compile(r"\b(?:QNAME|host|domain|query|SNI)[=:] ?([\w.-]{3,253})", re.ASCII | re.IGNORECASE)
_SITE = re.compile(
    r"(?a)(?:^|[\s\[>])((?:[A-Za-z0-9_-]{1,63}\.){1,8}[A-Za-z][A-Za-z0-9-]{1,62}(?::\d{1,5})?"
    r"(?:/[^\s\]]{0,2000})?)(?=[\]\s]|$)"
)
_BRACKET_FLOW = re.compile(rf"[\[, ]{_END} ?-> ?{_END}(?=[\],\s])", re.ASCII)
# [FILTER][Block][WAN->LAN/RT/VPN, 4:48:16][
_FROM_OUTSIDE = re.compile(r"\[(?:WAN\d? ?->|DoS|DOS|Port_Scan)", re.ASCII)
# 295:34:52.730 lan @Group:Rule=0:10 b 203.0.113.7,18775 -> 198.51.100.9,www
_PRINTED = re.compile(
    r"(?a)@\w{1,8}:R(?:ule)?=\d{1,4}:\d{1,4},? ([bBpP]) (\d{1,3}(?:\.\d{1,3}){3})(?:,([\w-]{1,32}))? -> ?"
    r"(\d{1,3}(?:\.\d{1,3}){3})(?:,([\w-]{1,32}))? {1,8}PR \w"
)
_URL = re.compile(r"(?:\burl=|\bURL[=:] ?|https?://)(\S{1,2048}?)(?=[\]\s]|$)", re.IGNORECASE)
_OF_PACKETS = ("filter", "dos")
_ROOM = 500
_ROOM_OF_SITE = 2100


class Draytek(LogFormat):
    """Connections and DNS questions of local users, firewall decisions, content filters (`[CSM]`, URL)."""

    name = "draytek"
    title = "DrayTek Vigor"
    gives = fields_named("contact device_mac domain url action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a local user's connection, a printed decision, or one in brackets with a flow."""
        if " User" in line and "->" in line:
            return _LOCAL_USER.search(line, 0, _ROOM) is not None
        if "->" in line and "[" in line:
            return _decision(line) is not None
        if " PR " in line and " -> " in line:
            return _PRINTED.search(line, 0, _ROOM) is not None
        return False

    def read(self, line: str) -> Event | None:
        """Read one message."""
        header, message = split_header(line, self.context)
        event = required(_event(message), line)
        return placed(event, header.time, header.host or header.app)


def _event(message: str) -> Event | None:
    user = _LOCAL_USER.search(message, 0, _ROOM)
    if user:
        return _local_user(user)
    printed = _PRINTED.search(message, 0, _ROOM)
    if printed:
        return _printed(message, printed)
    decision = _decision(message)
    return _decided(message, *decision) if decision else None


def _local_user(match: re.Match[str]) -> Event | None:
    mac, source_text, source_port, dns, destination_text, destination_port, name, rest = match.groups()
    source, destination = ip_of(source_text), ip_of(destination_text)
    if source is None or destination is None:
        return None
    role = Role.SERVES_THE_UNIT if dns else Role.BETWEEN
    device = own_end(source, destination, role=role)
    url = _URL.search(rest[:2100]) if rest else None
    return event_between(
        (source, port_of(source_port)),
        (destination, port_of(destination_port)),
        kind=EventKind.DNS if dns else EventKind.WEB if url else EventKind.CONNECTION,
        source_mac=mac_of(mac),
        device_mac=mac_of_device(device, source, mac_of(mac)),
        domain=question_of(name) if name else _host(url[1] if url else None),
        url=url[0].partition("=")[2] or url[0] if url else None,
        action=Action.ALLOWED,
        role=role,
    )


def _printed(message: str, match: re.Match[str]) -> Event:
    """Read a decision of a router before the Vigor 2820; a final `IN`: the packet came from outside."""
    source, destination = ip_of(match[2]), ip_of(match[4])
    return event_between(
        (source, port_or_service(match[3] or "")),
        (destination, port_or_service(match[5] or "")),
        action=Action.BLOCKED if match[1] in "bB" else Action.ALLOWED,
        way=Way.INWARD if message.rstrip().endswith(" IN") else Way.UNSTATED,
    )


def _host(url: str | None) -> str | None:
    if url is None:
        return None
    return host_of_url(url) or domain_of(re.split("[/:?]", url, maxsplit=1)[0])


def _decision(text: str) -> tuple[re.Match[str], re.Match[str]] | None:
    start = _BRACKETS.search(text, 0, 200)
    if start is None:
        return None
    flow = _BRACKET_FLOW.search(text, start.end() - 1, _ROOM) or _TO_SITE.search(text, start.end() - 1, _ROOM)
    return (start, flow) if flow else None


def _decided(text: str, start: re.Match[str], flow: re.Match[str]) -> Event | None:
    source = ip_of(flow[1])
    to_site = flow.re is _TO_SITE
    destination = None if to_site else ip_of(flow[3])
    if source is None or (destination is None and not to_site):
        return None
    domain, url = None, None
    if start[1].lower() not in _OF_PACKETS:
        domain, url = _site(text[flow.end() : flow.end() + _ROOM_OF_SITE])
    is_question = "DNSF" in text[start.start() : start.end() + 8] or "QNAME" in text[flow.end() : _ROOM]
    return event_between(
        (source, port_of(flow[2])),
        (destination, None if to_site else port_of(flow[4])),
        kind=EventKind.DNS if is_question and domain else EventKind.WEB if url else EventKind.CONNECTION,
        domain=domain,
        url=url,
        action=_action(text, start.start()),
        way=Way.INWARD
        if _FROM_OUTSIDE.search(text, start.start(), flow.start() + 1) is not None
        else Way.UNSTATED,
    )


def _site(rest: str) -> tuple[str | None, str | None]:
    """Find the domain and the URL after a flow."""
    stated = _URL.search(rest)
    if stated:
        return _host(stated[1]), stated[1]
    named, site = _NAMED.search(rest), _SITE.search(rest)
    url = site[1] if site and "/" in site[1] else None
    return domain_of(named[1]) if named else _host(site[1]) if site else None, url


def _action(text: str, start: int) -> Action:
    word = _WORD.search(text, start, _ROOM)
    if word is None:
        return Action.UNKNOWN
    return Action.BLOCKED if word[1] else Action.ALLOWED
