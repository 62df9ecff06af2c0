"""Messages in captures: DNS, TLS, QUIC, HTTP, SOCKS; reassembly of streams."""

from __future__ import annotations

import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.binary.capture import conversation as conversation_module
from lamsach.logs.binary.capture import dns, quic, tls
from lamsach.logs.binary.capture.conversation import MOST_MISSES, Conversation, Stream
from lamsach.model import EventKind

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


# RFC 9001 appendix A.2
HELLO = bytes.fromhex(
    "010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c0"
    "00000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e00"
    "0500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74"
    "d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c000240010039003204"
    "08ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff"
)
IDENTITY = bytes.fromhex("8394c8f03e515708")


def crypto(data: bytes, offset: int = 0) -> bytes:
    return b"\x06" + struct.pack(">HH", 0x4000 | offset, 0x4000 | len(data)) + data


def initial(
    frames: bytes, number: int = 2, version: int = 1, identity: bytes = IDENTITY, key_of: bytes | None = None
) -> bytes:
    """Build a client's protected Initial packet with these frames, padded to 1,200 bytes."""
    second = version == 0x6B3343CF
    key, vector, header_key = quic._keys(quic._VERSIONS[version], key_of or identity, second)
    payload = frames.ljust(1162, b"\0")
    first = (0xD0 if second else 0xC0) | 3
    header = bytes([first]) + version.to_bytes(4, "big") + bytes([len(identity)]) + identity + b"\0\0"
    header += struct.pack(">H", 0x4000 | (4 + len(payload) + 16)) + number.to_bytes(4, "big")
    nonce = (int.from_bytes(vector, "big") ^ number).to_bytes(12, "big")
    sealed = AESGCM(key).encrypt(nonce, payload, header)
    mask = Cipher(AES(header_key), ECB()).encryptor().update(sealed[:16])
    hidden = bytes([header[0] ^ (mask[0] & 15)]) + header[1:-4]
    return hidden + bytes(a ^ b for a, b in zip(header[-4:], mask[1:5], strict=True)) + sealed


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


def findings_of(*pieces: bytes, is_dns: bool = False):
    conversation = Conversation(is_dns=is_dns)
    found = [finding for piece in pieces for finding in conversation.feed(piece)]
    return [(f.kind.value, f.domain, f.url) for f in found + conversation.end()]


