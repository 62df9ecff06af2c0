"""Juniper SRX sessions (RT_FLOW) and port blocks (SRX RT_SRC_NAT_PBA, MX JSERVICES_NAT and ASP).

Source: Juniper System Log Explorer, RT_FLOW_SESSION_CREATE, RT_FLOW_SESSION_CLOSE, RT_SRC_NAT_PBA_ALLOC,
RT_SRC_NAT_PBA_RELEASE, JSERVICES_NAT_PORT_BLOCK_ALLOC. A session's end states its number and duration in
seconds, as plain text or as `elapsed-time="30"`.
"""

from __future__ import annotations

import re

from lamsach.devices.nat.clock import Clock
from lamsach.devices.nat.readers.values import pair
from lamsach.devices.nat.records import ANY_PROTOCOL, Kind, NatRecord, protocol_number

MARKERS = ("RT_FLOW_SESSION_C", "_NAT_PBA_", "PORT_BLOCK_")
_A = r"([0-9A-Fa-f.:]{2,45}?)"
# session created 10.1.1.5/51234->198.51.100.7/443 0x0 junos-https 203.0.113.1/4321->198.51.100.7/443 0x0
# source rule r1 N/A N/A 6 policy trust untrust 12345 ...
_PLAIN = re.compile(
    rf"session (created|closed)(?: [^:]{{1,60}}:)? {_A}/(\d{{1,5}})->{_A}/\d{{1,5}} "
    rf"(?:0x[0-9a-f]+ )?\S{{1,64}} {_A}/(\d{{1,5}})->[0-9A-Fa-f.:]{{2,45}}/\d{{1,5}}"
    r" (?:0x[0-9a-f]+ )?(?:source rule )?\S{1,64}(?: \S{1,64}){0,6}? (\d{1,3}) \S{1,64} "
    r"\S{1,64} \S{1,64} (\d{1,20})(?: \d{1,20}\(\d{1,20}\) \d{1,20}\(\d{1,20}\) (\d{1,9}))?",
    re.ASCII,
)
_KEYS = re.compile(
    r"\b(source-address|source-port|destination-address|nat-source-address|nat-source-port"
    r'|protocol-id|session-id-32|session-id|elapsed-time)="([^"]*)"'
)
# Subscriber 10.1.1.5 used/maximum [1/8] blocks, allocates port block [1024-2047] from 203.0.113.1 in source
# pool p1
_PBA = re.compile(
    rf"Subscriber {_A} .{{0,60}}?(allocates|releases|interim)\w* port block "
    rf"\[(\d{{1,5}})-(\d{{1,5}})\] from {_A}(?= |$)",
    re.ASCII,
)
# JSERVICES_NAT_PORT_BLOCK_ALLOC: 10.1.1.5 -> 203.0.113.1:1024-1535 0x5a1b2c3d
_MX = re.compile(
    rf"PORT_BLOCK_(ALLOC|RELEASE|ACTIVE): {_A}(?: \S{{1,40}})? -> {_A}:(\d{{1,5}})-(\d{{1,5}})", re.ASCII
)


def read(line: str, clock: Clock) -> NatRecord | None:
    """See `Reader`."""
    if match := _PBA.search(line):
        return _block(match[2] == "releases", match[1], match[5], match[3], match[4], line, clock)
    if match := _MX.search(line):
        return _block(match[1] == "RELEASE", match[2], match[3], match[4], match[5], line, clock)
    if "nat-source-address=" in line:
        values = dict(_KEYS.findall(line))
        created = "SESSION_CREATE" in line
        number = values.get("session-id-32") or values.get("session-id", "")
        return _session(
            created, values.get("source-address", ""), values.get("source-port"),
            values.get("nat-source-address", ""), values.get("nat-source-port"), values.get("protocol-id"),
            values.get("destination-address", ""), number, values.get("elapsed-time"), line, clock,
        )  # fmt: skip
    if match := _PLAIN.search(line):
        begun, inside, port, far, public, public_port, protocol, number, seconds = match.groups()
        ends = (inside, port, public, public_port)
        return _session(begun == "created", *ends, protocol, far, number, seconds, line, clock)
    return None


def _session(
    created: bool, inside: str, inside_port: str | None, public: str, public_port: str | None,
    protocol: str | None, far: str, number: str, seconds: str | None, line: str, clock: Clock
) -> NatRecord | None:  # fmt: skip
    time = clock.header(line)
    inner, outer = pair(inside, _port(inside_port)), pair(public, _port(public_port))
    if time is None or inner is None or outer is None or inner[0] == outer[0]:
        return None
    code = protocol_number(protocol)
    if created:
        return NatRecord(Kind.OPEN, *outer, outer[1], code, *inner, time, time, far, number)
    start = (
        time - int(seconds) * 1_000_000
        if seconds and seconds.isascii() and seconds.isdigit() and len(seconds) < 10
        else 0
    )
    return NatRecord(Kind.CLOSE, *outer, outer[1], code, *inner, start, time, far, number)


def _block(
    released: bool, inside: str, public: str, first: str, last: str, line: str, clock: Clock
) -> NatRecord | None:
    time, inner, outer = clock.header(line), pair(inside, None), pair(public, first)
    if time is None or inner is None or outer is None:
        return None
    kind = Kind.CLOSE if released else Kind.OPEN
    return NatRecord(kind, *outer, int(last), ANY_PROTOCOL, inner[0], 0, 0 if released else time, time)


def _port(text: str | None) -> str | None:
    return text if text and text.isascii() and text.isdigit() and len(text) <= 5 else None
