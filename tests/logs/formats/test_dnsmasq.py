"""dnsmasq's queries, DHCP messages and lease file: one trap a test."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from case_reader import records
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.dns.dnsmasq import Dnsmasq
from lamsach.model import Action, EventKind, LeaseAction


def parse(text):
    return Dnsmasq(FileContext(modified=datetime(2026, 7, 1, tzinfo=UTC))).parse(text, 1)


@pytest.mark.parametrize(
    "text, action",
    [
        ("reply a.example is 203.0.113.7", Action.ALLOWED),
        ("cached a.example is <CNAME>", Action.ALLOWED),
        ("cached-stale a.example is 203.0.113.7", Action.ALLOWED),
        ("reply a.example is NXDOMAIN", Action.UNKNOWN),
        ("config a.example is 203.0.113.7", Action.ALLOWED),
        ("config a.example is ::", Action.BLOCKED),
        ("config a.example is NXDOMAIN", Action.BLOCKED),
        ("gravity blocked a.example is 0.0.0.0", Action.BLOCKED),
        ("exactly blacklisted a.example is 0.0.0.0", Action.BLOCKED),
        ("exactly denied a.example is NODATA", Action.BLOCKED),
        ("regex blacklisted a.example is 0.0.0.0", Action.BLOCKED),
        ("/etc/pihole/black.list a.example is 0.0.0.0", Action.BLOCKED),
        ("/etc/hosts a.example is 10.20.0.9", Action.ALLOWED),
    ],
)
def test_the_action_of_an_answer(text, action):
    event = parse(f"Jun 10 08:00:01 dnsmasq[812]: {text}")
    assert (event.kind, event.domain, event.action, event.device_ip) == (
        EventKind.DNS,
        "a.example",
        action,
        None,
    )


def test_a_replaced_answer_is_no_contact_with_the_real_server():
    assert parse("dnsmasq[812]: gravity blocked a.example is 203.0.113.7").answers == ()


def test_a_forwarded_question_names_no_client():
    event = parse("Jun 10 08:00:01 dnsmasq[812]: forwarded a.example to 198.51.100.53")
    assert event.forwarded
    assert event.device_ip is None


@pytest.mark.parametrize(
    "text",
    ["started, version 2.90 cachesize 150", "reading /etc/resolv.conf", "reply error is SERVFAIL",
     "validation result is INSECURE",
     "no servers found", "exiting on receipt of SIGTERM"],
)  # fmt: skip
def test_records_without_a_contact(text):
    assert parse(f"Jun 10 08:00:01 dnsmasq[812]: {text}") is None


@pytest.mark.parametrize(
    "text, action, address, mac",
    [
        ("DHCPACK(br0) 10.20.0.5 02:00:5e:10:00:05 PC", LeaseAction.ASSIGNED, "10.20.0.5",
            "02:00:5e:10:00:05"),
        ("12345 DHCPACK(eth0.10) 10.20.0.5 02:00:5e:10:00:05", LeaseAction.ASSIGNED, "10.20.0.5",
            "02:00:5e:10:00:05"),
        ("DHCPACK(br0) 10.20.0.5 06-02:00:5e:10:00:05", LeaseAction.ASSIGNED, "10.20.0.5",
            "02:00:5e:10:00:05"),
        ("DHCPRELEASE(br0) 10.20.0.5 02:00:5e:10:00:05", LeaseAction.RELEASED, "10.20.0.5",
            "02:00:5e:10:00:05"),
        ("DHCPREPLY(br0) 2001:db8::5 00:03:00:01:02:00:5e:10:00:05", LeaseAction.ASSIGNED, "2001:db8::5",
            "02:00:5e:10:00:05"),
        ("DHCPNAK(br0) 10.20.0.5 02:00:5e:10:00:05 wrong network", Action.UNKNOWN, "10.20.0.5",
            "02:00:5e:10:00:05"),
        ("DHCPDISCOVER(br0) 02:00:5e:10:00:05 ", Action.UNKNOWN, None, "02:00:5e:10:00:05"),
    ],
)  # fmt: skip
def test_dhcp_lines_are_leases(text, action, address, mac):
    event = parse(f"Jun 10 08:00:01 dnsmasq-dhcp[812]: {text}")
    assert (event.action, event.device_ip, event.device_mac) == (action, address, mac)
    assert (event.kind is EventKind.LEASE) is isinstance(action, LeaseAction)


def test_a_lease_of_the_file_holds_at_the_files_time_until_its_end():
    event = parse("1782900000 02:00:5e:10:00:05 10.20.0.5 * *")
    assert event.time == datetime(2026, 7, 1, tzinfo=UTC)
    assert event.lease_until == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert event.device_name is None


@pytest.mark.parametrize(
    "line",
    [
        "Jun 10 08:00:02 dhcp01 dhcpd[812]: DHCPACK on 10.20.0.50 to 02:00:5e:10:00:50 via eth0",
        (
            "10-Jun-2026 08:00:01.123 client 10.20.0.31#50001 (evil.example): query: evil.example IN A + "
            "(10.20.0.1)"
        ),
        "Jun 10 08:00:02 gw01 unbound[1]: info: 10.20.0.31 evil.example. A IN",
        "reply to the letter is late",
        (
            "1781078401.123 45 10.20.0.31 TCP_MISS/200 100 GET http://evil.example/ - DIRECT/203.0.113.7 "
            "text/html"
        ),
        "",
    ],
)
def test_other_products_are_refused(line):
    assert not Dnsmasq.recognises(line)


@pytest.mark.parametrize(
    "line",
    [
        "Jun 10 08:00:02 gw01 sshd[1]: Accepted",
        "",
        "Jun 31 08:00:02 dnsmasq[1]: query[A] a.example from 10.0.0.1",
    ],
)
def test_unreadable_lines_are_line_errors(line):
    with pytest.raises(LineError):
        parse(line)


_WORDS = st.sampled_from(
    ["Jun 10 08:00:01", "dnsmasq[1]:", "dnsmasq-dhcp[1]:", "query[A]", "reply", "cached", "config",
     "gravity blocked", "a.example", "is", "from",
     "to", "10.20.0.5", "10.20.0.5/53", "<CNAME>", "DHCPACK(br0)", "02:00:5e:10:00:05", "1782900000", "*",
     "/etc/hosts", "2001:db8::5"]
)  # fmt: skip


@given(st.lists(_WORDS | st.text(max_size=6), max_size=10).map(" ".join))
def test_no_input_raises_anything_but_line_errors(line):
    Dnsmasq.recognises(line)
    list(records(Dnsmasq, [line]))


@pytest.mark.parametrize(
    ("text", "domain", "action"),
    [
        ("gravity blocked (CNAME) tracker.example is 0.0.0.0", "tracker.example", Action.BLOCKED),
        ("blocked upstream with NULL address bad.example is 0.0.0.0", "bad.example", Action.BLOCKED),
        ("Pi-hole hostname pi.hole is 10.20.0.2", "pi.hole", Action.ALLOWED),
        ("Rate-limiting bot-c2.xyz is REFUSED (EDE: synthesized)", "bot-c2.xyz", Action.BLOCKED),
        ("reply a.example is NODATA-IPv6", "a.example", Action.UNKNOWN),
    ],
)
def test_pi_hole_messages(text, domain, action):
    event = parse(f"Jun 10 08:00:01 pihole dnsmasq[812]: {text}")
    assert (event.domain, event.action) == (domain, action)
