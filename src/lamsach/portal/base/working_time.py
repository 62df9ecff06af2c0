"""Working hours and public holidays of Vietnam (Labour Code 45/2019/QH14, article 112), for clocks and due dates.

Five days at Tết (the last of the old year and four of the new, the most usual arrangement), 2 September and the day before. A holiday on a
weekend is made up for on the next working days. What the government decides for single years (days moved, days added) stands in `LAMSACH_DAYS_OFF` and `LAMSACH_WORKING_DAYS`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache

from django.conf import settings
from django.utils import timezone

from lamsach.portal.base.lunar import kings_day, lunar_new_year

HOURS = ((time(8), time(12)), (time(13), time(17)))
_ONE = timedelta(days=1)


@cache
def holidays(year: int) -> frozenset[date]:
    """The days of a year on which offices are closed, weekends aside."""
    new_year = lunar_new_year(year)
    blocks = [
        [date(year, 1, 1)],
        [new_year + _ONE * offset for offset in range(-1, 4)],
        [kings_day(year)],
        [date(year, 4, 30), date(year, 5, 1)],
        [date(year, 9, 1), date(year, 9, 2)],
    ]
    closed: set[date] = set()
    for block in blocks:
        free = {day for day in block if day.weekday() < 5 and day not in closed}
        owed = len(block) - len(free)
        day = block[-1]
        while owed:
            day += _ONE
            if day.weekday() < 5 and day not in free | closed:
                free.add(day)
                owed -= 1
        closed |= free
    return frozenset(closed)


def is_working_day(day: date) -> bool:
    """Whether offices are open."""
    if day in settings.WORKING_DAYS:
        return True
    return day.weekday() < 5 and day not in holidays(day.year) and day not in settings.DAYS_OFF


def add_working_hours(start: datetime, hours: float) -> datetime:
    """The moment when so many working hours have passed since an aware moment, on the portal's clock."""
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
