"""Connection tracking of the Linux kernel: both directions of a connection, and so what its address was turned into.

Source: `conntrack(8)` (`conntrack -E -o timestamp`, `conntrack -L`), ulogd2 `ulogd_output_LOGEMU` with `NFCT` (`ORIG: ... , REPLY: ...`).

Trap: the second direction is the answer's: its destination is what the source was turned into, its source the inner server.
"""

from __future__ import annotations

import re

from lamsach.logs.events.ends import decide
from lamsach.logs.text.times.timestamps import from_epoch
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event, EventKind

# [1780387445.123456]	    [NEW] tcp      6 120 SYN_SENT src=10.0.0.5 dst=203.0.113.9 sport=1000 dport=443 [UNREPLIED] src=203.0.113.9 dst=198.51.100.1 ...
# [NEW] ORIG: SRC=10.0.0.5 DST=203.0.113.9 PROTO=TCP SPT=1000 DPT=443 PKTS=0 BYTES=0 , REPLY: SRC=203.0.113.9 DST=198.51.100.1 PROTO=TCP ...
# tcp      6 431999 ESTABLISHED src=10.0.0.5 dst=203.0.113.9 sport=1000 dport=443 src=203.0.113.9 dst=198.51.100.1 ... [ASSURED] mark=0
# ipv4     2 udp      17 29 src=10.0.0.5 ...      as `conntrack -L` and /proc/net/nf_conntrack list them
_START = re.compile(
    r"(?:\[(\d{10}(?:\.\d{1,6})?)\]\s{0,12})?\[(NEW|UPDATE|DESTROY)\] "
    r"|(?:^|\s)(?:tcp|udp|icmp|icmpv6|sctp|dccp|udplite|gre|unknown) {1,10}\d{1,3} (?:\d{1,10} )?(?:[A-Z_]{2,16} )?(?=src=)",
    re.ASCII,
)
_FIELD = re.compile(r"(?<=[ \t])(src|dst|sport|dport|SRC|DST|SPT|DPT)=([0-9A-Fa-f:.]{1,45})", re.ASCII)
_KEYS = {"SPT": "sport", "DPT": "dport"}
_ROOM = 300
_LONGEST = 2000


def recognises(line: str) -> bool:
    """Return whether the line states both directions of a connection."""
    if line.count(" src=") < 2 and "REPLY: SRC=" not in line:
        return False
    return _START.search(line, 0, _ROOM) is not None


def read(line: str) -> Event | None:
    """The connection, without observer and place; None when the line has no addresses."""
    start = _START.search(line, 0, _ROOM)
    if start is None:
        return None
    ways: list[dict[str, str]] = []
    for key, value in _FIELD.findall(line[start.end() - 1 : start.end() + _LONGEST]):
        name = _KEYS.get(key, key.lower())
        if name == "src":
            ways.append({})
        if ways:
            ways[-1].setdefault(name, value)
    if not ways:
        return None
    there, back = ways[0], ways[1] if len(ways) > 1 else {}
    source, destination = ip_of(there["src"]), ip_of(there.get("dst", ""))
    translated, inner = ip_of(back.get("dst", "")), ip_of(back.get("src", ""))
    if source is None or destination is None:
        return None
    nat = translated if translated != source else None
    return decide(
        Event(
            time=from_epoch(start[1]) if start[1] else None,
            kind=EventKind.CONNECTION,
            source_ip=source,
            source_port=port_of(there.get("sport")),
            destination_ip=destination,
            destination_port=port_of(there.get("dport")),
            source_nat_ip=nat,
            source_nat_port=port_of(back.get("dport")) if nat else None,
            action=Action.ALLOWED,
        ),
        inner=inner,
    )
