"""Indicators kind by kind, to be gone through as often as a writer wants: in memory while they are few, else on the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from lamsach.indicators.releases.rows import Blocks, packed, unpacked
from lamsach.model import Indicator, IndicatorType

HELD = 200_000
"""How many indicators are held in memory."""


class Spool(Collection[Indicator]):
    """Gives the indicators in the order of their types' names, within a type in the order in which they were added. `counts`: how many of each type."""

    def __init__(self, items: Iterable[Indicator] = ()) -> None:
        self.counts: Counter[IndicatorType] = Counter()
        self._held: dict[IndicatorType, list[Indicator]] = {kind: [] for kind in sorted(IndicatorType)}
        self._held_count = 0
        self._blocks = Blocks()
        self._numbers: dict[IndicatorType, list[int]] = {kind: [] for kind in IndicatorType}
        for item in items:
            self.append(item)

    def append(self, item: Indicator) -> None:
        """Add one. OSError when the disk is full."""
        self._held[item.type].append(item)
        self.counts[item.type] += 1
        self._held_count += 1
        if self._held_count >= HELD:
            self._write()

    def _write(self) -> None:
        for kind, held in self._held.items():
            self._numbers[kind] += self._blocks.add((item.value, packed(item)) for item in held)
            held.clear()
        self._held_count = 0

    def of(self, *types: IndicatorType) -> Iterator[Indicator]:
        """Those of some types."""
        for kind, held in self._held.items():
            if kind in types:
                for value, rest in self._blocks.rows(self._numbers[kind]):
                    yield unpacked(kind.value, value, rest)
                yield from held

    def __iter__(self) -> Iterator[Indicator]:
        return self.of(*IndicatorType)

    def __len__(self) -> int:
        return self.counts.total()

    def __contains__(self, wanted: object) -> bool:
        return any(item == wanted for item in self)
