"""Sophos: values that must not be misread."""

from __future__ import annotations

import pytest

from lamsach.logs.base import FileContext
from lamsach.logs.formats.firewalls.sophos import Sophos
from lamsach.logs.text.key_value import spaced_pairs
from lamsach.model import Event

WAF = 'id="0299" srcip="{client}" localip="10.20.0.5" size="1" url="/" server="mail.unit.example" port="443"'


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("mode=Remote Access user=lan", {"mode": "Remote Access", "user": "lan"}),
        ('a="x y=1" b=2', {"a": "x y=1", "b": "2"}),
        ('a="x"y" b=2', {"a": 'x"y', "b": "2"}),
        ('a=1 a=2 b=""', {"a": "1", "b": ""}),
        ('a="cut b=2', {"a": "cut b=2"}),
        ("a=1, b=2", {"a": "1", "b": "2"}),
        ("a=  b=2", {"a": "", "b": "2"}),
        ("no pairs", {}),
    ],
)
def test_values_may_hold_spaces(text, fields):
    assert spaced_pairs(text) == fields


@pytest.mark.parametrize(("client", "device"), [("203.0.113.4", None), ("10.20.1.5", "10.20.1.5")])
def test_the_web_application_firewalls_own_address_is_no_machine(client, device):
    line = f"2026:06:02-15:04:05 gw reverseproxy: {WAF.format(client=client)}"
    event = Sophos(FileContext()).parse(line, 1)
    assert isinstance(event, Event)
    assert (event.source_ip, event.device_ip, event.destination_ip) == (client, device, None)


@pytest.mark.parametrize(
    "line",
    [
        (
            'date=2026-06-02 time=08:15:30 devid="FG1" logid="0000000013" type="traffic" subtype="forward" '
            "srcip=10.0.0.1"
        ),
        (
            "2026:06:02-15:04:05 gw named[812]: client @0x1 10.0.0.1#5000 (a.example): query: a.example IN "
            "A + (10.0.0.2)"
        ),
        "2026:06:02-15:04:05 gw sshd[812]: Invalid user x from 203.0.113.9",
        'id="x" srcip="10.0.0.1"',
        "",
    ],
)
def test_other_products_are_refused(line):
    assert not Sophos.recognises(line)
