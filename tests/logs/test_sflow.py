"""sFlow within a capture: sampled packets, complete or by address, as contacts and DNS questions.

The bytes are built according to sflow_version_5.txt.
"""

from __future__ import annotations

import io
import struct
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.base import FileContext
from lamsach.logs.binary.netflow.sflow import Sample, samples
from lamsach.logs.formats.flows.captures import Pcap
from lamsach.model import Event, EventKind

from . import capture_builder as build

SWITCH, COLLECTOR, PC, SERVER = "10.0.0.1", "10.0.0.2", "10.0.0.5", "203.0.113.9"


def packed(address: str) -> bytes:
    return ip_address(address).packed


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def record(kind: int, data: bytes) -> bytes:
    return struct.pack(">II", kind, len(data)) + data


def header(frame: bytes, protocol: int = 1) -> bytes:
    return record(1, struct.pack(">IIII", protocol, len(frame) + 4, 4, len(frame)) + padded(frame))


def addresses(
    source: str, destination: str, protocol: int = 6, ports: tuple[int, int] = (49152, 443)
) -> bytes:
    wide = ":" in source
    data = (
        struct.pack(">II", 100, protocol)
        + packed(source)
        + packed(destination)
        + struct.pack(">IIII", *ports, 0, 0)
    )
    return record(4 if wide else 3, data)


def sample(*records: bytes, expanded: bool = False) -> bytes:
    head = bytes(40 if expanded else 28) + struct.pack(">I", len(records))
    return record(3 if expanded else 1, head + b"".join(records))


def datagram(*parts: bytes, agent: str = SWITCH) -> bytes:
    kind = 1 if "." in agent else 2
    return (
        struct.pack(">II", 5, kind)
        + packed(agent)
        + struct.pack(">IIII", 0, 1, 1000, len(parts))
        + b"".join(parts)
    )


def read(*payloads: bytes, port: int = 6343) -> list[Event]:
    frames = [
        build.ethernet(build.ip(SWITCH, COLLECTOR, 17, build.udp(50000, port, payload)))
        for payload in payloads
    ]
    events = list(Pcap(FileContext("case")).read(io.BytesIO(build.pcap(frames, 1))))
    return [event for event in events if isinstance(event, Event) and event.observer]


def test_a_collector_on_another_port():
    whole = datagram(sample(addresses(PC, SERVER)), sample(addresses(PC, SERVER)))
    assert len(read(whole, port=9999)) == 2
    for other in (whole[:30], whole[:28] + b"\0\0\0\x09" + whole[32:], b"\0\0\0\x05" + bytes(60), whole[:60]):
        assert read(other, port=9999) == []


def test_the_first_bytes_of_a_packet():
    frame = build.ethernet(build.ip(PC, SERVER, 6, build.tcp(49152, 443, 1, 2)))
    [event] = read(datagram(sample(header(frame))))
    assert (event.source_ip, event.source_port, event.destination_ip, event.destination_port) == (
        PC,
        49152,
        SERVER,
        443,
    )
    assert (event.device_ip, event.observer, event.kind) == (PC, SWITCH, EventKind.CONNECTION)


def test_answer_is_reported_from_the_client():
    frame = build.ethernet(build.ip(SERVER, PC, 6, build.tcp(443, 49152, 1, 0x10)))
    [event] = read(datagram(sample(header(frame), expanded=True)))
    assert (event.source_ip, event.destination_ip, event.destination_port) == (PC, SERVER, 443)


def test_question_in_a_sample():
    frame = build.ethernet(
        build.ip(PC, "192.0.2.53", 17, build.udp(50001, 53, build.question("c2.bad.example")))
    )
    [event] = read(datagram(sample(header(frame))))
    assert (event.kind, event.domain, event.device_ip) == (EventKind.DNS, "c2.bad.example", PC)


def test_addresses_alone_and_skipped_records():
    counters = record(2, bytes(40))
    unknown = record(1001, bytes(16))
    events = read(
        datagram(
            counters, sample(unknown, addresses(PC, SERVER)), sample(addresses("2001:db8::5", "2001:db8::9"))
        )
    )
    assert [(event.source_ip, event.destination_ip, event.destination_port) for event in events] == [
        (PC, SERVER, 443),
        ("2001:db8::5", "2001:db8::9", 443),
    ]


