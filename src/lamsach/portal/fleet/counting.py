"""How far the scans of a campaign have come, by unit: how many machines there should be, how many reported, what they found, who is silent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from lamsach.portal.awareness.models import Person
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.fleet.models import Look, LookState, Machine, Size
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import descendants, today, under

DAYS = (1, 7, 14, 30)
USUAL_DAYS = 7


class Basis(StrEnum):
    """By what a unit's number of machines is known, the best first."""

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
    """Numbers of machines. `expected`: how many there should be. `found`: something malicious was ever found. `left`: and is still there. `missing`: never reported.

    `silent`: reported, but not in the last days. `partial`: the last scan could not examine everything. `unlisted`: reported, and not in the inventory.
    `unknown`: units of which nobody knows how many machines they have (1 for such a unit).
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
        """The share of the expected machines that were scanned, never more than 100; None when nobody knows how many there are."""
        reached = self.expected - self.missing
        return min(100, 100 * reached // self.expected) if self.expected else None


NAMES = tuple(field.name for field in fields(Fleet))
_numbers = attrgetter(*NAMES)
LARGE, KEPT_S = 2000, 30
"""The sums over so many units with machines are kept for so many seconds, since they take a good part of one."""
Sums = tuple[Fleet, list["Branch"], Basis]


def by_unit(
    campaign: Campaign, units: QuerySet[Unit], days: int, now: datetime
) -> dict[int, tuple[Fleet, Basis]]:
    """The numbers of each of the units that have any. `days`: whoever did not report for so long is silent."""
    cut = now - timedelta(days=days)
    inside = {"unit__in": units.values("pk")}
    looked = (
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
            silent=Count("pk", filter=Q(received__lt=cut)),
            listed=Count("pk", filter=Q(machine__listed=True)),
        )
    )
    found: dict[int, tuple[Fleet, Basis]] = {}
    expected = _expected(inside)
    listed_of: dict[int, int] = {}
    for unit, scanned, partial, ever, left, cleaned, doubtful, silent, listed in looked:
        made = Fleet(0, scanned, partial, ever, left, cleaned, doubtful, 0, silent)
        found[unit] = (made, Basis.UNKNOWN)
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
    """Return how many machines each unit should have, and by what that is known."""
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
    """A unit with everything under it (or, for the unit that is looked at, alone)."""

    unit: Unit
    fleet: Fleet
    alone: bool = False


def by_branch(campaign: Campaign, unit: Unit, days: int, now: datetime) -> Sums:
    """The numbers of everything under a unit in sum; the unit alone and each branch under it; and by what the unit's own number is known. In a large tree up to KEPT_S old."""
    name = f"fleet.branches:{campaign.pk}:{unit.pk}:{days}:{today()}"
    kept: Sums | None = cache.get(name)
    if kept is not None:
        return kept
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