REQUEST = b"GET /gate.php?id=1 HTTP/1.1\r\nUser-Agent: x\r\nHost: C2.example:8080\r\n\r\n"
HELLO_RECORDS = build.records(build.client_hello("c2.example", 300))
SAID = {
    "request": ([REQUEST], [("web", "c2.example", "/gate.php?id=1")]),
    "request in pieces": (
        [REQUEST[:1], REQUEST[1:9], REQUEST[9:]],
        [("web", "c2.example", "/gate.php?id=1")],
    ),
    "two at once": ([REQUEST + REQUEST], [("web", "c2.example", "/gate.php?id=1")] * 2),
    "body skipped": (
        [
            b"POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 30\r\n\r\n",
            b"GET /forged HTTP/1.1\r\n\r\n123456" + REQUEST,
        ],
        [("web", "a.example", "/a"), ("web", "c2.example", "/gate.php?id=1")],
    ),
    "to a proxy": (
        [b"GET http://c2.example/x HTTP/1.0\r\nHost: proxy.example\r\n\r\n"],
        [("web", "c2.example", "http://c2.example/x")],
    ),
    "through a proxy": (
        [b"CONNECT c2.example:443 HTTP/1.1\r\n\r\n", HELLO_RECORDS],
        [("web", "c2.example", "c2.example:443"), ("tls", "c2.example", None)],
    ),
    "head that never ends": ([b"GET /x HTTP/1.1\r\nHost: c2.example\r\nX: "], [("web", "c2.example", "/x")]),
    "no host": ([b"GET / HTTP/1.0\r\n\r\n"], [("web", None, "/")]),
    "hello in pieces": (
        [HELLO_RECORDS[:3], HELLO_RECORDS[3:200], HELLO_RECORDS[200:]],
        [("tls", "c2.example", None)],
    ),
    "hello after words": ([b"EHLO pc\r\n", b"STARTTLS\r\n", HELLO_RECORDS], [("tls", "c2.example", None)]),
    "hello in the segment of its request": (
        [b"\x20\x00\x00\x01" + bytes(32) + HELLO_RECORDS],
        [("tls", "c2.example", None)],
    ),
    "oldest http": ([b"GET /x\r\n"], [("web", None, "/x")]),
    "hello without name": ([build.records(build.client_hello(None))], [("tls", None, None)]),
    "ssl 2 hello": ([b"\x80\x2e\x01\x03\x01" + bytes(43)], [("tls", None, None)]),
    "socks 5": (
        [b"\x05\x01\x00", b"\x05\x01\x00\x03\x0ac2.example\x01\xbb", HELLO_RECORDS],
        [("web", "c2.example", None), ("tls", "c2.example", None)],
    ),
    "socks 4a": ([b"\x04\x01\x01\xbb\0\0\0\x01user\0c2.example\0"], [("web", "c2.example", None)]),
    "socks 4": ([b"\x04\x01\x01\xbb\xcb\x00\x71\x09\0"], [("web", "203.0.113.9", None)]),
    "socks 5, all in one segment": (
        [b"\x05\x01\x00\x05\x01\x00\x03\x0ac2.example\x01\xbb" + HELLO_RECORDS],
        [("web", "c2.example", None), ("tls", "c2.example", None)],
    ),
    "socks 5 by address": (
        [b"\x05\x01\x00\x01\xcb\0\x71\x09\0\x50" + REQUEST],
        [("web", "203.0.113.9", None), ("web", "c2.example", "/gate.php?id=1")],
    ),
    "no socks": ([b"\x05\x01\x00\x01\xcb\0\x71\x09\0\x50\0\0\0", b"\x04\x01\0\x50abcdefgh"], []),
    "empty lines first": ([b"\r\n\r\n" + REQUEST], [("web", "c2.example", "/gate.php?id=1")]),
    "empty line between": ([REQUEST + b"\r\n" + REQUEST], [("web", "c2.example", "/gate.php?id=1")] * 2),
    "behind a load balancer": (
        [b"PROXY TCP4 192.0.2.5 203.0.113.9 50000 80\r\n" + REQUEST],
        [("web", "c2.example", "/gate.php?id=1")],
    ),
    "behind a load balancer 2": (
        [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12), HELLO_RECORDS],
        [("tls", "c2.example", None)],
    ),
    "version left out": (
        [b"GET /x\r\nHost: c2.example\r\n\r\n" + REQUEST],
        [("web", "c2.example", "/x"), ("web", "c2.example", "/gate.php?id=1")],
    ),
    "methods of Microsoft": (
        [
            b"RPC_IN_DATA /rpc/rpcproxy.dll HTTP/1.1\r\nHost: mail.example\r\nContent-Length: 0\r\n\r\n"
            b"BITS_POST /in HTTP/1.1\r\nHost: c2.example\r\n\r\n"
        ],
        [("web", "mail.example", "/rpc/rpcproxy.dll"), ("web", "c2.example", "/in")],
    ),
    "addresses in brackets": (
        [b"GET / HTTP/1.1\r\nhost:\t[2001:db8::9]:8080\r\n\r\nCONNECT [2001:db8::a]:443 HTTP/1.1\r\n\r\n"],
        [("web", "2001:db8::9", "/"), ("web", "2001:db8::a", "[2001:db8::a]:443")],
    ),
    "target left out": ([b"GET HTTP/1.1\r\nHost: c2.example\r\n\r\n"], [("web", "c2.example", None)]),
    "target with spaces": (
        [b"GET /a b c HTTP/1.1 \r\nHost: c2.example\r\n\r\n"],
        [("web", "c2.example", "/a b c")],
    ),
    "names that no host may bear": (
        [b"GET /x HTTP/1.1\r\nHost: C2 host.example:80\r\n\r\n"],
        [("web", "c2 host.example", "/x")],
    ),
    "hello for a name that no host may bear": (
        [build.records(build.client_hello("C2 host.example"))],
        [("tls", "c2 host.example", None)],
    ),
    "not http": ([b"OPTIONS sip:a@b SIP/2.0\r\n\r\n"], []),
    "server": ([b"HTTP/1.1 200 OK\r\n\r\n", b"\x16\x03\x03\0\x04\x02\0\0\0"], []),
}


@pytest.mark.parametrize("case", SAID)
def test_findings_of_conversations(case):
    pieces, expected = SAID[case]
    assert findings_of(*pieces) == expected


PIPELINED = (
    b"GET /one HTTP/1.1\r\nHost: a.example\r\n\r\n"
    b"POST /two HTTP/1.1\r\nHost: b.example\r\nContent-Length: 24\r\n\r\nGET /forged HTTP/1.1\r\n\r\n"
    b"HEAD /three HTTP/1.1\r\nHost: c.example\r\n\r\n"
)


