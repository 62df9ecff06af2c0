"""QUIC: the hello in each version, over packets in any order."""

from __future__ import annotations

import struct

import pytest

from lamsach.logs.binary.capture import quic, tls

from .quic_builder import IDENTITY, initial

# RFC 9001 appendix A.2
HELLO = bytes.fromhex(
    "010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c0"
    "00000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e00"
    "0500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74"
    "d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c000240010039003204"
    "08ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff"
)


def crypto(data: bytes, offset: int = 0) -> bytes:
    return b"\x06" + struct.pack(">HH", 0x4000 | offset, 0x4000 | len(data)) + data


def test_rfc_example_gives_its_name():
    packet = initial(b"\x06\x00\x40\xf1" + HELLO)
    assert len(packet) == 1200
    assert packet[:32].hex() == "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11"
    hello = quic.QuicHello().add(packet)
    assert hello == HELLO
    assert tls.server_name(hello) == "example.com"


@pytest.mark.parametrize("version", [1, 0x6B3343CF, 0xFF000022, 0xFF00001D, 0xFF000017, 0xFACEB002])
def test_hello_of_every_quic_version(version):
    assert quic.QuicHello().add(initial(crypto(HELLO), version=version)) == HELLO


def test_a_hello_over_several_packets_in_any_order():
    pieces = [initial(crypto(HELLO[at : at + 100], at), number) for number, at in enumerate((0, 100, 200), 2)]
    state = quic.QuicHello()
    assert state.add(pieces[1]) == b""
    assert state.add(pieces[0]) == HELLO[:200]
    assert state.add(pieces[2]) == HELLO


def test_later_packets_use_the_first_connection_id():
    state = quic.QuicHello()
    state.add(initial(crypto(HELLO[:100])))
    packet = initial(
        b"\x02\x01\x00\x01\x00\x00\x01" + crypto(HELLO[100:], 100), 3, identity=b"serverid", key_of=IDENTITY
    )
    assert state.add(packet) == HELLO


def test_other_packets_give_nothing():
    packet = bytearray(initial(crypto(HELLO)))
    packet[-1] ^= 1
    assert quic.QuicHello().add(bytes(packet)) is None
    assert not quic.looks_like_quic(b"\xc0\0\0\0\x09" + bytes(100), 0, 105)
