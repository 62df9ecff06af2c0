"""Event Viewer's CSV: order of day and month, other tables."""

from __future__ import annotations

import pytest
from case_reader import records

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.windows.windows_event_exports import WindowsEventCsv

HEADER = "Level,Date and Time,Source,Event ID,Task Category"


@pytest.mark.parametrize(
    "dates, first",
    [
        (["6/5/2026 3:00:01 PM"], "2026-06-05"),
        (["05/06/2026 15:00:01"], "2026-06-05"),
        (["5/6/2026 3:00:01 CH"], "2026-06-05"),
        (["05/06/2026 15:00:01", "06/13/2026 15:00:01"], "2026-05-06"),
        (["5/6/2026 3:00:01 PM", "13/6/2026 3:00:01 PM"], "2026-06-05"),
    ],
)
def test_the_order_of_day_and_month_is_decided_by_the_file(dates, first):
    rows = [f"Information,{date},Service Control Manager,7036,None,text" for date in dates]
    record, *_ = records(WindowsEventCsv, [HEADER, *rows])
    assert record["time"][:10] == first


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_delimiter_yields_the_same_columns(delimiter):
    rows = [HEADER, 'Information,2026-06-10 15:00:01,Microsoft-Windows-Sysmon,22,Dns,"QueryName: bot-c2.xyz"']
    (record,) = records(WindowsEventCsv, [row.replace(",", delimiter) for row in rows])
    assert record["domain"] == "bot-c2.xyz"


@pytest.mark.parametrize(
    "row", ["Information,2026-06-10 15:00:01,Source", "Information,2026-06-10 15:00:01,Source,x,y", "\0"]
)
def test_rows_that_do_not_fit_are_line_errors(row):
    with pytest.raises(LineError):
        WindowsEventCsv(FileContext(head=[HEADER, row])).parse(row, 2)


def test_other_tables_are_not_recognised():
    for header in (
        "Date,Time,Source,Destination",
        "ID,Date,Time,Description,IP Address",
        "time,id,source",
        "x",
    ):
        assert not WindowsEventCsv.recognises(header)
        assert WindowsEventCsv.score([header, "a,2026-06-10 15:00:01,b,3"]) == 0.0
    with pytest.raises(LineError):
        WindowsEventCsv(FileContext()).parse("a,b", 1)
