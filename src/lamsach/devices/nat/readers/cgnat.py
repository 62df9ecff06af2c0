"""Carrier-grade NAT: blocks of ports as F5, A10, Nokia, Huawei and others log them.

Source: F5 "CGNAT Implementations" (LSN_PB_ALLOCATED, LSN_PB_RELEASED, LSN_ADD, LSN_DELETE); A10 "CGN logging"
(`NAT-TCP-N`, port batching); Huawei "NAT444 user log"; RFC 6888 section 4, which requires these records.
Blocks are stated as `first - last`, or as a first port and a size.
"""

from __future__ import annotations

import re

from lamsach.devices.nat.clock import Clock
from lamsach.devices.nat.readers.values import pair
from lamsach.devices.nat.records import ANY_PROTOCOL, Kind, NatRecord, protocol_number

MARKERS = ("LSN_", "NAT-TCP-", "NAT-UDP-", "NAT444", "PublicIP", "publicIp", "NatIP", "nat_ip")
_A = r"(\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{2,45}?)"
# "LSN_PB_ALLOCATED","10.1.1.5%0","203.0.113.1%0: 1024 - 2047"     LSN_PB_RELEASED ...
_F5_BLOCK = re.compile(
    rf'"?LSN_PB_(ALLOCATED|RELEASED)"?[ ,]+"?{_A}(?:%\d{{1,5}})?"?[ ,]+"?{_A}(?:%\d{{1,5}})?: '
    rf"?(\d{{1,5}}) ?- ?(\d{{1,5}})",
    re.ASCII,
)
# "LSN_ADD","10.1.1.5%0:51234","TCP","203.0.113.1%0:4321","198.51.100.7:443"
_F5_ONE = re.compile(
    rf'"?LSN_(ADD|DELETE)"?[ ,]+"?{_A}(?:%\d{{1,5}})?:(\d{{1,5}})"?[ ,]+"?(\w{{2,6}})"?[ '
    rf',]+"?{_A}(?:%\d{{1,5}})?:(\d{{1,5}})',
    re.ASCII,
)
# NAT-TCP-N: 10.1.1.5:51234 -> 203.0.113.1:4321     NAT-TCP-F (freed)     NAT-TCP-B: 10.1.1.5 ->
# 203.0.113.1:1024-1535
_A10 = re.compile(
    rf"NAT-(TCP|UDP|ICMP)-([NCBFD])[^:]{{0,8}}: ?{_A}(?::(\d{{1,5}}))? ?(?:->|<-->|,) "
    rf"?{_A}:(\d{{1,5}})(?:-(\d{{1,5}}))?",
    re.ASCII,
)
_KEYS = re.compile(
    r"\b(PublicIP|publicIp|NatIP|nat_ip|PrivateIP|privateIp|UserIP|SrcIP|src_ip|StartPort"
    r"|startPort|EndPort|endPort|port_start|port_end|PortStart|PortEnd)\s*[=:]"
    r'\s*"?([0-9A-Fa-f.:]{1,45})'
)
_ENDS = re.compile(r"release|delete|withdraw|free|expire|del\b", re.IGNORECASE)


def read(line: str, clock: Clock) -> NatRecord | None:
    """See `Reader`."""
    time = clock.header(line)
    if time is None:
        return None
    if match := _F5_BLOCK.search(line):
        return _record(
            match[1] == "RELEASED", (match[3], match[4], match[5]), (match[2], None), ANY_PROTOCOL, time
        )
    if match := _F5_ONE.search(line):
        return _record(
            match[1] == "DELETE",
            (match[5], match[6], match[6]),
            (match[2], match[3]),
            protocol_number(match[4]),
            time,
        )
    if match := _A10.search(line):
        last = match[7] or match[6]
        return _record(
            match[2] in "FD",
            (match[5], match[6], last),
            (match[3], match[4]),
            ANY_PROTOCOL if match[7] else protocol_number(match[1]),
            time,
        )
    values = {key.lower().replace("_", ""): value for key, value in _KEYS.findall(line)}
    public = values.get("publicip") or values.get("natip")
    inside = values.get("privateip") or values.get("userip") or values.get("srcip")
    first, last = (
        values.get("startport") or values.get("portstart"),
        values.get("endport") or values.get("portend"),
    )
    if not (public and inside and first and last and first.isdigit() and last.isdigit()):
        return None
    return _record(_ENDS.search(line) is not None, (public, first, last), (inside, None), ANY_PROTOCOL, time)


def _record(
    ends: bool, public: tuple[str, str, str], inside: tuple[str, str | None], protocol: int, time: int
) -> NatRecord | None:
    outer, inner = pair(public[0], public[1]), pair(*inside)
    if outer is None or inner is None or len(public[2]) > 5:
        return None
    kind = Kind.CLOSE if ends else Kind.OPEN
    return NatRecord(kind, *outer, int(public[2]), protocol, *inner, 0 if ends else time, time)
