"""Progress of a campaign's scans by unit, and lists of a unit's machines by state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Count, F, FilteredRelation, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from lamsach.portal.awareness.models import Person
from lamsach.portal.base.parameters import number
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.fleet.models import Look, LookState, Machine, Size
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import descendants, today, under

DAYS = (1, 7, 14, 30)
USUAL_DAYS = 7


def requested_days(query: Mapping[str, str]) -> int:
    """Return the days of `?days=` if offered, else the usual ones."""
    days = number(query, "days")
    return days if days in DAYS else USUAL_DAYS


class Basis(StrEnum):
    """Source of a unit's number of machines, the best first."""

    INVENTORY = "inventory"
    STATED = "stated"
    PEOPLE = "people"
    UNKNOWN = "unknown"


BASES = {
    Basis.INVENTORY: _("by the inventory"),
    Basis.STATED: _("as the unit states"),
    Basis.PEOPLE: _("one for each person on the unit's list"),
    Basis.UNKNOWN: _("not known"),
}


@dataclass(slots=True)
class Fleet:
    """Counts of machines.

    `expected`: by inventory, statement or people. `found`: malware ever found; `left`: still present.
    `missing`: never reported. `silent`: not in the last days. `partial`: last scan incomplete. `unlisted`:
    not in the inventory. `unknown`: number of units without an expected number.
    """

    expected: int = 0
    scanned: int = 0
    partial: int = 0
    found: int = 0
    left: int = 0
    cleaned: int = 0
    doubtful: int = 0
    missing: int = 0
    silent: int = 0
    unlisted: int = 0
    unknown: int = 0

    @property
    def percent(self) -> int | None:
        """Percentage of expected machines scanned; None if the number is unknown."""
        reached = self.expected - self.missing
        return min(100, 100 * reached // self.expected) if self.expected else None


NAMES = tuple(field.name for field in fields(Fleet))
_numbers = attrgetter(*NAMES)
LARGE, KEPT_S = 2000, 30
"""Number of units above which sums are cached, and for how many seconds."""
Sums = tuple[Fleet, list["Branch"], Basis]


def by_unit(
    campaign: Campaign, units: QuerySet[Unit], days: int, now: datetime
) -> dict[int, tuple[Fleet, Basis]]:
    """Count the machines of each unit that has any; silent: without a report for `days`."""
    inside = {"unit__in": units.values("pk")}
    rows = (
        Look.objects.filter(campaign=campaign, **inside)
        .order_by()
        .values_list("unit")
        .annotate(
            scanned=Count("pk"),
            partial=Count("pk", filter=Q(whole=False)),
            found=Count("pk", filter=Q(ever_found=True)),
            left=Count("pk", filter=Q(state=LookState.FOUND)),
            cleaned=Count("pk", filter=Q(state=LookState.CLEANED)),
            doubtful=Count("pk", filter=Q(state=LookState.DOUBTFUL)),
            silent=Count("pk", filter=Q(received__lt=now - timedelta(days=days))),
            listed=Count("pk", filter=Q(machine__listed=True)),
        )
    )
    found: dict[int, tuple[Fleet, Basis]] = {}
    expected = _expected(inside)
    listed_of: dict[int, int] = {}
    for unit, scanned, partial, ever_found, left, cleaned, doubtful, silent, listed in rows:
        counted = Fleet(0, scanned, partial, ever_found, left, cleaned, doubtful, 0, silent)
        found[unit] = (counted, Basis.UNKNOWN)
        listed_of[unit] = listed
    for unit in {*found, *expected}:
        fleet = found[unit][0] if unit in found else Fleet()
        count, basis = expected.get(unit, (0, Basis.UNKNOWN))
        fleet.expected = count
        if basis is Basis.INVENTORY:
            fleet.missing = count - listed_of.get(unit, 0)
            fleet.unlisted = fleet.scanned - listed_of.get(unit, 0)
        elif basis is Basis.UNKNOWN:
            fleet.unknown = 1
        else:
            fleet.missing = max(0, count - fleet.scanned)
        found[unit] = (fleet, basis)
    return found


def _expected(inside: dict[str, Any]) -> dict[int, tuple[int, Basis]]:
    """Return the expected number of machines of each unit, with its basis."""
    people = Person.objects.filter(**inside).order_by().values_list("unit").annotate(Count("pk"))
    stated = Size.objects.filter(**inside).values_list("unit", "machines")
    listed = (
        Machine.objects.filter(listed=True, **inside).order_by().values_list("unit").annotate(Count("pk"))
    )
    known: dict[int, tuple[int, Basis]] = {unit: (count, Basis.PEOPLE) for unit, count in people}
    known |= {unit: (count, Basis.STATED) for unit, count in stated}
    known |= {unit: (count, Basis.INVENTORY) for unit, count in listed}
    return known


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit with all under it, or `alone` without (the viewed unit)."""

    unit: Unit
    fleet: Fleet
    alone: bool = False


def by_branch(campaign: Campaign, unit: Unit, days: int, now: datetime) -> Sums:
    """Return a unit's sum, its branches, and its own basis; in a large tree up to KEPT_S old."""
    name = f"fleet.branches:{campaign.pk}:{unit.pk}:{days}:{today()}"
    cached: Sums | None = cache.get(name)
    if cached is not None:
        return cached
    single = by_unit(campaign, descendants(unit), days, now)
    sums = _by_branch(unit, single)
    if len(single) > LARGE:
        cache.set(name, sums, KEPT_S)
    return sums


def _by_branch(unit: Unit, single: dict[int, tuple[Fleet, Basis]]) -> Sums:
    children = list(Unit.objects.filter(parent=unit, valid_until=FOREVER).order_by("code"))
    places = under([child.pk for child in children], today()).values_list("ancestor_id", "descendant_id")
    inside: dict[int, list[Fleet]] = {child.pk: [] for child in children}
    for child, inner in places.iterator(chunk_size=5000):
        if inner in single:
            inside[child].append(single[inner][0])
    branches = [Branch(child, _sum(inside[child.pk])) for child in children]
    own, basis = single.get(unit.pk, (Fleet(), Basis.UNKNOWN))
    if own != Fleet() or not children:
        branches.insert(0, Branch(unit, own, alone=True))
    return _sum(fleet for fleet, _basis in single.values()), branches, basis


def _sum(parts: Iterable[Fleet]) -> Fleet:
    return Fleet(*map(sum, zip(*map(_numbers, parts), strict=True)))


SHOWN = {
    "all": _("all"),
    "missing": _("never reported"),
    "silent": _("silent"),
    "found": LookState.FOUND.label,
    "doubtful": LookState.DOUBTFUL.label,
    "cleaned": LookState.CLEANED.label,
    "quiet": LookState.QUIET.label,
    "partial": _("not examined wholly"),
    "unlisted": _("not in the inventory"),
}
"""Values of `?show=`."""
TONES = {"found": "bad", "doubtful": "late", "cleaned": "info", "quiet": "info"}
"""A scan never makes a machine clean: "nothing found" is no more than information."""
_FIRST = (LookState.FOUND, LookState.DOUBTFUL, None, LookState.CLEANED, LookState.QUIET)


def machines(campaign: Campaign, unit: Unit, show: str, days: int, now: datetime) -> QuerySet[Machine]:
    """Machines in the inventory or with a report in the campaign, the most urgent first."""
    rows = Machine.objects.filter(unit=unit).annotate(
        look=FilteredRelation("looks", condition=Q(looks__campaign=campaign)),
        **{
            name: F(f"look__{name}")
            for name in (
                "state",
                "received",
                "whole",
                "malicious",
                "suspicious",
                "risk",
                "left",
                "skipped",
                "mode",
                "version",
            )
        },
    )
    rows = rows.filter(Q(listed=True) | Q(look__isnull=False))
    conditions = {
        "missing": Q(look__isnull=True),
        "silent": Q(look__received__lt=now - timedelta(days=days)),
        "partial": Q(look__whole=False),
        "unlisted": Q(listed=False),
        **{state.value: Q(look__state=state) for state in LookState},
    }
    ranks = [
        When(Q(look__isnull=True) if state is None else Q(look__state=state), then=Value(place))
        for place, state in enumerate(_FIRST)
    ]
    rows = rows.annotate(rank=Case(*ranks, default=Value(len(_FIRST)))).order_by("rank", "name", "pk")
    return rows.filter(conditions[show]) if show in conditions else rows
