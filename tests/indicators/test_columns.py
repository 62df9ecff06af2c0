"""Round trip through the compact list of indicators."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.indicators.values.listings import IndicatorColumns
from lamsach.model import Indicator, IndicatorType, Reference

numbers = st.none() | st.integers(min_value=-1, max_value=2**33)
references = st.none() | st.builds(Reference, st.sampled_from(["a.txt", "b.pdf"]), numbers, numbers)
indicators = st.builds(
    Indicator,
    st.sampled_from(list(IndicatorType)),
    st.text(max_size=5),
    st.none() | st.sampled_from(["Mozi", "Mirai"]),
    st.none() | st.just("feed"),
    references,
    st.none() | st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    st.none(),
    st.none() | st.integers(0, 100),
    st.none() | st.just("red"),
    st.lists(st.builds(Reference, st.just("c.txt")), max_size=2).map(tuple),
)


@given(st.lists(indicators, max_size=20))
def test_added_indicators_are_returned(items: list[Indicator]) -> None:
    columns = IndicatorColumns()
    for item in items:
        columns.append(item)
    assert list(columns) == items
    assert [columns[number] for number in range(len(columns))] == items


def test_an_entry_is_replaced_and_an_index_beyond_the_end_refused() -> None:
    columns = IndicatorColumns()
    columns.append(Indicator(IndicatorType.IP, "203.0.113.5"))
    columns.change(0, Indicator(IndicatorType.IP, "203.0.113.6"))
    assert [item.value for item in columns] == ["203.0.113.6"]
    with pytest.raises(IndexError):
        columns[1]
