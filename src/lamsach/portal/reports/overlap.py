"""Overlap of reports: after a move or succession, a unit may be in two reports of different days.

Each unit is counted by the report of the unit it is now under (otherwise by the latest), and its numbers are
subtracted from the others. A unit that moved the other way is in none; it is listed, never estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from lamsach.letters.form import Row
from lamsach.portal.awareness import access
from lamsach.portal.base.queries import in_parts
from lamsach.portal.campaigns.models import Campaign, Participation
from lamsach.portal.cases.tally import GROUPS, spans_on
from lamsach.portal.reports.models import Report
from lamsach.portal.units.models import Unit, UnitLink
from lamsach.portal.units.tree import on_day

MOST_NAMED = 200
_REACHED = {"campaign.informed": "informed_on", "campaign.deployed": "deployed_on"}


@dataclass(frozen=True, slots=True)
class Overlap:
    """`dropped`: units of a report counted elsewhere; `doubled`: all of them; `between`: counted nowhere."""

    dropped: Mapping[int, frozenset[int]]
    doubled: frozenset[int] = frozenset()
    between: tuple[int, ...] = ()


def _valid(link: UnitLink, day: date) -> bool:
    return link.valid_from <= day < link.valid_until


def overlap(parts: Mapping[int, Report], day: date) -> Overlap:
    """Overlap of the accepted reports (by unit), by the tree of a day. Two queries if nothing moved.

    A unit whose link is valid both on its report's day and on the day is in that report alone, so only links
    that ended or began in between are considered.
    """
    if not parts:
        return Overlap({})
    moved = {link.descendant_id for link in _ended(parts, day) if _valid(link, parts[link.ancestor_id].as_of)}
    arrived = _arrived(parts, day)
    heirs = _heirs(moved, day)
    links = _links_to({*moved, *heirs.values(), *arrived}, parts)
    counted = [link for link in links if _valid(link, parts[link.ancestor_id].as_of)]
    holders: dict[int, set[int]] = {}
    for link in counted:
        if link.distance or parts[link.ancestor_id].itself:
            holders.setdefault(link.descendant_id, set()).add(link.ancestor_id)
    current = {link.descendant_id: link.ancestor_id for link in links if _valid(link, day)}
    dropped: dict[int, set[int]] = {}
    for unit in moved & holders.keys():
        counting = holders[unit]
        superfluous = counting - {_keeper(counting, current.get(unit), parts)}
        if unit in heirs:
            superfluous |= {holder for holder in counting if holders.get(heirs[unit], set()) - {holder}}
        for holder in superfluous:
            dropped.setdefault(parts[holder].pk, set()).add(unit)
    by_report = {report: frozenset(units) for report, units in dropped.items()}
    between = tuple(sorted(arrived - {link.descendant_id for link in counted}))
    return Overlap(by_report, frozenset(unit for units in by_report.values() for unit in units), between)


def _keeper(holders: set[int], current: int | None, parts: Mapping[int, Report]) -> int:
    """The unit whose report counts a unit: the present one above it, otherwise the latest."""
    if current in holders:
        return current
    return max(holders, key=lambda unit: (parts[unit].as_of, parts[unit].pk))


def _ended(parts: Mapping[int, Report], day: date) -> list[UnitLink]:
    """Links of reporting units that may be valid on a report's day but are not on this day."""
    first, last = _span(parts)
    gone = Q(valid_until__gt=first, valid_until__lte=day)
    if last > day:
        gone |= Q(valid_from__gt=day, valid_from__lte=last)
    return list(UnitLink.objects.filter(gone, ancestor__in=list(parts)))


def _arrived(parts: Mapping[int, Report], day: date) -> set[int]:
    """Units below a reporting unit on this day but not on its report's day, although they existed then."""
    first, last = _span(parts)
    fresh = Q(valid_from__gt=first)
    if last > day:
        fresh |= Q(valid_until__lte=last)
    rows = UnitLink.objects.filter(
        fresh, on_day(day), ancestor__in=list(parts), distance__gt=0, descendant__valid_from__lte=last
    )
    columns = ("descendant_id", "ancestor_id", "valid_from", "valid_until", "descendant__valid_from")
    arrived = set()
    for unit, above, since, until, born in rows.values_list(*columns):
        as_of = parts[above].as_of
        if born <= as_of and not since <= as_of < until:
            arrived.add(unit)
    return arrived


