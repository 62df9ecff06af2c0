"""The one query for units whose logs nobody has searched: nothing found there says nothing. Tables, dashboard, home, reports and exports use it.

A unit is searched once a whole day of a log of its own, or of a unit under it, was searched in the campaign, or a cut-off unit that hands in figures says so. A branch in
which there is nothing of this counts once, by its topmost unit. Rooms directly under a unit that has logs of its own are in that unit's logs: they are `shared`, never "searched".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from lamsach.portal.campaigns.models import Campaign, Participation
from lamsach.portal.cases import stated
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.units.models import UnitLink
from lamsach.portal.units.tree import on_day, today, under


@dataclass(frozen=True, slots=True)
class Lack:
    """What a unit lacks: `nothing` was searched in it and under it; it has no logs of its own and is in those of the unit above (`shared`); so many units under it were not searched."""

    nothing: bool
    shared: bool
    below: int


@dataclass(frozen=True, slots=True)
class Searching:
    """What of a subtree was not searched by a day. `tops`: the topmost units of branches without any log; `shared`: rooms without logs of their own, under a unit with such."""

    tops: frozenset[int]
    shared: frozenset[int]
    nothing: bool = False
    """Nothing was searched in the whole subtree: a number of 0 says nothing there."""

    def of(self, unit_id: int, lacking: Mapping[int, int]) -> Lack:
        """Return how a unit of the subtree with everything under it was searched; `lacking`: see `unsearched_by_child`."""
        return Lack(unit_id in self.tops, unit_id in self.shared, lacking.get(unit_id, 0))

    @property
    def count(self) -> int:
        """Return how many units, each with everything under it, were not searched."""
        return len(self.tops)


NOWHERE = Searching(frozenset(), frozenset())


def searching(
    campaign: Campaign,
    unit_id: int,
    day: date | None = None,
    said: Sequence[stated.Statement] | None = None,
) -> Searching:
    """Return what was not searched under a unit by a day (today). Of a subtree without any log the units directly under it, else the unit itself. `said`: what is stated by file, where it was read before."""
    moment = day or today()
    own = _with_logs(campaign, unit_id, moment, said)
    if not own:
        found = set(_children(moment).filter(ancestor=unit_id).values_list("descendant", flat=True))
        return Searching(frozenset(found or {unit_id}), frozenset(), nothing=True)
    rows = _children(moment).filter(ancestor__in=under([unit_id], moment).values("descendant"))
    if len(own) < _PART:
        rows = rows.filter(
            ancestor__in=UnitLink.objects.filter(on_day(moment), descendant__in=own).values("ancestor")
        )
    inner = Exists(_children(moment).filter(ancestor=OuterRef("descendant")))
    pairs = list(rows.annotate(inner=inner).values_list("ancestor", "descendant", "inner"))
    above = _up(own, {child: parent for parent, child, _inner in pairs})
    tops: set[int] = set()
    shared: set[int] = set()
    for parent, child, has_inner in pairs:
        if parent in above and child not in above:
            (tops if has_inner or parent not in own else shared).add(child)
    return Searching(frozenset(tops), frozenset(shared))


def _up(units: Iterable[int], parents: Mapping[int, int]) -> set[int]:
    """The units and all above them."""
    found: set[int] = set()
    for unit in units:
        up: int | None = unit
        while up is not None and up not in found:
            found.add(up)
            up = parents.get(up)
    return found


def _with_logs(
    campaign: Campaign, unit_id: int, day: date, said: Sequence[stated.Statement] | None = None
) -> set[int]:
    """The units of a subtree of which logs of their own had been searched by a day, or that say so in figures handed in by file. A partner that states its units one by one (`by_unit`) says it of each."""
    searched = CoverageDay.objects.filter(campaign=campaign, day__lte=day).values("unit")
    elsewhere = Participation.objects.filter(campaign=campaign, searched_on__lte=day).values("unit")
    says = [
        one.unit_id
        for one in (stated.newest(campaign, unit_id, day) if said is None else said)
        if (one.counts.get("found") or one.searched) and not one.counts.get("by_unit")
    ]
    there = under([unit_id], day).filter(Q(descendant__in=searched) | Q(descendant__in=elsewhere))
    return {*there.values_list("descendant", flat=True), *says}


def unsearched_by_child(found: Searching, children: Iterable[int], day: date | None = None) -> dict[int, int]:
    """For each of these units how many of the units not searched it is or has under it; those without any are left out."""
    counted: dict[int, int] = {}
    links = (
        under(children, day).filter(descendant__in=found.tops)
        if len(found.tops) < _PART
        else under(children, day)
    )
    for child, unit in links.values_list("ancestor", "descendant"):
        if unit in found.tops:
            counted[child] = counted.get(child, 0) + 1
    return counted


def states(campaign: Campaign, unit_id: int, day: date | None = None) -> dict[int, str]:
    """For each unit of a subtree a key of WORDS: its own logs were searched, only those of units under it, only those of the unit above, or none."""
    moment = day or today()
    found = searching(campaign, unit_id, moment)
    own = _with_logs(campaign, unit_id, moment)
    if not own:
        return dict.fromkeys(under([unit_id], moment).values_list("descendant", flat=True), "not_searched")
    known = dict.fromkeys(under([unit_id], moment).values_list("descendant", flat=True), "part")
    tops = sorted(found.tops)
    for begin in range(0, len(tops), _PART):
        inner = under(tops[begin : begin + _PART], moment).values_list("descendant", flat=True)
        known.update(dict.fromkeys(inner, "not_searched"))
    return known | dict.fromkeys(found.shared, "shared") | dict.fromkeys(own & known.keys(), "searched")


WORDS = {
    "searched": _("logs searched"),
    "part": _("logs of units under it only"),
    "shared": _("no logs of its own"),
    "not_searched": _("not searched"),
}
_PART = 900


def _children(day: date) -> QuerySet[UnitLink]:
    return UnitLink.objects.filter(on_day(day), distance=1)
