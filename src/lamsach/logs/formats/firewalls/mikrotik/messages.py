"""Messages of RouterOS without their header; source and traps are in `format.py`."""

from __future__ import annotations

import re
from collections.abc import Callable

from lamsach.logs.events.ends import Role, Way, decide, event_between, mac_of_device, own_end
from lamsach.logs.formats.firewalls.mikrotik.tunnels import peer_of_tunnel, session_of_tunnel
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.text.values import host_and_port, host_of_url, ip_of, mac_of, port_of, question_of, stated
from lamsach.model import Action, Event, EventKind, LeaseAction

# BAN INPUT 80 input: in:ether1 out:(unknown 0), connection-state:new src-mac 02:..., proto TCP (SYN) ..
FIREWALL = re.compile(r"\bin:(?:\([\w ]{1,20}\)|[^\s,]{1,60}) out:(?:\([\w ]{1,20}\)|[^\s,]{1,60})[,\s]")
"""Interfaces of a firewall message."""
_MAC = r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}"
_SOURCE_MAC = re.compile(rf"src-mac ({_MAC})")
_END = r"(\[[0-9A-Fa-f:.]{2,45}\]|[0-9.]{7,15}|[0-9A-Fa-f:]{2,45}?)(?::(\d{1,5}))?"
# , 192.0.2.1:5->192.0.2.2:80,    [2001:db8::1]:5->[2001:db8::2]:80,   192.0.2.1->192.0.2.2,
_FLOW = re.compile(rf"[,\s]{_END}->{_END}(?=[,\s]|$)")
# NAT (10.0.0.5:1000->203.0.113.1:1000)->198.51.100.7:53
_SOURCE_NAT = re.compile(rf"[,\s]\({_END}->{_END}\)->\(?{_END}(?=[,\s]|$|->)")
# NAT 198.51.100.7:5->(203.0.113.1:80->10.0.0.9:80)     198.51.100.7:5->(203.0.113.1:80->10.0.0.9:80)
_DESTINATION_NAT = re.compile(rf"(?:[,\s]{_END}|\))->\({_END}->{_END}\)")
_BLOCKING = re.compile(
    r"(?i)(?<![a-z])(?:drop|dropped|block|blocked|deny|denied|reject|rejected|ban|banned|invalid"
    r"|blacklist)(?![a-z])"
)
_ALLOWING = re.compile(r"(?<![a-z])(?:accept|accepted|allow|allowed|permit|pass)(?![a-z])", re.I)


def firewall_event(text: str) -> Event | None:
    """Read a packet with its interfaces and ends; None for any other message."""
    interfaces = FIREWALL.search(text, 0, 600) if " out:" in text else None
    ends = _ends(text, interfaces.end() - 1) if interfaces else None
    if interfaces is None or ends is None:
        return None
    (source, source_port), (destination, destination_port), (nat, nat_port), inner = ends
    received = "out:(" in interfaces[0] and "in:(" not in interfaces[0]  # by the router itself
    way = Way.RECEIVED if received else Way.UNSTATED
    device = own_end(source, inner or destination, way)
    mac = _SOURCE_MAC.search(text, interfaces.end())
    return event_between(
        (source, source_port),
        (destination, destination_port),
        source_nat_ip=nat,
        source_nat_port=nat_port,
        source_mac=mac_of(mac[1]) if mac else None,
        device_mac=mac_of_device(device, source, mac_of(mac[1]) if mac else None),
        action=decision_of(text[: interfaces.start()]),
        way=way,
        inner=inner,
    )


_Address = tuple[str | None, int | None]


def _ends(text: str, start: int) -> tuple[_Address, _Address, _Address, str | None] | None:
    """Find source, destination, the source's translation, and a published address's inner server."""
    flow = _FLOW.search(text, start)
    own = _SOURCE_NAT.search(text, start)
    published = _DESTINATION_NAT.search(text, start)
    source, destination = _pair(flow, 1), _pair(flow, 3)
    if flow is None and own:
        source, destination = _pair(own, 1), _pair(own, 5)
    elif flow is None and published:
        source, destination = _pair(published, 1), _pair(published, 3)
    if source[0] is None or destination[0] is None:
        return None
    return source, destination, _pair(own, 3), _pair(published, 5)[0]


def _pair(match: re.Match[str] | None, group: int) -> _Address:
    """Read the address in a group and the port in the next; IPv6 without brackets has no port."""
    if match is None or match[group] is None:
        return None, None
    if ":" in match[group] and not match[group].startswith("["):
        return ip_of(f"{match[group]}:{match[group + 1]}" if match[group + 1] else match[group]), None
    address = ip_of(match[group])
    return address, port_of(match[group + 1]) if address else None


