"""RouterOS's firewall messages with their translation. Source and traps: `lamsach.logs.formats.firewalls.mikrotik.format`."""

from __future__ import annotations

import re

from lamsach.logs.events.ends import Way, decide, mac_of_device, own_end
from lamsach.logs.text.values import ip_of, mac_of, port_of
from lamsach.model import Action, Event, EventKind

# BAN INPUT 80 input: in:ether1 out:(unknown 0), connection-state:new src-mac 02:..., proto TCP (SYN), 192.0.2.1:5->192.0.2.2:80, len 40
FIREWALL = re.compile(r"\bin:(?:\([\w ]{1,20}\)|[^\s,]{1,60}) out:(?:\([\w ]{1,20}\)|[^\s,]{1,60})[,\s]")
"""Where a firewall message tells its interfaces."""
_MAC = r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}"
_SOURCE_MAC = re.compile(rf"src-mac ({_MAC})")
_END = r"(\[[0-9A-Fa-f:.]{2,45}\]|[0-9.]{7,15}|[0-9A-Fa-f:]{2,45}?)(?::(\d{1,5}))?"
# , 192.0.2.1:5->192.0.2.2:80,    [2001:db8::1]:5->[2001:db8::2]:80,   192.0.2.1->192.0.2.2,
_FLOW = re.compile(rf"[,\s]{_END}->{_END}(?=[,\s]|$)")
# NAT (10.0.0.5:1000->203.0.113.1:1000)->198.51.100.7:53     NAT (10.0.0.5:1000->203.0.113.1:1000)->(198.51.100.7:53->10.0.0.9:53)
_SOURCE_NAT = re.compile(rf"[,\s]\({_END}->{_END}\)->\(?{_END}(?=[,\s]|$|->)")
# NAT 198.51.100.7:5->(203.0.113.1:80->10.0.0.9:80)     198.51.100.7:5->(203.0.113.1:80->10.0.0.9:80)
_DESTINATION_NAT = re.compile(rf"(?:[,\s]{_END}|\))->\({_END}->{_END}\)")
_BLOCKING = re.compile(
    r"(?<![a-z])(?:drop|dropped|block|blocked|deny|denied|reject|rejected|ban|banned|invalid|blacklist)(?![a-z])",
    re.I,
)
_ALLOWING = re.compile(r"(?<![a-z])(?:accept|accepted|allow|allowed|permit|pass)(?![a-z])", re.I)


def firewall_event(text: str) -> Event | None:
    """A packet with its interfaces and ends; None for any other message."""
    place = FIREWALL.search(text, 0, 600) if " out:" in text else None
    ends = _ends(text, place.end() - 1) if place else None
    if place is None or ends is None:
        return None
    (source, source_port), (destination, destination_port), (nat, nat_port), inner = ends
    received = "out:(" in place[0] and "in:(" not in place[0]  # by the router itself
    way = Way.RECEIVED if received else Way.UNSTATED
    device = own_end(source, inner or destination, way)
    mac = _SOURCE_MAC.search(text, place.end())
    return decide(
        Event(
            kind=EventKind.CONNECTION,
            source_ip=source,
            source_port=source_port,
            destination_ip=destination,
            destination_port=destination_port,
            source_nat_ip=nat,
            source_nat_port=nat_port,
            source_mac=mac_of(mac[1]) if mac else None,
            device_mac=mac_of_device(device, source, mac_of(mac[1]) if mac else None),
            action=decision_of(text[: place.start()]),
        ),
        way,
        inner=inner,
    )


_Address = tuple[str | None, int | None]


def _ends(text: str, start: int) -> tuple[_Address, _Address, _Address, str | None] | None:
    """Source, destination, what the source became, and the inner server of a published address."""
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
    """The address in a group and the port in the next; one of IPv6 without brackets has no port."""
    if match is None or match[group] is None:
        return None, None
    if ":" in match[group] and not match[group].startswith("["):
        return ip_of(f"{match[group]}:{match[group + 1]}" if match[group + 1] else match[group]), None
    address = ip_of(match[group])
    return address, port_of(match[group + 1]) if address else None


def decision_of(before: str) -> Action:
    """Return what the text before the interfaces, the administrator's and the chain's name, says happened to the packet."""
    prefix = before.rpartition(" ")[0].replace("_", " ").replace("-", " ")
    if _BLOCKING.search(prefix):
        return Action.BLOCKED
    return Action.ALLOWED if _ALLOWING.search(prefix) else Action.UNKNOWN
