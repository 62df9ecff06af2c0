from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lamsach.trace.reports.times import DAY, MINUTE, SECOND, ListTimes

AT = datetime(2026, 11, 3, 2, 5, 9, tzinfo=UTC)
"""09:05:09 on 3 November in Vietnam."""
TO_THE_MINUTE = AT.replace(second=0)
THE_DAY = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time", "precision"),
    [
        ("03/11/2026 09:05:09", AT, SECOND), ("3/11/2026 9:05:09", AT, SECOND),
        ("03-11-2026 09:05:09", AT, SECOND), ("03.11.2026 09:05:09", AT, SECOND),
        ("2026-11-03 09:05:09", AT, SECOND), ("2026/11/03 09:05:09", AT, SECOND),
        ("2026-11-03T09:05:09", AT, SECOND), ("09:05:09 03/11/2026", AT, SECOND),
        ("09:05:09 ngày 03/11/2026", AT, SECOND), ("2026-11-03T02:05:09Z", AT, SECOND),
        ("2026-11-03T09:05:09+07:00", AT, SECOND), ("2026-11-03 02:05:09 UTC", AT, SECOND),
        ("03/11/2026 09:05:09 (UTC+7)", AT, SECOND), ("03/11/2026 09:05:09 GMT+7", AT, SECOND),
        ("03/11/2026 02:05:09 (UTC)", AT, SECOND), ("03/11/2026 09:05:09 ICT", AT, SECOND),
        ("03 Nov 2026 09:05:09", AT, SECOND), ("Nov 3, 2026 09:05:09", AT, SECOND),
        ("03/11/2026 9:05:09 AM", AT, SECOND), ("1793671509", AT, SECOND), ("1793671509000", AT, SECOND),
        ("20261103090509", AT, SECOND), ("20261103 09:05:09", AT, SECOND), ("20261103T020509Z", AT, SECOND),
        ("03/11/2026 09:05", TO_THE_MINUTE, MINUTE), ("9h05 ngày 03/11/2026", TO_THE_MINUTE, MINUTE),
        ("9h05' ngày 3/11/2026", TO_THE_MINUTE, MINUTE),
        ("09 giờ 05 phút ngày 03 tháng 11 năm 2026", TO_THE_MINUTE, MINUTE),
        ("9g05 03/11/2026", TO_THE_MINUTE, MINUTE),
        ("09 giờ 05 phút 09 giây ngày 3 tháng 11 năm 2026", AT, SECOND), ("46329.3785763889", AT, SECOND),
        ("46329", THE_DAY, DAY), ("03/11/2026", THE_DAY, DAY), ("2026-11-03", THE_DAY, DAY),
        ("ngày 3 tháng 11 năm 2026", THE_DAY, DAY), ("20261103", THE_DAY, DAY),
    ],
)  # fmt: skip
def test_the_ways_to_write_a_time(text: str, time: datetime, precision: timedelta) -> None:
    assert ListTimes(()).read(text) == (time, precision)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "4321",
        "203.0.113.5",
        "99/99/2026",
        "31/02/2026 10:00:00",
        "Mirai",
        "10:00",
        "x" * 500,
        "00/00/0000",
        "1",
        "\x00",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert ListTimes(()).read(text) is None


@pytest.mark.parametrize(
    ("samples", "month"),
    [
        (["05/06/2026 10:00"], 6),
        (["05/06/2026 10:00", "25/06/2026 10:00"], 6),
        (["05/06/2026 10:00", "05/25/2026 10:00"], 5),
        (["05/06/2026 10:00", "05/07/2026 10:00", "06/01/2026 10:00"], 5),
        (["2026-05-06 10:00:00"], 6),
    ],
)
def test_day_and_month_are_distinguished_once_for_the_list(samples: list[str], month: int) -> None:
    found = ListTimes(samples, now=datetime(2026, 12, 1, tzinfo=UTC)).read("05/06/2026 10:00")
    assert found is not None
    assert found[0].month == month
