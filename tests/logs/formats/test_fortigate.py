"""FortiGate: one trap a test."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.firewalls.fortigate.format import FortiGate
from lamsach.model import Action, EventKind, LeaseAction

START = (
    'date=2026-06-03 time=08:15:30 devname="FGT" devid="FG1" logid="0000000013" type="traffic" '
    'subtype="forward" vd="root" '
)
PARSER = FortiGate(FileContext(file="f.log"))


def parse(rest: str, start: str = START):
    event = PARSER.parse(start + rest, 1)
    assert event is not None
    return event


@pytest.mark.parametrize(
    "rest",
    [
        'url="http://a.example/?x= srcip=203.0.113.66 " srcip=10.0.0.1',
        r'url="http://a.example/\" srcip=203.0.113.66 y=\"" srcip=10.0.0.1',
        r'user="UNIT\" srcip=10.0.0.1 msg="x"',
        "srcip=10.0.0.1 url=/a?srcip=203.0.113.66",
        'srcip=10.0.0.1 agent="x" srcip=203.0.113.66',
        'srcip="10.0.0.1" msg="cut srcip=203.0.113.66',
    ],
)
def test_quoted_text_never_forges_the_source(rest):
    assert parse(rest).source_ip == "10.0.0.1"


@pytest.mark.parametrize(
    ("clock", "time"),
    [
        ("eventtime=1780449330", "2026-06-03T01:15:30"),
        ("eventtime=1780449330123", "2026-06-03T01:15:30.123000"),
        ("eventtime=1780449330123456", "2026-06-03T01:15:30.123456"),
        ("eventtime=1780449330123456789", "2026-06-03T01:15:30.123456"),
        ("eventtime=0", "2026-06-03T01:15:30"),
        ('tz="+0000"', "2026-06-03T08:15:30"),
        ('tz="-03:30"', "2026-06-03T11:45:30"),
        ('tz="UTC+7:00"', "2026-06-03T01:15:30"),
        ('tz="nonsense"', "2026-06-03T01:15:30"),
    ],
)
def test_the_time_is_read_with_its_zone(clock, time):
    assert parse(clock).time == datetime.fromisoformat(time).replace(tzinfo=UTC)


def test_time_of_other_clocks():
    bare = 'devid="FG1" logid="0000000013" type="traffic" subtype="forward" '
    assert parse("itime=1780449330", bare).time == datetime(2026, 6, 3, 1, 15, 30, tzinfo=UTC)
    assert parse("timestamp=1780449330", bare).time == datetime(2026, 6, 3, 1, 15, 30, tzinfo=UTC)
    assert parse('itime="2026-06-03 08:15:30"', bare).time == datetime(2026, 6, 3, 1, 15, 30, tzinfo=UTC)
    assert parse("", bare).time is None
    header = "<189>Jun  3 08:15:30 fw "
    parser = FortiGate(FileContext(modified=datetime(2026, 6, 4, tzinfo=UTC)))
    event = parser.parse(header + "time=08:15:29 " + bare, 1)
    assert event is not None
    assert event.time == datetime(2026, 6, 3, 1, 15, 30, tzinfo=UTC)
    with pytest.raises(LineError):
        PARSER.parse('date=2026-02-30 time=08:15:30 type="traffic" subtype="forward" devid="FG1"', 1)


def test_zone_is_the_files_without_tz():
    parser = FortiGate(FileContext(timezone=ZoneInfo("Europe/Paris")))
    event = parser.parse(START, 1)
    assert event is not None
    assert event.time == datetime(2026, 6, 3, 6, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        *((text, Action.ALLOWED) for text in ("accept", "close", "client-rst", "server-rst", "timeout",
            "ip-conn")),
        *((text, Action.ALLOWED) for text in ("passthrough", "permit", "pass", "monitored", "detected",
            "exempt")),
        *((text, Action.BLOCKED) for text in ("deny", "block", "blocked", "dropped", "reset", "redirect",
            "quarantine")),
        *((text, Action.UNKNOWN) for text in ("tunnel-up", "login", "")),
    ],
)  # fmt: skip
def test_the_action_is_allowed_blocked_or_unknown(action, expected):
    assert parse(f'action="{action}"').action is expected


def test_security_profile_blocks_a_closed_session():
    assert parse('action="close" utmaction="block"').action is Action.BLOCKED


@pytest.mark.parametrize(
    ("rest", "device"),
    [
        ("srcip=10.0.0.1 dstip=203.0.113.1", "10.0.0.1"),
        ("srcip=203.0.113.1 dstip=10.0.0.1", "10.0.0.1"),
        ("srcip=10.0.0.1 dstip=10.0.0.2 srcintfrole=wan dstintfrole=lan", "10.0.0.1"),
        ('srcip=198.51.100.1 dstip=203.0.113.1 srcintfrole="lan" dstintfrole="wan"', "198.51.100.1"),
        ('srcip=203.0.113.1 dstip=198.51.100.1 srcintfrole="wan" dstintfrole="dmz"', "198.51.100.1"),
        ('srcip=203.0.113.1 dstip=198.51.100.1 srcintfrole="wan" dstintfrole="undefined"', "198.51.100.1"),
        ("srcip=203.0.113.1 dstip=198.51.100.1 tranip=10.0.0.5", "10.0.0.5"),
        ('srcip=10.0.0.1 dstip=203.0.113.1 direction="incoming"', "10.0.0.1"),
        ("srcip=198.51.100.1 dstip=203.0.113.1", "198.51.100.1"),
    ],
)
def test_device_is_the_units_own_side(rest, device):
    assert parse(rest).device_ip == device


def test_a_stranger_at_the_vpn_is_no_device():
    event = parse(
        'remip=203.0.113.5 user="x"', 'type="event" subtype="vpn" devid="FG1" logdesc="SSL VPN login fail" '
    )
    assert (event.kind, event.source_ip, event.device_ip) == (EventKind.LOGON, "203.0.113.5", None)


def test_lease_carries_its_end():
    event = parse(
        'dhcp_msg="Ack" mac=02:00:5e:00:00:01 ip=10.0.0.9 lease=3600', START.replace("traffic", "event")
    )
    assert (event.kind, event.action, event.device_ip) == (EventKind.LEASE, LeaseAction.ASSIGNED, "10.0.0.9")
    assert event.time is not None
    assert event.lease_until is not None
    assert (event.lease_until - event.time).total_seconds() == 3600
    assert any(marker in 'dhcp_msg="Ack"' for marker in FortiGate.lease_markers)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        (
            'device="SFW" date=2026-06-03 time=08:15:30 log_type="Firewall" log_subtype="Allowed" '
            "src_ip=10.0.0.1"
        ),
        (
            '{"type":"traffic","subtype":"forward","devid":"x","message":"type=traffic subtype=forward '
            'devid=FG1"}'
        ),
        'id="2001" severity="info" sys="SecureNet" sub="packetfilter" srcip="10.0.0.1" dstip="203.0.113.1"',
        "CEF:0|Check Point|VPN-1|R81|Log|https|Unknown|act=Accept src=10.0.0.1",
    ],
)
def test_refuses_other_products(line):
    assert not FortiGate.recognises(line)
    with pytest.raises(LineError):
        PARSER.parse(line, 1)


def test_cef_with_a_short_header_is_a_line_error():
    with pytest.raises(LineError):
        PARSER.parse("CEF:0|Fortinet|Fortigate|v7.0", 1)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        [START, "CEF:0|Fortinet|Fortigate|v7|1|n|3|", '"date=2026-06-03","type=traffic","subtype=x","vd=y",']
    ),
    st.text(),
)
def test_never_raises_anything_else(start, rest):
    for line in (start + rest, rest):
        FortiGate.recognises(line)
        with contextlib.suppress(LineError):
            PARSER.parse(line, 1)
