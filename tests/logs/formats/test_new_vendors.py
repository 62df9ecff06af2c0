"""Firewalls, gateways and name servers of many vendors, and lines of named values: traps as tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.formats.generic.key_value import KeyValue
from lamsach.logs.reading.detect import format_of_line
from lamsach.model import Event

WRITTEN = datetime(2026, 7, 1, tzinfo=UTC)


def parse(log_format: type[LogFormat], line: str) -> Event:
    event = log_format(FileContext("case.log", modified=WRITTEN)).parse(line, 1)
    assert event is not None
    return event


@pytest.mark.parametrize(
    "line",
    [
        "see src=10.1.1.5 for details",
        "Nov 20 08:45:34 host cron[1]: (root) CMD (test -x /a)",
        "a=1 b=2 c=3",
        "client: an, server: unit",
        "{'src': '10.1.1.5', 'dst': '203.0.113.9'}",
        "<html src=10.1.1.5 action=block>",
    ],
)
def test_named_values_need_an_address_and_one_more(line):
    assert not KeyValue.recognises(line)
    assert format_of_line(line) is None


def test_a_quoted_value_forges_no_field():
    event = parse(KeyValue, 'msg="x src=192.0.2.66 dst=192.0.2.67" src=10.1.1.5 dst=203.0.113.9 action=drop')
    assert (event.source_ip, event.destination_ip) == ("10.1.1.5", "203.0.113.9")


def test_a_time_that_cannot_be_read_does_not_spoil_the_line():
    event = parse(KeyValue, "Jun  2 15:45:34 gw sip=10.1.1.5 sport=5 dip=203.0.113.9 dport=443 action=drop")
    assert (event.source_ip, event.destination_ip, event.destination_port) == ("10.1.1.5", "203.0.113.9", 443)
    event = parse(KeyValue, "Jun  2 15:45:34 gw time=yesterday src=10.1.1.5 dst=203.0.113.9 action=drop")
    assert event.time == datetime(2026, 6, 2, 8, 45, 34, tzinfo=UTC)
    assert event.destination_ip == "203.0.113.9"
