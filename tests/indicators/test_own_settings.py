"""Configuration lines that name own machines or allow values, and lines that judge their value."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.model import Indicator

_CONFIGURATIONS = {
    "cisco": (
        "hostname R1\nip name-server 203.0.113.53\nntp server 203.0.113.123\nlogging host 203.0.113.124\n"
        "interface Gi0/0\n ip address 203.0.113.1 255.255.255.0\n"
        "router bgp 64500\n neighbor 203.0.113.77 remote-as 64501\nip access-list extended X\n"
        " deny tcp any host 198.51.100.5 eq 443\n permit ip any any\n"
        "ip route 192.0.2.128 255.255.255.128 Null0\nip route 0.0.0.0 0.0.0.0 203.0.113.254\n",
        {"198.51.100.5", "192.0.2.128/25"},
    ),
    "ipset": ("add bl 198.51.100.5\nadd bl 192.0.2.0/28 timeout 300\nadd bl 192.0.2.5 nomatch\n",
        {"198.51.100.5", "192.0.2.0/28"}),
    "ufw": ("ufw deny from 198.51.100.5\nufw allow from 203.0.113.9\n", {"198.51.100.5"}),
    "windows": (
        ('netsh advfirewall firewall add rule name="a" dir=out action=block remoteip=198.51.100.5\n'
         'netsh advfirewall firewall add rule name="b" dir=out action=allow remoteip=203.0.113.9\n'),
        {"198.51.100.5"},
    ),
    "nginx": ("deny 198.51.100.5;\ndeny 192.0.2.0/28;\nallow 203.0.113.9;\ndeny all;\n",
        {"198.51.100.5", "192.0.2.0/28"}),
    "pf": (
        ("table <bad> persist { 198.51.100.5, !203.0.113.9 }\nblock out quick to 192.0.2.64/26\n"
         "pass in from 203.0.113.44 to any\n"),
        {"198.51.100.5", "192.0.2.64/26"},
    ),
    "junos": ("set policy-options prefix-list BAD 192.0.2.0/28\nset system name-server 203.0.113.53\n",
        {"192.0.2.0/28"}),
    "unbound": (
        ('server:\nlocal-zone: bot-c2.xyz refuse\nlocal-data-ptr: "203.0.113.9 good-a.site"\n'
         'forward-zone:\n  forward-addr: 203.0.113.53@853#dns.good-b.site\n'),
        {"bot-c2.xyz"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", _CONFIGURATIONS)
def test_a_configurations_own_addresses_are_not_listed(name: str, tmp_path: Path) -> None:
    text, expected = _CONFIGURATIONS[name]
    path = tmp_path / "list.txt"
    path.write_text(text, encoding="utf-8")
    found = read_list(str(path), lambda problem: None)
    assert {item.value for item in found if isinstance(item, Indicator)} == expected


def test_a_line_that_judges_its_value(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(
        "bot-c2.xyz - C2\ngood-a.site (legitimate)\ngood-b.site [benign]\ngood-c.site # whitelist\n"
        "203.0.113.9 - nạn nhân\nbot-d2.xyz (legitimate site that was compromised)\n",
        encoding="utf-8",
    )
    found = list(read_list(str(path), lambda problem: None))
    assert {item.value for item in found if isinstance(item, Indicator)} == {"bot-c2.xyz", "bot-d2.xyz"}
    assert {item.value: item.reason for item in found if not isinstance(item, Indicator)} == {
        "good-a.site": refusals.BENIGN,
        "good-b.site": refusals.BENIGN,
        "good-c.site": refusals.ALLOWED,
        "203.0.113.9": refusals.VICTIM,
    }
