"""NAT records in sentences: Ruijie, Hillstone, and NAT444 carrier gateways of Huawei and ZTE.

Source: Ruijie, "NAT log" (`inside A:p, global G:q, outside F:r`); Hillstone, "Log messages" (`NAT:
A:p->F:r(TCP), snat to G:q`); Huawei and ZTE, "NAT444 user log": `UserbasedA` allocates a block of ports,
`UserbasedW` withdraws it. Traps: a `dnat to` hides no source; a sentence that creates states no end.
"""

from __future__ import annotations

import re

from lamsach.devices.nat.clock import Clock
from lamsach.devices.nat.readers.values import pair
from lamsach.devices.nat.records import ANY_PROTOCOL, Kind, NatRecord, protocol_number

MARKERS = ("snat to ", "inside ", "serbased")
_A = r"(\d{1,3}(?:\.\d{1,3}){3})"
# create session, TCP, inside 10.1.2.3:51000, global 198.51.100.2:20000, outside 203.0.113.7:443
# nat create: proto TCP, inside 10.1.2.3:51000, outside local 198.51.100.2:20000, destination 203.0.113.7:443
_RUIJIE = re.compile(
    rf"(?:proto )?(TCP|UDP|ICMP),? inside (?:local )?{_A}:(\d{{1,5}}), (?:inside "
    rf")?(?:global|outside local|outside) {_A}:(\d{{1,5}}), (?:outside|destination) "
    rf"{_A}(?::\d{{1,5}})?",
    re.ASCII | re.IGNORECASE,
)
# NAT: 10.1.2.3:51000->203.0.113.7:443(TCP), snat to 198.51.100.2:20000
_HILLSTONE = re.compile(
    rf"\bNAT: {_A}:(\d{{1,5}})->{_A}:\d{{1,5}}\((\w{{2,8}})\), snat to {_A}:(\d{{1,5}})", re.ASCII
)
# NAT444:UserbasedA [10.1.1.5 - 203.0.113.1 1024 - 1535]   [UserbasedW 2 1777864830 10.1.1.5 - 203.0.113.1 -
# 1024 1535]
_BLOCK = re.compile(
    rf"[Uu]serbased([AW])\b[^0-9]{{0,8}}(?:\d{{1,2}} )?(?:(\d{{9,10}}) )?{_A}[ |-]{{1,3}}{_A}[ "
    rf"|-]{{1,3}}(\d{{1,5}})[ |-]{{1,3}}(\d{{1,5}})(?!\d|\.\d)",
    re.ASCII,
)
_ENDS = re.compile(r"\b(?:delete|destroy|remove|free|expire|release|end)", re.IGNORECASE)
_SECOND_US = 1_000_000


def read(line: str, clock: Clock) -> NatRecord | None:
    """See `Reader`."""
    if block := _BLOCK.search(line):
        time = int(block[2]) * _SECOND_US if block[2] else clock.header(line)
        inside, public = pair(block[3], None), pair(block[4], block[5])
        if time is None or inside is None or public is None or not public[1] <= int(block[6]) <= 65535:
            return None
        ends = block[1] == "W"
        kind, start = (Kind.CLOSE, 0) if ends else (Kind.OPEN, time)
        return NatRecord(kind, *public, int(block[6]), ANY_PROTOCOL, *inside, start, time)
    if sentence := _HILLSTONE.search(line):
        inside, public = pair(sentence[1], sentence[2]), pair(sentence[5], sentence[6])
        protocol, far, kind = protocol_number(sentence[4]), sentence[3], Kind.SEEN
    elif sentence := _RUIJIE.search(line):
        inside, public = pair(sentence[2], sentence[3]), pair(sentence[4], sentence[5])
        protocol, far = protocol_number(sentence[1]), sentence[6]
        kind = Kind.CLOSE if _ENDS.search(line, 0, sentence.start()) else Kind.OPEN
    else:
        return None
    header = clock.header(line)
    if header is None or inside is None or public is None:
        return None
    start = 0 if kind is Kind.CLOSE else header
    return NatRecord(kind, *public, public[1], protocol, *inside, start, header, far)