@pytest.mark.parametrize("size", [1, 7, 40, 95, len(PIPELINED)])
def test_pipelined_requests_are_each_parsed(size):
    """Pipelined requests (RFC 9112 section 9.3.2), split into segments anywhere."""
    pieces = [PIPELINED[at : at + size] for at in range(0, len(PIPELINED), size)]
    assert [(domain, url) for _, domain, url in findings_of(*pieces)] == [
        ("a.example", "/one"),
        ("b.example", "/two"),
        ("c.example", "/three"),
    ]


def greased_hello(server: str) -> bytes:
    """Build a hello with undefined values (RFC 8701) wherever a browser puts them."""
    raw = server.encode()
    name = struct.pack(">BH", 0, len(raw)) + raw
    extensions = b"".join(
        struct.pack(">HH", kind, len(body)) + body
        for kind, body in (
            (0x0A0A, b""),
            (0x002B, b"\x06\x1a\x1a\x03\x04\x03\x03"),
            (0x0000, struct.pack(">H", len(name)) + name),
            (0x2A2A, b"\x00"),
        )
    )
    body = b"\x03\x03" + bytes(32) + b"\x20" + bytes(32) + b"\0\x04\x3a\x3a\x13\x01\x01\0"
    body += struct.pack(">H", len(extensions)) + extensions
    return b"\x01" + len(body).to_bytes(3, "big") + body


def test_grease_hides_no_server_name():
    assert tls.server_name(greased_hello("c2.example")) == "c2.example"
    assert findings_of(build.records(greased_hello("c2.example"), 40)) == [("tls", "c2.example", None)]


def test_dns_over_tcp():
    first, second = build.question("a.example"), build.answer("b.example", [build.address("203.0.113.9")])
    stream = b"".join(len(message).to_bytes(2, "big") + message for message in (first, second))
    for cut in (1, 2, 20, len(stream)):
        conversation = Conversation(is_dns=True)
        found = conversation.feed(stream[:cut]) + conversation.feed(stream[cut:])
        assert [f.message.questions for f in found if f.message] == [("a.example",), ("b.example",)]
        assert {f.kind for f in found} == {EventKind.DNS}


def test_unknown_protocol_is_ignored():
    conversation = Conversation(is_dns=False)
    for _ in range(MOST_MISSES):
        assert conversation.feed(b"\x00\x01\x02\x03") == []
    assert conversation.is_done()
    assert conversation.held_bytes == 0


def test_endless_hello_is_bounded():
    conversation = Conversation(is_dns=False)
    hello = b"\x16\x03\x01\x40\x00\x01\x00\xff\xff" + bytes(5000)
    for _ in range(40):
        conversation.feed(hello)
    assert conversation.held_bytes < 1 << 17


@settings(max_examples=60, deadline=None)
@given(
    st.binary(min_size=1, max_size=120),
    st.lists(st.integers(1, 20), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
    st.integers(0, (1 << 32) - 1),
)
def test_reordered_and_repeated_segments(data, sizes, random, start):
    segments = []
    at = 0
    for size in sizes:
        if at >= len(data):
            break
        segments.append((at, data[at : at + size]))
        at += size
    data = data[:at]
    again = [(first, data[first : first + len(piece) + 3]) for first, piece in segments[::3]]
    rest = segments[1:] + again
    random.shuffle(rest)
    stream = Stream()
    stream.start((start - 1) % (1 << 32))
    found = b""
    for first, piece in [segments[0], *rest]:
        for part, gap in stream.add((start + first) % (1 << 32), piece):
            assert not gap
            found += part
    assert found == data
    assert stream.held_bytes == 0


def test_repeated_beginning_changes_nothing():
    stream = Stream()
    stream.start(99)
    assert list(stream.add(100, b"abc")) == [(b"abc", False)]
    stream.start(99)
    assert list(stream.add(103, b"def")) == [(b"def", False)]
    stream.start(500)
    assert list(stream.add(501, b"new")) == [(b"new", False)]


def test_missing_segment_is_given_up():
    stream = Stream()
    stream.start(99)
    assert list(stream.add(100, b"abc")) == [(b"abc", False)]
    assert list(stream.add(110, b"later")) == []
    assert stream.held_bytes == 5
    assert list(stream.rest()) == [(b"later", True)]
    assert stream.held_bytes == 0


def test_trickling_request_is_parsed_rarely(monkeypatch):
    calls = []
    request = conversation_module.http.request
    monkeypatch.setattr(
        conversation_module.http,
        "request",
        lambda *given, **named: calls.append(0) or request(*given, **named),
    )
    conversation = Conversation(is_dns=False)
    head = b"GET /x HTTP/1.1\r\nHost: c2.example\r\n" + b"a: b\r\n" * 2000
    for place in range(len(head)):
        assert conversation.feed(head[place : place + 1]) == []
    assert len(calls) < 200
    assert [finding.domain for finding in conversation.end()] == ["c2.example"]
