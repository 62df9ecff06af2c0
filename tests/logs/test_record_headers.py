"""Headers before self-describing records, wrapped records, LEEF's delimiters, stated zones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.generic.cef import Cef
from lamsach.logs.text import leef
from lamsach.logs.text.pasted import continues
from lamsach.logs.text.record_headers import header_before, within_json
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.times.timestamps import zone_of

CONTEXT = FileContext("a.log", modified=datetime(2026, 7, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("before", "time", "host"),
    [
        ("", None, None),
        ("<134>Jun  5 07:31:12 gw1 ", "2026-06-05T00:31:12", "gw1"),
        ("<134>Jun  5 07:31:12 gw1: ", "2026-06-05T00:31:12", "gw1"),
        ("<134>1 2026-06-05T07:31:12+07:00 gw1 app 7 - - ", "2026-06-05T00:31:12", "gw1"),
        ("<134>1 2026-06-05T07:31:12+07:00 gw1 ", "2026-06-05T00:31:12", "gw1"),
        ("2026-06-05T07:31:12Z gw1 : ", "2026-06-05T07:31:12", "gw1"),
        ("Fri, 05 Jun 2026 07:31:12 +0000 gw1 ", "2026-06-05T07:31:12", "gw1"),
        ("<166>:Jun  5 07:31:12 ICT: ", "2026-06-05T00:31:12", None),
        ("<166>:Jun  5 07:31:12 UTC: ", "2026-06-05T07:31:12", None),
        ("<166>Jun  5 2026 07:31:12 ICT gw1 : ", "2026-06-05T00:31:12", "gw1"),
        ("<166>Jun  5 2026 07:31:12 EST gw1 : ", "2026-06-05T12:31:12", "gw1"),
        ("Jun  5 09:00:00 relay :Jun  5 07:31:12 EST: ", "2026-06-05T12:31:12", "relay"),
        ("Jun  5 09:00:00 relay : Jun  5 2026 07:31:12 EST: ", "2026-06-05T12:31:12", "relay"),
        ("Jun  5 2026 07:31:12: ", "2026-06-05T00:31:12", None),
        # the sender's own header after those of relays
        ("Jun  5 09:00:00 relay Jun  5 2026 07:31:12 gw1 : ", "2026-06-05T00:31:12", "gw1"),
        (
            "<134>1 2026-06-05T09:00:00Z r app - - - Jun  5 09:00:01 r2 <134>Jun  5 07:31:12 gw1 ",
            "2026-06-05T00:31:12",
            "gw1",
        ),
        ("<134>2026-06-05T09:00:00Z relay : Jun 05 2026 07:31:12: ", "2026-06-05T00:31:12", "relay"),
    ],
)
def test_time_and_host_of_headers(before, time, host):
    header = header_before(before + "%ASA-6-302013: x", len(before), CONTEXT)
    assert header.time == (datetime.fromisoformat(time).replace(tzinfo=UTC) if time else None)
    assert header.host == host


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120))
def test_arbitrary_headers_raise_nothing(before):
    header_before(before + "CEF:0|", len(before), CONTEXT)


@pytest.mark.parametrize(
    ("line", "inside"), [('{"a":"CEF:0|', True), ("<1>gw CEF:0|", False), ('x { "a":"CEF:0|', True)]
)
def test_record_inside_json(line, inside):
    assert within_json(line, line.index("CEF")) is inside


def test_shape_of_continuations():
    assert continues("cs3Label=Protection Type cs3=x")
    assert continues(" duser=an")
    assert not continues("date=2026-06-05 time=07:31:12 devname=FGT")
    assert not continues("<134>Jun  5 07:31:12 gw CEF:0|")
    record = "CEF:0|A|B|1|2|n|3|src=10.1.1.5"
    for lines, wrapped in (
        ((record, " dst=198.51.100.7"), True),
        ((record, record, "date=2026-06-05 time=07:31:12"), False),
    ):
        assert Cef(FileContext("a.log", head=lines)).multiline is wrapped
    assert Cef.score((record, " a=1", " b=2", "(words)")) == 0.75


@pytest.mark.parametrize(
    ("attributes", "fields"),
    [
        ("1.0|A|B|1|e|src=10.1.1.5\tusrName=a b", {"src": "10.1.1.5", "usrname": "a b"}),
        ("2.0|A|B|1|e|^|src=10.1.1.5^usrName=a=b", {"src": "10.1.1.5", "usrname": "a=b"}),
        ("2.0|A|B|1|e|x5E|src=10.1.1.5^a=b", {"src": "10.1.1.5", "a": "b"}),
        ("2.0|A|B|1|e|0x09|src=10.1.1.5\ta=b", {"src": "10.1.1.5", "a": "b"}),
        ("2.0|A|B|1|e||src=10.1.1.5\ta=b", {"src": "10.1.1.5", "a": "b"}),
        ("2.0|A|B|1|e|src=10.1.1.5\ta=b", {"src": "10.1.1.5", "a": "b"}),
        ("2.0|A|B|1|e|||src=10.1.1.5|a=b", {"src": "10.1.1.5", "a": "b"}),
        ("1.0|A|B|1|e|src=10.1.1.5#011a=b", {"src": "10.1.1.5", "a": "b"}),
        (r"1.0|A|B|1|e|src=10.1.1.5\ta=b", {"src": "10.1.1.5", "a": "b"}),
        ("1.0|A|B|1|e|src=10.1.1.5 msg=two words a=b", {"src": "10.1.1.5", "msg": "two words", "a": "b"}),
        ("1.0|A|B|1|e|", {}),
    ],
)
def test_leef_delimiters_separate_attributes(attributes, fields):
    assert leef.read("LEEF:" + attributes).attributes == fields


@pytest.mark.parametrize("text", ["", "LEEF:1.0|a|b", "CEF:0|a|b|c|d|e|f|"])
def test_truncated_leef_is_a_line_error(text):
    with pytest.raises(LineError):
        leef.read(text)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("UTC", 0),
        ("+07:00", 7),
        ("GMT+7", 7),
        ("-0500", -5),
        ("ICT", 7),
        ("Asia/Ho_Chi_Minh", 7),
        ("+05:30", 5.5),
        ("nowhere", None),
        ("../etc", None),
    ],
)
def test_a_zone_is_read_by_name_and_offset(text, hours):
    zone = zone_of(text)
    offset = zone.utcoffset(datetime(2026, 6, 5)) if zone else None
    assert (offset.total_seconds() / 3600 if offset is not None else None) == hours


def test_first_valid_time_counts():
    assert first_time(
        ("", "0", "words", "Jan 01 1970 00:00:00", "2026-06-05T07:31:12Z"), CONTEXT
    ) == datetime(2026, 6, 5, 7, 31, 12, tzinfo=UTC)
    assert first_time((None, "-"), CONTEXT) is None


@pytest.mark.parametrize(
    "text",
    [
        "Jun 05 2026 07:31:12",  # in the file's own zone, Hanoi
        "Jun 05 2026 07:31:12 GMT+07:00",
        "Jun 05 2026 07:31:12 GMT+7",
        "Jun 05 2026 07:31:12 UTC+0700",
        "Jun 05 2026 00:31:12 GMT",
        "Jun 05 2026 00:31:12 UTC",
        "Jun 05 2026 00:31:12 GMT+00:00",
        "Jun 04 2026 17:31:12 GMT-07:00",
        "05/06/2026 07:31:12 +0700",
        "07:31:12 05/06/2026 +0700",
        "07:31:12 05/06/2026 GMT+7",
        "Fri Jun  5 07:31:12 2026 +0700",
        "5Jun2026 07:31:12",
        "05Jun2026 00:31:12 UTC",
        "Jun 05 2026 00:31:12.000 GMT",
    ],
)
def test_a_stated_offset_counts(text):
    assert first_time((text,), CONTEXT) == datetime(2026, 6, 5, 0, 31, 12, tzinfo=UTC)
