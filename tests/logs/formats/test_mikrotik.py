"""MikroTik: DNS answers joined by number, and times without a date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lamsach.logs.base import FileContext
from lamsach.logs.formats.firewalls.mikrotik import Mikrotik
from lamsach.model import Action, Event

FLOW = "in:bridge out:ether1, connection-state:new src-mac 02:00:5e:00:53:01, proto TCP (SYN), "


def parse(line: str, parser: Mikrotik | None = None) -> Event:
    event = (parser or Mikrotik(FileContext(modified=datetime(2026, 6, 2, 10, tzinfo=UTC)))).parse(line, 1)
    assert event is not None
    return event


def test_an_answer_belongs_to_the_client_of_its_number():
    parser = Mikrotik(FileContext())
    parse("<30>dns query from 10.0.0.9: #7 a.example. A", parser)
    parse("<30>dns query from 10.0.0.8: #8 b.example. A", parser)
    assert parse("<30>dns done query: #7 a.example 198.51.100.7", parser).device_ip == "10.0.0.9"
    assert parse("<30>dns done query: #8 b.example 198.51.100.8", parser).device_ip == "10.0.0.8"
    parse("<30>dns query from 10.0.0.6: #7 c.example. A", parser)
    assert parse("<30>dns done query: #7 c.example 198.51.100.9", parser).device_ip == "10.0.0.6"


def test_an_answer_without_its_question_has_no_client():
    event = parse("<30>dns done query: #7 a.example 198.51.100.7")
    assert (event.device_ip, event.domain, event.answers, event.response) == (
        None,
        "a.example",
        ("198.51.100.7",),
        True,
    )


def test_stored_numbers_are_bounded():
    parser = Mikrotik(FileContext())
    for number in range(5000):
        parse(f"<30>dns query from 10.0.0.9: #{number} a.example. A", parser)
    assert parse("<30>dns done query: #1 a.example 198.51.100.7", parser).device_ip is None
    assert parse("<30>dns done query: #4999 a.example 198.51.100.7", parser).device_ip == "10.0.0.9"


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("jun/01/2026 15:04:05", "2026-06-01T08:04:05"),
        ("jun/01 15:04:05", "2026-06-01T08:04:05"),
        ("dec/31 15:04:05", "2025-12-31T08:04:05"),
        ("2026-06-01 15:04:05", "2026-06-01T08:04:05"),
        ("06-01 15:04:05", "2026-06-01T08:04:05"),
        ("15:04:05", "2026-06-02T08:04:05"),
        ("23:04:05", "2026-06-01T16:04:05"),
    ],
)
def test_times_are_read_with_and_without_year(stamp, time):
    line = f"{stamp} firewall,info forward: {FLOW}10.0.0.5:1->198.51.100.7:443, len 52"
    assert parse(line).time == datetime.fromisoformat(time).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("prefix", "flow", "device", "action"),
    [
        ("", "10.0.0.5:1->198.51.100.7:443, len 52", "10.0.0.5", Action.UNKNOWN),
        ("DROP_OUT ", "10.0.0.5:1->198.51.100.7:443, len 52", "10.0.0.5", Action.BLOCKED),
        ("accept-lan ", "198.51.100.7:1->10.0.0.5:443, len 52", "10.0.0.5", Action.ALLOWED),
        ("", "198.51.100.7:1->203.0.113.1:80, NAT 198.51.100.7:1->(203.0.113.1:80->10.0.0.9:80), len 52",
         "10.0.0.9", Action.UNKNOWN),
        ("", "[2001:db8::1]:1->[fd00::5]:2, len 52", "fd00::5", Action.UNKNOWN),
    ],
)  # fmt: skip
def test_device_and_action(prefix, flow, device, action):
    event = parse(f"firewall,info {prefix}forward: {FLOW}{flow}")
    assert (event.device_ip, event.action) == (device, action)


@pytest.mark.parametrize(
    ("flow", "destination", "nat", "device"),
    [
        ("10.0.0.5:1->198.51.100.7:443, NAT (10.0.0.5:1->203.0.113.1:9)->198.51.100.7:443", "198.51.100.7",
         "203.0.113.1", "10.0.0.5"),
        ("NAT (10.0.0.5:1->203.0.113.1:9)->198.51.100.7:443", "198.51.100.7", "203.0.113.1", "10.0.0.5"),
        ("198.51.100.7:5->(203.0.113.1:80->10.0.0.9:80)", "203.0.113.1", None, "10.0.0.9"),
        ("198.51.100.7:5->10.0.0.9:80, NAT 198.51.100.7:5->(203.0.113.1:80->10.0.0.9:80)", "10.0.0.9", None,
         "10.0.0.9"),
    ],
)  # fmt: skip
def test_translated_addresses_name_the_machine(flow, destination, nat, device):
    event = parse(f"firewall,info forward: {FLOW}{flow}, len 52")
    assert (event.destination_ip, event.source_nat_ip, event.device_ip) == (destination, nat, device)


@pytest.mark.parametrize("line", ["", "hello", "dns is slow today", "firewall,info", "account info"])
def test_other_lines_are_refused(line):
    assert not Mikrotik.recognises(line)
