"""Machines of a campaign over time: series of the chart, days to clean, most work, days with logs."""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from django.db.models import Count, Min, Q

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases import tally
from lamsach.portal.cases.coverage import UnitCoverage
from lamsach.portal.cases.models import Case, CaseState, Span, Step
from lamsach.portal.cases.tally import GROUPS, OPEN, CaseCounts, Statement, larger
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.units.models import Unit, UnitLink
from lamsach.portal.units.tree import on_day, under

LINES = ("todo", "cleaned", "verified", "reinfected", "blind")
"""What the chart shows; each is a filter of the list of machines as well."""
STATES: dict[str, tuple[CaseState, ...]] = {
    "todo": (*OPEN, CaseState.WORKING),
    "cleaned": GROUPS["cleaned"],
    "verified": GROUPS["verified"],
    "reinfected": GROUPS["reinfected"],
    "blind": GROUPS["blind"],
}
_OF_STATE = {
    state: CaseCounts(**{name: int(state in states) for name, states in GROUPS.items()})
    for state in CaseState
}
MOST_DAYS = 120
CALENDAR_DAYS = 35
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Series:
    """For each day the number of machines in each line."""

    days: tuple[date, ...]
    counts: dict[str, tuple[int, ...]]

    @property
    def rows(self) -> list[tuple[date, list[tuple[str, int]]]]:
        """The table beside the chart, the newest day first; by weeks when there are many days."""
        step = 7 if len(self.days) > 31 else 1
        places = range(len(self.days) - 1, -1, -step)
        return [(self.days[place], [(name, self.counts[name][place]) for name in LINES]) for place in places]


Stay = tuple[str, date, date, int]
"""A state, from a day until before another, and how many machines."""


def series(campaign: Campaign, unit_id: int, until: date) -> Series | None:
    """Numbers of the last days under a unit, statements included; None before the first machine."""
    rows, told = _stays(campaign, unit_id, until), tally.history(campaign, unit_id, until)
    begins = [row[1] for row in rows] + _first_stated(told)
    if not begins:
        return None
    first = max(min(begins), until - _ONE * (MOST_DAYS - 1))
    days = tuple(first + _ONE * number for number in range((until - first).days + 1))
    counts = _tally(rows, days)
    both = _with_machines(campaign, told)
    for unit, some in told.items():
        own = _tally(_stays(campaign, unit, until) if unit in both else [], days)
        _add_stated(counts, own, some, days)
    return Series(days, {name: tuple(values) for name, values in counts.items()})


def _first_stated(told: Mapping[int, Sequence[Statement]]) -> list[date]:
    """The first day on which each unit stated a machine."""
    return [
        min(days)
        for some in told.values()
        if (days := [one.day for one in some if one.counts.get("found") or one.counts.get("dismissed")])
    ]


def _with_machines(campaign: Campaign, units: Collection[int]) -> set[int]:
    """Those of the units that have machines in the portal, themselves or under them."""
    if not units:
        return set()
    rows = Span.objects.filter(campaign=campaign, known_until=None, unit__links_up__ancestor__in=list(units))
    return set(rows.order_by().values_list("unit__links_up__ancestor", flat=True).distinct())


def _stays(campaign: Campaign, unit_id: int, until: date) -> list[Stay]:
    chosen = Span.objects.filter(
        campaign=campaign, known_until=None, valid_from__lte=until, unit__links_up__ancestor=unit_id
    )
    rows = [
        (state, max(begin, since), min(end, before), number)
        for state, begin, end, since, before, number in chosen.order_by()
        .values_list(
            "state",
            "valid_from",
            "valid_until",
            "unit__links_up__valid_from",
            "unit__links_up__valid_until",
        )
        .annotate(number=Count("pk"))
    ]
    return [row for row in rows if row[1] < row[2]]


