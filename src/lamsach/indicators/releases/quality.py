"""What each source of lists is worth: how much only it has, how much it shares, how old it is, how often it was right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from lamsach.model import Indicator, IndicatorType

Key = tuple[IndicatorType, str]


@dataclass(slots=True)
class Quality:
    """One source. `unique` values stand in no other source, `shared` in at least one; `over` are no longer valid; `undated` state no
    beginning, `age_days` is the mean age of those that do. `seen` and `false` count values that units met, or called wrong."""

    source: str
    count: int = 0
    unique: int = 0
    shared: int = 0
    over: int = 0
    undated: int = 0
    age_days: float | None = None
    seen: int = 0
    false: int = 0


def quality(
    sources: Mapping[str, Iterable[Indicator]],
    at: datetime,
    seen: Iterable[Key] = (),
    false: Iterable[Key] = (),
) -> list[Quality]:
    """A row for each source, in the order given. `seen` and `false` are what units reported."""
    listed: dict[str, dict[Key, Indicator]] = {
        name: {(item.type, item.value): item for item in items} for name, items in sources.items()
    }
    holders: dict[Key, int] = {}
    for items in listed.values():
        for key in items:
            holders[key] = holders.get(key, 0) + 1
    met, wrong = set(seen), set(false)
    return [_row(name, items, holders, at, met, wrong) for name, items in listed.items()]


def _row(
    name: str,
    items: Mapping[Key, Indicator],
    holders: Mapping[Key, int],
    at: datetime,
    met: set[Key],
    wrong: set[Key],
) -> Quality:
    row = Quality(name, count=len(items))
    ages = []
    for key, item in items.items():
        if holders[key] == 1:
            row.unique += 1
        else:
            row.shared += 1
        row.over += item.valid_until is not None and item.valid_until <= at
        row.seen += key in met
        row.false += key in wrong
        if item.valid_from is None:
            row.undated += 1
        else:
            ages.append((at - item.valid_from).total_seconds() / 86400)
    row.age_days = sum(ages) / len(ages) if ages else None
    return row


def overlaps(sources: Mapping[str, Iterable[Indicator]]) -> dict[tuple[str, str], int]:
    """Return how many values each pair of sources shares."""
    keys = {name: {(item.type, item.value) for item in items} for name, items in sources.items()}
    names = list(keys)
    return {
        (first, second): len(keys[first] & keys[second])
        for place, first in enumerate(names)
        for second in names[place + 1 :]
    }


PAIRED = 20
"""Of how many sources of one value each two are counted as sharing it."""
MOST_PAIRS = 100_000


class Tally:
    """`quality` and `overlaps` of a list whose values come one after the other, each once, with the sources that list it: memory is that of the sources.
    `rows` by source; `pairs` counts what each two share."""

    def __init__(self, at: datetime, seen: Iterable[Key] = (), false: Iterable[Key] = ()) -> None:
        self.rows: dict[str, Quality] = {}
        self.pairs: Counter[tuple[str, str]] = Counter()
        self._at, self._seen, self._false = at, set(seen), set(false)
        self._ages: Counter[str] = Counter()

    def add(self, item: Indicator, since: Mapping[str, datetime | None]) -> None:
        """A value, and since when each of its sources lists it (None: not known)."""
        key = (item.type, item.value)
        for name, begun in since.items():
            row = self.rows.setdefault(name, Quality(name))
            row.count += 1
            row.unique += len(since) == 1
            row.shared += len(since) > 1
            row.over += item.valid_until is not None and item.valid_until <= self._at
            row.seen += key in self._seen
            row.false += key in self._false
            if begun is None:
                row.undated += 1
            else:
                self._ages[name] += int((self._at - begun).total_seconds())
                row.age_days = self._ages[name] / 86400 / (row.count - row.undated)
        if len(since) > 1:
            self._pair(sorted(since)[:PAIRED])

    def _pair(self, names: Sequence[str]) -> None:
        for pair in combinations(names, 2):
            if pair in self.pairs or len(self.pairs) < MOST_PAIRS:
                self.pairs[pair] += 1
