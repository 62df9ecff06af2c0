"""Text that no format reads: one heuristic a test."""

from __future__ import annotations

import pytest
from golden import context_of
from hypothesis import given
from hypothesis import strategies as st

from lamsach.logs.formats import FORMATS
from lamsach.logs.formats.generic.unknown_text import UnknownText


def parse(line):
    return UnknownText(context_of([line])).parse(line, 1)


def test_it_is_not_in_the_registry():
    assert UnknownText not in FORMATS


@pytest.mark.parametrize(
    "line, wanted",
    [
        ("2026-06-10 15:00:01 x", "2026-06-10T08:00:01+00:00"),
        ("2026-06-10T08:00:01Z x", "2026-06-10T08:00:01+00:00"),
        ("[10/Jun/2026:15:00:01 +0700] x", "2026-06-10T08:00:01+00:00"),
        ("10/06/2026 15:00:01 x", "2026-06-10T08:00:01+00:00"),
        ("10/06/2026 3:00:01 PM x", "2026-06-10T08:00:01+00:00"),
        ("1781078401 x", "2026-06-10T08:00:01+00:00"),
        ("1781078401.5,x", None),
        ("Jun 10 15:00:01 gw01 x", "2026-06-10T08:00:01+00:00"),
        ("<13>Jun 10 15:00:01 gw01 app: x", "2026-06-10T08:00:01+00:00"),
        ("32/13/2026 99:00 x", None),
        ("x 2026-06-10 15:00:01", None),
        ("10.20.0.31 x", None),
    ],
)
def test_the_time_at_the_start(line, wanted):
    time = parse(line).time
    assert (time.isoformat() if time else None) == wanted


@pytest.mark.parametrize(
    "line, source, destination, device",
    [
        ("src=10.20.0.31 dst=203.0.113.7", "10.20.0.31", "203.0.113.7", "10.20.0.31"),
        ("SRC=203.0.113.7 DST=10.20.0.31", "203.0.113.7", "10.20.0.31", "10.20.0.31"),
        ('"srcip": "10.20.0.31", "dstip": "203.0.113.7"', "10.20.0.31", "203.0.113.7", "10.20.0.31"),
        ("client 10.20.0.31 to 10.20.0.1", "10.20.0.31", None, "10.20.0.31"),
        ("saddr=[2001:db8::5]:443 daddr=[2001:db8::7]:80", "2001:db8::5", "2001:db8::7", "2001:db8::5"),
        ("blocked 10.20.0.31 evil.example", None, None, "10.20.0.31"),
        ("10.20.0.31 10.20.0.31 evil.example", None, None, "10.20.0.31"),
        ("10.20.0.31 10.20.0.1 evil.example", None, None, None),
        ("203.0.113.7 evil.example", None, None, None),
        ("version 10.20.0.31.4 of x", None, None, None),
        ("notsrc=10.20.0.31 mysrc=10.20.0.32", None, None, None),
        ("src=unknown", None, None, None),
    ],
)
def test_the_device_of_a_line(line, source, destination, device):
    event = parse(line)
    assert (event.source_ip, event.destination_ip, event.device_ip) == (source, destination, device)


@given(st.text(max_size=200) | st.text(alphabet="src=dt:.0123456789[]<>/ ABJun\"'", max_size=120))
def test_no_line_raises(line):
    assert parse(line).line == 1