def _span(parts: Mapping[int, Report]) -> tuple[date, date]:
    """First and last day of the reports."""
    days = [part.as_of for part in parts.values()]
    return min(days), max(days)


def _links_to(units: Iterable[int], parts: Mapping[int, Report]) -> list[UnitLink]:
    """All links, including ended ones, from the reporting units to these units."""
    wanted = sorted(units)
    links: list[UnitLink] = []
    for part in in_parts(wanted, 1000):
        links += UnitLink.objects.filter(descendant__in=part, ancestor__in=list(parts))
    return links


def _heirs(units: set[int], day: date) -> dict[int, int]:
    """Last successor of each of these units that has ceased to exist by the day."""
    if not units:
        return {}
    heirs = dict(
        Unit.objects.filter(successor__isnull=False, valid_until__lte=day).values_list("pk", "successor_id")
    )
    final = {}
    for unit in units & heirs.keys():
        heir, seen = heirs[unit], {unit}
        while heir in heirs and heir not in seen:
            seen.add(heir)
            heir = heirs[heir]
        if heir != unit:
            final[unit] = heir
    return final


def surplus(
    rows: Iterable[Row], campaign: Campaign, parts: Mapping[int, Report], shared: Overlap
) -> dict[str, int]:
    """Numbers by row to subtract for units counted elsewhere; never more than a report states."""
    total = dict.fromkeys((row.key for row in rows), 0)
    if not shared.dropped:
        return total
    trees, reached = _Trees(), _reached(campaign, shared.doubled)
    for part in parts.values():
        units = shared.dropped.get(part.pk)
        if not units:
            continue
        for row in rows:
            if row.basis == "reports" or row.source == "manual":
                by_unit = trees.values(part, row.key)
                off = sum(by_unit.get(unit, 0) for unit in units)
            elif row.source in reached:
                days = reached[row.source]
                off = sum(1 for unit in units if (day := days.get(unit)) is not None and day <= part.as_of)
            else:
                off = number_of(row.source, campaign, units, part.as_of)
            total[row.key] += min(max(off, 0), _stated(part, row.key))
    return total


def _stated(part: Report, key: str) -> int:
    """The number of a report."""
    return next((figure["value"] for figure in part.submitted_figures if figure["key"] == key), None) or 0


def _reached(campaign: Campaign, units: Iterable[int]) -> dict[str, dict[int, date | None]]:
    """By source, the days on which these units were informed and deployed. One query."""
    days_by_source: dict[str, dict[int, date | None]] = {source: {} for source in _REACHED}
    rows = Participation.objects.filter(campaign=campaign, unit__in=list(units))
    for unit, *days in rows.values_list("unit_id", *_REACHED.values()):
        for source, day in zip(days_by_source, days, strict=True):
            days_by_source[source][unit] = day
    return days_by_source


def number_of(source: str, campaign: Campaign, units: Iterable[int], day: date) -> int:
    """A computed number of exactly these units as of a day."""
    wanted = list(units)
    if source == "campaign.units":
        return len(wanted)
    if source == "people.told":
        return access.notified(campaign, wanted, day).count()
    if source == "cases.unsearched":
        return 0  # a branch counts by its topmost unit, wherever that is
    if source.startswith("cases."):
        states = GROUPS[source.partition(".")[2]]
        return spans_on(campaign, day).filter(unit__in=wanted, state__in=states).count()
    return 0


class _Trees:
    """Shares of units in reports that sum others: their number less that of their subordinates."""

    def __init__(self) -> None:
        self._reports: dict[int, tuple[int, Mapping[str, Any]]] = {}

    def values(self, report: Report, key: str) -> dict[int, int]:
        """Numbers by unit that add up to the report's."""
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
        shares: dict[int, int] = {}
        for part in content.get("parts", []):
            if part["id"] in self._reports:
                shares.update(self._expand(part["id"], key))
        whole = next((f["value"] for f in content.get("figures", []) if f["key"] == key), None) or 0
        shares[unit] = shares.get(unit, 0) + whole - sum(shares.values())
        return shares
