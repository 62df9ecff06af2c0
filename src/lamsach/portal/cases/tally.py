"""The one query for the numbers of cases: any subtree, as of any date. Board and reports have to use it.

Cases count by the state that the evidence of today gives them on that day (`Span`): late logs correct the
past. `known` asks what was known at a moment: with the end of the day itself, what was reported then.

Statements of cut-off units by file count too (the app `exchange` answers). A statement speaks of a unit and
all under it, from its day until the unit's next one. Where the portal has machines of the same units itself,
the larger of the two counts, never both; where a unit above states too, its word holds for those under it.
Statements of its units one by one count where they are asked for alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

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
"""Which states each number counts."""


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """Machines of a subtree on a day, without false alarms and exceptions.

    Found; still open; handled, that is taken in hand or further; stated cleaned; of these verified and blind;
    reinfected; dismissed.
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
        """Return the numbers of cases among the sums of a unit (`units.counters`)."""
        return cls(
            **{n: sum(sums.get(f"case.{state}", 0) for state in states) for n, states in GROUPS.items()}
        )

    def __add__(self, other: CaseCounts) -> CaseCounts:
        """Each number for itself."""
        return CaseCounts(**{name: getattr(self, name) + getattr(other, name) for name in GROUPS})

    def __sub__(self, other: CaseCounts) -> CaseCounts:
        """Each number for itself."""
        return CaseCounts(**{name: getattr(self, name) - getattr(other, name) for name in GROUPS})

    def __mul__(self, times: int) -> CaseCounts:
        """Each number so many times."""
        return CaseCounts(**{name: getattr(self, name) * times for name in GROUPS})


def spans_on(campaign: Campaign, day: date, known: datetime | None = None) -> QuerySet[Span]:
    """The state of each case on a day, as it is known now, or was known just before a moment."""
    rows = Span.objects.filter(campaign=campaign, valid_from__lte=day, valid_until__gt=day)
    if known is None:
        return rows.filter(known_until=None)
    return rows.filter(Q(known_until=None) | Q(known_until__gte=known), known_from__lt=known)


def end_of(day: date) -> datetime:
    """The first moment after a day, on the portal's clock."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def case_counts(
    campaign: Campaign, unit_id: int, day: date | None = None, known: datetime | None = None
) -> CaseCounts:
    """The numbers of a unit and everything under it on a day (today)."""
    moment = day or today()
    own = case_counts_of(campaign, [unit_id], moment, known).get(unit_id, CaseCounts())
    return sum(more_stated(campaign, unit_id, moment, known).values(), own)


def case_counts_by_child(campaign: Campaign, unit_id: int, day: date | None = None) -> dict[int, CaseCounts]:
    """For each unit directly under a unit: its numbers with everything under it."""
    moment = day or today()
    parts = children(unit_id, moment)
    counted = case_counts_of(campaign, parts, moment)
    more = more_stated(campaign, unit_id, moment, None, itself=False)
    if more:
        links = UnitLink.objects.filter(on_day(moment), ancestor__in=parts, descendant__in=more)
        for child, unit in links.values_list("ancestor", "descendant"):
            counted[child] = counted.get(child, CaseCounts()) + more[unit]
    return counted


def cases_in(figures: Mapping[int, Figures]) -> dict[int, CaseCounts]:
    """The numbers of units with everything under each, of those that have any case."""
    found = {unit: CaseCounts.of(one.whole) for unit, one in figures.items()}
    return {unit: counts for unit, counts in found.items() if counts != CaseCounts()}


def case_counts_of(
    campaign: Campaign, units: Iterable[int], day: date, known: datetime | None = None
) -> dict[int, CaseCounts]:
    """Numbers of each unit with all under it: from the counters, or as they were known at a moment."""
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


def more_stated(
    campaign: Campaign,
    unit_id: int,
    day: date,
    known: datetime | None = None,
    *,
    itself: bool = True,
    said: Sequence[Statement] | None = None,
) -> dict[int, CaseCounts]:
    """Surplus of cut-off units' statements over the portal's numbers; `said`: statements read before."""
    found = newest(campaign, unit_id, day, known, itself=itself) if said is None else said
    own = case_counts_of(campaign, [one.unit_id for one in found], day, known) if found else {}
    more = {}
    for one in found:
        here, word = (
            own.get(one.unit_id, CaseCounts()),
            CaseCounts(**{n: one.counts.get(n, 0) for n in GROUPS}),
        )
        if larger(word, here):
            more[one.unit_id] = word - here
    return more


def larger(word: CaseCounts, here: CaseCounts) -> bool:
    """Return whether a unit states more machines than the portal has; among equals, more dismissed."""
    return (word.found, word.dismissed) > (here.found, here.dismissed)


def stated_rows(campaign: Campaign, unit_id: int, day: date) -> list[tuple[Unit, Statement]]:
    """The statements that are counted in a subtree on a day, each with its unit, for people."""
    said = newest(campaign, unit_id, day)
    more = more_stated(campaign, unit_id, day, said=said)
    units = Unit.objects.in_bulk(list(more))
    return [(units[one.unit_id], one) for one in said if one.unit_id in more]


@dataclass(frozen=True, slots=True)
class Difference:
    """A case counted otherwise on a day than at that day's end; since when, and what was learned."""

    case_id: int
    before: str
    after: str
    since: datetime
    cause: str
    cause_id: int | None


