"""A campaign's machines over time: chart series, days to clean, workload, log calendar."""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from math import inf
from operator import itemgetter
from typing import Any

from django.db.models import Count, Min, Q

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases import tally
from lamsach.portal.cases.coverage import UnitCoverage
from lamsach.portal.cases.models import Case, CaseState, Span, Step
from lamsach.portal.cases.proof import CELL, GAP, Cell
from lamsach.portal.cases.states import OPEN as TO_DO
from lamsach.portal.cases.tally import GROUPS, CaseCounts, Statement, larger
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.units.models import Unit, UnitLink
from lamsach.portal.units.tree import on_day, under

LINES = ("todo", "cleaned", "verified", "reinfected", "blind")
"""Lines of the chart; each is a filter of the machine list too."""
_OF_STATE = {
    state: CaseCounts(**{name: int(state in states) for name, states in GROUPS.items()})
    for state in CaseState
}
MOST_DAYS = 120
CALENDAR_DAYS = 35
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Series:
    """Number of machines by line and day."""

    days: tuple[date, ...]
    counts: dict[str, tuple[int, ...]]

    @property
    def rows(self) -> list[tuple[date, list[tuple[str, int]]]]:
        """Table of the chart, newest day first; weekly for long periods."""
        step = 7 if len(self.days) > 31 else 1
        indexes = range(len(self.days) - 1, -1, -step)
        return [(self.days[index], [(name, self.counts[name][index]) for name in LINES]) for index in indexes]


def series(campaign: Campaign, unit_id: int, until: date) -> Series | None:
    """Numbers of the last days below a unit, with statements; None before the first machine."""
    statements = tally.history(campaign, unit_id, until)
    changes = _changes(campaign, [unit_id, *statements], until)
    whole = dict(changes.get(unit_id, {}))
    for unit, stated in statements.items():
        _add(whole, _more_by_day(changes.get(unit, {}), stated))
    counted = _sums(whole)
    if not counted:
        return None
    first = max(counted[0][0], until - _ONE * (MOST_DAYS - 1))
    days = tuple(first + _ONE * number for number in range((until - first).days + 1))
    by_day = [counted[bisect_right(counted, day, key=itemgetter(0)) - 1][1] for day in days]
    values = {name: tuple(getattr(counts, name) for counts in by_day) for name in LINES if name != "todo"}
    return Series(days, {"todo": tuple(counts.found - counts.cleaned for counts in by_day), **values})


def counts_by_day(campaign: Campaign, unit_id: int, until: date) -> dict[int, list[tuple[date, CaseCounts]]]:
    """Numbers of a unit and each one below it on each day of a change (`tally.case_counts`)."""
    inside = under([unit_id], until).values("descendant")
    changes = _changes(campaign, inside, until)
    statements = tally.history(campaign, unit_id, until)
    links = UnitLink.objects.filter(on_day(until), descendant__in=statements, ancestor__in=inside)
    above: dict[int, list[int]] = {}
    for unit, ancestor in links.values_list("descendant", "ancestor"):
        above.setdefault(unit, []).append(ancestor)
    for unit, stated in statements.items():
        more = _more_by_day(changes.get(unit, {}), stated)
        for ancestor in above[unit]:
            _add(changes.setdefault(ancestor, {}), more)
    return {unit: found for unit, own in changes.items() if (found := _sums(own))}


def _add(changes: dict[date, CaseCounts], more: Mapping[date, CaseCounts]) -> None:
    for day, change in more.items():
        changes[day] = changes.get(day, CaseCounts()) + change


def _changes(campaign: Campaign, units: Any, until: date) -> dict[int, dict[date, CaseCounts]]:
    """Changes by day of the numbers of each unit and all below it, from the portal's own machines."""
    rows = Span.objects.filter(
        campaign=campaign, known_until=None, valid_from__lte=until, unit__links_up__ancestor__in=units
    )
    changes: dict[int, dict[date, CaseCounts]] = {}
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
            own, counts = changes.setdefault(unit, {}), _OF_STATE[state] * number
            _add(own, {first: counts})
            if last <= until:
                _add(own, {last: counts * -1})
    return changes


