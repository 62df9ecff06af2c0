"""The demo's calendar: one month in the unit's local time.

Times inside the demo are seconds (float) since the first local midnight of the month; Viet Nam has UTC+7 all
year.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

FIRST_DAY = date(2022, 9, 1)
TIMEZONE = "Asia/Ho_Chi_Minh"
OFFSET_S = 7 * 3600
DAY_S = 86400
EPOCH_S = int(datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC).timestamp()) - OFFSET_S
"""Unix time of the first local midnight."""

HOLIDAYS = frozenset({date(2022, 9, 1), date(2022, 9, 2)})
"""National Day 2022: the 1st and 2nd of September, followed by a weekend."""

CLOCK = tuple(f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(DAY_S))
"""Second of the day to `HH:MM:SS`."""

CLOCK_AM_PM = tuple(
    f"{s // 3600 % 12 or 12}:{s // 60 % 60:02}:{s % 60:02} {'AM' if s < DAY_S // 2 else 'PM'}"
    for s in range(DAY_S)
)
"""Second of the day to `h:mm:ss AM`, as in Windows in English (United States)."""


def day_of(index: int) -> date:
    """Return the local date of a 0-based day of the demo."""
    return FIRST_DAY + timedelta(days=index)


def is_working_day(day: date) -> bool:
    """Return whether the unit's office is open."""
    return day.weekday() < 5 and day not in HOLIDAYS


def working_days(days: int) -> list[int]:
    """Return the indexes of the office's days, in order."""
    return [index for index in range(days) if is_working_day(day_of(index))]


def utc(time: float) -> datetime:
    """Convert a demo time to an aware UTC time, to the second."""
    return datetime.fromtimestamp(EPOCH_S + int(time), UTC)


def iso(time: float) -> str:
    """Format a demo time as ISO 8601 in UTC, to the second."""
    return utc(time).strftime("%Y-%m-%dT%H:%M:%SZ")


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> float:
    """Return the demo time of a local wall-clock time."""
    return float(day * DAY_S + hour * 3600 + minute * 60 + second)
