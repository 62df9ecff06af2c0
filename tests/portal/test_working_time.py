"""Working hours and days: nights, weekends, holidays, days moved by the Government."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.utils import timezone

from lamsach.portal.base.working_time import add_working_hours, is_working_day


@pytest.mark.one_date
def test_days_on_which_offices_are_closed(settings: Any) -> None:
    settings.DAYS_OFF = settings.WORKING_DAYS = frozenset()
    closed = {
        2022: "01-03 01-31 02-04 04-11 05-02 05-03 09-01 09-02",
        2024: "02-08 02-14 04-18 04-29",
        2025: "01-27 01-31 04-07 05-02",
        2026: "02-16 02-20 04-27 08-31 09-01 11-24",
        2027: "02-04 02-10 11-24",
    }
    opened = {2022: "09-05 11-24", 2024: "05-04", 2025: "04-26 11-24", 2026: "02-23 08-22 11-25"}
    for is_open, table in ((False, closed), (True, opened)):
        days = [date.fromisoformat(f"{year}-{day}") for year, row in table.items() for day in row.split()]
        assert [day for day in days if is_working_day(day) is not is_open] == []


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (datetime(2022, 9, 26, 8, 0), 8, datetime(2022, 9, 26, 17, 0)),
        (datetime(2022, 9, 26, 11, 30), 1, datetime(2022, 9, 26, 13, 30)),
        (datetime(2022, 9, 23, 16, 0), 2, datetime(2022, 9, 26, 9, 0)),
        (datetime(2022, 8, 31, 17, 0), 1, datetime(2022, 9, 5, 9, 0)),
        (datetime(2022, 9, 24, 3, 0), 8, datetime(2022, 9, 26, 17, 0)),
    ],
)
def test_working_hours_pass_over_nights_and_holidays(start: datetime, hours: float, end: datetime) -> None:
    assert add_working_hours(timezone.make_aware(start), hours) == timezone.make_aware(end)


@pytest.mark.one_date
def test_days_that_the_government_moved(settings: Any) -> None:
    settings.DAYS_OFF, settings.WORKING_DAYS = frozenset({date(2022, 9, 26)}), frozenset({date(2022, 10, 1)})
    start = timezone.make_aware(datetime(2022, 9, 23, 17, 0))
    assert add_working_hours(start, 1) == timezone.make_aware(datetime(2022, 9, 27, 9, 0))
    assert add_working_hours(start, 8 * 5) == timezone.make_aware(datetime(2022, 10, 1, 17, 0))
