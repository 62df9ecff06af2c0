"""Messages in captures: DNS, TLS hellos; arbitrary bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.binary.capture import dns, quic, tls
from lamsach.logs.binary.capture.conversation import Conversation

from . import capture_builder as build


def parsed(message: bytes, **options) -> dns.Message | None:
    return dns.parse_message(b"xx" + message, 2, 2 + len(message), **options)


def test_a_question_and_its_answer():
    question = parsed(build.question("www.c2.example", 99))
    assert question == dns.Message(99, False, 0, 0, ("www.c2.example",), ())
    answered = parsed(
        build.answer(
            "www.c2.example",
            [(5, build.name("c2.example")), build.address("203.0.113.9"), build.address("2001:db8::9")],
        )
    )
    assert answered is not None
    assert answered.response
    assert [item.value for item in answered.answers] == ["c2.example", "203.0.113.9", "2001:db8::9"]


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (b"abc", "abc"),
        (b"a.b", "a\\.b"),
        (b"a\0b", "a\\000b"),
        ("tên".encode(), "tên"),
        (b"\xff", "ÿ"),
        (b"\x96\xff", "\\150ÿ"),
    ],
)
def test_a_label_is_shown_as_text(label, text):
    assert dns.label_text(label) == text


def test_cyclic_pointers_end():
    message = struct.pack(">HHHHHH", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1"
    assert parsed(message) is None


def test_truncated_message_has_its_question():
    whole = build.answer("c2.example", [build.address("203.0.113.9")])
    for size in range(len(whole)):
        message = parsed(whole[:size])
        if message is not None:
            assert message.questions == ("c2.example",)
    assert parsed(whole[:-1]) is not None


def test_update_names_its_records():
    head = struct.pack(">HHHHHH", 1, 5 << 11, 1, 0, 1, 0) + build.name("unit.example") + b"\0\6\0\1"
    change = build.name("pc1.unit.example") + struct.pack(">HHIH", 1, 1, 60, 4) + bytes(4)
    message = parsed(head + change)
    assert message is not None
    assert message.questions == ("unit.example", "pc1.unit.example")


@pytest.mark.parametrize("name", ["FILESERVER", "c2.bad.example"])
def test_netbios_names_are_decoded(name):
    encoded = "".join(
        chr(65 + (byte >> 4)) + chr(65 + (byte & 15)) for byte in name.encode().ljust(15) + b"\0"
    )
    message = parsed(build.question(encoded, kind=32), netbios=True)
    assert message is not None
    assert message.questions == (name,)


@pytest.mark.parametrize("size", [1 << 14, 100, 7])
@pytest.mark.parametrize("server", ["c2.example", None])
def test_server_name_in_records(size, server):
    handshake = tls.handshake_in_records(build.records(build.client_hello(server, 300), size))
    assert isinstance(handshake, bytes)
    assert tls.server_name(handshake) == server


def test_server_name_in_datagram_hello():
    hello = build.client_hello("c2.example", datagram=True)
    record = b"\x16\xfe\xfd" + bytes(8) + struct.pack(">H", len(hello)) + hello
    assert tls.datagram_server_name(record) == "c2.example"
    assert tls.datagram_server_name(b"\x17" + record[1:]) is tls.Need.OTHER
    first = record[:22] + (40).to_bytes(3, "big") + record[25:65]
    assert tls.datagram_server_name(first) is tls.Need.MORE
    assert tls.datagram_server_name(record[:22] + (72).to_bytes(3, "big") + record[25:]) == "c2.example"
    assert tls.datagram_server_name(record[:19] + b"\0\0\x28" + record[22:]) is tls.Need.OTHER


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200))
def test_messages_never_raise(data):
    parsed(data)
    parsed(data, netbios=True)
    tls.handshake_in_records(data)
    tls.datagram_server_name(b"\x16\xfe\xfd" + data)
    tls.server_name(b"\x01" + data)
    quic.QuicHello().add(b"\xc0\0\0\0\1" + data)
    for is_dns in (True, False):
        conversation = Conversation(is_dns=is_dns)
        conversation.feed(data)
        conversation.end()
