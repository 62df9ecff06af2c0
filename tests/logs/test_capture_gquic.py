"""Google QUIC: the hello in each kind of packet."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.binary.capture import quic
from lamsach.logs.binary.capture.tls import Need

from . import capture_builder as build
from .quic_builder import IDENTITY, initial
from .test_capture_reader import PC, SERVER, events_of, short


def hello(tags: dict[bytes, bytes], mark: bytes = b"CHLO") -> bytes:
    """Build a handshake message of "QUIC Crypto"."""
    table, end = b"", 0
    for tag, value in tags.items():
        end += len(value)
        table += tag + struct.pack("<I", end)
    return mark + struct.pack("<HH", len(tags), 0) + table + b"".join(tags.values())


CHLO = hello({b"PAD\0": b"-" * 20, b"SNI\0": b"c2.example", b"VER\0": b"Q043", b"UAID": b"x"})


def packet(message: bytes, version: bytes = b"Q043") -> bytes:
    """Build a client's first packet: header, hash, a stream frame with the message, padding."""
    if version >= b"Q044":
        header = b"\xc3" + version + b"\x50" + IDENTITY + struct.pack(">I", 1)
    else:
        header = b"\x09" + IDENTITY + version + b"\x01"
    return (header + b"\x11" * 12 + b"\xa0\x01" + struct.pack("<H", len(message)) + message).ljust(
        1350, b"\0"
    )


def protected(message: bytes) -> bytes:
    return initial(
        b"\x08\x00" + struct.pack(">H", 0x4000 | len(message)) + message, number=1, version=0x51303530
    )


@pytest.mark.parametrize(
    "datagram",
    [packet(CHLO, b"Q025"), packet(CHLO, b"Q039"), packet(CHLO), packet(CHLO, b"Q046"), protected(CHLO)],
)
def test_server_name_in_hello(tmp_path, datagram):
    assert quic.looks_like_gquic(datagram, 0, len(datagram))
    assert quic.server_name(datagram) == "c2.example"
    packets = [build.ip(PC, SERVER, 17, build.udp(50000, 443, datagram))]
    names = [short(event) for event in events_of(tmp_path, packets)]
    assert ("tls", PC, 50000, SERVER, 443, "c2.example", None, "allowed") in names


def test_a_hello_without_a_name():
    assert quic.server_name(packet(hello({b"PAD\0": b"-" * 60}))) is None
    assert quic.server_name(packet(hello({b"SNI\0": b""}))) is None


@pytest.mark.parametrize(
    "datagram",
    [
        packet(hello({b"SNI\0": b"c2.example"}, b"SHLO")),
        packet(CHLO)[:40],
        packet(b"CHLO\xff\xff\0\0"),
        protected(CHLO)[:-1],
        b"\x09" + IDENTITY + b"Q043",
    ],
)
def test_other_packets_have_no_name(datagram):
    assert quic.server_name(datagram) is Need.MORE


def test_truncated_name_is_none():
    whole = packet(CHLO).rstrip(b"\0")
    assert quic.server_name(whole[: whole.find(b"c2.example") + 4]) is None


def test_other_protocols_are_no_gquic():
    assert not quic.looks_like_gquic(initial(b"\x01"), 0, 1200)
    assert not quic.looks_like_gquic(b"\x09" + bytes(100), 0, 101)
    assert not quic.looks_like_gquic(packet(CHLO)[:30], 0, 30)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing(data):
    for start in (
        b"",
        b"\x09" + IDENTITY + b"Q043",
        b"\xc3Q050",
        b"\xc3Q046",
        b"\x09" + IDENTITY + b"Q043CHLO",
    ):
        quic.server_name(start + data)
    quic.initial_payload(data)