def counts_by_day(campaign: Campaign, unit_id: int, until: date) -> dict[int, list[tuple[date, CaseCounts]]]:
    """Numbers of a unit and each one under it on each day on which they changed (`tally.case_counts`)."""
    inside = under([unit_id], until).values("descendant")
    changes = _changes(campaign, inside, until)
    told = tally.history(campaign, unit_id, until)
    links = UnitLink.objects.filter(on_day(until), descendant__in=told, ancestor__in=inside)
    above: dict[int, list[int]] = {}
    for unit, ancestor in links.values_list("descendant", "ancestor"):
        above.setdefault(unit, []).append(ancestor)
    for unit, some in told.items():
        more = _more_by_day(changes.get(unit, {}), some)
        for ancestor in above[unit]:
            mine = changes.setdefault(ancestor, {})
            for day, change in more.items():
                mine[day] = mine.get(day, CaseCounts()) + change
    return {unit: found for unit, mine in changes.items() if (found := _sums(mine))}


def _changes(campaign: Campaign, units: Any, until: date) -> dict[int, dict[date, CaseCounts]]:
    """Changes by day of each unit's numbers with everything under it, by the portal's own machines."""
    rows = Span.objects.filter(
        campaign=campaign, known_until=None, valid_from__lte=until, unit__links_up__ancestor__in=units
    )
    found: dict[int, dict[date, CaseCounts]] = {}
    for unit, state, begin, end, since, before, number in (
        rows.order_by()
        .values_list(
            "unit__links_up__ancestor",
            "state",
            "valid_from",
            "valid_until",
            "unit__links_up__valid_from",
            "unit__links_up__valid_until",
        )
        .annotate(number=Count("pk"))
    ):
        first, last = max(begin, since), min(end, before)
        if first < last and first <= until:
            mine, some = found.setdefault(unit, {}), _OF_STATE[state] * number
            mine[first] = mine.get(first, CaseCounts()) + some
            if last <= until:
                mine[last] = mine.get(last, CaseCounts()) - some
    return found


def _sums(changes: Mapping[date, CaseCounts]) -> list[tuple[date, CaseCounts]]:
    days = sorted(day for day, change in changes.items() if change != CaseCounts())
    return list(zip(days, accumulate(changes[day] for day in days), strict=True))


def _more_by_day(own: Mapping[date, CaseCounts], told: Sequence[Statement]) -> dict[date, CaseCounts]:
    """Changes by day of how much more a unit's newest statement holds than the portal has of it."""
    words = {one.day: CaseCounts(**{name: one.counts.get(name, 0) for name in GROUPS}) for one in told}
    here = word = more = CaseCounts()
    found: dict[date, CaseCounts] = {}
    for day in sorted({*own, *words}):
        here, word = here + own.get(day, CaseCounts()), words.get(day, word)
        now = word - here if larger(word, here) else CaseCounts()
        found[day], more = now - more, now
    return found


def _tally(rows: Sequence[Stay], days: Sequence[date]) -> dict[str, list[int]]:
    """Return how many machines are in each line on each of the days."""
    first, length = days[0], len(days)
    changes = {name: [0] * (length + 1) for name in STATES}
    for state, begin, end, number in rows:
        left, right = max((begin - first).days, 0), min((end - first).days, length)
        for name in STATES:
            if left < right and state in STATES[name]:
                changes[name][left] += number
                changes[name][right] -= number
    return {name: list(accumulate(values[:-1])) for name, values in changes.items()}


def _add_stated(
    counts: dict[str, list[int]], own: dict[str, list[int]], told: Sequence[Statement], days: Sequence[date]
) -> None:
    """Count a unit's newest statement on days on which it holds more than the portal has of the unit."""
    for place, day in enumerate(days):
        number = bisect_right(told, day, key=lambda one: one.day)
        if not number:
            continue
        word = told[number - 1].counts
        if word["found"] <= own["todo"][place] + own["cleaned"][place]:
            continue
        lines = {**word, "todo": word["found"] - word["cleaned"]}
        for name in LINES:
            counts[name][place] += lines[name] - own[name][place]


