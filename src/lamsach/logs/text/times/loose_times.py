"""Times in any spelling of people and products, for logs of unknown layout.

`03/10/2026 21:30`, `10/3/2026 9:30:01 PM`, `2026-10-03T14:30:01.5Z`, `21:30:01 03/10/2026`,
`03/Oct/2026:21:30:01 +0700`, `Oct 3, 2026 @ 21:30:01.000`, `Sat Oct  3 21:30:01 2026`, `1791037801.25`,
`9:30 CH 3/10/2026`.

Order of day and month in dates such as 05/06/2025: decided once per file from all dates in its head, by, in
this order: a number above 12; dates that decrease in only one of the orders, since logs are written
forwards; a date after the file's own time; what is usual for its origin.

Times of CEF, LEEF and similar records, with a zone in another key. Source: "Implementing ArcSight Common
Event Format", "Date formats"; "Log Event Extended Format (LEEF) v2.0", `devTime` and `devTimeFormat`; Palo
Alto's CEF guide (`dtz`). Accepted: epoch in any unit, `MMM dd yyyy HH:mm:ss[.SSS] [zzz]` with and without
the year, ISO 8601 and all of the above. Ambiguous zone abbreviations are ignored in favour of the file's
zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import Enum
from itertools import pairwise

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.text.times.timestamps import (
    ABBREVIATIONS,
    MONTHS,
    NO_TIME_KNOWN_YEAR,
    from_epoch,
    from_iso,
    local_time,
    without_year,
    zone_of,
)

_LONGEST = 64
# 2026-10-03   2026/10/03 14:30:01.5Z
_ISO = re.compile(r"\d{4}[-/]\d{2}[-/]\d{2}(?:[T ]\d{2}:\d{2}.*)?", re.ASCII)
_EPOCH = re.compile(
    r"(?:\d{9,10}(?:\.\d{1,9})?|\d{13}(?:\.\d{1,6})?|\d{16}|\d{19}|\d(?:\.\d{1,17})?[eE]\+?\d{1,2})", re.ASCII
)
# 20261003 213001   20261003T213001   20261003213001
_COMPACT = re.compile(
    r"(20\d{2})(\d{2})(\d{2})[ T_-]?(\d{2})(\d{2})(\d{2})(?:[.,](\d{1,6})\d*)?(Z?)", re.ASCII
)
# 21:30   21:30:01.250   9:30:01 PM   9:30 CH (afternoon)   9.30.01 is not read
_CLOCK = re.compile(
    r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?!\d)(?: ?(AM|PM|SA|CH)\b)?",
    re.ASCII | re.IGNORECASE,
)
# 21:30:01+07:00   21:30:01 -0330   21:30:01 GMT+7   21:30:01 UTC
_OFFSET = re.compile(
    r" ?(?:(?:GMT|UTC) ?([+-])(\d{1,2})(?::?(\d{2}))?(?!\d)|([+-])(\d{2}):?(\d{2})(?!\d)|(?:Z|UTC|GMT)\b)",
    re.ASCII,
)
# 16:26:53 2026 +0700   16:26:53 20/11/2026 GMT+7   16:26:53 2026 UTC
_LAST_OFFSET = re.compile(
    r"(?<=\d) (?:(?:GMT|UTC)(?: ?([+-])(\d{1,2})(?::?(\d{2}))?)?|([+-])(\d{2}):?(\d{2}))$", re.ASCII
)
# 20/11/2026   20.11.26   but not the end of 10.20.11.26
_NUMERIC = re.compile(r"(?<!\d)(?<!\d\.)(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?!\d|\.\d)", re.ASCII)
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([/.-])(\d{1,2})\2(\d{1,2})(?!\d)", re.ASCII)
_NAMES = rf"({'|'.join(MONTHS)})[a-z]{{0,6}}"
# 20 Nov 2026   20/Nov/2026   20-Nov-26   20Nov2026
_DAY_MONTH = re.compile(
    rf"(?<!\d)(\d{{1,2}})[ /.-]?{_NAMES}(?:[ /.,-]{{1,2}}(?:(\d{{4}}|\d{{2}})(?!\d))|(\d{{4}})(?!\d))",
    re.ASCII | re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"\b{_NAMES} {{1,2}}(\d{{1,2}})(?:,? (?:(?:\d{{1,2}}:){{2}}\d{{2}} )?(\d{{4}}))?(?![\d:])",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class LooseTimes:
    """Parser of one file's times.

    `month_first`: whether 10/03 is October 3rd (American) or March 10th (elsewhere)."""

    context: FileContext
    month_first: bool = False

    def read(self, text: str) -> datetime:
        """Parse a time to UTC; a date alone is its midnight. Raises LineError."""
        text = text.strip().strip("[]\"'")
        if len(text) > _LONGEST:
            raise LineError("The text is not a time.", text[:80])
        if _EPOCH.fullmatch(text):
            return from_epoch(text)
        if compact := _COMPACT.fullmatch(text):
            year, month, day, hour, minute, second = map(int, compact.group(1, 2, 3, 4, 5, 6))
            zone = UTC if compact[8] else self.context.timezone
            return local_time(year, month, day, hour, minute, second, _micro(compact[7]), zone)
        if _ISO.fullmatch(text):
            try:
                return from_iso(text, self.context.timezone)
            except LineError:
                if not _CLOCK.search(text):
                    raise
        return self._loose(text)

    def _loose(self, text: str) -> datetime:
        clock = _CLOCK.search(text)
        hour, minute, second, micro = _clock_parts(clock)
        zone = _zone(text, clock) or self.context.timezone
        date = self._date(text)
        if date is None:
            raise LineError("The text is not a time.", text[:80])
        year, month, day = date
        if year is None:
            return without_year(month, day, hour, minute, second, self.context, micro)
        return local_time(year, month, day, hour, minute, second, micro, zone)

    def _date(self, text: str) -> tuple[int | None, int, int] | None:
        match = _YEAR_FIRST.search(text)
        if match:
            return int(match[1]), int(match[3]), int(match[4])
        match = _NUMERIC.search(text)
        if match:
            first, second = int(match[1]), int(match[3])
            month_first = (self.month_first or second > 12) and first <= 12
            return _year(match[4]), *((first, second) if month_first else (second, first))
        match = _DAY_MONTH.search(text)
        if match:
            return _year(match[3] or match[4]), MONTHS[match[2].capitalize()], int(match[1])
        match = _MONTH_DAY.search(text)
        if match:
            return int(match[3]) if match[3] else None, MONTHS[match[1].capitalize()], int(match[2])
        return None


def month_comes_first(samples: Iterable[str]) -> bool:
    """Return whether a file writes month/day: a number above 12 decides; by default day/month."""
    for text in samples:
        match = _NUMERIC.search(text[:_LONGEST])
        if match and int(match[1]) > 12:
            return False
        if match and int(match[3]) > 12:
            return True
    return False


def _clock_parts(clock: re.Match[str] | None) -> tuple[int, int, int, int]:
    if clock is None:
        return 0, 0, 0, 0
    hour = int(clock[1])
    half = (clock[5] or "").upper()
    if half in ("PM", "CH") and hour < 12:
        hour += 12
    elif half in ("AM", "SA") and hour == 12:
        hour = 0
    return hour, int(clock[2]), int(clock[3] or 0), _micro(clock[4])


def _micro(fraction: str | None) -> int:
    return int((fraction or "0")[:6].ljust(6, "0"))


def _zone(text: str, clock: re.Match[str] | None) -> tzinfo | None:
    match = (_OFFSET.match(text, clock.end()) or _LAST_OFFSET.search(text)) if clock else None
    if match is None:
        return None
    sign, hours, minutes = match[1] or match[4], match[2] or match[5], match[3] or match[6]
    if sign is None:
        return UTC
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if offset >= timedelta(hours=24):
        raise LineError("The date or time is impossible.", text[:80])
    return timezone(-offset if sign == "-" else offset)


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


_NUMBER = re.compile(r"\d+", re.ASCII)
_BUDDHIST_ERA = 543

Numbers = tuple[int, int, int]


class DateOrder(Enum):
    """The order of day and month in dates whose year is not first."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"

    def date(self, numbers: Numbers) -> Numbers:
        """Return year, month and day; an impossible date is read in the other order."""
        first, second, third = numbers
        if first > 31:
            return _year_of(first), second, third
        month_first = self is DateOrder.MONTH_FIRST
        if month_first and first > 12 >= second:
            month_first = False
        elif not month_first and second > 12 >= first:
            month_first = True
        return (_year_of(third), first, second) if month_first else (_year_of(third), second, first)


