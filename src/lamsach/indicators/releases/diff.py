"""The difference between two versions of a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lamsach.model import Indicator, IndicatorType

FACTS = ("threat", "source", "valid_from", "valid_until", "confidence", "tlp")
"""What may change of a value that stays."""


@dataclass(slots=True)
class Difference:
    """`added` and `removed` values, and `changed` ones as they were, as they are, and which facts differ; in the lists' order.
    `same` counts the rest."""

    added: list[Indicator] = field(default_factory=list)
    removed: list[Indicator] = field(default_factory=list)
    changed: list[tuple[Indicator, Indicator, tuple[str, ...]]] = field(default_factory=list)
    same: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def difference(before: Iterable[Indicator], after: Iterable[Indicator]) -> Difference:
    """Return what became of a list. Where a value stands (its reference) makes no difference."""
    old = _by_value(before)
    result = Difference()
    seen: set[tuple[IndicatorType, str]] = set()
    for item in after:
        key = (item.type, item.value)
        if key in seen:
            continue
        seen.add(key)
        known = old.get(key)
        if known is None:
            result.added.append(item)
        elif facts := tuple(_changed(known, item)):
            result.changed.append((known, item, facts))
        else:
            result.same += 1
    result.removed = [item for key, item in old.items() if key not in seen]
    return result


def changes(
    before: Iterable[Indicator], after: Iterable[Indicator]
) -> Iterator[tuple[str, Indicator, Indicator | None, tuple[str, ...]]]:
    """As `difference`, of two lists in the order of type and value (`Runs`), one value after the other: `added`, `removed`, `changed` or `same`, the
    value as it is, and for a changed one as it was, and which facts differ."""
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
            facts = tuple(_changed(was, item))
            yield ("changed", item, was, facts) if facts else ("same", item, None, ())
            was, item = next(old, None), next(new, None)


def _key(item: Indicator) -> tuple[str, str]:
    return item.type.value, item.value


def _by_value(items: Iterable[Indicator]) -> dict[tuple[IndicatorType, str], Indicator]:
    found: dict[tuple[IndicatorType, str], Indicator] = {}
    for item in items:
        found.setdefault((item.type, item.value), item)
    return found


def _changed(before: Indicator, after: Indicator) -> Iterator[str]:
    return (name for name in FACTS if getattr(before, name) != getattr(after, name))
