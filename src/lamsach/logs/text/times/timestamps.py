"""Times in log spelling, converted to UTC; every function raises LineError for an impossible time.

Also French and Vietnamese month names in syslog times, from glibc's locales `fr_FR` and `vi_VN` (`abmon`,
`mon`), which `journalctl` and `strftime("%b %d %T")` use: `févr. 03 10:00:01`, `Thg 3 04 10:00:01`; and time
zones: `+11`, `+0530`, `UTC+7:00`, `CEST`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.text.values import in_order

_NAMES = in_order("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
"""Months by their English abbreviation in syslog, BIND and Apache logs (RFC 3164 section 4.1.2)."""
CTIME = (
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d"
    r" \d\d:\d\d:\d\d \d{4}"
)
"""Pattern of a time as C's `ctime` writes it: `Tue Jun  2 15:20:01 2026`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST_NUMBER = 40
NO_TIME_KNOWN_YEAR = 9999
"""Year of a file without a time of its own."""
_YEARS_BACK = 8  # any eight years contain a leap year, but around 1900 and 2100


def microseconds(time: datetime) -> int:
    """Return microseconds since the epoch."""
    return (time - _EPOCH) // _MICROSECOND


def from_epoch(value: str | int | float) -> datetime:
    """Convert a count since 1970-01-01 UTC: seconds, milli-, micro- or nanoseconds by magnitude.

    Seconds up to the year 5138; fractions to the microsecond (`1587042596.494`)."""
    try:
        whole, micro = _split_epoch(value)
        if whole < 100_000_000_000:
            return _EPOCH + timedelta(seconds=whole, microseconds=micro)
        if whole < 100_000_000_000_000:
            return _EPOCH + timedelta(milliseconds=whole, microseconds=micro // 1000)
        if whole < 100_000_000_000_000_000:
            return _EPOCH + timedelta(microseconds=whole)
        return _EPOCH + timedelta(microseconds=whole // 1000)
    except (ValueError, OverflowError):
        raise LineError("The time is not a number of seconds since 1970.", str(value)[:80]) from None


def _split_epoch(value: str | int | float) -> tuple[int, int]:
    """Return the whole number and its fraction in microseconds. Raises ValueError unless 0 or more."""
    if isinstance(value, str):
        text = value.strip()
        if not text.isascii() or len(text) > _LONGEST_NUMBER:
            raise ValueError
        whole, _, fraction = text.partition(".")
        if whole.isdigit() and (not fraction or fraction.isdigit()):
            return int(whole), int(fraction[:6].ljust(6, "0")) if fraction else 0
        value = float(text)
    if isinstance(value, float):
        if not 0 <= value < 1e19:
            raise ValueError
        whole_number = int(value)
        return whole_number, round((value - whole_number) * 1_000_000)
    if not 0 <= value < 10**19:
        raise ValueError
    return value, 0


def from_iso(text: str, zone: tzinfo) -> datetime:
    """Parse an ISO 8601 or RFC 3339 time to UTC; `zone` is assumed when the text states none.

    Also accepts a space for the `T`, slashes in the date, a space before the offset, any number of fraction
    digits, a comma before them, and a leap second."""
    try:
        return _iso(text.strip(), zone)
    except (ValueError, OverflowError):
        raise LineError("The date or time is impossible.", text[:80]) from None


def _iso(text: str, zone: tzinfo) -> datetime:
    if len(text) > _LONGEST_NUMBER or len(text) < 10:
        raise ValueError
    if text[4] == "/" and text[7] == "/":
        text = f"{text[:4]}-{text[5:7]}-{text[8:]}"
    if text[4] != "-":
        raise ValueError
    if text.endswith((" UTC", " GMT")):
        text = text[:-4] + "Z"
    head, space, offset = text.rpartition(" ")
    if space and len(head) > 10 and offset[:1] in ("+", "-", "Z"):
        text = head + offset
    leap = text[16:19] == ":60"
    time = datetime.fromisoformat(text[:17] + "59" + text[19:] if leap else text)
    if time.tzinfo is None:
        time = time.replace(tzinfo=zone)
    time = time.astimezone(UTC)
    return time + timedelta(seconds=1) if leap else time


@lru_cache(4096)  # consecutive lines share their seconds
def _whole_second(
    year: int, month: int, day: int, hour: int, minute: int, second: int, zone: tzinfo
) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)


def local_time(
    year: int, month: int, day: int, hour: int, minute: int, second: int, microsecond: int, zone: tzinfo
) -> datetime:
    """Convert a time in a zone to UTC. A leap second (60) is the second after it."""
    try:
        if second == 60:
            return local_time(year, month, day, hour, minute, 59, microsecond, zone) + timedelta(seconds=1)
        whole = _whole_second(year, month, day, hour, minute, second, zone)
        return whole.replace(microsecond=microsecond) if microsecond else whole
    except (ValueError, OverflowError):
        raise LineError("The date or time is impossible.", f"{year}-{month}-{day} {hour}:{minute}") from None


def without_year(
    month: int, day: int, hour: int, minute: int, second: int, context: FileContext, microsecond: int = 0
) -> datetime:
    """Convert a time without a year (RFC 3164): the latest year within a day after the file's own time.

    So `Dec 31` in a file written on 2 January is in the year before. A file of unknown time counts as
    written now."""
    moment = (month, day, hour, minute, second, microsecond)
    if context.modified.year < NO_TIME_KNOWN_YEAR:
        return _latest_year(*moment, context.modified + _ONE_DAY, context.timezone)
    return _latest_year.__wrapped__(*moment, datetime.now(UTC) + _ONE_DAY, context.timezone)


def clock_time(
    context: FileContext, year: str | None, month: str, day: str, clock: str, *, zone: tzinfo | None = None
) -> datetime:
    """Convert the parts of a stated time, in the file's zone unless stated; without a year, see above.

    `month`: a number or an English abbreviation; `clock`: `21:30:01` or `21:30:01.123`. Raises LineError."""
    number = int(month) if month.isdigit() else MONTHS.get(month.capitalize(), 0)
    hour, minute, rest = clock.split(":")
    second, _, fraction = rest.partition(".")
    moment = number, int(day), int(hour), int(minute), int(second)
    microsecond = int(fraction[:6].ljust(6, "0"))
    if year is None:
        return without_year(*moment, context, microsecond)
    return local_time(int(year), *moment, microsecond, zone or context.timezone)


@lru_cache(4096)  # consecutive lines share their seconds
def _latest_year(
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int,
    microsecond: int,
    latest: datetime,
    zone: tzinfo,
) -> datetime:
    newest_year = latest.astimezone(zone).year
    for year in range(newest_year, newest_year - _YEARS_BACK - 1, -1):
        if month == 2 and day == 29 and not _is_leap(year):
            continue
        time = local_time(year, month, day, hour, minute, second, microsecond, zone)
        if time <= latest:
            return time
    raise LineError("The date or time is impossible.", f"{month}-{day} {hour}:{minute}")


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


STARTS = frozenset("jfmasondt")
"""First letters of non-English month names in lower case."""
_FRENCH = (
    *("janv", "f[ée]vr", "mars", "avr", "mai", "juin"),
    *("juil", "ao[ûu]t", "sept", "oct", "nov", "d[ée]c"),
)
_LONG = (
    *("janvier", "f[ée]vrier", "mars", "avril", "mai", "juin"),
    *("juillet", "ao[ûu]t", "septembre", "octobre", "novembre", "d[ée]cembre"),
)
_MONTH = re.compile(
    "(?:"
    + "|".join(rf"({long}|{short}\.?)" for long, short in zip(_LONG, _FRENCH, strict=True))
    + r"|(?:thg|th|tháng) ?(\d{1,2}))(?= {1,2}\d{1,2} \d{2}:\d{2}:\d{2}\b)",
    re.IGNORECASE,
)


def in_english(text: str) -> str | None:
    """Return the text with its month in English; None unless it begins with such a time."""
    match = _MONTH.match(text)
    if match is None:
        return None
    number = int(match[13]) if match[13] else match.lastindex or 0
    return _NAMES[number - 1] + text[match.end() :] if 1 <= number <= 12 else None


_EAST = (
    "WET:0 BST:1 CET:1 WEST:1 CEST:2 EET:2 EEST:3 MSK:3 GST:4 ICT:7 WIB:7 HKT:8 SGT:8 MYT:8 AWST:8 JST:9 "
    "KST:9 AEST:10 AEDT:11 NZST:12 NZDT:13 EDT:-4 EST:-5 CDT:-5 MDT:-6 MST:-7 PDT:-7 PST:-8"
)
ABBREVIATIONS = {
    name: timezone(timedelta(hours=int(hours)))
    for name, _, hours in (word.partition(":") for word in _EAST.split())
}
"""Zones by abbreviation; ambiguous ones (CST, IST) are left out."""
_HOURS = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d{2}))?", re.ASCII)
_ZONE_NAME = re.compile(r"[A-Za-z]{2,}(?:/[A-Za-z_+-]{2,}){0,2}")
_FARTHEST = timedelta(hours=14)


@lru_cache(maxsize=64)
def zone_of(text: str) -> tzinfo | None:
    """Return the zone of `UTC`, `Asia/Ho_Chi_Minh`, `+07:00`, `+0530`, `GMT+7`, `ICT`; None when unknown."""
    text = text.strip()[:40]
    if match := _HOURS.fullmatch(text):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-offset if match[1] == "-" else offset) if offset <= _FARTHEST else None
    upper = text.upper()
    if upper in ("UTC", "GMT"):
        return UTC
    if upper in ABBREVIATIONS or not _ZONE_NAME.fullmatch(text):
        return ABBREVIATIONS.get(upper)
    try:
        return ZoneInfo(text)
    except (KeyError, OSError, ValueError):  # KeyError: unknown zone
        return None
