"""The lunar calendar of Vietnam, as far as public holidays need it.

Astronomy after Jean Meeus, Astronomical Algorithms (1998), in the simplified form of Hồ Ngọc Đức's public description of the Vietnamese
calendar; days are reckoned at UTC+7. Valid for 1968 to 2199.
"""

from __future__ import annotations

import math
from datetime import date

_ZONE = 7 / 24
_FIRST_DAY = 1721425  # Julian day number minus `date.toordinal`


def _julian(day: date) -> int:
    return day.toordinal() + _FIRST_DAY


def _new_moon(k: int) -> int:
    """The Julian day number (UTC+7) of the k-th new moon after 1900-01-01."""
    t = k / 1236.85
    rad = math.pi / 180
    mean = 2415020.75933 + 29.53058868 * k + 0.0001178 * t**2 - 0.000000155 * t**3
    mean += 0.00033 * math.sin((166.56 + 132.87 * t - 0.009173 * t**2) * rad)
    sun = 359.2242 + 29.10535608 * k - 0.0000333 * t**2 - 0.00000347 * t**3
    moon = 306.0253 + 385.81691806 * k + 0.0107306 * t**2 + 0.00001236 * t**3
    node = 21.2964 + 390.67050646 * k - 0.0016528 * t**2 - 0.00000239 * t**3
    shift = (0.1734 - 0.000393 * t) * math.sin(sun * rad) + 0.0021 * math.sin(2 * sun * rad)
    shift += -0.4068 * math.sin(moon * rad) + 0.0161 * math.sin(2 * moon * rad)
    shift += -0.0004 * math.sin(3 * moon * rad) + 0.0104 * math.sin(2 * node * rad)
    shift += -0.0051 * math.sin((sun + moon) * rad) - 0.0074 * math.sin((sun - moon) * rad)
    shift += 0.0004 * math.sin((2 * node + sun) * rad) - 0.0004 * math.sin((2 * node - sun) * rad)
    shift += -0.0006 * math.sin((2 * node + moon) * rad) + 0.0010 * math.sin((2 * node - moon) * rad)
    shift += 0.0005 * math.sin((2 * moon + sun) * rad)
    delta = -0.000278 + 0.000265 * t + 0.000262 * t**2
    return math.floor(mean + shift - delta + 0.5 + _ZONE)


def _sun_sector(day: int) -> int:
    """In which of 12 sectors of 30 degrees the sun stands at the beginning of a day (UTC+7)."""
    t = (day - 2451545.5 - _ZONE) / 36525
    rad = math.pi / 180
    anomaly = 357.52910 + 35999.05030 * t - 0.0001559 * t**2 - 0.00000048 * t**3
    mean = 280.46645 + 36000.76983 * t + 0.0003032 * t**2
    centre = (1.914600 - 0.004817 * t - 0.000014 * t**2) * math.sin(rad * anomaly)
    centre += (0.019993 - 0.000101 * t) * math.sin(rad * 2 * anomaly) + 0.000290 * math.sin(rad * 3 * anomaly)
    return math.floor(((mean + centre) % 360) / 30)


def _month_11(year: int) -> int:
    """The first day of the lunar month that holds the winter solstice of a year."""
    k = math.floor((_julian(date(year, 12, 31)) - 2415021) / 29.530588853)
    begin = _new_moon(k)
    return _new_moon(k - 1) if _sun_sector(begin) >= 9 else begin


def _leap_offset(month_11: int) -> int:
    """How many months after month 11 the leap month stands."""
    k = math.floor((month_11 - 2415021.076998695) / 29.530588853 + 0.5)
    offset = 1
    sector = _sun_sector(_new_moon(k + offset))
    while True:
        last = sector
        offset += 1
        sector = _sun_sector(_new_moon(k + offset))
        if sector == last or offset >= 14:
            return offset - 1


def solar(year: int, month: int, day: int) -> date:
    """The day of the common calendar for a day of a lunar year's ordinary month."""
    first = _month_11(year - 1 if month < 11 else year)
    next_one = _month_11(year if month < 11 else year + 1)
    k = math.floor(0.5 + (first - 2415021.076998695) / 29.530588853)
    offset = (month - 11) % 12
    if next_one - first > 365 and offset >= _leap_offset(first):
        offset += 1
    return date.fromordinal(_new_moon(k + offset) + day - 1 - _FIRST_DAY)


def lunar_new_year(year: int) -> date:
    """Tết: the first day of the lunar year."""
    return solar(year, 1, 1)


def kings_day(year: int) -> date:
    """Giỗ Tổ Hùng Vương: the tenth of the third lunar month."""
    return solar(year, 3, 10)