def test_a_packet_without_its_link():
    [event] = read(
        datagram(
            sample(header(build.ip(PC, SERVER, 6, build.tcp(49152, 80, 1, 2)), protocol=11)),
            agent="2001:db8::1",
        )
    )
    assert (event.destination_port, event.observer) == (80, "2001:db8::1")


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 200), junk=st.binary(max_size=60))
def test_truncated_or_broken_datagram(cut, junk):
    whole = datagram(
        sample(addresses(PC, SERVER)), sample(header(build.ethernet(build.ip(PC, SERVER, 6, b""))))
    )
    for data in (whole[:cut], whole[:28] + junk):
        if len(data) >= 28:
            assert all(isinstance(item, Sample) for item in samples(data))


def test_datagram_shorter_than_its_frame():
    """The datagram states its length in four bytes; bytes beyond it are not its own."""
    whole = build.udp(50000, 6343, datagram(sample(addresses(PC, SERVER)), agent="2001:db8::1"))
    short = whole[:4] + (8 + 4).to_bytes(2, "big") + whole[6:]
    frame = build.ethernet(build.ip(SWITCH, COLLECTOR, 17, short))
    [event] = Pcap(FileContext("case")).read(io.BytesIO(build.pcap([frame], 1)))
    assert isinstance(event, Event)
    assert (event.source_ip, event.observer) == (SWITCH, None)


def old_flow(packet: bytes, *extensions: bytes) -> bytes:
    return (
        struct.pack(">I", 1) + bytes(28) + packet + struct.pack(">I", len(extensions)) + b"".join(extensions)
    )


def old_datagram(version: int, *parts: bytes) -> bytes:
    return (
        struct.pack(">II", version, 1)
        + packed(SWITCH)
        + struct.pack(">III", 1, 1000, len(parts))
        + b"".join(parts)
    )


def words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


OLD_V4 = words(2, 100, 6) + packed(PC) + packed(SERVER) + words(49152, 443, 2, 0)
OLD_V6 = words(3, 100, 17) + packed("2001:db8::5") + packed("2001:db8::9") + words(5000, 53, 0, 0)
OLD_ICMP = words(2, 100, 1) + packed(PC) + packed(SERVER) + words(8, 0, 0, 0)
COUNTERS = words(2, 1, 1, 30, 2) + bytes(140)
SWITCHED, USERS, URL = (
    words(1, 5, 0, 6, 0),
    words(4, 2) + padded(b"an") + words(0),
    words(5, 1, 3) + padded(b"/a?"),
)
ROUTED = words(2, 1) + packed("10.0.0.3") + words(24, 24)
PATHS = {2: words(3, 1, 2, 3, 2, 64500, 64501), 4: words(3, 1, 2, 3, 1, 2, 2, 64500, 64501, 1, 7, 100)}


@pytest.mark.parametrize("version", [2, 4])
def test_flows_of_older_versions(version: int) -> None:
    frame = build.ethernet(build.ip(PC, SERVER, 6, build.tcp(49153, 80, 7, 2)))
    sampled = words(1, 1, len(frame), len(frame)) + padded(frame)
    found = read(
        old_datagram(
            version,
            COUNTERS,
            old_flow(OLD_V4, SWITCHED, ROUTED, PATHS[version], USERS, URL),
            words(2, 1, 1, 30, 7) + bytes(28),
            old_flow(OLD_V6),
            old_flow(OLD_ICMP),
            old_flow(sampled, SWITCHED),
        )
    )
    assert {(e.source_ip, e.source_port, e.destination_ip, e.destination_port) for e in found} == {
        (PC, 49152, SERVER, 443),
        ("2001:db8::5", 5000, "2001:db8::9", 53),
        (PC, None, SERVER, None),
        (PC, 49153, SERVER, 80),
    }


def test_truncated_or_unknown_parts_of_older_datagrams() -> None:
    whole = old_datagram(4, old_flow(OLD_V4, SWITCHED), old_flow(OLD_V6), COUNTERS)
    for size in range(len(whole)):
        assert len(list(samples(whole[:size].ljust(28, b"\0")))) <= 2
    assert len(list(samples(old_datagram(4, old_flow(OLD_V4, words(99)), old_flow(OLD_V6))))) == 1
    assert list(samples(old_datagram(4, words(7, 0, 0)))) == []
