from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.trace.reports.cells import endpoints, port_number, ports, protocol_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("203.0.113.5", [("203.0.113.5", None)]), ("203.0.113.5:4321", [("203.0.113.5", 4321)]),
        ("203.0.113.5 : 4321", [("203.0.113.5", 4321)]), ("203.0.113.5 (port 4321)", [("203.0.113.5", 4321)]),
        ("203.0.113.5, cổng 4321", [("203.0.113.5", 4321)]), ("203.0.113.5/32", [("203.0.113.5", None)]),
        ("203[.]0[.]113[.]5", [("203.0.113.5", None)]), ("203.000.113.005", [("203.0.113.5", None)]),
        ("2001:DB8::1", [("2001:db8::1", None)]), ("[2001:db8::1]:443", [("2001:db8::1", 443)]),
        ("::ffff:203.0.113.5", [("203.0.113.5", None)]),
        ("203.0.113.5; 203.0.113.6", [("203.0.113.5", None), ("203.0.113.6", None)]), ("203.0.113.0/24", []),
        ("203.0.113.500", []), ("1.2.3", []), ("10:05:09", []), ("aa:bb:cc:dd:ee:ff", []), ("v1.2.3.4.5", []),
        ("203.0.113.5:99999", [("203.0.113.5", None)]), ("", []),
        ("AA: 12::x [dead]: beef::", [("beef::", None)]), ("[12.5]::", []),
    ],
)  # fmt: skip
def test_addresses_in_a_cell(text: str, found: list[tuple[str, int | None]]) -> None:
    assert list(endpoints(text)) == found


@pytest.mark.parametrize(("text", "found"),
    [("4321", (4321,)), ("4321.0", (4321,)), ("TCP/4321", (4321,)), ("4321/udp", (4321,)),
     ("80, 443", (80, 443)), ("0", ()), ("70000", ()), ("1000-2000", ()), ("", ()), ("-", ())])  # fmt: skip
def test_ports_of_a_cell(text: str, found: tuple[int, ...]) -> None:
    assert ports(text) == found


@pytest.mark.parametrize(("text", "found"),
    [("TCP", "tcp"), ("17", "udp"), ("tcp/4321", "tcp"), ("ICMPv6", "icmp6"), ("TCP, UDP", None),
     ("http", "tcp"), ("", None), ("Mirai", None)])  # fmt: skip
def test_a_protocol_is_read_by_name_number_or_service(text: str, found: str | None) -> None:
    assert protocol_of(text) == found


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.text("0123456789abcdefABCDEF:.[]/ %", max_size=80))
def test_no_text_is_too_strange(text: str) -> None:
    for ip, port in endpoints(text):
        assert ip
        assert port is None or 1 <= port <= 65535
    assert port_number(text) is None or 1 <= (port_number(text) or 0) <= 65535
    assert all(1 <= port <= 65535 for port in ports(text))