def differences(campaign: Campaign, unit_id: int, day: date) -> list[Difference]:
    """Cases of a subtree whose state on a day is known otherwise now than at its end. Empty: no case."""
    units = under([unit_id], day).values("descendant")
    then = dict(spans_on(campaign, day, end_of(day)).filter(unit__in=units).values_list("case_id", "state"))
    rows = spans_on(campaign, day).filter(unit__in=units)
    now = {row[0]: row[1:] for row in rows.values_list("case_id", "state", "known_from", "cause", "cause_id")}
    found = [
        Difference(number, then.get(number, ""), state, since, cause, cause_id)
        for number, (state, since, cause, cause_id) in now.items()
        if then.get(number, "") != state
    ]
    gone = Span.objects.filter(case__in=set(then) - set(now), known_until__isnull=False)
    last = {row.case_id: row for row in gone.order_by("known_until")}
    found += [
        Difference(number, then[number], "", row.known_until or row.known_from, Cause.MERGE, None)
        for number, row in last.items()
    ]
    return sorted(found, key=lambda row: (row.since, row.case_id))


@dataclass(frozen=True, slots=True)
class Statement:
    """Numbers of a unit on a day (`CaseCounts`), and when they came. `searched`: own logs were searched."""

    unit_id: int
    day: date
    counts: Mapping[str, int]
    at: datetime
    searched: bool = False


Answer = Callable[[Campaign, Iterable[int] | None, date, datetime | None, bool], list[Statement]]
_ANSWERS: list[Answer] = []


def register_statements(answer: Answer) -> None:
    """Register a source of statements.

    It answers for a campaign and units (None: all that speak for themselves), by a day, known before a moment
    (None: now): each unit's newest, or (`all_of_them`) all, by day.
    """
    if answer not in _ANSWERS:
        _ANSWERS.append(answer)


def newest(
    campaign: Campaign, unit_id: int, day: date, known: datetime | None = None, *, itself: bool = True
) -> list[Statement]:
    """Statements that count on a day for a unit and all under it, the topmost of each branch."""
    found = {one.unit_id: one for answer in _ANSWERS for one in answer(campaign, None, day, known, False)}
    if not found:
        return []
    if UnitLink.objects.filter(on_day(day), descendant=unit_id, ancestor__in=found).exists():
        if itself and unit_id in found:
            return [found[unit_id]]
        children = (
            under([unit_id], day).filter(distance=0 if itself else 1).values_list("descendant", flat=True)
        )
        return one_by_one(campaign, children, day, known)
    here = set(under([unit_id], day).filter(descendant__in=found).values_list("descendant", flat=True))
    inner = UnitLink.objects.filter(on_day(day), ancestor__in=here, descendant__in=here, distance__gt=0)
    return [found[number] for number in sorted(here - set(inner.values_list("descendant", flat=True)))]


def one_by_one(
    campaign: Campaign, units: Iterable[int], day: date, known: datetime | None = None
) -> list[Statement]:
    """Statements of these units alone, with no regard to a unit above them."""
    wanted = list(units)
    found = {one.unit_id: one for answer in _ANSWERS for one in answer(campaign, wanted, day, known, False)}
    return list(found.values())


def history(campaign: Campaign, unit_id: int, day: date) -> dict[int, list[Statement]]:
    """All statements up to a day of the units that `newest` names; the last word on each day."""
    chosen = [one.unit_id for one in newest(campaign, unit_id, day)]
    found: dict[int, dict[date, Statement]] = {}
    for answer in _ANSWERS if chosen else ():
        for one in answer(campaign, chosen, day, None, True):
            found.setdefault(one.unit_id, {})[one.day] = one
    return {number: [days[key] for key in sorted(days)] for number, days in found.items()}
