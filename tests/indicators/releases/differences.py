"""Difference of two lists in memory: the oracle of `changes`."""

from __future__ import annotations

from dataclasses import dataclass, field

from lamsach.indicators.values.records import Facts
from lamsach.model import Indicator


@dataclass
class Difference:
    added: list[Indicator] = field(default_factory=list)
    removed: list[Indicator] = field(default_factory=list)
    changed: list[tuple[Indicator, Indicator, tuple[str, ...]]] = field(default_factory=list)
    same: int = 0


def difference(before: list[Indicator], after: list[Indicator]) -> Difference:
    old, new = ({(i.type, i.value): i for i in reversed(items)} for items in (before, after))
    found = Difference()
    for key in dict.fromkeys((i.type, i.value) for i in after):
        was, item = old.get(key), new[key]
        facts = tuple(
            name for name in Facts._fields if was is not None and getattr(was, name) != getattr(item, name)
        )
        if was is None:
            found.added.append(item)
        elif facts:
            found.changed.append((was, item, facts))
        else:
            found.same += 1
    found.removed = [old[key] for key in dict.fromkeys((i.type, i.value) for i in before) if key not in new]
    return found
