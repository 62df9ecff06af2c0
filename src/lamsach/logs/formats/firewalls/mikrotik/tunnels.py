"""Users and peers of RouterOS's tunnels: PPP, PPPoE, L2TP, SSTP, IPsec, WireGuard (see `format.py`)."""

from __future__ import annotations

import re

from lamsach.logs.events.ends import Way, event_between
from lamsach.logs.text.values import ip_of, mac_of, port_of, stated
from lamsach.model import Action, Event, EventKind, LeaseAction

_MAC = r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}"
# <203.0.113.7>: user lan authentication failed
_REFUSED = re.compile(r"<([^<>\s]{1,80})>: user (.{1,128}?) authentication failed\b")
# lan logged in, 10.9.0.2 from 203.0.113.5      lan logged in, 10.9.0.2 from 02:00:5e:00:53:01
_SESSION = re.compile(
    rf"(?:<\S{{1,80}}>: )?(\S{{1,128}}) logged in, ([0-9.]{{7,15}})(?: from ({_MAC}|[0-9A-Fa-f:.]{{2,45}})"
    rf")?\s*$"
)
# lan logged out, 3600 1000 2000 10 20 from 02:00:5e:00:53:01
_SESSION_END = re.compile(
    rf"(?:<\S{{1,80}}>: )?(\S{{1,128}}) logged out, [\d ]{{1,120}} from ({_MAC}|[0-9A-Fa-f:.]{{2,45}})\s*$"
)
# respond new phase 1 (Identity Protection): 203.0.113.1[500]<=>198.51.100.7[500]
_IPSEC = re.compile(r"([0-9A-Fa-f:.]{2,45})\[(\d{1,5})\](?:<=>|-)([0-9A-Fa-f:.]{2,45})\[(\d{1,5})\]")
# acquired 10.9.0.2 address for 198.51.100.7[4500], lan
_ACQUIRED = re.compile(
    r"acquired ([0-9A-Fa-f:.]{2,45}) address for ([0-9A-Fa-f:.]{2,45})(?:\[\d{1,5}\])?(?:, (\S{1,128}))?\s*$"
)
# first L2TP UDP packet received from 203.0.113.7      TCP connection established from 203.0.113.7
_RECEIVED = re.compile(
    r"(?:received|established|connection|connect) from ([0-9A-Fa-f:.]{2,45})(?:\[\d{1,5}\])?(?=[\s,]|$)"
)
# 203.0.113.7 failed to pre-process ph1 packet (side: 1, status 1).
_PEER_FAILED = re.compile(
    r"([0-9A-Fa-f:.]{2,45})(?:\[\d{1,5}\])? (?:failed|phase1 negotiation failed|parsing packet failed)\b"
)
# wg1: [peer1] kQ2=: Handshake for peer completed (203.0.113.7:51820)
_TUNNEL_PEER = re.compile(r"\(\[?([0-9A-Fa-f:.]{2,45}?)\]?:(\d{1,5})\)$")


def session_of_tunnel(text: str) -> Event | None:
    """Read a user's session that begins, ends or is refused."""
    return _refused(text) or _session(text) or _acquired(text) or _session_end(text)


def peer_of_tunnel(text: str) -> Event | None:
    """Read the other end of a tunnel, or the caller of a VPN server."""
    peers = _IPSEC.search(text, 0, 600) if "]<=>" in text or "]-" in text else None
    if peers:
        called, caller = (3, 1) if " (I): " in text else (1, 3)  # the router's own address comes first
        source, destination = ip_of(peers[caller]), ip_of(peers[called])
        return event_between(
            (source, port_of(peers[caller + 1])),
            (destination, port_of(peers[called + 1])),
            way=Way.RECEIVED if caller == 3 else Way.UNSTATED,
        )
    known = _RECEIVED.search(text, 0, 600) if " from " in text else _PEER_FAILED.match(text)
    if known:
        source = ip_of(known[1])
        return event_between(
            source,
            kind=EventKind.CONNECTION if source else EventKind.OTHER,
            device_mac=mac_of(known[1]),
            way=Way.CALLED,
        )
    peer = _TUNNEL_PEER.search(text) if "peer" in text and text.endswith(")") else None
    if peer:
        source = ip_of(peer[1])
        return event_between((source, port_of(peer[2])), way=Way.CALLED)
    return None


def _refused(text: str) -> Event | None:
    match = _REFUSED.match(text) if " authentication failed" in text else None
    if match is None:
        return None
    source = ip_of(match[1])
    return event_between(
        source, kind=EventKind.LOGON, user=stated(match[2]), action=Action.BLOCKED, way=Way.CALLED
    )


def _session(text: str) -> Event | None:
    """Read the start of a PPP session, which assigns its user an address."""
    match = _SESSION.match(text) if " logged in, " in text else None
    address = ip_of(match[2]) if match else None
    if match is None or address is None:
        return None
    return event_between(
        ip_of(match[3] or "") or address,
        kind=EventKind.LEASE,
        device_mac=mac_of(match[3]),
        user=stated(match[1]),
        action=LeaseAction.ASSIGNED,
        given=address,
    )


def _acquired(text: str) -> Event | None:
    """Read the address assigned to a client of an IPsec tunnel."""
    match = _ACQUIRED.match(text) if " address for " in text else None
    address = ip_of(match[1]) if match else None
    if match is None or address is None:
        return None
    return event_between(
        ip_of(match[2]) or address,
        kind=EventKind.LEASE,
        user=stated(match[3]),
        action=LeaseAction.ASSIGNED,
        given=address,
    )


def _session_end(text: str) -> Event | None:
    match = _SESSION_END.match(text) if " logged out, " in text else None
    if match is None:
        return None
    source = ip_of(match[2])
    return event_between(
        source, kind=EventKind.LOGON, device_mac=mac_of(match[2]), user=stated(match[1]), way=Way.CALLED
    )
