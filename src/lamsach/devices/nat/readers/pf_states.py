"""pfSense, OPNsense and OpenBSD: the state table, `pfctl -ss`.

Source: pfctl(8), `sbin/pfctl/pf_print_state.c`. `all tcp 203.0.113.1:4321 (10.1.1.5:51234) ->
198.51.100.7:443  ESTABLISHED:ESTABLISHED`: the address in brackets is the inside one. A table has no time: it
dates from the file's own time, unless a syslog header states another.
"""

from __future__ import annotations

import re

from lamsach.devices.nat.clock import Clock
from lamsach.devices.nat.readers.values import pair
from lamsach.devices.nat.records import Kind, NatRecord, protocol_number

MARKERS = (") -> ",)
_A = r"(\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{2,45})"
_PORT = r"(?::(\d{1,5})|\[(\d{1,5})\])?"
_STATE = re.compile(
    rf"(?:^|\s)\w{{2,16}} (tcp|udp|icmp|ipv6-icmp|gre|esp|sctp) {_A}{_PORT} \({_A}{_PORT}\) -> {_A}{_PORT}",
    re.ASCII,
)


def read(line: str, clock: Clock) -> NatRecord | None:
    """See `Reader`."""
    match = _STATE.search(line)
    time = (clock.header(line) or clock.modified()) if match else None
    if match is None or time is None:
        return None
    public, inside, far = (
        pair(match[2], match[3] or match[4]),
        pair(match[5], match[6] or match[7]),
        pair(match[8], None),
    )
    if public is None or inside is None or public[0] == inside[0]:
        return None
    return NatRecord(
        Kind.SEEN, *public, public[1], protocol_number(match[1]), *inside, time, time, far[0] if far else ""
    )
