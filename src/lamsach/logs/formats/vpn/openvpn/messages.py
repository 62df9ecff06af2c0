"""What OpenVPN's messages about a client say: which address of the tunnel it has, and whether it was let in.

Source: see `lamsach.logs.formats.vpn.openvpn.format`.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.logs.events.ends import Way, decide
from lamsach.logs.text.values import ip_of, mac_of, port_of
from lamsach.model import Action, Event, EventKind, LeaseAction

ENDPOINT = r"(?:\[AF_INET6?\])?(?:(?:udp|tcp)[46]?(?:-server)?[:_])?(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:]{2,45}\]|[0-9A-Fa-f:]{2,45}?)(?::(\d{1,5}))?(?![\w.]|:\w)"
NAME = r"[^\s/,|]{1,128}"
# MULTI: Learn: 10.8.0.6 -> alice/203.0.113.5:51234   MULTI: Learn: 00:1a:2b:3c:4d:5e@0 -> ...   MULTI: primary virtual IP for alice/203.0.113.5:51234: 10.8.0.6
_LEARN = re.compile(
    rf"MULTI: Learn: ([0-9A-Fa-f.:]{{2,45}})(?:@\d{{1,5}})?(/\d{{1,3}})? -> (?:({NAME})/)?{ENDPOINT}",
    re.ASCII,
)
_PRIMARY = re.compile(
    rf"MULTI: primary virtual IP(?:v6)? for (?:({NAME})/)?{ENDPOINT}: ([0-9A-Fa-f.:]{{2,45}})", re.ASCII
)
# MULTI_sva: pool returned IPv4=10.8.0.6, IPv6=(Not enabled)
_POOL = re.compile(
    r"MULTI_sva: pool returned IPv4=([0-9.]{7,15}|\(Not enabled\))(?:, IPv6=([0-9A-Fa-f:]{2,45}))?", re.ASCII
)
_PUSHED = re.compile(r"PUSH_REPLY,.{0,4000}?\bifconfig (\d{1,3}(?:\.\d{1,3}){3}) ", re.ASCII)
_GONE = re.compile(r"client-instance (?:exiting|restarting)|SIGTERM\[soft,remote-exit\]", re.ASCII)
# [alice] Peer Connection Initiated with [AF_INET]203.0.113.5:51234
_CONNECTED = re.compile(rf"\[({NAME}|)\] Peer Connection Initiated with {ENDPOINT}", re.ASCII)
_USER = re.compile(
    r"(?:for username|for user|user|username|CN|common name|TLS: Username/Password authentication \w+ for username) ?[:=]? ?['\"]([^'\"]{1,128})['\"]|\bdepth=0,.{0,200}?\bCN=([^,/]{1,128})",
    re.ASCII | re.IGNORECASE,
)
_OUTER = re.compile(rf"(?:from|with|to|address:?|remote) '?{ENDPOINT}'?(?=[\s,'\]]|$)", re.ASCII)
# Bad encapsulated packet length from peer (5635), [AF_INET]203.0.113.5:51234    from [AF_INET6]::ffff:203.0.113.5:51234
_MARKED = re.compile(
    r"\[AF_INET6?\](?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:]{2,45}\])(?::(\d{1,5}))?", re.ASCII
)
_FAILED = re.compile(
    r"TLS Error|AUTH_FAILED|VERIFY ERROR|verification failed|Bad LZO|authentication failed|Authenticate/Decrypt packet error|unwrapping failed|HMAC"
    r"|could not authenticate|cipher final failed|Connection reset|replay|Incoming packet rejected|Bad encapsulated|Auth Error|Fatal TLS",
    re.ASCII | re.IGNORECASE,
)
_SUCCEEDED = re.compile(r"authentication succeeded|authenticated$|- connected$|VERIFY OK: depth=0", re.ASCII)
UNKNOWN_NAMES = frozenset({"UNDEF", "", "AF_INET", "AF_INET6"})


def end_of(ip: str | None, port: str | None) -> tuple[str | None, int | None]:
    """Address and port of the outside; of an IPv6 address without a port the last part looked like one."""
    address = ip_of(ip or "")
    if address is None and ip and port and (whole := ip_of(f"{ip}:{port}")):
        return whole, None
    return address, port_of(port)


def lease(text: str, name: str | None, ip: str | None, port: str | None) -> Event | None:
    """The event of a message about an address of the tunnel."""
    if learn := _LEARN.search(text, 0, 600):
        address = None if learn[2] else learn[1]
        return held(address, learn[3] or name, learn[4], learn[5], None, LeaseAction.ASSIGNED)
    if primary := _PRIMARY.search(text, 0, 600):
        return held(primary[4], primary[1] or name, primary[2], primary[3], None, LeaseAction.ASSIGNED)
    if pool := _POOL.search(text, 0, 600):
        address = pool[2] if pool[1].startswith("(") else pool[1]
        return held(address, name, ip, port, None, LeaseAction.ASSIGNED)
    if pushed := _PUSHED.search(text, 0, 6000):
        return held(pushed[1], name, ip, port, None, LeaseAction.ASSIGNED)
    if _GONE.search(text, 0, 600) and name and ip:
        user = None if name in UNKNOWN_NAMES else name
        address, number = end_of(ip, port)
        return Event(
            kind=EventKind.LEASE,
            source_ip=address,
            source_port=number,
            user=user,
            action=LeaseAction.RELEASED,
        )
    return None


def logon(text: str, name: str | None, ip: str | None, port: str | None) -> Event | None:
    """The event of any other message about a client; None when it names none."""
    connected = _CONNECTED.search(text, 0, 600)
    if connected:
        return logged_on(connected[1] or name or "", connected[2], connected[3], None)
    outer = _OUTER.search(text, 0, 1000)
    outer = outer or _MARKED.search(text, 0, 1000)
    address, number = end_of(ip, port)
    if address is None and outer:
        address, number = end_of(outer[1], outer[2])
    elif number is None and outer:
        number = port_of(outer[2])
    stated = _USER.search(text, 0, 1000)
    user = name or ((stated[1] or stated[2]) if stated else None)
    failed = _FAILED.search(text, 0, 1000) is not None
    succeeded = not failed and _SUCCEEDED.search(text.rstrip(), 0, 1000) is not None
    if address is None and not (user and (failed or succeeded)):
        return None
    return decide(
        Event(
            kind=EventKind.LOGON if failed or succeeded else EventKind.OTHER,
            source_ip=address,
            source_port=number,
            user=None if user in UNKNOWN_NAMES else user,
            action=Action.BLOCKED if failed else Action.ALLOWED if succeeded else Action.UNKNOWN,
        ),
        Way.CALLED,
    )


def logged_on(name: str, ip: str, port: str | None, time: datetime | None) -> Event:
    """The event of a client that has come in from this address and port of the outside."""
    address, number = end_of(ip, port)
    user = None if name in UNKNOWN_NAMES else name
    return decide(
        Event(
            time=time,
            kind=EventKind.LOGON,
            source_ip=address,
            source_port=number,
            user=user,
            action=Action.ALLOWED if user else Action.UNKNOWN,
        ),
        Way.CALLED,
    )


def held(
    tunnel: str | None,
    name: str | None,
    ip: str | None,
    port: str | None,
    time: datetime | None,
    action: LeaseAction,
) -> Event | None:
    """The event of an address of the tunnel, or of a hardware address behind it (`tap`); None for a network."""
    text = (tunnel or "").partition("@")[0].removesuffix("C")
    address, mac = ip_of(text), mac_of(text)
    if address is None and mac is None:
        return None
    outside, number = end_of(ip, port)
    return decide(
        Event(
            time=time,
            kind=EventKind.LEASE if address else EventKind.OTHER,
            source_ip=outside,
            source_port=number,
            device_mac=mac,
            user=None if name in UNKNOWN_NAMES else name,
            action=action if address else Action.UNKNOWN,
        ),
        given=address,
    )
