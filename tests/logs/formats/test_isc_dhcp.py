"""ISC dhcpd's messages and lease file: one trap a test."""

from __future__ import annotations

import pytest
from case_reader import records
from golden import cases, expected, lines_of
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.dhcp.isc_dhcp import IscDhcp
from lamsach.model import EventKind, LeaseAction


def parse(text):
    return IscDhcp(FileContext()).parse(text, 1)


def test_every_golden_lease_has_a_marker():
    for log in cases("isc_dhcp"):
        lines = lines_of(log)
        for record in expected(log):
            if record["kind"] == "lease":
                assert any(marker in lines[record["line"] - 1] for marker in IscDhcp.lease_markers)


@pytest.mark.parametrize(
    "state, holds",
    [
        ("active", True),
        ("free", True),
        ("expired", True),
        ("released", True),
        ("abandoned", False),
        ("backup", False),
    ],
)
def test_a_block_holds_for_its_interval_in_any_state(state, holds):
    event = parse(
        "lease 10.20.0.50 {\n  starts 3 2026/06/10 01:00:02;\n  ends 3 2026/06/10 13:00:02;\n"
        f"  binding state {state};\n  hardware ethernet 02:00:5e:10:00:50;\n}}"
    )
    assert (event is not None) is holds


def test_a_lease_without_hardware_has_no_holder():
    assert parse("lease 10.20.0.50 {\n  starts 3 2026/06/10 01:00:02;\n  binding state free;\n}") is None


def test_windows_line_ends_in_a_block():
    event = parse(
        "lease 10.20.0.50 {\r\n  starts 3 2026/06/10 01:00:02;\r\n"
        "  hardware ethernet 02:00:5e:10:00:50;\r\n}\r\n"
    )
    assert event.device_mac == "02:00:5e:10:00:50"
    assert event.time.hour == 1


@pytest.mark.parametrize(
    "name, wanted",
    [("(PC-01)", "PC-01"), ("(a b; DROP)", "a b; DROP"), ("(10.9.9.9)", None), ("()", None), ("", None)],
)
def test_the_client_chooses_its_name(name, wanted):
    event = parse(f"DHCPACK on 10.20.0.50 to 02:00:5e:10:00:50 {name} via eth0".replace("  ", " "))
    assert (event.device_name, event.device_ip, event.kind) == (wanted, "10.20.0.50", EventKind.LEASE)


def test_a_bootp_client_has_its_name_first_and_its_mac_in_brackets():
    event = parse("BOOTREPLY for 10.20.0.50 to may-in (02:00:5e:10:00:50) via eth0")
    assert (event.device_ip, event.device_mac, event.device_name) == (
        "10.20.0.50",
        "02:00:5e:10:00:50",
        "may-in",
    )


def test_a_name_cannot_forge_a_lease():
    event = parse("DHCPDISCOVER from 02:00:5e:10:00:50 (DHCPACK on 10.20.0.1 to 02:00:5e:10:00:99) via eth0")
    assert (event.kind, event.device_mac) == (EventKind.OTHER, "02:00:5e:10:00:50")


@pytest.mark.parametrize(
    "text, action",
    [
        ("DHCPACK on 10.20.0.5 to 02:00:5e:10:00:05 via eth0", LeaseAction.ASSIGNED),
        ("DHCPACK to 10.20.0.5 (02:00:5e:10:00:05) via eth0", LeaseAction.RENEWED),
        ("DHCPRELEASE of 10.20.0.5 from 02:00:5e:10:00:05 via eth0 (not found)", LeaseAction.RELEASED),
        ("DHCPEXPIRE on 10.20.0.5 to 02:00:5e:10:00:05", LeaseAction.EXPIRED),
        (
            "Release NA: address 2001:db8::5 to client with duid 00:03:00:01:02:00:5e:10:00:05 iaid = 1",
            LeaseAction.RELEASED,
        ),
        ("r-l-e:10.20.0.5,Renewed,PC,02:00:5e:10:00:05,1781078415,1781082015", LeaseAction.RENEWED),
    ],
)
def test_the_lease_action_of_a_message(text, action):
    event = parse(text)
    assert (event.kind, event.action, event.device_mac) == (EventKind.LEASE, action, "02:00:5e:10:00:05")


@pytest.mark.parametrize(
    "line",
    [
        "Jun 10 08:00:02 dnsmasq-dhcp[812]: DHCPACK(br0) 10.20.0.50 02:00:5e:10:00:50",
        "10,06/10/26,08:00:01,Assign,10.20.0.50,PC-01,02005E100050",
        "the word DHCPACK on its own",
        "lease of life",
        "Jun 10 08:00:02 gw01 dhclient[1]: bound to 10.20.0.5 -- renewal in 300 seconds.",
        "",
    ],
)
def test_other_products_are_not_recognised(line):
    assert not IscDhcp.recognises(line)


@pytest.mark.parametrize(
    "text",
    [
        "Jun 10 08:00:02 gw01 sshd[1]: Accepted password",
        "lease 10.20.0.500 {\n}",
        "lease 10.20.0.50 {\n  starts 3 2026/13/45 01:00:02;\n  hardware ethernet 02:00:5e:10:00:50;\n}",
        "Jun 31 08:00:02 dhcp01 dhcpd[812]: DHCPACK on 10.20.0.50 to 02:00:5e:10:00:50 via eth0",
    ],
)
def test_unreadable_lines_are_line_errors(text):
    with pytest.raises(LineError):
        parse(text)


_WORDS = st.sampled_from(
    ["DHCPACK", "on", "to", "of", "from", "via", "10.20.0.5", "02:00:5e:10:00:05", "(", ")", "lease", "{",
     "}", "\n", "  starts 3 ", "  ends ",
     "2026/06/10", "01:02:03;", "epoch", "never;", 'ia-na "', "\\001", '"', "Reply NA: address", "r-l-e:",
     ",", "[9999999999]"]
)  # fmt: skip


@given(st.lists(_WORDS | st.text(max_size=6), max_size=16).map(" ".join))
def test_no_input_raises_anything_but_line_errors(text):
    list(records(IscDhcp, text.split("\n")))
    list(records(IscDhcp, ["lease 10.20.0.5 {", *text.split("\n")]))