def _year_of(number: int) -> int:
    """Return the full year: two digits are of this century; the Thai calendar is 543 ahead."""
    if number < 100:
        return 2000 + number
    return number - _BUDDHIST_ERA if number > 2400 else number


def numbers_of(text: str) -> Numbers:
    """Return the three numbers of a date in their order. Raises LineError for another count."""
    found = _NUMBER.findall(text[:80])
    if len(found) != 3 or max(map(len, found)) > 4:
        raise LineError("The date or time is impossible.", text[:80])
    first, second, third = map(int, found)
    if len(found[0]) == 4 and first <= 31:
        raise LineError("The date or time is impossible.", text[:80])
    return first, second, third


def decide_order(dates: Sequence[Numbers], usual: DateOrder, context: FileContext) -> DateOrder:
    """Return the order of a file's dates; `usual` when undecided."""
    ambiguous = [numbers for numbers in dates if numbers[0] <= 31]
    day_first = sum(first > 12 >= second for first, second, _ in ambiguous)
    month_first = sum(second > 12 >= first for first, second, _ in ambiguous)
    if day_first != month_first:
        return DateOrder.DAY_FIRST if day_first > month_first else DateOrder.MONTH_FIRST
    days = {order: _days(ambiguous, order) for order in DateOrder}
    for is_wrong in (_runs_backwards, lambda days_in_order: _after(days_in_order, context)):
        wrong = {order: is_wrong(days_in_order) for order, days_in_order in days.items()}
        if wrong[DateOrder.DAY_FIRST] != wrong[DateOrder.MONTH_FIRST]:
            return DateOrder.DAY_FIRST if wrong[DateOrder.MONTH_FIRST] else DateOrder.MONTH_FIRST
    return usual


