"""Listings of Windows events: starts of events, other texts."""

from __future__ import annotations

import pytest
from case_reader import records
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.windows.windows_event_exports import WindowsEventListing

HEAD = (
    "Log Name:      System\nSource:        Service\nDate:          {date}\nEvent ID:      7036\n"
    "Computer:      PC-MINH\nDescription:\ntext"
)


@pytest.mark.parametrize(
    "dates, first",
    [
        (["6/5/2026 7:31:12 AM"], "2026-06-05"),
        (["05/06/2026 07:31:12"], "2026-06-05"),
        (["05/06/2026 07:31:12", "06/13/2026 07:31:12"], "2026-05-06"),
    ],
)
def test_the_order_of_day_and_month(dates, first):
    record, *_ = records(WindowsEventListing, "\n".join(HEAD.format(date=date) for date in dates).split("\n"))
    assert record["time"][:10] == first


def test_names_within_the_text_change_nothing():
    text = HEAD.format(date="2026-06-10T15:00:01") + "\nComputer: other\nEvent ID: 1\nDate: never"
    event = WindowsEventListing(FileContext()).parse(text, 1)
    assert (event.device_name, event.time.isoformat()) == ("PC-MINH", "2026-06-10T08:00:01+00:00")


def test_the_xml_below_the_details_is_read_instead():
    xml = (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "
        "Name='Microsoft-Windows-Sysmon'/><EventID>22</EventID>"
        "<TimeCreated SystemTime='2026-06-10T08:00:01Z'/><Computer>PC-LAN</Computer></System>"
        "<EventData><Data Name='QueryName'>bot-c2.xyz</Data></EventData></Event>"
    )
    event = WindowsEventListing(FileContext()).parse(f"{HEAD.format(date='x')}\nEvent Xml:\n{xml}", 1)
    assert (event.device_name, event.domain) == ("PC-LAN", "bot-c2.xyz")


@pytest.mark.parametrize(
    "text",
    ["Event[0]:", "Log Name: only", "Event ID: 5", "Source: a\nEvent ID: x", "", "Date: 1"],
)
def test_text_without_a_head_is_a_line_error(text):
    with pytest.raises(LineError):
        WindowsEventListing(FileContext()).parse(text, 1)


@pytest.mark.parametrize(
    "head",
    [
        [],
        ["Event[0]:"],
        ["06/10/2026 03:00:01 PM", "hello", "world"],
        ["Log Name: x", "a: b"],
        ["time=1 Log Name: x"],
    ],
)
def test_other_texts_are_not_recognised(head):
    assert WindowsEventListing.score(head) == 0.0


@given(st.text(alphabet="Event[0]:= \n\tLogNamSurcID/26", max_size=120))
def test_no_text_raises_anything_but_line_errors(text):
    list(records(WindowsEventListing, text.split("\n")))


def test_a_list_that_begins_with_the_text():
    """`Get-WinEvent | Format-List *`: the machine and the time follow the text."""
    record = [
        "Message              : Network connection detected:",
        "                       User: UNIT\\nga",
        "                       Initiated: true",
        "                       SourceIp: 10.20.1.5",
        "                       SourcePort: 51234",
        "                       DestinationIp: 203.0.113.9",
        "                       DestinationPort: 443",
        "Id                   : 3",
        "ProviderName         : Microsoft-Windows-Sysmon",
        "LogName              : Microsoft-Windows-Sysmon/Operational",
        "MachineName          : PC-17",
        "TimeCreated          : 10/06/2026 9:20:31 SA",
        "",
    ]
    lines = [*record, *record]
    assert WindowsEventListing.score([line for line in lines if line]) == 1.0
    parser = WindowsEventListing(FileContext(head=lines))
    assert [parser.begins_record(line) for line in record] == [True, *[False] * 12]
    event = parser.parse("\n".join(record), 1)
    assert event is not None
    assert (event.device_name, event.user, event.source_ip) == ("PC-17", "UNIT\\nga", "10.20.1.5")
    assert (event.destination_ip, event.destination_port) == ("203.0.113.9", 443)
    assert event.time is not None
    assert event.time.isoformat() == "2026-06-10T02:20:31+00:00"
