"""Which of a date's three numbers is the day: decided once per file, from all the dates in its head.

A date such as 05/06/2025 does not tell. What tells, in this order: a number above 12; dates that run backwards in one order and not
in the other, since a log is written forwards; a date after the file's own time; and last what is usual where it was written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from enum import Enum
from itertools import pairwise

from lamsach.errors import LineError
from lamsach.logs.base import FileContext

_NUMBER = re.compile(r"\d+", re.ASCII)
_NO_TIME_KNOWN_YEAR = 9999
_BUDDHIST_ERA = 543

Numbers = tuple[int, int, int]


class DateOrder(Enum):
    """The order of day and month in dates whose year is not first."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"

    def date(self, numbers: Numbers) -> Numbers:
        """Year, month and day. A date that is impossible in this order is taken in the other."""
        first, second, third = numbers
        if first > 31:
            return _year(first), second, third
        month_first = self is DateOrder.MONTH_FIRST
        if month_first and first > 12 >= second:
            month_first = False
        elif not month_first and second > 12 >= first:
            month_first = True
        return (_year(third), first, second) if month_first else (_year(third), second, first)


def _year(number: int) -> int:
    """Four digits; two-digit years are of this century; the Thai calendar is 543 ahead."""
    if number < 100:
        return 2000 + number
    return number - _BUDDHIST_ERA if number > 2400 else number


def numbers_of(text: str) -> Numbers:
    """The three numbers of a date as they stand. Raises LineError when there are not three."""
    found = _NUMBER.findall(text[:80])
    if len(found) != 3 or max(map(len, found)) > 4:
        raise LineError("The date or time is impossible.", text[:80])
    first, second, third = map(int, found)
    if len(found[0]) == 4 and first <= 31:
        raise LineError("The date or time is impossible.", text[:80])
    return first, second, third


def decide_order(dates: Sequence[Numbers], usual: DateOrder, context: FileContext) -> DateOrder:
    """The order that a file's dates are written in; `usual` when nothing tells."""
    ambiguous = [numbers for numbers in dates if numbers[0] <= 31]
    day_first = sum(first > 12 >= second for first, second, _ in ambiguous)
    month_first = sum(second > 12 >= first for first, second, _ in ambiguous)
    if day_first != month_first:
        return DateOrder.DAY_FIRST if day_first > month_first else DateOrder.MONTH_FIRST
    days = {order: _days(ambiguous, order) for order in DateOrder}
    for tells in (_runs_backwards, lambda found: _after(found, context)):
        wrong = {order: tells(found) for order, found in days.items()}
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
    if context.modified.year >= _NO_TIME_KNOWN_YEAR or not days:
        return False
    return max(days) > (context.modified.astimezone(UTC) + timedelta(days=1)).date()