def median_days_to_clean(campaign: Campaign, unit_id: int) -> tuple[float | None, int]:
    """Median of days from the finding to the first statement of cleaning, and of how many machines."""
    units = under([unit_id]).values("descendant")
    steps = Step.objects.filter(
        case__campaign=campaign, case__unit__in=units, computed=False, case__superseded=None
    )
    rows = (
        steps.order_by()
        .values("case")
        .annotate(found=Min("day"), cleaned=Min("day", filter=Q(after=CaseState.CLEANED)))
        .filter(cleaned__isnull=False)
    )
    days = [(cleaned - found).days for found, cleaned in rows.values_list("found", "cleaned")]
    return (statistics.median(days) if days else None), len(days)


@dataclass(frozen=True, slots=True)
class Load:
    """A unit and its machines that wait; `share`: of the largest such number, in percent."""

    unit: Unit
    todo: int
    late: int
    share: int


def most_work(campaign: Campaign, unit_id: int, now: Any, most: int = 10) -> list[Load]:
    """The units with the most machines to be handled."""
    rows = Case.objects.filter(
        campaign=campaign,
        superseded=None,
        state__in=STATES["todo"],
        unit__in=under([unit_id]).values("descendant"),
    )
    counted = list(
        rows.order_by()
        .values_list("unit")
        .annotate(todo=Count("pk"), late=Count("pk", filter=Q(due__lt=now)))
        .order_by("-todo", "unit")[:most]
    )
    units = Unit.objects.in_bulk([row[0] for row in counted])
    return [Load(units[unit], todo, late, round(100 * todo / counted[0][1])) for unit, todo, late in counted]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of an observer: whether its log was searched; `x`: where in the picture."""

    day: date
    there: bool
    x: int


@dataclass(frozen=True, slots=True)
class Source:
    """An observer of a unit with its last days; `missing`: how many are not there."""

    observer: str
    format: str
    days: tuple[Day, ...]
    missing: int
    last: date | None


def calendar(campaign: Campaign, unit_id: int, until: date) -> list[Source]:
    """For each observer of one unit, of which of the last days its log was searched; until yesterday."""
    known = UnitCoverage.of(campaign.pk, unit_id)
    days = [until - _ONE * number for number in range(CALENDAR_DAYS, 0, -1)]
    return [_source(observer, known, days) for observer in sorted(known.days)]


def _source(observer: str, known: UnitCoverage, days: Sequence[date]) -> Source:
    there = known.days[observer]
    cells = tuple(Day(day, day in there, place * 16) for place, day in enumerate(days))
    return Source(
        observer,
        known.formats.get(observer, ""),
        cells,
        sum(not cell.there for cell in cells),
        max(there, default=None),
    )


@dataclass(frozen=True, slots=True)
class UnitSources:
    """A unit's sources of logs and missing days of the last seven; without a source nothing was searched."""

    unit: Unit
    sources: int
    days: int
    missing: int


def coverage_by_unit(
    campaign: Campaign, unit_ids: Any, until: date, unsearched: Collection[int] = ()
) -> list[UnitSources]:
    """Sources of each unit that gave a log, largest gaps first; before them the `unsearched` ones."""
    rows = CoverageDay.objects.filter(campaign=campaign, unit__in=unit_ids)
    counted = (
        rows.order_by()
        .values("unit", "observer")
        .annotate(recent=Count("day", distinct=True, filter=Q(day__lt=until, day__gte=until - _ONE * 7)))
    )
    found: dict[int, list[int]] = {}
    for row in counted:
        held = found.setdefault(row["unit"], [0, 0])
        held[0] += 1
        held[1] += row["recent"]
    units = Unit.objects.in_bulk([*found, *unsearched])
    none = sorted(set(unsearched) - set(found), key=lambda number: units[number].code)
    made = [
        UnitSources(units[unit], sources, sources * 7, sources * 7 - there)
        for unit, (sources, there) in found.items()
    ]
    made.sort(key=lambda one: (-one.missing, one.unit.code))
    return [*(UnitSources(units[number], 0, 0, 0) for number in none), *made]
