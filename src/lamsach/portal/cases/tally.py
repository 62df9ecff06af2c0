"""Numbers of cases for any subtree, as of any date: the only source for board and reports.

Cases count by the state that today's evidence gives them on that day (`Span`): late logs correct the past.
`known` selects what was known at a moment: with the end of the day itself, what was reported then.

Statements of cut-off units by file count too (provided by the app `exchange`). A statement covers a unit and
all below it, from its day until the unit's next one. Where the portal has machines of the same units, the
larger number counts, never both; a statement of a unit above prevails over those below. Statements of single
units count where queried individually.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.campaigns.tally import children, figures_of
from lamsach.portal.cases.models import CaseState, Cause, Span
from lamsach.portal.units.counters import Figures
from lamsach.portal.units.models import Unit, UnitLink
from lamsach.portal.units.tree import on_day, today, under

S = CaseState
OPEN = (S.NEW, S.TOLD, S.ACCEPTED, S.REINFECTED)
CLEANED = (S.CLEANED, S.VERIFIED, S.BLIND)
GROUPS: dict[str, tuple[CaseState, ...]] = {
    "found": (*OPEN, S.WORKING, *CLEANED),
    "open": OPEN,
    "handled": (S.WORKING, *CLEANED),
    "cleaned": CLEANED,
    "verified": (S.VERIFIED,),
    "blind": (S.BLIND,),
    "reinfected": (S.REINFECTED,),
    "dismissed": (S.FALSE_ALARM, S.EXCEPTED),
}
"""States counted by each number."""


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """Machines of a subtree on a day, without false alarms and exceptions.

    Found; open; handled (in progress or later); stated cleaned; of these verified and blind; reinfected;
    dismissed.
    """

    found: int = 0
    open: int = 0
    handled: int = 0
    cleaned: int = 0
    verified: int = 0
    blind: int = 0
    reinfected: int = 0
    dismissed: int = 0

    @classmethod
    def of(cls, sums: Mapping[str, int]) -> CaseCounts:
        """Numbers of cases from the sums of a unit (`units.counters`)."""
        return cls(
            **{n: sum(sums.get(f"case.{state}", 0) for state in states) for n, states in GROUPS.items()}
        )

    def __add__(self, other: CaseCounts) -> CaseCounts:
        """Add each number."""
        return CaseCounts(**{name: getattr(self, name) + getattr(other, name) for name in GROUPS})

    def __sub__(self, other: CaseCounts) -> CaseCounts:
        """Subtract each number."""
        return CaseCounts(**{name: getattr(self, name) - getattr(other, name) for name in GROUPS})

    def __mul__(self, times: int) -> CaseCounts:
        """Multiply each number."""
        return CaseCounts(**{name: getattr(self, name) * times for name in GROUPS})


def spans_on(campaign: Campaign, day: date, known: datetime | None = None) -> QuerySet[Span]:
    """State of each case on a day, as known now, or just before a moment."""
    rows = Span.objects.filter(campaign=campaign, valid_from__lte=day, valid_until__gt=day)
    if known is None:
        return rows.filter(known_until=None)
    return rows.filter(Q(known_until=None) | Q(known_until__gte=known), known_from__lt=known)


def end_of(day: date) -> datetime:
    """First moment after a day, on the portal's clock."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def case_counts(
    campaign: Campaign, unit_id: int, day: date | None = None, known: datetime | None = None
) -> CaseCounts:
    """Numbers of a unit and all below it on a day (today)."""
    moment = day or today()
    own = case_counts_of(campaign, [unit_id], moment, known).get(unit_id, CaseCounts())
    return sum(stated_surplus(campaign, unit_id, moment, known).values(), own)


def case_counts_by_child(campaign: Campaign, unit_id: int, day: date | None = None) -> dict[int, CaseCounts]:
    """Numbers of each direct child of a unit, with all below it."""
    moment = day or today()
    parts = children(unit_id, moment)
    counted = case_counts_of(campaign, parts, moment)
    more = stated_surplus(campaign, unit_id, moment, None, itself=False)
    if more:
        links = UnitLink.objects.filter(on_day(moment), ancestor__in=parts, descendant__in=more)
        for child, unit in links.values_list("ancestor", "descendant"):
            counted[child] = counted.get(child, CaseCounts()) + more[unit]
    return counted


def cases_in(figures: Mapping[int, Figures]) -> dict[int, CaseCounts]:
    """Numbers of units with all below each, without units that have no case."""
    found = {unit: CaseCounts.of(figure.whole) for unit, figure in figures.items()}
    return {unit: counts for unit, counts in found.items() if counts != CaseCounts()}


def case_counts_of(
    campaign: Campaign, units: Iterable[int], day: date, known: datetime | None = None
) -> dict[int, CaseCounts]:
    """Numbers of each unit with all below it: from the counters, or as known at a moment."""
    if known is None:
        return cases_in(figures_of(campaign, units, day))
    sums: dict[int, dict[str, int]] = {}
    above = F("unit__links_up__ancestor")
    rows = spans_on(campaign, day, known).filter(
        on_day(day, "unit__links_up__"), unit__links_up__ancestor__in=units
    )
    for unit, state, count in rows.order_by().values_list(above, "state").annotate(count=Count("pk")):
        sums.setdefault(unit, {})[f"case.{state}"] = count
    return {unit: CaseCounts.of(sums[unit]) for unit in sums}


