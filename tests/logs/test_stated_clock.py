"""Times without a zone in lines that state one elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.base import FileContext
from lamsach.logs.reading.detect import detect
from lamsach.logs.reading.lines import LineParser
from lamsach.logs.text.times.stated_clock import on_stated_clock
from lamsach.model import Event

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
PAIRS = "src=10.0.1.20 dst=203.0.113.9 proto=tcp"
SYSMON = "\n".join(
    ("RuleName: -", "UtcTime: 2026-11-20 03:00:00.123", "SourceIp: 10.0.1.20", "DestinationIp: 203.0.113.9")
)
LISTING = (
    "Log Name:      Microsoft-Windows-Sysmon/Operational\nSource:        Microsoft-Windows-Sysmon\n"
    "Date:          {}\nEvent ID:      3\n"
    "Task Category: Network\nLevel:         Information\nComputer:      pc1.unit.example\nDescription:\n"
    "Network connection detected:\n" + SYSMON
)
LINES: dict[str, str] = {
    f'<14>1 2026-11-20T03:00:00Z fw app - - - time="2026-11-20 03:00:00" {PAIRS}': "03:00",
    f'<14>1 2026-11-20T03:00:01.5-04:00 fw app - - - time="2026-11-20 03:00:00" {PAIRS}': "07:00",
    f'2026-11-20T03:00:00+00:00 fw app: time="2026-11-20 03:00:00" {PAIRS}': "03:00",
    f'<14>1 2026-11-20T03:00:00Z fw app - - - time="2026-11-20 10:00:00" {PAIRS}': "03:00",
    f'<14>1 2026-11-20T03:00:00Z fw app - - - time="2026-11-20 05:30:00" {PAIRS}': "22:30",
    f'<14>1 2026-11-20T10:00:00+07:00 fw app - - - time="2026-11-20 10:00:00" {PAIRS}': "03:00",
    ("<14>1 2026-11-20T03:00:00Z fw app - - - LEEF:1.0|V|P|1|e|devTime=Nov 20 2026 "
     f"03:00:00\t{PAIRS.replace(' ', chr(9))}"): "03:00",
    '{"TimeCreated":"2026-11-20 03:00:00","EventID":3,"ProviderName":"Microsoft-Windows-Sysmon",'
    '"Computer":"pc1",'
    '"UtcTime":"2026-11-20 03:00:00.123","SourceIp":"10.0.1.20","DestinationIp":"203.0.113.9"}': "03:00",
    ('{"TimeCreated":"2026-11-20 03:00:00","Id":3,"ProviderName":"Microsoft-Windows-Sysmon",'
     '"MachineName":"pc1","Message":"Network connection detected:\\r\\n')
    + SYSMON.replace("\n", "\\r\\n") + '"}': "03:00",
    LISTING.format("11/20/2026 3:00:00 AM"): "03:00",
    LISTING.format("11/19/2026 11:00:00 PM"): "03:00",
    LISTING.format("11/20/2026 10:00:00 AM"): "03:00",
}  # fmt: skip


def test_times_of_lines_with_a_zone():
    found = {}
    for line in LINES:
        head = line.split("\n") if line.startswith("Log Name") else [line]
        context = FileContext(file="a.log", timezone=HANOI, head=head)
        event = LineParser(detect(line.encode()), context).parse(line, 1)
        assert event is not None
        assert event.time is not None
        found[line] = f"{event.time.astimezone(UTC):%H:%M}"
    assert found == LINES


@settings(deadline=None)
@given(
    st.integers(-14 * 4, 14 * 4),
    st.integers(-300, 300),
    st.datetimes(datetime(2000, 1, 1), datetime(2035, 1, 1)),
)
def test_any_zone_of_the_header(quarters, seconds, moment):
    """A time in the header's zone, parsed in the file's zone, is corrected."""
    offset = timedelta(minutes=15 * quarters)
    sign, minutes = "-" if quarters < 0 else "+", abs(15 * quarters)
    header = moment.replace(microsecond=0)
    true = header.replace(tzinfo=UTC) - offset + timedelta(seconds=seconds)
    misread = (true + offset).replace(tzinfo=HANOI).astimezone(UTC)
    line = f"<14>1 {header.isoformat()}{sign}{minutes // 60:02}:{minutes % 60:02} fw app - - - x"
    assert on_stated_clock(Event(time=misread), line, HANOI).time in (true, misread)
    if abs(misread - true) > timedelta(minutes=15):
        assert on_stated_clock(Event(time=misread), line, HANOI).time == true
    assert on_stated_clock(Event(time=true), line, HANOI).time == true
