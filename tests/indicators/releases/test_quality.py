"""Quality of sources, counted incrementally, against a count over all values."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from lamsach.indicators.releases.quality import Tally, overlaps, quality
from lamsach.model import Indicator, IndicatorType

AT = datetime(2026, 6, 1, tzinfo=UTC)
SOURCES = ("a.csv", "b.pdf", "c.txt")


def numbered_values(chance: random.Random) -> dict[int, tuple[set[str], int | None, bool]]:
    """Return numbered values: sources, age of each listing in days, expiry."""
    return {
        number: (
            set(chance.sample(SOURCES, chance.randint(1, 3))),
            chance.choice((None, 1, 7, 90)),
            chance.random() < 0.3,
        )
        for number in chance.sample(range(30), chance.randint(0, 30))
    }


@pytest.mark.parametrize("seed", range(40))
def test_incremental_count_equals_the_full_count(seed: int) -> None:
    values = numbered_values(random.Random(seed))
    by_source: dict[str, list[Indicator]] = {name: [] for name in SOURCES}
    seen = [(IndicatorType.DOMAIN, f"c{number}.xyz") for number in range(0, 30, 3)]
    false = [(IndicatorType.DOMAIN, f"c{number}.xyz") for number in range(0, 30, 4)]
    tally = Tally(AT, seen, false)
    for number, (names, days, over) in values.items():
        start = None if days is None else AT - timedelta(days=days)
        ends = AT - timedelta(days=1) if over else None
        item = Indicator(IndicatorType.DOMAIN, f"c{number}.xyz", valid_from=start, valid_until=ends)
        for name in names:
            by_source[name].append(item)
        tally.add(item, dict.fromkeys(names, start))
    expected = {row.source: row for row in quality(by_source, AT, seen, false) if row.count}
    assert tally.rows.keys() == expected.keys()
    for name, row in expected.items():
        found = tally.rows[name]
        assert (found.age_days is None) == (row.age_days is None)
        assert abs((found.age_days or 0) - (row.age_days or 0)) < 1e-6
        row.age_days = found.age_days
        assert found == row
    assert {pair: count for pair, count in overlaps(by_source).items() if count} == dict(tally.pairs)