def decision_of(before: str) -> Action:
    """Outcome by the text before the interfaces: the administrator's prefix and the chain's name."""
    prefix = before.rpartition(" ")[0].replace("_", " ").replace("-", " ")
    return verdict(_BLOCKING.search(prefix), _ALLOWING.search(prefix))


# dhcp1 assigned 10.0.0.9 to 02:...   dhcp1 deassigned 10.0.0.9 from 02:...
_LEASE = re.compile(
    rf"\S.{{0,60}}? (assigned|deassigned) ([0-9.]{{7,15}}) (?:to|from|for) ({_MAC}|\S{{1,60}})(?: "
    rf"(\S.{{0,80}}))?$"
)
# dhcp1 offering lease 10.0.0.9 for 02:00:5e:00:53:01 without success
_OFFER = re.compile(rf"\S.{{0,60}}? offering lease [0-9.]{{7,15}} for ({_MAC}) without success")
# query from 10.0.0.9: #5487 www.example. A      local query: #9 host.example. A
_QUESTION = re.compile(
    r"(?:dns )?(?:query from ([0-9A-Fa-f:.]{2,45}?)(?:#\d{1,5})?|local query|query): (?:#(\d{1,10}) )?"
    r"(\S{1,255})(?: ([A-Z]{1,10}|UNKNOWN \(\d+\)))?\s*$"
)
# done query: #5487 www.example 198.51.100.7      done query: #5 dns name does not exist
_ANSWER = re.compile(r"(?:dns )?done query: #(\d{1,10}) (\S{1,255})(?: (\S{1,255}))?\s*$")
_NO_ANSWER = re.compile(r"(?:dns )?done query: #(\d{1,10}) dns ")
# question: www.example:A:IN      <www.example:A:60=198.51.100.7>      --- got query from 10.0.0.9:53543:
_PACKET_QUESTION = re.compile(r"question: (\S{1,255}?):[A-Z0-9]{1,10}:[A-Z]{2}")
_PACKET_ANSWER = re.compile(r"<(\S{1,255}?):[A-Z0-9]{1,10}:\d{1,10}=(\S{1,255}?)>")
_PACKET_PEER = re.compile(
    r"--- (got|sending) (?:udp|tcp)? ?(query|reply|answer) (?:from|to) ([0-9A-Fa-f:.\[\]]{2,45}):(\d{1,5})"
)
# user lan logged in from 10.0.0.9 via winbox      login failure for user lan from 203.0.113.7 via ssh
_LOGIN = re.compile(
    r"(?:user (?P<user>.{1,128}) logged (?P<way>in|out)|login failure for user (?P<refused>.{0,128})) from "
    r"(?P<address>[0-9A-Fa-f:.%\w]{2,60}) via \S{1,20}"
)
# filter rule changed by winbox-3.41/tcp-msg(winbox):lan@10.0.0.9 (/ip firewall filter set 3 disabled=no)
_CHANGED = re.compile(r" by [^\s()]{1,60}\([\w-]{1,20}\):([^\s@]{1,128})@([0-9A-Fa-f:.]{2,45})(?=[\s/]|$)")
# lan (10.5.50.2): logged in      ->: lan (10.5.50.2): login failed: invalid password
_HOTSPOT = re.compile(
    r"(?:->: )?(.{1,128}?) \(([0-9A-Fa-f.:]{2,45})\): (logged in|logged out|login failed|trying to log in)"
)
# 10.0.0.9 GET http://www.example/ action=allow cache=MISS
_PROXY = re.compile(r"([0-9A-Fa-f:.]{2,45}) ([A-Z]{3,10}) (\S{1,4096})(?: .{0,40})? action=(\w{1,20})")
# 02:00:5e:00:53:01@wlan1: connected
_STATION = re.compile(rf"({_MAC})@\S{{1,40}}(?:\(.{{0,40}}?\))?:? (?:dis)?connected")


def event_of(text: str) -> Event:
    """Read a message, without time, observer and line number."""
    for reader in _READERS:
        event = reader(text)
        if event is not None:
            return event
    return Event()


def is_dns(text: str) -> bool:
    """Return whether the DNS server wrote the message (its topic alone is a common word)."""
    return any(pattern.match(text) for pattern in (_QUESTION, _ANSWER, _NO_ANSWER, _PROXY))


def question_number(text: str) -> str | None:
    """The `#id` that joins a DNS question and its answer."""
    if "query" not in text[:40]:
        return None
    question = _QUESTION.match(text)
    if question:
        return question[2]
    answer = _ANSWER.match(text)
    return answer[1] if answer else None


