"""Commands that allow an address."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.judge.exceptions import is_allowing_command
from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.model import Indicator, Problem


@pytest.mark.parametrize(
    "line",
    [
        "-A INPUT -s 203.0.113.7/32 -p tcp -m tcp --dport 22 -j ACCEPT",
        "iptables -A INPUT -s 203.0.113.7 -j RETURN",
        "allow 203.0.113.7;",
        "Allow from 203.0.113.7",
        "Require ip 203.0.113.7",
        "permit ip any host 203.0.113.7",
        "access-list 101 permit tcp host 203.0.113.7 any eq 443",
        "10 permit ip host 203.0.113.7 any",
        "ip saddr 203.0.113.7 accept",
        "add rule inet filter input ip saddr 203.0.113.7 tcp dport 22 accept;",
        "@@||good.example^",
        "@@|https://good.example/a|",
        "set external-list EDL type ip url https://feed.example.org/list.txt",
    ],
)
def test_allowing_commands_are_recognized(line: str) -> None:
    assert is_allowing_command(line)


@pytest.mark.parametrize(
    "line",
    [
        "-A INPUT -s 203.0.113.7/32 -j DROP",
        "deny 203.0.113.7;",
        "Require not ip 203.0.113.7",
        "access-list 101 deny ip host 203.0.113.7 any",
        "allow 203.0.113.7 to be blocked",
        "permits 203.0.113.7",
        "ip saddr 203.0.113.7 drop",
        "203.0.113.7",
        "set address C2 ip-netmask 203.0.113.7/32",
    ],
)
def test_other_lines_allow_nothing(line: str) -> None:
    assert not is_allowing_command(line)


def test_a_long_hostile_line_is_read_in_time() -> None:
    assert not is_allowing_command("-A " + "-j " * 300)
    assert not is_allowing_command("access-list " * 1_000_000)


def test_a_configuration_lists_its_blocked_values(tmp_path: Path) -> None:
    path = tmp_path / "rules.txt"
    path.write_text(
        "-A INPUT -s 203.0.113.7/32 -j ACCEPT\n-A INPUT -s 203.0.113.8/32 -j DROP\n"
        "-A INPUT -s 203.0.113.9/32 -j DROP\n"
    )
    problems: list[Problem] = []
    found = list(read_list(str(path), problems.append))
    assert {item.value for item in found if isinstance(item, Indicator)} == {"203.0.113.8", "203.0.113.9"}
    assert [(item.value, item.reason) for item in found if not isinstance(item, Indicator)] == [
        ("203.0.113.7", refusals.ALLOWED)
    ]
