"""BIND: the wording of its many versions."""

from __future__ import annotations

import contextlib

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.dns.bind import Bind
from lamsach.model import Action

PARSER = Bind(FileContext(modified=golden.WRITTEN))


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "05-Jun-2026 07:31:12.494 ",
        "05-Jun-2026 07:31:12.494 queries: ",
        "05-Jun-2026 07:31:12.494 info: ",
        "05-Jun-2026 07:31:12.494 queries: info: ",
        "2026-06-05T00:31:12.494Z queries: info: ",
        "Jun 05 07:31:12.494 queries: info: ",
        "<30>Jun  5 07:31:12 ns1 named[812]: ",
        "Jun  5 07:31:12 ns1 named[812]: queries: info: ",
        "<30>1 2026-06-05T07:31:12.494+07:00 ns1 named 812 - - ",
        "2026-06-05T07:31:12.494+07:00 ns1 named[812]: 05-Jun-2026 07:31:12.494 queries: info: ",
    ],
)
@pytest.mark.parametrize(
    "message",
    [
        "client 10.0.0.1#5: query: evil.example IN A",
        "client 10.0.0.1#5: query: evil.example IN A +",
        "client 10.0.0.1#5: view internal: query: evil.example IN A -SE",
        "client 10.0.0.1#5 (evil.example): query: evil.example IN A + (10.0.0.53)",
        (
            "client @0x7f65100ee4d8 10.0.0.1#5 (evil.example): view internal: query: EVIL.example IN A "
            "+E(0)K (10.0.0.53)"
        ),
        (
            "client @0x7f65100ee4d8 10.0.0.1#5/key home (evil.example): query: evil.example IN TYPE65 "
            "+E(0)TDCV (10.0.0.53)"
        ),
    ],
)
def test_query_log_of_any_version(prefix, message):
    assert Bind.recognises(prefix + message)
    event = PARSER.parse(prefix + message, 7)
    assert event is not None
    assert (event.source_ip, event.source_port, event.device_ip) == ("10.0.0.1", 5, "10.0.0.1")
    assert (event.domain, event.action, event.line) == ("evil.example", Action.ALLOWED, 7)
    if prefix:
        assert event.time is not None
        assert event.time.isoformat()[:19] == "2026-06-05T00:31:12"


@pytest.mark.parametrize(
    ("policy", "action"),
    [
        ("rpz QNAME NXDOMAIN rewrite", Action.BLOCKED),
        ("rpz QNAME NODATA rewrite", Action.BLOCKED),
        ("rpz QNAME DROP rewrite", Action.BLOCKED),
        ("rpz IP CNAME rewrite", Action.BLOCKED),
        ("rpz QNAME Local-Data rewrite", Action.BLOCKED),
        ("rpz QNAME PASSTHRU rewrite", Action.ALLOWED),
        ("rpz QNAME TCP-ONLY rewrite", Action.ALLOWED),
        ("disabled rpz QNAME NXDOMAIN rewrite", Action.ALLOWED),
    ],
)
def test_a_response_policy_blocks_or_allows(policy, action):
    event = PARSER.parse(
        f"client 10.0.0.1#5 (evil.example): {policy} evil.example/A/IN via evil.example.rpz", 1
    )
    assert event is not None
    assert (event.domain, event.action) == ("evil.example", action)


def test_a_refused_stranger_is_no_device():
    event = PARSER.parse("client 203.0.113.5#5 (unit.example): query (cache) 'unit.example/A/IN' denied", 1)
    assert event is not None
    assert (event.source_ip, event.device_ip, event.action) == ("203.0.113.5", None, Action.BLOCKED)
    event = PARSER.parse("client 203.0.113.5#5: query: unit.example IN A + (10.0.0.53)", 1)
    assert event is not None
    assert event.device_ip == "10.0.0.53"


@pytest.mark.parametrize(
    "message",
    [
        "all zones loaded",
        "running",
        "listening on IPv4 interface lo, 127.0.0.1#53",
        "zone a.example/IN: loaded serial 5",
    ],
)
def test_messages_without_address_or_name_are_no_events(message):
    assert PARSER.parse(f"05-Jun-2026 07:31:12.494 general: info: {message}", 1) is None


@pytest.mark.parametrize(
    "line",
    [
        "hello",
        "Jun  5 07:31:12 h dnsmasq[1]: query[A] evil.example from 10.0.0.1",
        "Jun  5 07:31:12 h unbound: [1:0] info: 10.0.0.1 evil.example. A IN",
        "the client 10.0.0.1 left",
        '{"message":"client 10.0.0.1#5: query: evil.example IN A"}',
        "05-Jun-2026 07:31:12.494 Something else",
    ],
)
def test_refuses_other_products(line):
    assert not Bind.recognises(line)


@pytest.mark.parametrize(
    "line",
    [
        "hello",
        "05-Xxx-2026 07:31:12.494 queries: info: client 10.0.0.1#5: query: a IN A",
        "client 1.2.3#5: query: a IN A",
    ],
)
def test_broken_lines_are_line_errors(line):
    with pytest.raises(LineError):
        PARSER.parse(line, 1)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        [
            "client 10.0.0.1#5 (",
            "named[1]: ",
            "05-Jun-2026 07:31:12.494 resolver: ",
            "zone a/IN: ",
            "XX+/10.0.0.1/",
        ]
    ),
    st.text(),
)
def test_never_raises_anything_else(start, rest):
    for line in (start + rest, rest, start + "): query: " + rest):
        Bind.recognises(line)
        with contextlib.suppress(LineError):
            PARSER.parse(line, 1)


def test_infoblox_policy_hits_are_left_to_infoblox():
    """Infoblox's appliances write both under `named`."""
    head = "<30>Jun  5 07:31:12 10.1.1.53 named[1234]: "
    hit = f"{head}CEF:0|Infoblox|NIOS|9.0.3|RPZ-QNAME|NXDOMAIN|7|src=10.1.1.20 spt=51514 qtype=A msg=x"
    question = f"{head}client @0x7f 10.1.1.20#51514 (c2.example): query: c2.example IN A + (10.1.1.53)"
    assert Bind.recognises(question)
    assert not Bind.recognises(hit)
    with pytest.raises(LineError):
        PARSER.parse(hit, 2)
