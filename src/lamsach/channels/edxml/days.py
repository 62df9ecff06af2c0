"""Days and times in edXML files: yyyy/MM/dd, dd/MM/yyyy, ISO 8601, with or without a time."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
# 2026/09/23 · 23/09/2026 08:05:09 · 2026-09-23T08:05:09.123+07:00 · 20260923
_WRITTEN = re.compile(
    r"(?:(?P<year>\d{4})[/.-](?P<month>\d{1,2})[/.-](?P<day>\d{1,2})"
    r"|(?P<day2>\d{1,2})[/.-](?P<month2>\d{1,2})[/.-](?P<year2>\d{4})"
    r"|(?P<year3>\d{4})(?P<month3>\d\d)(?P<day3>\d\d))"
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d{1,9})?)?\s*(?P<half>[AaPp][Mm])?"
    r"\s*(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)?"
)
_NO_YEAR = 1900
"""Latest of the years by which programs write "no date" (0001-01-01)."""


def time_of(text: str) -> datetime | None:
    """Parse a time on Vietnam's clock, midnight for a day alone; None for any other text.

    Times without a zone are Vietnam's.
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    part = {name.rstrip("23"): value for name, value in match.groupdict().items() if value}
    hour = int(part.get("hour", 0))
    if half := part.get("half", "").lower():
        hour = hour % 12 + (12 if half == "pm" else 0)
    clock = (hour, int(part.get("minute", 0)), int(part.get("second", 0)))
    try:
        found = datetime(int(part["year"]), int(part["month"]), int(part["day"]), *clock, tzinfo=VIETNAM)
        zone = part.get("zone", "")
        if zone and found.year > _NO_YEAR:
            stated = datetime.strptime(zone.upper().replace("Z", "+0000"), "%z").tzinfo
            found = found.replace(tzinfo=stated).astimezone(VIETNAM)
    except (ValueError, OverflowError):
        return None
    return found if found.year > _NO_YEAR else None


def day_of(text: str) -> date | None:
    """Parse a day on Vietnam's clock; None for any other text."""
    found = time_of(text)
    return found.date() if found else None
