"""The coverage strip of a case: for each observer and day, whether its log was searched and whether the machine was seen in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lamsach.portal.cases.verdict import Decision, Facts, required

MOST_DAYS = 60
CELL, GAP, ROW = 14, 2, 20


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one observer. `kind`: hit, covered or missing; `x` and `y` in the picture."""

    day: date
    kind: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Row:
    """One observer."""

    observer: str
    cells: tuple[Cell, ...]
    missing: int


@dataclass(frozen=True, slots=True)
class Strip:
    """The whole picture; `cleaned_x`: where the cleaning lies, None when it is not in it."""

    rows: tuple[Row, ...]
    first: date
    last: date
    width: int
    height: int
    cleaned_x: int | None


def strip(decisions: Sequence[Decision], facts: Facts, today: date) -> Strip | None:
    """The last 60 days at most, until yesterday, from the first sighting on. None before there is anything to show."""
    days = [hit.day for hit in facts.hits]
    last = max([today - timedelta(days=1), *days]) if days else today - timedelta(days=1)
    first = max(min(days, default=last), last - timedelta(days=MOST_DAYS - 1))
    if not decisions:
        return None
    newest = max(decisions, key=lambda decision: decision.moment)
    observers = sorted(
        required(facts.hits, newest, facts.coverage) | {hit.observer for hit in facts.hits} - {""}
    )
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    rows = []
    for number, observer in enumerate(observers):
        hits = {hit.day for hit in facts.hits if hit.observer in (observer, "")}
        covered = facts.coverage.get(observer, frozenset())
        cells = tuple(
            Cell(
                day,
                "hit" if day in hits else "covered" if day in covered else "missing",
                place * (CELL + GAP),
                number * ROW,
            )
            for place, day in enumerate(span)
        )
        rows.append(Row(observer, cells, sum(cell.kind == "missing" for cell in cells)))
    cleaned = newest.day if newest.state == "cleaned" and first <= newest.day <= last else None
    x = ((cleaned - first).days + 1) * (CELL + GAP) - GAP // 2 if cleaned else None
    return Strip(tuple(rows), first, last, len(span) * (CELL + GAP), len(rows) * ROW, x) if rows else None
