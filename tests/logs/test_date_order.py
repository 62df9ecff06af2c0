"""Order of day and month in dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.text.times.loose_times import DateOrder, decide_order, numbers_of

DAY, MONTH = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST


@pytest.mark.parametrize(
    ("dates", "usual", "order"),
    [
        ([], DAY, DAY),
        ([], MONTH, MONTH),
        (["5/6/2026"], MONTH, MONTH),
        (["13/6/2026"], MONTH, DAY),
        (["6/13/2026"], DAY, MONTH),
        (["31/5/2026", "1/6/2026"], MONTH, DAY),
        (["1/5/2026", "2/5/2026", "1/6/2026"], MONTH, DAY),
        (["1/2/2026", "1/3/2026", "2/1/2026"], DAY, MONTH),
        (["2026-06-05"], MONTH, MONTH),
    ],
)
def test_dates_decide_the_order_of_day_and_month(dates, usual, order):
    assert decide_order([numbers_of(text) for text in dates], usual, FileContext()) is order


def test_a_date_after_the_file_is_wrong():
    context = FileContext(modified=datetime(2026, 5, 7, tzinfo=UTC))
    assert decide_order([(5, 6, 2026)], DAY, context) is MONTH
    assert decide_order([(5, 6, 2026)], DAY, FileContext(modified=datetime(2027, 1, 1, tzinfo=UTC))) is DAY


def test_impossible_date_is_read_in_the_other_order():
    assert MONTH.date((13, 6, 2026)) == DAY.date((13, 6, 2026)) == (2026, 6, 13)
    assert DAY.date((6, 13, 26)) == (2026, 6, 13)
    assert DAY.date((2569, 6, 5)) == (2026, 6, 5)


@pytest.mark.parametrize("text", ["", "1/2", "1/2/3/4", "0005/06/2026", "1/2/12345"])
def test_no_date_is_a_line_error(text):
    with pytest.raises(LineError):
        numbers_of(text)
