"""No unit twice: subordinates' reports are about different days, and a unit that moved in between, or whose successor came into being, may stand in two of them.

Each unit is counted by the report of the unit under which it stands now (else by the latest), and its numbers are taken out of the others. One that moved the other way
round stands in none; it is named, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from lamsach.letters.form import Row
from lamsach.portal.awareness.models import Notice
from lamsach.portal.campaigns.models import Campaign, Participation
from lamsach.portal.reports.models import Report
from lamsach.portal.units.models import Unit, UnitLink
from lamsach.portal.units.tree import on_day

MOST_NAMED = 200
_REACHED = {"campaign.informed": "informed_on", "campaign.deployed": "deployed_on"}


@dataclass(frozen=True, slots=True)
class Overlap:
    """`dropped`: for a report the units that it counts and another report counts instead; `doubled`: all of those units; `between`: units that no report counts, for they moved."""

    dropped: Mapping[int, frozenset[int]]
    doubled: frozenset[int] = frozenset()
    between: tuple[int, ...] = ()


def overlap(parts: Mapping[int, Report], day: date) -> Overlap:
    """What the accepted reports (by unit) have in common, as the tree stands on a day. A few queries, whatever the size of the tree."""
    if len(parts) < 1:
        return Overlap({})
    links = _counted(parts)
    between = _between(parts, links, day)
    several: set[int] = set()
    if len({part.as_of for part in parts.values()}) > 1:
        rows = links.values("descendant").annotate(n=Count("ancestor", distinct=True)).filter(n__gt=1)
        several = set(rows.order_by().values_list("descendant", flat=True))
    successors = _successors(links, day)
    asked = several | set(successors) | set(successors.values())
    if not asked:
        return Overlap({}, between=between)
    holders: dict[int, set[int]] = {}
    for ancestor, descendant, distance in links.filter(descendant__in=asked).values_list(
        "ancestor_id", "descendant_id", "distance"
    ):
        if distance or parts[ancestor].itself:
            holders.setdefault(descendant, set()).add(ancestor)
    now = _now(parts, several, day)
    dropped: dict[int, set[int]] = {}
    for unit, held in holders.items():
        lost = held - {_keeper(held, now.get(unit), parts)} if unit in several else set()
        heir = successors.get(unit)
        if heir is not None:
            lost |= {one for one in held if holders.get(heir, set()) - {one}}
        for one in lost:
            dropped.setdefault(parts[one].pk, set()).add(unit)
    found = {report: frozenset(units) for report, units in dropped.items()}
    return Overlap(found, frozenset(unit for units in found.values() for unit in units), between)


def _counted(parts: Mapping[int, Report]) -> QuerySet[UnitLink]:
    """The links from the reporting units down, each as of the day of its report."""
    by_day: dict[date, list[int]] = {}
    for unit, part in parts.items():
        by_day.setdefault(part.as_of, []).append(unit)
    condition = Q(pk__in=[])
    for day, units in by_day.items():
        condition |= Q(ancestor__in=units) & on_day(day)
    return UnitLink.objects.filter(condition)


def _keeper(held: set[int], now: int | None, parts: Mapping[int, Report]) -> int:
    """Whose report counts a unit: where it stands now, else the latest."""
    if now in held:
        return now
    return max(held, key=lambda unit: (parts[unit].as_of, parts[unit].pk))


def _now(parts: Mapping[int, Report], units: set[int], day: date) -> dict[int, int]:
    rows = UnitLink.objects.filter(on_day(day), ancestor__in=list(parts), descendant__in=units)
    return dict(rows.values_list("descendant_id", "ancestor_id"))


def _successors(links: QuerySet[UnitLink], day: date) -> dict[int, int]:
    """The last successor of each unit that was counted and has ceased to exist."""
    heirs = dict(
        Unit.objects.filter(successor__isnull=False, valid_until__lte=day).values_list("pk", "successor_id")
    )
    if not heirs:
        return {}
    found = {}
    for unit in links.filter(descendant__in=list(heirs)).values_list("descendant_id", flat=True).distinct():
        heir, seen = heirs[unit], {unit}
        while heir in heirs and heir not in seen:
            seen.add(heir)
            heir = heirs[heir]
        if heir != unit:
            found[unit] = heir
    return found


def _between(parts: Mapping[int, Report], links: QuerySet[UnitLink], day: date) -> tuple[int, ...]:
    """Units that stand under a reporting unit now, existed on the day of its report, and are in no report."""
    now = UnitLink.objects.filter(on_day(day), ancestor__in=list(parts), distance__gt=0).exclude(
        descendant__in=links.values("descendant")
    )
    rows = now.values_list("descendant_id", "ancestor_id", "descendant__valid_from")[: 20 * MOST_NAMED]
    return tuple(unit for unit, above, since in rows if since <= parts[above].as_of)


def surplus(
    rows: Iterable[Row], campaign: Campaign, parts: Mapping[int, Report], found: Overlap
) -> dict[str, int]:
    """By row what the reports count of units that another report counts: to be taken off their sum; of a report never more than it says, for a person may have stated less than was computed."""
    total = dict.fromkeys((row.key for row in rows), 0)
    if not found.dropped:
        return total
    trees = _Trees()
    for part in parts.values():
        units = found.dropped.get(part.pk)
        if not units:
            continue
        for row in rows:
            if row.basis == "reports" or row.source == "manual":
                by_unit = trees.values(part, row.key)
                off = sum(by_unit.get(unit, 0) for unit in units)
            else:
                off = number_of(row.source, campaign, units, part.as_of)
            total[row.key] += min(max(off, 0), _said(part, row.key))
    return total


def _said(part: Report, key: str) -> int:
    """The number of a report."""
    figures: list[Mapping[str, Any]] = (part.content or {}).get("figures", [])
    return next((figure["value"] for figure in figures if figure["key"] == key), None) or 0


def number_of(source: str, campaign: Campaign, units: Iterable[int], day: date) -> int:
    """A number that the portal computes, of just these units as of a day."""
    wanted = list(units)
    if source == "campaign.units":
        return len(wanted)
    if source in _REACHED:
        reached = Participation.objects.filter(campaign=campaign, unit__in=wanted)
        return reached.filter(**{f"{_REACHED[source]}__lte": day}).count()
    if source == "people.told":
        end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
        told = Notice.objects.filter(campaign=campaign, unit__in=wanted)
        return told.filter(Q(sent__lt=end) | Q(confirmed__lt=end)).count()
    if source.startswith("cases.") and apps.is_installed("lamsach.portal.cases"):
        from lamsach.portal.cases.counting import GROUPS, spans_on

        states = GROUPS[source.partition(".")[2]]
        return spans_on(campaign, day).filter(unit__in=wanted, state__in=states).count()
    return 0


class _Trees:
    """What each unit adds to a report that adds up other reports: its own number is the whole less what its subordinates' reports told."""

    def __init__(self) -> None:
        self._reports: dict[int, tuple[int, Mapping[str, Any]]] = {}

    def values(self, report: Report, key: str) -> dict[int, int]:
        """By unit, the numbers that together are the report's."""
        self._load([report.pk])
        return self._expand(report.pk, key)

    def _load(self, wanted: list[int]) -> None:
        missing = [number for number in wanted if number not in self._reports]
        while missing:
            below: list[int] = []
            for number, unit, content in Report.objects.filter(pk__in=missing).values_list(
                "pk", "unit_id", "content"
            ):
                self._reports[number] = (unit, content or {})
                below += [part["id"] for part in (content or {}).get("parts", [])]
            missing = [number for number in set(below) if number not in self._reports]

    def _expand(self, number: int, key: str) -> dict[int, int]:
        unit, content = self._reports[number]
        found: dict[int, int] = {}
        for part in content.get("parts", []):
            if part["id"] in self._reports:
                found.update(self._expand(part["id"], key))
        whole = next((f["value"] for f in content.get("figures", []) if f["key"] == key), None) or 0
        found[unit] = found.get(unit, 0) + whole - sum(found.values())
        return found
