"""nfdump: foreign lines, ICMP, forwarding status."""

from __future__ import annotations

import contextlib

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.flows.nfdump import Nfdump

PARSER = Nfdump(FileContext(modified=golden.WRITTEN))


@pytest.mark.parametrize(
    "line",
    [
        "2026-06-05 07:31:12 10.20.1.15 203.0.113.9",
        '{"src_ip": "10.20.1.15", "dst_ip": "203.0.113.9"}',
        "2026-06-05 07:31:12,10.20.1.15,203.0.113.9,443",
        "{",
    ],
)
def test_foreign_lines_are_not_recognised(line):
    assert not Nfdump.recognises(line)


def test_messages_of_icmp_6_and_protocols_without_ports():
    start = "2026-06-05 07:31:12.494     1.512 "
    echo = PARSER.parse(
        f"{start}ICMP6  2001:db8::5.0    ->    2001:db8::9.128.0             1      120     1", 1
    )
    assert (echo.destination_ip, echo.destination_port) == ("2001:db8::9", None)
    mapped = PARSER.parse(
        f"{start}TCP  ::ffff:192.0.2.5.50000    ->    2001:db8::9.443             1      120     1", 1
    )
    assert (mapped.source_ip, mapped.source_port, mapped.destination_port) == ("192.0.2.5", 50000, 443)
    tunnel = PARSER.parse(
        f"{start}GRE    192.0.2.5:0     ->      203.0.113.9:0            1      120     1", 1
    )
    assert (tunnel.source_port, tunnel.destination_port, tunnel.destination_ip) == (None, None, "203.0.113.9")


def test_the_action_and_observer_of_a_packet():
    row = "2026-06-05 07:31:12,2026-06-05 07:31:13,1.000,192.0.2.5,203.0.113.9,51514,443,TCP,.AP.SF,130,0,"
    full = row + "0," * 33 + "10.0.0.1,0/0,1,2026-06-05 07:31:20.123"
    keys = (
        '"src4_addr":"192.0.2.5","dst4_addr":"203.0.113.9","proto":6,"fwd_status":64,"ip4_router":"0.0.0.0"'
    )
    found = [PARSER.parse(text, 1) for text in (full, row + "1,1,1", f"{{{keys}}}")]
    assert [(event.action.value, event.observer) for event in found] == [
        ("blocked", "10.0.0.1"),
        ("blocked", None),
        ("allowed", None),
    ]


@settings(max_examples=60)
@given(
    st.text(max_size=80),
    st.sampled_from(["", "2026-06-05 07:31:12.494 1.0 TCP ", '{"src4_addr":', "2026-06-05 07:31:12,"]),
)
def test_never_raises_anything_else(text, start):
    with contextlib.suppress(LineError):
        PARSER.parse(start + text, 1)