def _sums(changes: Mapping[date, CaseCounts]) -> list[tuple[date, CaseCounts]]:
    days = sorted(day for day, change in changes.items() if change != CaseCounts())
    return list(zip(days, accumulate(changes[day] for day in days), strict=True))


def _more_by_day(own: Mapping[date, CaseCounts], statements: Sequence[Statement]) -> dict[date, CaseCounts]:
    """Changes by day of the surplus of a unit's newest statement over the portal's numbers."""
    stated = {row.day: row.numbers for row in statements}
    counted = latest = more = CaseCounts()
    changes: dict[date, CaseCounts] = {}
    for day in sorted({*own, *stated}):
        counted, latest = counted + own.get(day, CaseCounts()), stated.get(day, latest)
        surplus = latest - counted if larger(latest, counted) else CaseCounts()
        changes[day], more = surplus - more, surplus
    return changes


def median_days_to_clean(campaign: Campaign, unit_id: int) -> tuple[float | None, int]:
    """Median of the days from finding to cleaning as first stated, and the number of machines."""
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
    """A unit and its waiting machines; `share` of the largest such number, in percent."""

    unit: Unit
    todo: int
    late: int
    share: int


def most_work(campaign: Campaign, unit_id: int, now: Any, most: int = 10) -> list[Load]:
    """Units with the most machines to be handled."""
    rows = Case.objects.filter(
        campaign=campaign,
        superseded=None,
        state__in=TO_DO,
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
class Source:
    """An observer of a unit with its last days; `missing`: number of days without log."""

    observer: str
    format: str
    days: tuple[Cell, ...]
    missing: int
    last: date | None


def calendar(campaign: Campaign, unit_id: int, until: date) -> list[Source]:
    """For each observer of a unit, which of the last days its log was searched; until yesterday."""
    coverage = UnitCoverage.of(campaign.pk, unit_id)
    days = [until - _ONE * number for number in range(CALENDAR_DAYS, 0, -1)]
    return [_source(observer, coverage, days) for observer in sorted(coverage.days)]


def _source(observer: str, coverage: UnitCoverage, days: Sequence[date]) -> Source:
    searched = coverage.days[observer]
    cells = tuple(
        Cell(day, "covered" if day in searched else "missing", index * (CELL + GAP))
        for index, day in enumerate(days)
    )
    return Source(
        observer,
        coverage.formats.get(observer, ""),
        cells,
        sum(cell.kind == "missing" for cell in cells),
        max(searched, default=None),
    )


@dataclass(frozen=True, slots=True)
class UnitSources:
    """A unit's log sources and missing days of the last seven; without a source nothing was searched."""

    unit: Unit
    sources: int
    days: int
    missing: int

    @property
    def gap(self) -> float:
        """Missing days; infinite for a unit that was not searched, which is the widest gap."""
        return self.missing if self.sources else inf


def coverage_by_unit(
    campaign: Campaign, unit_ids: Any, until: date, unsearched: Collection[int] = ()
) -> list[UnitSources]:
    """Sources of each unit with logs, and the `unsearched` ones; largest gaps first."""
    rows = CoverageDay.objects.filter(campaign=campaign, unit__in=unit_ids)
    counted = (
        rows.order_by()
        .values("unit", "observer")
        .annotate(recent=Count("day", distinct=True, filter=Q(day__lt=until, day__gte=until - _ONE * 7)))
    )
    totals: dict[int, list[int]] = {}
    for row in counted:
        total = totals.setdefault(row["unit"], [0, 0])
        total[0] += 1
        total[1] += row["recent"]
    totals = {unit_id: [0, 0] for unit_id in unsearched} | totals
    units = Unit.objects.in_bulk([*totals])
    listed = [
        UnitSources(units[unit], sources, sources * 7, sources * 7 - recent)
        for unit, (sources, recent) in totals.items()
    ]
    return sorted(listed, key=lambda entry: (-entry.gap, entry.unit.code))
