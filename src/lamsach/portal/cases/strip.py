"""The strip of days of a case: for each observer and day, whether the machine was seen in its log, was blocked, was quiet, or the log was not searched."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lamsach.portal.cases.verdict import Decision, Facts, required

MOST_DAYS = 60
CELL, GAP = 14, 2
KINDS = ("hit", "blocked", "covered", "missing")


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one observer. `kind`: one of KINDS; `x`: in the picture."""

    day: date
    kind: str
    x: int


@dataclass(frozen=True, slots=True)
class Row:
    """One observer."""

    observer: str
    cells: tuple[Cell, ...]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Return how many days are of each kind."""
        return [(kind, sum(cell.kind == kind for cell in self.cells)) for kind in KINDS]


@dataclass(frozen=True, slots=True)
class Strip:
    """The whole picture; `cleaned_x`: where the cleaning is, None when it is not in it. `since`: the day from which until yesterday no log was searched, when that is too long to be drawn."""

    rows: tuple[Row, ...]
    first: date
    last: date
    width: int
    cleaned_x: int | None
    since: date | None = None


def strip(
    decisions: Sequence[Decision], facts: Facts, blocked: Collection[tuple[str, date]], today: date
) -> Strip | None:
    """60 days at most, until yesterday, from the first sighting on; of an old machine until the last day of evidence. None before there is anything to show. `blocked`: the observers' days on which nothing came through."""
    if not decisions:
        return None
    newest = max(decisions, key=lambda decision: decision.moment)
    observers = sorted(
        required(facts.hits, newest, facts.coverage) | {hit.observer for hit in facts.hits} - {""}
    )
    if not observers:
        return None
    days = [hit.day for hit in facts.hits]
    yesterday = today - timedelta(days=1)
    known = [day for one in observers for day in facts.coverage.get(one, ())] + days
    evident = max(known, default=yesterday)
    last = evident if (yesterday - evident).days >= MOST_DAYS else max([yesterday, *days])
    first = max(min(days, default=last), last - timedelta(days=MOST_DAYS - 1))
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    rows = tuple(_row(observer, facts, blocked, span) for observer in observers)
    cleaned = newest.day if newest.state == "cleaned" and first <= newest.day <= last else None
    x = ((cleaned - first).days + 1) * (CELL + GAP) - GAP // 2 if cleaned else None
    since = last + timedelta(days=1) if last < yesterday else None
    return Strip(rows, first, last, len(span) * (CELL + GAP), x, since)


def _row(observer: str, facts: Facts, blocked: Collection[tuple[str, date]], span: Sequence[date]) -> Row:
    hits = {(hit.observer, hit.day) for hit in facts.hits if hit.observer in (observer, "")}
    reached = {day for _observer, day in hits - set(blocked)}
    stopped = {day for _observer, day in hits} - reached
    covered = facts.coverage.get(observer, frozenset())
    return Row(
        observer,
        tuple(
            Cell(
                day,
                "hit"
                if day in reached
                else "blocked"
                if day in stopped
                else "covered"
                if day in covered
                else "missing",
                place * (CELL + GAP),
            )
            for place, day in enumerate(span)
        ),
    )
