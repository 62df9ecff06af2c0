"""MikroTik RouterOS: firewall log lines of a translated connection.

Source: https://help.mikrotik.com/docs/spaces/ROS/pages/328151/Log, `/ip firewall nat add ... log=yes`. The
part after `NAT` is `(10.1.1.5:51234->203.0.113.1:4321)->198.51.100.7:443` for a translated source;
`10.1.1.5:51234->(203.0.113.1:443->10.1.1.9:8443)` is a translated destination, which hides no source. A line
proves the translation at that moment; no line states its end.
"""

from __future__ import annotations

import re

from lamsach.devices.nat.clock import Clock
from lamsach.devices.nat.readers.values import pair
from lamsach.devices.nat.records import Kind, NatRecord, protocol_number

MARKERS = ("NAT (", "NAT:(")
_A = r"(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:]{2,45}\])"
_NAT = re.compile(
    rf"\bproto ([A-Z][\w-]{{1,15}}).{{0,200}}? NAT:? ?\({_A}(?::(\d{{1,5}}))?->{_A}(?::(\d{{1,5}}))?\)->{_A}",
    re.ASCII,
)


def read(line: str, clock: Clock) -> NatRecord | None:
    """See `Reader`."""
    match = _NAT.search(line)
    time = clock.header(line) if match else None
    if match is None or time is None:
        return None
    inside, public = pair(match[2], match[3]), pair(match[4], match[5])
    if inside is None or public is None:
        return None
    far = pair(match[6], None)
    return NatRecord(
        Kind.SEEN, *public, public[1], protocol_number(match[1]), *inside, time, time, far[0] if far else ""
    )
