"""Squid: targets, actions and destinations."""

from __future__ import annotations

import contextlib

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.proxies.squid import Squid
from lamsach.model import Action

PARSER = Squid(FileContext(modified=golden.WRITTEN))


def event_of(request, code="TCP_MISS/200", hierarchy="HIER_NONE/-", user="-"):
    event = PARSER.parse(
        f"1780619472.494   1717 10.20.1.15 {code} 3512 {request} {user} {hierarchy} text/html", 1
    )
    assert event is not None
    return event


@pytest.mark.parametrize(
    ("request_", "url", "domain", "port"),
    [
        ("GET http://Evil.example/a?b", "http://Evil.example/a?b", "evil.example", None),
        ("GET http://evil.example:8080/", "http://evil.example:8080/", "evil.example", 8080),
        ("GET https://u:p@evil.example./", "https://u:p@evil.example./", "evil.example", None),
        ("CONNECT evil.example:443", "evil.example:443", "evil.example", 443),
        ("CONNECT [2001:db8::1]:443", "[2001:db8::1]:443", "2001:db8::1", 443),
        ("- error:invalid-request", None, None, None),
        ("NONE error:accept-client-connection", None, None, None),
        ("GET http://evil.example/a b HIER_X c", "http://evil.example/a b HIER_X c", "evil.example", None),
        ("GET cache_object://localhost/info", "cache_object://localhost/info", "localhost", None),
    ],
)
def test_a_request_names_its_target(request_, url, domain, port):
    event = event_of(request_)
    assert (event.url, event.domain, event.destination_port) == (url, domain, port)


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("TCP_MISS/200", Action.ALLOWED),
        ("TCP_TUNNEL/200", Action.ALLOWED),
        ("TCP_MISS/403", Action.ALLOWED),
        ("TCP_MISS_ABORTED/000", Action.ALLOWED),
        ("TCP_DENIED/407", Action.BLOCKED),
        ("TCP_DENIED_REPLY/403", Action.BLOCKED),
        ("NONE/400", Action.UNKNOWN),
        ("TAG_NONE/503", Action.UNKNOWN),
    ],
)
def test_a_result_code_is_allowed_or_blocked(code, action):
    assert event_of("GET http://evil.example/", code).action is action


@pytest.mark.parametrize(
    ("request_", "hierarchy", "address"),
    [
        ("GET http://evil.example/", "HIER_DIRECT/203.0.113.9", "203.0.113.9"),
        ("GET http://evil.example/", "DIRECT/evil.example", None),
        ("GET http://evil.example/", "HIER_DIRECT/2001:db8::9", "2001:db8::9"),
        ("CONNECT evil.example:443", "ORIGINAL_DST/203.0.113.9", "203.0.113.9"),
        ("GET http://evil.example/", "TIMEOUT_HIER_DIRECT/203.0.113.9", "203.0.113.9"),
        ("GET http://evil.example/", "FIRSTUP_PARENT/10.0.0.9", None),
        ("GET http://203.0.113.8/", "FIRSTUP_PARENT/10.0.0.9", "203.0.113.8"),
        ("CONNECT 203.0.113.8:443", "HIER_NONE/-", "203.0.113.8"),
    ],
)
def test_the_hierarchy_names_the_destination(request_, hierarchy, address):
    assert event_of(request_, hierarchy=hierarchy).destination_ip == address


def test_user_or_mac():
    assert event_of("GET http://a.example/", user="lan.nt").user == "lan.nt"
    event = event_of("GET http://a.example/", user="02:00:5e:10:00:15")
    assert (event.user, event.device_mac) == (None, "02:00:5e:10:00:15")


@pytest.mark.parametrize(
    "line",
    [
        "hello",
        '10.0.0.1 - - [05/Jun/2026:07:31:12 +0700] "GET /a HTTP/1.1" 200 512 "-" "curl/8"',
        "1780619472.494\tCuid\t10.0.0.1\t5\t203.0.113.9\t443\ttcp",
        "1780619472.494 10.0.0.1 something",
        "Jun  5 07:31:13 proxy squid[912]: Starting Squid Cache version 5.7",
    ],
)
def test_refuses_other_products(line):
    assert not Squid.recognises(line)
    with pytest.raises(LineError):
        PARSER.parse(line, 1)


@settings(max_examples=150, deadline=None)
@given(st.text(), st.sampled_from(["GET ", "CONNECT ", "", "- error:"]))
def test_never_raises_anything_else(rest, method):
    native = f"1780619472.494 17 10.20.1.15 TCP_MISS/200 35 {method}{rest}"
    combined = f'10.20.1.15 - - [05/Jun/2026:07:31:12 +0700] "{method}{rest}" 200 1 TCP_MISS:HIER_DIRECT'
    for line in (native, native + " - HIER_DIRECT/203.0.113.9 -", combined, rest):
        Squid.recognises(line)
        with contextlib.suppress(LineError):
            PARSER.parse(line, 1)


def test_an_own_layout_that_ends_at_the_destination_keeps_it():
    line = (
        "1780619472.494   1717 10.20.1.15 TCP_MISS/200 3512 GET http://a.example/ - HIER_DIRECT/203.0.113.17"
    )
    whole = line + " text/html"
    reads = {
        (line,): None,
        (line, line.replace("/203", "/198")): "203.0.113.17",
        (whole, whole, line): None,
    }
    for head, address in reads.items():
        event = Squid(FileContext(modified=golden.WRITTEN, head=head)).parse(line, 1)
        assert event is not None
        assert event.destination_ip == address
