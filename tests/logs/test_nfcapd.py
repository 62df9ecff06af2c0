"""nfdump's own files, in both layouts, plain and compressed.

The bytes are built according to nfdump's `nffile.h` and `nfxV3.h`.
"""

from __future__ import annotations

import bz2
import io
import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import InputError, LineError
from lamsach.logs.base import FileContext
from lamsach.logs.binary.netflow import blocks
from lamsach.logs.formats import binary_format_of
from lamsach.logs.formats.flows.netflow import NfCapd
from lamsach.model import Action, Event, Refusal

MILLISECONDS = 1_780_389_934_123
TIME = datetime(2026, 6, 2, 8, 45, 34, 123000, tzinfo=UTC)


def number(address: str) -> bytes:
    """Encode an address as nfdump does: as numbers in the writing machine's byte order."""
    packed = ip_address(address).packed
    if len(packed) == 4:
        return packed[::-1]
    return packed[:8][::-1] + packed[8:][::-1]


def element(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data) + 4) + data


def record(
    source: str,
    destination: str,
    ports: tuple[int, int] = (49152, 443),
    protocol: int = 6,
    more: Iterable[bytes] = (),
    forwarding: int = 0,
) -> bytes:
    flow = element(
        1,
        struct.pack(
            "<QQQQQHHBBBB", MILLISECONDS, MILLISECONDS + 5, 0, 6, 460, *ports, protocol, 0x1B, forwarding, 0
        ),
    )
    ends = element(3 if ":" in source else 2, number(source) + number(destination))
    parts = [flow, ends, *more]
    body = b"".join(parts)
    return struct.pack("<HHHBBHBB", 11, 12 + len(body), len(parts), 0, 0, 0, 0, 0x41) + body


def old_record(source: str, destination: str, kind: int = 10) -> bytes:
    wide = 1 if ":" in source else 0
    fields = struct.pack(
        "<HHIIBBBBHH", 123, 200, MILLISECONDS // 1000, MILLISECONDS // 1000, 0, 0x1B, 6, 0, 49152, 443
    )
    body = fields + (b"\0\0\0\0" if kind == 10 else b"") + number(source) + number(destination) + bytes(8)
    return struct.pack("<HHHH", kind, 8 + len(body), wide, 0) + body


def block(data: bytes, kind: int = 3) -> bytes:
    return struct.pack("<IIHH", 1, len(data), kind, 0) + data


def file_2(blocks_: bytes, method: int = 0, encrypted: int = 0) -> bytes:
    head = struct.pack(
        "<HHIQBBHIQII", 0xA50C, 2, 0xF1070400, 0, method, encrypted, 1, 0, 40 + len(blocks_), 2 << 20, 1
    )
    return head + blocks_ + block(b"appendix that is no flow", 3)


def file_1(blocks_: bytes, flags: int = 0) -> bytes:
    return struct.pack("<HHII128s", 0xA50C, 1, flags, 1, b"none") + bytes(136) + blocks_


def read(data: bytes) -> list[Event | Refusal]:
    assert binary_format_of(data[:4096]) is NfCapd
    return list(NfCapd(FileContext("nfcapd.202606020845")).read(io.BytesIO(data)))


def test_a_flow_of_each_layout():
    for data in (
        file_2(block(record("10.1.1.5", "203.0.113.9"))),
        file_1(block(old_record("10.1.1.5", "203.0.113.9"), 2)),
        file_1(block(old_record("10.1.1.5", "203.0.113.9", kind=1), 2)),
    ):
        [event] = read(data)
        assert (event.time, event.source_ip, event.source_port) == (TIME, "10.1.1.5", 49152)
        assert (event.destination_ip, event.destination_port, event.device_ip) == (
            "203.0.113.9",
            443,
            "10.1.1.5",
        )


def test_ipv6_in_both_layouts():
    for data in (
        file_2(block(record("2001:db8::5", "2001:db8::9"))),
        file_1(block(old_record("2001:db8::5", "2001:db8::9"), 2)),
    ):
        [event] = read(data)
        assert (event.source_ip, event.destination_ip) == ("2001:db8::5", "2001:db8::9")


def test_a_firewall_event_with_its_translation():
    more = [
        element(20, number("198.51.100.4") + number("203.0.113.9")),
        element(22, struct.pack("<HH", 1024, 443)),
        element(19, struct.pack("<QIHBB4x", MILLISECONDS, 7, 0, 3, 0)),
        element(12, number("10.1.1.1")),
    ]
    [event] = read(file_2(block(record("10.1.1.5", "203.0.113.9", more=more))))
    assert (event.source_nat_ip, event.source_nat_port) == ("198.51.100.4", 1024)
    assert (event.action, event.observer) == (Action.BLOCKED, "10.1.1.1")


