"""Working hours and public holidays of Vietnam (Labour Code 45/2019/QH14, article 112).

The `holidays` library covers Tết, 24 November (Cultural Day, from 2026 on) and the days that the government
moved in single years, up to its release; later decisions are settings: `LAMSACH_DAYS_OFF` and
`LAMSACH_WORKING_DAYS`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

if TYPE_CHECKING:
    from holidays import HolidayBase

HOURS = ((time(8), time(12)), (time(13), time(17)))
_ONE = timedelta(days=1)


@cache
def _calendar() -> HolidayBase:
    """The library's calendar, which computes years on demand."""
    from holidays import country_holidays

    return country_holidays("VN")


def is_working_day(day: date) -> bool:
    """Return whether offices are open."""
    if day in settings.WORKING_DAYS:
        return True
    return day not in settings.DAYS_OFF and _calendar().is_working_day(day)


def add_working_hours(start: datetime, hours: float) -> datetime:
    """Add working hours to an aware moment, on the portal's clock."""
    left = timedelta(hours=hours)
    local = timezone.localtime(start)
    day, earliest = local.date(), local.time()
    while True:
        if is_working_day(day):
            for begin, end in HOURS:
                at = max(begin, earliest)
                span = datetime.combine(day, end) - datetime.combine(day, at)
                if span <= timedelta(0):
                    continue
                if span >= left:
                    return timezone.make_aware(datetime.combine(day, at) + left)
                left -= span
        day, earliest = day + _ONE, time.min
