"""Linux connection tracking: `conntrack -E -o timestamp`, `conntrack -L`, ulogd's NFCT lines.

Source: conntrack(8), ulogd 2 `output/ulogd_output_LOGEMU.c` and `filter/ulogd_filter_PRINTFLOW.c`. Each line
has the original direction and the reply's; the reply's destination is the translated source of the original.
`[DESTROY]` ends a connection that `[NEW]` began.
"""

from __future__ import annotations

import re

from lamsach.devices.nat.clock import Clock
from lamsach.devices.nat.readers.values import pair
from lamsach.devices.nat.records import Kind, NatRecord, protocol_number

MARKERS = ("src=", "SRC=")
_A = r"([0-9A-Fa-f.:]{2,45})"
# [1781060400.123456]     [NEW] tcp      6 120 SYN_SENT src=10.1.1.5 dst=198.51.100.7 sport=51234 dport=443
# [UNREPLIED] src=198.51.100.7 dst=203.0.113.1 sport=443 dport=4321
_FLOW = re.compile(
    rf"(?:^|\s)(tcp|udp|icmp|icmpv6|sctp|udplite|gre)\s+(?:\d{{1,3}} )?.{{0,80}}?src={_A} "
    rf"dst={_A}(?: sport=(\d{{1,5}}) dport=\d{{1,5}})?.{{0,120}}? src={_A} dst={_A}(?: "
    rf"sport=\d{{1,5}} dport=(\d{{1,5}}))?",
    re.ASCII,
)
# [NEW] ORIG: SRC=10.1.1.5 DST=198.51.100.7 PROTO=TCP SPT=51234 DPT=443 PKTS=0 BYTES=0 , REPLY:
# SRC=198.51.100.7 DST=203.0.113.1 PROTO=TCP SPT=443 DPT=4321
_ULOGD = re.compile(
    rf"ORIG: SRC={_A} DST={_A} PROTO=(\w{{2,8}})(?: SPT=(\d{{1,5}}) "
    rf"DPT=\d{{1,5}})?.{{0,120}}?REPLY: SRC={_A} DST={_A} PROTO=\w{{2,8}}(?: SPT=\d{{1,5}} "
    rf"DPT=(\d{{1,5}}))?",
    re.ASCII,
)
_STAMP = re.compile(r"\[(\d{10})\.(\d{1,6})\s*\]", re.ASCII)


def read(line: str, clock: Clock) -> NatRecord | None:
    """See `Reader`."""
    if (match := _FLOW.search(line)) is not None:
        protocol, inside_ip, far = match.group(1, 2, 3)
    elif (match := _ULOGD.search(line)) is not None:
        inside_ip, far, protocol = match.group(1, 2, 3)
    else:
        return None
    inside, public = pair(inside_ip, match[4]), pair(match[6], match[7])
    if inside is None or public is None or inside[0] == public[0]:
        return None
    stamp = _STAMP.match(line)
    time = int(stamp[1] + stamp[2].ljust(6, "0")) if stamp else clock.header(line)
    kind = Kind.OPEN if "[NEW]" in line else Kind.CLOSE if "[DESTROY]" in line else Kind.SEEN
    if time is None and kind is Kind.SEEN:
        time = clock.modified()
    if time is None:
        return None
    start = 0 if kind is Kind.CLOSE else time
    return NatRecord(kind, *public, public[1], protocol_number(protocol), *inside, start, time, far)