def _lease(text: str) -> Event | None:
    match = _LEASE.match(text) if "assigned " in text else None
    address = ip_of(match[2]) if match else None
    if match is None or address is None:
        return None
    return event_between(
        address,
        kind=EventKind.LEASE,
        device_mac=mac_of(match[3]),
        device_name=stated((match[4] or "").strip("()")),
        action=LeaseAction.ASSIGNED if match[1] == "assigned" else LeaseAction.RELEASED,
        role=Role.HOLDER,
    )


def _offer(text: str) -> Event | None:
    """Read an unaccepted offer: it proves the machine, not a holder of the address."""
    match = _OFFER.match(text) if " without success" in text else None
    return Event(device_mac=mac_of(match[1])) if match else None


def _dns(text: str) -> Event | None:
    question = _QUESTION.match(text)
    if question:
        client = ip_of(question[1] or "")
        name = question_of(question[3])
        return decide(Event(kind=EventKind.DNS, source_ip=client, domain=name), role=Role.SERVES_THE_UNIT)
    if _NO_ANSWER.match(text):
        return Event(kind=EventKind.DNS, response=True)
    answer = _ANSWER.match(text)
    if answer:
        return Event(
            kind=EventKind.DNS, domain=question_of(answer[2]), answers=_answers(answer[3]), response=True
        )
    return _dns_packet(text)


def _answers(text: str | None) -> tuple[str, ...]:
    value = (ip_of(text) or question_of(text)) if text else None
    return (value,) if value else ()


def _dns_packet(text: str) -> Event | None:
    """Read one of several lines about a packet, of topic `dns,packet`; each has its own fields."""
    question = _PACKET_QUESTION.match(text)
    if question:
        return Event(kind=EventKind.DNS, domain=question_of(question[1]))
    answer = _PACKET_ANSWER.match(text)
    if answer:
        return Event(
            kind=EventKind.DNS, domain=question_of(answer[1]), answers=_answers(answer[2]), response=True
        )
    peer = _PACKET_PEER.match(text)
    address = ip_of(peer[3]) if peer else None
    if peer is None or address is None:
        return None
    if peer[1] == "got" and peer[2] == "query":
        return event_between((address, port_of(peer[4])), kind=EventKind.DNS, role=Role.SERVES_THE_UNIT)
    return Event(
        kind=EventKind.DNS,
        destination_ip=address,
        destination_port=port_of(peer[4]),
        forwarded=peer[1] == "sending" and peer[2] == "query",
        response=peer[2] != "query",
    )


def _login(text: str) -> Event | None:
    match = _LOGIN.match(text)
    if match is None:
        return _configuration_change(text)
    source = ip_of(match["address"])
    actions = {"in": Action.ALLOWED, None: Action.BLOCKED}
    return event_between(
        source,
        kind=EventKind.LOGON,
        device_mac=mac_of(match["address"]),
        user=stated(match["user"] or match["refused"]),
        action=actions.get(match["way"], Action.UNKNOWN),
        way=Way.CALLED,
    )


def _configuration_change(text: str) -> Event | None:
    """Read a change of the configuration: user and address."""
    match = _CHANGED.search(text, 0, 400) if " by " in text else None
    source = ip_of(match[2]) if match else None
    if match is None or source is None:
        return None
    return decide(Event(source_ip=source, user=stated(match[1])), Way.CALLED)


def _hotspot(text: str) -> Event | None:
    match = _HOTSPOT.match(text)
    address = ip_of(match[2]) if match else None
    if match is None or address is None:
        return None
    actions = {"logged in": Action.ALLOWED, "login failed": Action.BLOCKED}
    mac = mac_of(match[1])
    return event_between(
        address,
        kind=EventKind.LOGON,
        device_mac=mac,
        user=None if mac else stated(match[1]),
        action=actions.get(match[3], Action.UNKNOWN),
        role=Role.SERVES_THE_UNIT,
    )


def _proxy(text: str) -> Event | None:
    match = _PROXY.match(text) if " action=" in text else None
    client = ip_of(match[1]) if match else None
    if match is None or client is None:
        return None
    url = match[3]
    host, port = host_and_port(url) if match[2] == "CONNECT" else (host_of_url(url), None)
    return event_between(
        client,
        (None, port),
        kind=EventKind.WEB,
        domain=host,
        url=url,
        action=verdict(match[4] == "deny", match[4] == "allow"),
        role=Role.SERVES_THE_UNIT,
    )


def _station(text: str) -> Event | None:
    """Read the hardware address of a wireless station."""
    station = _STATION.match(text)
    return Event(device_mac=mac_of(station[1])) if station else None


_READERS: tuple[Callable[[str], Event | None], ...] = (
    firewall_event, _lease, _offer, _dns, _login, session_of_tunnel, _hotspot, _proxy, peer_of_tunnel,
    _station
)  # fmt: skip
