"""Quality of sources, counted incrementally, against a count over all values."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from lamsach.indicators.releases.quality import Quality, Tally
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
    tally = Tally(
        AT,
        [(IndicatorType.DOMAIN, f"c{number}.xyz") for number in range(0, 30, 3)],
        [(IndicatorType.DOMAIN, f"c{number}.xyz") for number in range(0, 30, 4)],
    )
    for number, (names, days, over) in values.items():
        start = None if days is None else AT - timedelta(days=days)
        ends = AT - timedelta(days=1) if over else None
        item = Indicator(IndicatorType.DOMAIN, f"c{number}.xyz", valid_from=start, valid_until=ends)
        tally.add(item, dict.fromkeys(names, start))
    for name in SOURCES:
        own = {number: value for number, value in values.items() if name in value[0]}
        ages = [days for _, days, _ in own.values() if days is not None]
        row = tally.rows.get(name, Quality(name))
        assert (row.count, row.unique) == (len(own), sum(len(names) == 1 for names, _, _ in own.values()))
        assert (row.shared, row.undated) == (row.count - row.unique, row.count - len(ages))
        assert row.over == sum(over for _, _, over in own.values())
        assert (row.seen, row.false) == tuple(sum(number % step == 0 for number in own) for step in (3, 4))
        assert row.age_days == (pytest.approx(sum(ages) / len(ages)) if ages else None)
    for pair in combinations(SOURCES, 2):
        assert tally.pairs[pair] == sum(set(pair) <= names for names, _, _ in values.values())
