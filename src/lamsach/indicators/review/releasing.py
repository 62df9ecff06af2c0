"""What a list becomes before it goes out: decisions applied, what must never be blocked left out unless forced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from lamsach.indicators.columns import IndicatorColumns
from lamsach.indicators.review.decisions import Decisions
from lamsach.indicators.review.guard import Own, guarded
from lamsach.model import Indicator


@dataclass(slots=True)
class Passed:
    """`items` may go out; `left_out` were excepted or narrowed, with the reason; `guarded` would have hit what must never be blocked;
    `forced` are such values that go out all the same."""

    items: IndicatorColumns = field(default_factory=IndicatorColumns)
    left_out: list[tuple[Indicator, str]] = field(default_factory=list)
    guarded: list[tuple[Indicator, str]] = field(default_factory=list)
    forced: list[tuple[Indicator, str]] = field(default_factory=list)


def passed(
    items: Iterable[Indicator], decisions: Decisions, own: Own, at: datetime, *, force: bool = False
) -> Passed:
    """Sort a list into what goes out and what does not. `force` lets guarded values pass; a decision to except still holds."""
    result = Passed()
    for item, left, danger in judged(items, decisions, own, at):
        if left is not None:
            result.left_out.append((item, left))
        elif danger is None:
            result.items.append(item)
        elif force:
            result.items.append(item)
            result.forced.append((item, danger))
        else:
            result.guarded.append((item, danger))
    return result


def judged(
    items: Iterable[Indicator], decisions: Decisions, own: Own, at: datetime
) -> Iterator[tuple[Indicator, str | None, str | None]]:
    """Every value with the reason for which a decision leaves it out, else with the reason for which it must never be blocked; narrower values
    come after the one that they replace."""
    for item, left in decisions.apply(items, at):
        yield item, left, None if left is not None else guarded(item, own)
