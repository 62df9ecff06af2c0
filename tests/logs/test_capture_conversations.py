"""Conversations in captures: HTTP, TLS, SOCKS, DNS over TCP; reassembly of streams."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.binary.capture import conversation as conversation_module
from lamsach.logs.binary.capture import tls
from lamsach.logs.binary.capture.conversation import MOST_MISSES, Conversation, Stream
from lamsach.model import EventKind

from . import capture_builder as build


def findings_of(*pieces: bytes, is_dns: bool = False):
    conversation = Conversation(is_dns=is_dns)
    found = [finding for piece in pieces for finding in conversation.feed(piece)]
    return [(f.kind.value, f.domain, f.url) for f in found + conversation.end()]


REQUEST = b"GET /gate.php?id=1 HTTP/1.1\r\nUser-Agent: x\r\nHost: C2.example:8080\r\n\r\n"
HELLO_RECORDS = build.records(build.client_hello("c2.example", 300))
GATE, HELLO_FOUND = ("web", "c2.example", "/gate.php?id=1"), ("tls", "c2.example", None)
SAID = {
    "request": ([REQUEST], [GATE]),
    "request in pieces": ([REQUEST[:1], REQUEST[1:9], REQUEST[9:]], [GATE]),
    "two at once": ([REQUEST + REQUEST], [GATE] * 2),
    "body skipped": (
        [
            b"POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 30\r\n\r\n",
            b"GET /forged HTTP/1.1\r\n\r\n123456" + REQUEST,
        ],
        [("web", "a.example", "/a"), GATE],
    ),
    "to a proxy": (
        [b"GET http://c2.example/x HTTP/1.0\r\nHost: proxy.example\r\n\r\n"],
        [("web", "c2.example", "http://c2.example/x")],
    ),
    "through a proxy": (
        [b"CONNECT c2.example:443 HTTP/1.1\r\n\r\n", HELLO_RECORDS],
        [("web", "c2.example", "c2.example:443"), HELLO_FOUND],
    ),
    "head that never ends": ([b"GET /x HTTP/1.1\r\nHost: c2.example\r\nX: "], [("web", "c2.example", "/x")]),
    "no host": ([b"GET / HTTP/1.0\r\n\r\n"], [("web", None, "/")]),
    "hello in pieces": ([HELLO_RECORDS[:3], HELLO_RECORDS[3:200], HELLO_RECORDS[200:]], [HELLO_FOUND]),
    "hello after words": ([b"EHLO pc\r\n", b"STARTTLS\r\n", HELLO_RECORDS], [HELLO_FOUND]),
    "hello in the segment of its request": ([b"\x20\x00\x00\x01" + bytes(32) + HELLO_RECORDS], [HELLO_FOUND]),
    "oldest http": ([b"GET /x\r\n"], [("web", None, "/x")]),
    "hello without name": ([build.records(build.client_hello(None))], [("tls", None, None)]),
    "ssl 2 hello": ([b"\x80\x2e\x01\x03\x01" + bytes(43)], [("tls", None, None)]),
    "socks 5": (
        [b"\x05\x01\x00", b"\x05\x01\x00\x03\x0ac2.example\x01\xbb", HELLO_RECORDS],
        [("web", "c2.example", None), HELLO_FOUND],
    ),
    "socks 4a": ([b"\x04\x01\x01\xbb\0\0\0\x01user\0c2.example\0"], [("web", "c2.example", None)]),
    "socks 4": ([b"\x04\x01\x01\xbb\xcb\x00\x71\x09\0"], [("web", "203.0.113.9", None)]),
    "socks 5, all in one segment": (
        [b"\x05\x01\x00\x05\x01\x00\x03\x0ac2.example\x01\xbb" + HELLO_RECORDS],
        [("web", "c2.example", None), HELLO_FOUND],
    ),
    "socks 5 by address": (
        [b"\x05\x01\x00\x01\xcb\0\x71\x09\0\x50" + REQUEST],
        [("web", "203.0.113.9", None), GATE],
    ),
    "no socks": ([b"\x05\x01\x00\x01\xcb\0\x71\x09\0\x50\0\0\0", b"\x04\x01\0\x50abcdefgh"], []),
    "empty lines first": ([b"\r\n\r\n" + REQUEST], [GATE]),
    "empty line between": ([REQUEST + b"\r\n" + REQUEST], [GATE] * 2),
    "behind a load balancer": ([b"PROXY TCP4 192.0.2.5 203.0.113.9 50000 80\r\n" + REQUEST], [GATE]),
    "behind a load balancer 2": (
        [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12), HELLO_RECORDS],
        [HELLO_FOUND],
    ),
    "version left out": (
        [b"GET /x\r\nHost: c2.example\r\n\r\n" + REQUEST],
        [("web", "c2.example", "/x"), GATE],
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
