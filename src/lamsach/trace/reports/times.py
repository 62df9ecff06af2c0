"""Times of lists: day and month in one order per file, `9h30 ngày 1/11/2026`, serial numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from lamsach.errors import LineError
from lamsach.logs.base import DEFAULT_TIMEZONE, FileContext
from lamsach.logs.text.times.loose_times import DateOrder, LooseTimes, Numbers, decide_order
from lamsach.logs.text.times.timestamps import local_time

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
_CACHE_SIZE = 20_000
_LONGEST = 80
# ngày 1 tháng 11 năm 2026
_WORDS = re.compile(r"ngày\s+(\d{1,2})\s+tháng\s+(\d{1,2})\s+năm\s+(\d{4})", re.IGNORECASE)
# 9h30   9g30p   9h30'05"   09 giờ 30 phút 5 giây   9h
_HOURS = re.compile(
    r"(?<!\d)(\d{1,2})\s?(?:h|g|giờ)(?![a-z])\s?(?:(\d{1,2})(?!\d|[/.-]\d))?\s?(?:p(?:hút)?|m"
    r"|')?\s?(?:(\d{1,2})(?!\d|[/.-])\s?(?:s|giây|\"|''))?",
    re.IGNORECASE,
)
_ZONE = re.compile(r"\(?\s*(?:UTC|GMT)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?\s*\)?", re.IGNORECASE)
_ICT = re.compile(r"\(?\b(?:ICT|giờ\s+(?:việt\s+nam|VN|hà\s+nội))\)?", re.IGNORECASE)
_PAREN_UTC = re.compile(r"\(\s*(UTC|GMT|Z)\s*\)", re.IGNORECASE)
_CLOCK = re.compile(r"(?<!\d)\d{1,2}:\d{2}(:\d{2})?(?!\d)")
_SERIAL = re.compile(r"(\d{5})(?:\.(\d{1,15}))?", re.ASCII)
_EPOCH = re.compile(r"\d{9,19}(?:\.\d+)?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)[ T_-]?(?:(\d\d):?(\d\d)(?::?(\d\d))?)?Z?", re.ASCII)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)", re.ASCII)


class ListTimes:
    """Reader of the times of one list.

    `zone` is assumed for times that state none; `samples` are the time cells that decide the order of day and
    month, by default day first, as in Vietnam.
    """

    def __init__(
        self, samples: Iterable[str], zone: tzinfo | None = None, now: datetime | None = None
    ) -> None:
        context = FileContext(modified=now or datetime.now(UTC))
        numbers = [found for text in samples if (found := _numbers(text)) is not None]
        self.order = decide_order(numbers, DateOrder.DAY_FIRST, context)
        self.zone: tzinfo = zone or DEFAULT_TIMEZONE
        month_first = self.order is DateOrder.MONTH_FIRST
        self._times = LooseTimes(FileContext(timezone=self.zone), month_first)
        self._known: dict[str, tuple[datetime, timedelta] | None] = {}

    def read(self, text: str) -> tuple[datetime, timedelta] | None:
        """Return the beginning (UTC) of the stated time and its length: a second, a minute or a day.

        None for text that is no time.
        """
        if text in self._known:
            return self._known[text]
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        try:
            found = self._read(text)
        except (LineError, ValueError, OverflowError):
            found = None
        self._known[text] = found
        return found

    def _read(self, text: str) -> tuple[datetime, timedelta] | None:
        text = " ".join(text.split()).strip("\"'[]")
        if not text or len(text) > _LONGEST or not any(map(str.isdigit, text)):
            return None
        serial = _SERIAL.fullmatch(text)
        if serial:
            return self._serial(serial)
        compact = _COMPACT.fullmatch(text)
        if compact and 1990 <= int(compact[1]) <= 2100:
            return self._compact(compact, text)
        if text.isdigit() and not 9 <= len(text) <= 19:
            return None
        text = _spelled(text)
        time = self._times.read(text)
        if not 1990 <= time.year <= 2100:
            return None
        clock = _CLOCK.search(text)
        if clock:
            return time, SECOND if clock[1] else MINUTE
        return time, SECOND if _EPOCH.fullmatch(text) else DAY

    def _serial(self, serial: re.Match[str]) -> tuple[datetime, timedelta] | None:
        """Convert a workbook's day number (1900 date system, ECMA-376 part 1, section 18.17.4.1)."""
        if not 30_000 <= int(serial[1]) <= 80_000:
            return None
        local = datetime(1899, 12, 30) + timedelta(days=float(serial[0]))
        local = (local + timedelta(milliseconds=500)).replace(microsecond=0)
        found = local_time(
            local.year, local.month, local.day, local.hour, local.minute, local.second, 0, self.zone
        )
        return found, SECOND if serial[2] else DAY

    def _compact(self, match: re.Match[str], text: str) -> tuple[datetime, timedelta]:
        zone = UTC if text.endswith("Z") else self.zone
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        found = local_time(year, month, day, hour, minute, second, 0, zone)
        return found, SECOND if match[6] else MINUTE if match[4] else DAY


def _spelled(text: str) -> str:
    """Rewrite Vietnamese words for times in digits."""
    text = _WORDS.sub(r"\1/\2/\3", text)
    text = _PAREN_UTC.sub(r"\1", text)
    text = _ZONE.sub(lambda found: f"{found[1]}{int(found[2]):02d}:{found[3] or '00'} ", text)
    text = _ICT.sub("+07:00", text)
    if ":" not in re.sub(r"[+-]\d\d:\d\d", "", text):
        text = _HOURS.sub(
            lambda found: (
                f"{found[1]}:{int(found[2] or 0):02d}" + (f":{int(found[3]):02d} " if found[3] else " ")
            ),
            text,
        )
    return re.sub(r"(:\d\d)\s+([+-]\d\d:\d\d)", r"\1\2", text).strip()


def _numbers(text: str) -> Numbers | None:
    match = _NUMERIC.search(text[:_LONGEST])
    if match is None:
        return None
    year = int(match[4])
    return int(match[1]), int(match[3]), year + 2000 if year < 100 else year