def test_action_of_flows():
    more = [element(24, b"UNIT\\lan".ljust(66, b"\0")), element(13, number("2001:db8::1"))]
    data = record("10.1.1.5", "203.0.113.9", more=more, forwarding=0x81)
    [blocked, forwarded] = read(file_2(block(data + record("10.1.1.5", "203.0.113.9", forwarding=0x40))))
    assert (blocked.user, blocked.action, blocked.observer) == ("UNIT\\lan", Action.BLOCKED, "2001:db8::1")
    assert (forwarded.user, forwarded.action, forwarded.observer) == (None, Action.ALLOWED, None)


def test_icmp_without_ports_and_unknown_parts():
    unknown = struct.pack("<HH", 99, 8) + b"abcd"
    [event] = read(
        file_2(block(unknown + record("10.1.1.5", "203.0.113.9", (0, 2048), 1, [element(77, b"x" * 9)])))
    )
    assert (event.source_port, event.destination_port, event.line) == (None, None, 2)


def lzo_of_runs(data: bytes) -> bytes:
    """Build LZO1X data without copies: one run of literals, and the end mark."""
    count = len(data) - 3
    if count <= 15:
        head = bytes([count])
    else:
        more = count - 15
        zeros, rest = divmod(more - 1, 255)
        head = b"\0" + b"\0" * zeros + bytes([rest + 1])
    return head + data + b"\x11\0\0"


def lz4_of_runs(data: bytes) -> bytes:
    """Build an LZ4 block without copies."""
    more = len(data) - 15
    return b"\xf0" + b"\xff" * (more // 255) + bytes([more % 255]) + data


@pytest.mark.parametrize(
    ("method", "flag", "pack"),
    [
        (1, 0x1, lzo_of_runs),
        (2, 0x8, bz2.compress),
        (3, 0x10, lz4_of_runs),
        (4, None, zstandard.ZstdCompressor().compress),
    ],
    ids=["lzo", "bzip2", "lz4", "zstd"],
)
def test_compressed_blocks_give_their_flows(method, flag, pack):
    flows = record("10.1.1.5", "203.0.113.9") + record("10.1.1.6", "203.0.113.8")
    assert [event.source_ip for event in read(file_2(block(pack(flows)), method))] == ["10.1.1.5", "10.1.1.6"]
    if flag is not None:
        assert len(read(file_1(block(pack(old_record("10.1.1.5", "203.0.113.9")), 2), flag))) == 1


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        (b"\x14abc\x11\0\0", b"abc"),
        # four literals; a short copy of four from four before, and one literal; a longer copy of three from
        # five before
        (b"\x01abcd\x6d\0e\x21\x10\0\x11\0\0", b"abcd" + b"abcd" + b"e" + b"abc"),
    ],
)
def test_lzo_copies_are_unpacked(packed, plain):
    assert blocks.lzo(packed, 100) == plain


def test_overlapping_lz4_copies():
    assert blocks.lz4(b"\x13ab\x02\0"[:1] + b"a\x01\0", 100) == b"a" * 8


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200), most=st.integers(0, 500))
def test_broken_blocks_raise_only_our_errors(data, most):
    for method in (1, 2, 3, 4, 9):
        try:
            assert len(blocks.decompress(data, method, most)) <= most
        except LineError:
            continue


def test_encrypted_or_truncated_file():
    with pytest.raises(InputError):
        read(file_2(block(record("10.1.1.5", "203.0.113.9")), encrypted=1))
    whole = file_1(block(old_record("10.1.1.5", "203.0.113.9"), 2))
    for size in (50, 200, len(whole) - 5):
        with pytest.raises(InputError):
            read(whole[:size])


def test_broken_block_is_refused_alone():
    good = lz4_of_runs(record("10.1.1.5", "203.0.113.9"))
    refused, event = read(file_2(block(b"\xff\xff\xff") + block(good), 3))
    assert isinstance(refused, Refusal)
    assert event.source_ip == "10.1.1.5"


def test_values_are_read_as_in_exports():
    """An exporter without address is none, a mapped address is IPv4, a translation to itself none."""
    more = [element(12, number("0.0.0.0")), element(20, number("10.1.1.5") + number("203.0.113.9"))]
    [event] = read(file_2(block(record("10.1.1.5", "203.0.113.9", more=more))))
    assert (event.observer, event.source_nat_ip) == (None, None)
    [event] = read(file_2(block(record("::ffff:10.1.1.5", "2001:db8::9"))))
    assert (event.source_ip, event.device_ip) == ("10.1.1.5", "10.1.1.5")
