"""Indicators in the order of type and value, each once, however many there are: sorted runs in temporary files that are merged while they are read.

Memory is that of one run. What two places say of one value is put together as `lamsach.indicators.values.merging` does, in the order of the lists.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import count, islice
from types import TracebackType
from typing import Any

from lamsach.indicators.releases.rows import Blocks, packed, unpacked
from lamsach.indicators.values.merging import merged
from lamsach.model import Indicator

RUN = 200_000
"""How many indicators are held in memory."""

_Row = tuple[str, str, int, tuple[Any, ...]]
"""Type, value, the place among all that were added, what else is known."""


class Runs:
    """Takes indicators in any order; gives them sorted, as often as asked. Its files are gone when it is closed."""

    def __init__(self, items: Iterable[Indicator] = ()) -> None:
        self._numbers = count()
        self._waiting: list[_Row] = []
        self._blocks = Blocks()
        self._runs: list[range] = []
        self.extend(items)

    def __enter__(self) -> Runs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete what lies on the disk."""
        self._runs.clear()
        self._blocks.close()

    def extend(self, items: Iterable[Indicator]) -> None:
        """Add indicators. OSError when the disk is full."""
        for item in items:
            self._waiting.append((item.type.value, item.value, next(self._numbers), packed(item)))
            if len(self._waiting) >= RUN:
                self._write()

    def _write(self) -> None:
        self._waiting.sort()
        self._runs.append(self._blocks.add(self._waiting))
        self._waiting.clear()

    def __iter__(self) -> Iterator[Indicator]:
        """The indicators in order."""
        self._waiting.sort()
        known: Indicator | None = None
        for kind, value, _, rest in heapq.merge(*map(self._blocks.rows, self._runs), iter(self._waiting)):
            item = unpacked(kind, value, rest)
            if known is None:
                known = item
            elif known.value == value and known.type.value == kind:
                known = merged(known, item)
            else:
                yield known
                known = item
        if known is not None:
            yield known


class Kept:
    """Counts things and keeps the first of them: what is told of millions."""

    def __init__(self, most: int = 20) -> None:
        self.count = 0
        self.first: list[tuple[Indicator, str]] = []
        self._most = most

    def add(self, item: Indicator, reason: str) -> None:
        """One more."""
        self.count += 1
        if len(self.first) < self._most:
            self.first.append((item, reason))


def first_of(runs: Runs) -> Indicator | None:
    """The first indicator, or None when there is none."""
    return next(islice(runs, 1), None)
