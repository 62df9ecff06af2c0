"""Quality of each source of lists: unique and shared values, age, hits and false positives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from lamsach.indicators.values.normalise import Value
from lamsach.indicators.values.records import Facts
from lamsach.model import Indicator

MAX_PAIRED = 20
"""Maximum number of sources of one value whose pairs are counted."""
MAX_PAIRS = 100_000


def changes(
    before: Iterable[Indicator], after: Iterable[Indicator]
) -> Iterator[tuple[str, Indicator, Indicator | None, tuple[str, ...]]]:
    """Compare two lists in the order of type and value (`Runs`), value by value.

    Yields `added`, `removed`, `changed` or `same`, the current value, and for a changed one the former value
    and the names of the differing facts. References are not compared.
    """
    old, new = iter(before), iter(after)
    was, item = next(old, None), next(new, None)
    while was is not None or item is not None:
        if item is None or (was is not None and _key(was) < _key(item)):
            assert was is not None
            yield "removed", was, None, ()
            was = next(old, None)
        elif was is None or _key(item) < _key(was):
            yield "added", item, None, ()
            item = next(new, None)
        else:
            facts = tuple(name for name in Facts._fields if getattr(was, name) != getattr(item, name))
            yield ("changed", item, was, facts) if facts else ("same", item, None, ())
            was, item = next(old, None), next(new, None)


def _key(item: Indicator) -> tuple[str, str]:
    return item.type.value, item.value


@dataclass(slots=True)
class Quality:
    """Quality of one source.

    `unique` values are in no other source, `shared` in at least one; `over` are no longer valid; `undated`
    state no beginning, `age_days` is the mean age of the others. `seen` and `false` count values that units
    met, or reported as wrong.
    """

    source: str
    count: int = 0
    unique: int = 0
    shared: int = 0
    over: int = 0
    undated: int = 0
    age_days: float | None = None
    seen: int = 0
    false: int = 0


class Tally:
    """Counter of the quality of sources.

    `add` reads the values one by one, each once, with the sources that list it: memory is that of the
    sources. `rows` by source; `pairs` counts the shared values of each two.
    """

    def __init__(self, at: datetime, seen: Iterable[Value] = (), false: Iterable[Value] = ()) -> None:
        self.rows: dict[str, Quality] = {}
        self.pairs: Counter[tuple[str, str]] = Counter()
        self._at, self._seen, self._false = at, set(seen), set(false)
        self._ages: Counter[str] = Counter()

    def add(self, item: Indicator, since: Mapping[str, datetime | None]) -> None:
        """Count a value, and since when each of its sources lists it (None: unknown)."""
        for name, start in since.items():
            self.count(name, item, start, shared=len(since) > 1)
        if len(since) > 1:
            for pair in combinations(sorted(since)[:MAX_PAIRED], 2):
                if pair in self.pairs or len(self.pairs) < MAX_PAIRS:
                    self.pairs[pair] += 1

    def count(self, name: str, item: Indicator, start: datetime | None, *, shared: bool) -> None:
        """Count a value of one source."""
        row, key = self.rows.setdefault(name, Quality(name)), (item.type, item.value)
        row.count += 1
        row.unique += not shared
        row.shared += shared
        row.over += item.valid_until is not None and item.valid_until <= self._at
        row.seen += key in self._seen
        row.false += key in self._false
        if start is None:
            row.undated += 1
        else:
            self._ages[name] += int((self._at - start).total_seconds())
            row.age_days = self._ages[name] / 86400 / (row.count - row.undated)