def _days(dates: Sequence[Numbers], order: DateOrder) -> list[date]:
    days = []
    for numbers in dates:
        try:
            days.append(date(*order.date(numbers)))
        except ValueError:
            continue
    return days


def _runs_backwards(days: Sequence[date]) -> bool:
    return any(later < earlier for earlier, later in pairwise(days))


def _after(days: Sequence[date], context: FileContext) -> bool:
    if context.modified.year >= NO_TIME_KNOWN_YEAR or not days:
        return False
    return max(days) > (context.modified.astimezone(UTC) + timedelta(days=1)).date()


_ABBREVIATION = re.compile(r" ?\b([A-Z]{3,4})(?:([+-]\d{1,2}):?(\d{2})?)?$")
_NO_TIMES = frozenset({"", "0", "-", "N/A", "null", "None"})


def first_time(
    texts: Iterable[str | None], context: FileContext, zone: str | None = None, *, month_first: bool = False
) -> datetime | None:
    """Return the first valid time of these texts, in UTC, or None.

    `zone`: the record's own zone. Times before 1980 are ignored: firewalls write 1970-01-01 for "not begun".
    """
    if zone:
        context = replace(context, timezone=zone_of(zone) or context.timezone)
    times = LooseTimes(context, month_first=month_first)
    for text in texts:
        text = text.strip().strip('"') if text else ""
        if text in _NO_TIMES:
            continue
        try:
            bare, stated_zone = _with_zone(text)
            time = (
                LooseTimes(replace(context, timezone=stated_zone), month_first=month_first)
                if stated_zone
                else times
            ).read(bare)
        except LineError:
            continue
        if time.year >= 1980:
            return time
    return None


def _with_zone(text: str) -> tuple[str, tzinfo | None]:
    """Split a time from a known zone abbreviation at its end; return both."""
    match = _ABBREVIATION.search(text) if text[-1:].isalpha() else None
    known = match is not None and not match[2] and match[1] in ABBREVIATIONS
    return (text[: match.start()], zone_of(match[1])) if match and known else (text, None)