def stated_surplus(
    campaign: Campaign,
    unit_id: int,
    day: date,
    known: datetime | None = None,
    *,
    itself: bool = True,
    statements: Sequence[Statement] | None = None,
) -> dict[int, CaseCounts]:
    """Surplus of cut-off units' statements over the portal's numbers; `statements`: already loaded ones."""
    relevant = newest(campaign, unit_id, day, known, itself=itself) if statements is None else statements
    own = case_counts_of(campaign, [row.unit_id for row in relevant], day, known) if relevant else {}
    more = {}
    for row in relevant:
        counted = own.get(row.unit_id, CaseCounts())
        if larger(row.numbers, counted):
            more[row.unit_id] = row.numbers - counted
    return more


def larger(stated: CaseCounts, counted: CaseCounts) -> bool:
    """Return whether a unit states more machines than the portal has; if equal, more dismissed."""
    return (stated.found, stated.dismissed) > (counted.found, counted.dismissed)


def stated_rows(campaign: Campaign, unit_id: int, day: date) -> list[tuple[Unit, Statement]]:
    """Statements counted in a subtree on a day, each with its unit, for display."""
    statements = newest(campaign, unit_id, day)
    more = stated_surplus(campaign, unit_id, day, statements=statements)
    units = Unit.objects.in_bulk(list(more))
    return [(units[statement.unit_id], statement) for statement in statements if statement.unit_id in more]


@dataclass(slots=True)
class Difference:
    """A case counted differently on a day than at that day's end; since when, and the cause.

    `case` and `bundle` (the cause): set for the rows that are shown.
    """

    case_id: int
    before: str
    after: str
    since: datetime
    cause: str
    cause_id: int | None
    case: Any = None
    bundle: Any = None


def differences(campaign: Campaign, unit_id: int, day: date) -> list[Difference]:
    """Cases of a subtree whose state on a day is now known differently than at its end. Empty: no case."""
    units = under([unit_id], day).values("descendant")
    former = dict(spans_on(campaign, day, end_of(day)).filter(unit__in=units).values_list("case_id", "state"))
    rows = spans_on(campaign, day).filter(unit__in=units)
    current = {
        row[0]: row[1:] for row in rows.values_list("case_id", "state", "known_from", "cause", "cause_id")
    }
    changed = [
        Difference(number, former.get(number, ""), state, since, cause, cause_id)
        for number, (state, since, cause, cause_id) in current.items()
        if former.get(number, "") != state
    ]
    gone = Span.objects.filter(case__in=set(former) - set(current), known_until__isnull=False)
    last = {row.case_id: row for row in gone.order_by("known_until")}
    changed += [
        Difference(number, former[number], "", row.known_until or row.known_from, Cause.MERGE, None)
        for number, row in last.items()
    ]
    return sorted(changed, key=lambda row: (row.since, row.case_id))


@dataclass(frozen=True, slots=True)
class Statement:
    """Numbers of a unit on a day (`CaseCounts`), and time of arrival. `searched`: own logs were searched."""

    unit_id: int
    day: date
    counts: Mapping[str, int]
    at: datetime
    searched: bool = False

    @property
    def numbers(self) -> CaseCounts:
        """The stated numbers; missing ones are zero."""
        return CaseCounts(**{name: self.counts.get(name, 0) for name in GROUPS})


Answer = Callable[[Campaign, Iterable[int] | None, date, datetime | None, bool], list[Statement]]
_ANSWERS: list[Answer] = []


def register_statements(answer: Answer) -> None:
    """Register a source of statements.

    Called with a campaign and units (None: all that speak for themselves), a day, and a moment before which
    statements were known (None: now); returns each unit's newest, or (`all_of_them`) all, by day.
    """
    if answer not in _ANSWERS:
        _ANSWERS.append(answer)


def newest(
    campaign: Campaign, unit_id: int, day: date, known: datetime | None = None, *, itself: bool = True
) -> list[Statement]:
    """Statements that count on a day for a unit and all below it, the topmost of each branch."""
    by_unit = {row.unit_id: row for answer in _ANSWERS for row in answer(campaign, None, day, known, False)}
    if not by_unit:
        return []
    if UnitLink.objects.filter(on_day(day), descendant=unit_id, ancestor__in=by_unit).exists():
        if itself and unit_id in by_unit:
            return [by_unit[unit_id]]
        children = (
            under([unit_id], day).filter(distance=0 if itself else 1).values_list("descendant", flat=True)
        )
        return one_by_one(campaign, children, day, known)
    inside = set(under([unit_id], day).filter(descendant__in=by_unit).values_list("descendant", flat=True))
    inner = UnitLink.objects.filter(on_day(day), ancestor__in=inside, descendant__in=inside, distance__gt=0)
    return [by_unit[number] for number in sorted(inside - set(inner.values_list("descendant", flat=True)))]


def one_by_one(
    campaign: Campaign, units: Iterable[int], day: date, known: datetime | None = None
) -> list[Statement]:
    """Statements of exactly these units, regardless of units above."""
    wanted = list(units)
    by_unit = {row.unit_id: row for answer in _ANSWERS for row in answer(campaign, wanted, day, known, False)}
    return list(by_unit.values())


def history(campaign: Campaign, unit_id: int, day: date) -> dict[int, list[Statement]]:
    """All statements up to a day of the units in `newest`; the last one of each day."""
    chosen = [statement.unit_id for statement in newest(campaign, unit_id, day)]
    by_unit: dict[int, dict[date, Statement]] = {}
    for answer in _ANSWERS if chosen else ():
        for statement in answer(campaign, chosen, day, None, True):
            by_unit.setdefault(statement.unit_id, {})[statement.day] = statement
    return {number: [days[key] for key in sorted(days)] for number, days in by_unit.items()}
