"""tcpdump's text: ends with names and ports, lines without a contact."""

from __future__ import annotations

import contextlib

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.flows.tcpdump_text import TcpdumpText

PARSER = TcpdumpText(FileContext(modified=golden.WRITTEN))


@pytest.mark.parametrize(
    ("ends", "source", "destination"),
    [
        ("192.0.2.5.51514 > 203.0.113.9.443", ("192.0.2.5", 51514), ("203.0.113.9", 443)),
        ("192.0.2.5.ssh > 203.0.113.9.https", ("192.0.2.5", 22), ("203.0.113.9", 443)),
        ("192.0.2.5 > 203.0.113.9", ("192.0.2.5", None), ("203.0.113.9", None)),
        ("2001:db8::5.51514 > 2001:db8::9.443", ("2001:db8::5", 51514), ("2001:db8::9", 443)),
        ("::ffff:192.0.2.5.51514 > 2001:db8::9.443", ("192.0.2.5", 51514), ("2001:db8::9", 443)),
        ("fe80::1 > ff02::16", ("fe80::1", None), ("ff02::16", None)),
    ],
)
def test_both_ends_are_read_with_their_ports(ends, source, destination):
    event = PARSER.parse(f"1780619472.494 IP {ends}: UDP, length 12", 1)
    assert event is not None
    assert (event.source_ip, event.source_port) == source
    assert (event.destination_ip, event.destination_port) == destination


@pytest.mark.parametrize(
    "line",
    [
        "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode",
        "12 packets captured",
        "14:22:02.123456 LLDP, length 120",
    ],
)
def test_lines_without_a_contact(line):
    assert PARSER.parse(line, 1) is None
    assert not TcpdumpText.recognises(line)


def test_a_clock_without_a_day_is_no_time():
    event = PARSER.parse("14:22:02.123456 IP 192.0.2.5.1 > 192.0.2.6.2: UDP, length 1", 1)
    assert event is not None
    assert event.time is None


@settings(max_examples=60)
@given(st.text(max_size=80), st.sampled_from(["", "1780619472.494 IP ", "IP6 (", "14:22:02.1 ARP, "]))
def test_never_raises_anything_else(text, start):
    with contextlib.suppress(LineError):
        PARSER.parse(start + text, 1)
