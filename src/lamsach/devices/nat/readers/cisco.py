"""Cisco ASA and FTD (302013 to 302016, 305011, 305012, port blocks 305014, 305015), IOS (`%IPNAT-6`).

Source: Cisco ASA Series Syslog Messages, 302013 to 305015; IOS `ip nat log translations syslog`. `Built
outbound TCP connection 12 for outside:198.51.100.7/443 (198.51.100.7/443) to inside:10.1.1.5/51234
(203.0.113.1/4321)`: the mapped address is in brackets; the far side comes first, for inbound connections too.
The end of a connection states only its number and duration, and repeats no mapping.
"""

from __future__ import annotations

import re

from lamsach.devices.nat.clock import Clock
from lamsach.devices.nat.readers.values import pair
from lamsach.devices.nat.records import ANY_PROTOCOL, Kind, NatRecord, protocol_number

MARKERS = (
    "-305011:",
    "-305012:",
    "-302013:",
    "-302014:",
    "-302015:",
    "-302016:",
    "-305014:",
    "-305015:",
    "%IPNAT-",
    "%NAT-",
)
_A = r"([0-9A-Fa-f.:]{2,45}?)"
# %ASA-6-305011: Built dynamic TCP translation from inside:10.1.1.5/51234(LOCAL\alice) to
# outside:203.0.113.1/4321
_XLATE = re.compile(
    rf"-3050(11|12): (?:Built|Teardown) \w+ (\w+) translation from "
    rf"[^:\s]{{1,64}}:{_A}/(\d{{1,5}})(?:\([^)]{{0,200}}\))? to "
    rf"[^:\s]{{1,64}}(?:\([^)]{{0,80}}\))?:{_A}/(\d{{1,5}})"
    r"(?: duration (\d{1,6}):(\d\d):(\d\d))?",
    re.ASCII,
)
# %ASA-6-302013: Built outbound TCP connection 12 for outside:198.51.100.7/443 (198.51.100.7/443) to
# inside:10.1.1.5/51234 (203.0.113.1/4321)
_BUILT = re.compile(
    rf"-3020(?:13|15): Built (inbound|outbound) (TCP|UDP) connection (\d{{1,20}}) for "
    rf"[^:\s]{{1,64}}:{_A}/(\d{{1,5}}) ?\({_A}/(\d{{1,5}})\)(?:\([^)]{{0,200}}\))?"
    rf" to [^:\s]{{1,64}}:{_A}/(\d{{1,5}}) ?\({_A}/(\d{{1,5}})\)",
    re.ASCII,
)
_TEARDOWN = re.compile(r"-3020(?:14|16): Teardown (?:TCP|UDP) connection (\d{1,20}) ", re.ASCII)
_DURATION = re.compile(r" duration (\d{1,6}):(\d\d):(\d\d)", re.ASCII)
# %ASA-6-305014: Allocated TCP block of ports for translation from inside:10.1.1.5 to
# outside:203.0.113.1/1024-1535
_BLOCK = re.compile(
    rf"-3050(14|15): (?:Allocated|Released) .{{0,40}}?block of .{{0,20}}?ports for translation "
    rf"from '?[^:\s]{{1,64}}:{_A}'? to '?[^:\s]{{1,64}}:{_A}/(\d{{1,5}})-(\d{{1,5}})",
    re.ASCII,
)
# %IPNAT-6-CREATED: tcp 10.1.1.5:51234 203.0.113.1:4321 198.51.100.7:443 198.51.100.7:443
_IOS = re.compile(
    rf"%(?:IP)?NAT-6-(?:\w+-)?(CREATED|DELETED): (\w{{2,5}}) {_A}:(\d{{1,5}}) {_A}:(\d{{1,5}}) "
    rf"{_A}:\d{{1,5}}\b",
    re.ASCII,
)


def read(line: str, clock: Clock) -> NatRecord | None:
    """See `Reader`."""
    if match := _XLATE.search(line):
        inside, public = pair(match[3], match[4]), pair(match[5], match[6])
        return _record(match[1] == "11", public, inside, match[2], "", "", _seconds(match), line, clock)
    if match := _BUILT.search(line):
        far, near = (match[4], match[6]), (match[8], match[9], match[10], match[11])
        return _record(
            True,
            pair(near[2], near[3]),
            pair(near[0], near[1]),
            match[2],
            far[0],
            match[3],
            None,
            line,
            clock,
        )
    if match := _TEARDOWN.search(line):
        return _teardown(line, match, clock)
    if match := _BLOCK.search(line):
        time, first, inside = clock.header(line), pair(match[3], match[4]), pair(match[2], None)
        if time is None or first is None or inside is None:
            return None
        kind = Kind.OPEN if match[1] == "14" else Kind.CLOSE
        return NatRecord(
            kind,
            first[0],
            first[1],
            int(match[5]),
            ANY_PROTOCOL,
            inside[0],
            0,
            time if kind is Kind.OPEN else 0,
            time,
        )
    if match := _IOS.search(line):
        inside, public = pair(match[3], match[4]), pair(match[5], match[6])
        return _record(match[1] == "CREATED", public, inside, match[2], match[7], "", None, line, clock)
    return None


def _teardown(line: str, match: re.Match[str], clock: Clock) -> NatRecord | None:
    time = clock.header(line)
    if time is None:
        return None
    duration = _DURATION.match(line, place) if (place := line.find(" duration ", match.end())) >= 0 else None
    seconds = int(duration[1]) * 3600 + int(duration[2]) * 60 + int(duration[3]) if duration else None
    start = time - seconds * 1_000_000 if seconds is not None else 0
    return NatRecord(Kind.CLOSE, "", 0, 0, ANY_PROTOCOL, "", 0, start, time, "", match[1])


def _seconds(match: re.Match[str]) -> int | None:
    return int(match[7]) * 3600 + int(match[8]) * 60 + int(match[9]) if match[7] else None


def _record(
    begins: bool, public: tuple[str, int] | None, inside: tuple[str, int] | None, protocol: str, far: str,
    session: str, seconds: int | None, line: str, clock: Clock
) -> NatRecord | None:  # fmt: skip
    time = clock.header(line)
    if public is None or inside is None or time is None or public[0] == inside[0]:
        return None
    number = protocol_number(protocol)
    if begins:
        return NatRecord(
            Kind.OPEN, public[0], public[1], public[1], number, inside[0], inside[1], time, time, far, session
        )
    start = time - seconds * 1_000_000 if seconds is not None else 0
    return NatRecord(
        Kind.CLOSE, public[0], public[1], public[1], number, inside[0], inside[1], start, time, far, session
    )
