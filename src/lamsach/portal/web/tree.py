"""The units as a tree, branch by branch, rolled up; only the map of tiles grows with their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.campaigns.tally import Counts, figures_of, late_on
from lamsach.portal.cases import tally
from lamsach.portal.cases.coverage import NOWHERE, Lack, Searching, searching, unsearched_by_child
from lamsach.portal.cases.tally import GROUPS, CaseCounts, cases_in, larger, more_stated
from lamsach.portal.units.counters import read
from lamsach.portal.units.models import FOREVER, Unit, UnitLink
from lamsach.portal.units.tree import on_day, today, under

MOST_ROWS = 500
"""Most units that the tree shows; more are in the list."""
ANSWERS: Mapping[str, tuple[str, Any]] = {
    "late": ("late", _("late")),
    "deployed": ("good", _("deployed")),
    "informed": ("info", _("acknowledged")),
    "opened": ("busy", _("opened")),
    "sent": ("none", _("sent, not acknowledged")),
    "missing": ("unsearched", _("not sent to yet")),
}
"""How far a unit is: the tone of its state, and the words. The first that holds is shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """A unit of the tree with its subtree; `open`: children follow; `toggle`: branches after a click."""

    unit: Unit
    depth: int
    answer: str
    open: bool
    toggle: str
    counts: Counts
    machines: CaseCounts | None
    lack: Lack

    @property
    def state(self) -> tuple[str, Any]:
        """Tone and words of how far the unit itself is."""
        return ANSWERS[self.answer]

    @property
    def has_below(self) -> bool:
        """Return whether units are under it."""
        return self.counts.units > 1

    @property
    def to_clean(self) -> int:
        """Machines that nobody has cleaned yet."""
        return self.machines.found - self.machines.cleaned if self.machines else 0


def campaign_of(user: Any, wanted: int | None) -> Campaign | None:
    """The campaign asked for, else the newest that runs, else the newest."""
    campaigns = readable_campaigns(user)
    if wanted is not None:
        return campaigns.filter(pk=wanted).first()
    return campaigns.filter(state=CampaignState.RUNNING).first() or campaigns.first()


def answers(units: QuerySet[Unit], campaign: Campaign | None) -> QuerySet[Unit]:
    """The units, each with the days of its participation in the campaign, and whether it is late."""
    return units.annotate(
        p=FilteredRelation("participations", condition=Q(participations__campaign=campaign))
    ).annotate(
        sent_on=F("p__sent_on"),
        opened_on=F("p__opened_on"),
        informed_on=F("p__informed_on"),
        deployed_on=F("p__deployed_on"),
        late=late_on(today()),
    )


def answer_of(unit: Any) -> str:
    """The key of ANSWERS for a unit that `answers` gave."""
    if unit.late:
        return "late"
    for name in ("deployed", "informed", "opened", "sent"):
        if getattr(unit, f"{name}_on") is not None:
            return name
    return "missing"


@dataclass(slots=True)
class Tree:
    """The tree of one root: rows, and how many more units are in open branches."""

    rows: list[Row] = field(default_factory=list)
    more: int = 0
    looked: Searching = NOWHERE
    """What of the root's units was not searched in the campaign."""


def tree(campaign: Campaign | None, root: Unit, opened: Iterable[int]) -> Tree:
    """The root and its open branches; one outside the root, or in a closed branch, does not show."""
    day = today()
    inside, asked = {root.pk}, {*opened} - {root.pk}
    if asked:
        links = under([root.pk], day).filter(descendant__in=asked)
        inside.update(links.values_list("descendant", flat=True))
    wanted = answers(Unit.objects.filter(Q(pk=root.pk) | Q(parent__in=inside), valid_until=FOREVER), campaign)
    by_parent: dict[int | None, list[Unit]] = {}
    for unit in wanted.order_by("code"):
        by_parent.setdefault(None if unit.pk == root.pk else unit.parent_id, []).append(unit)
    placed = list(_placed(by_parent, by_parent.get(None, []), inside, 0))
    shown = placed[:MOST_ROWS]
    figures = _figures(campaign, root, [unit.pk for unit, _depth in shown], day)
    rows = [_row(unit, depth, inside, figures) for unit, depth in shown]
    return Tree(rows, len(placed) - len(shown), figures.looked)


def _placed(
    by_parent: Mapping[int | None, list[Unit]], units: list[Unit], opened: set[int], depth: int
) -> Iterator[tuple[Unit, int]]:
    """The units in the order in which they are drawn, each with its depth."""
    for unit in units:
        yield unit, depth
        if unit.pk in opened:
            yield from _placed(by_parent, by_parent.get(unit.pk, []), opened, depth + 1)


@dataclass(frozen=True, slots=True)
class _Figures:
    counts: Mapping[int, Counts]
    machines: Mapping[int, CaseCounts]
    shared: frozenset[int]
    lacking: Mapping[int, int]
    nothing: frozenset[int]
    looked: Searching = NOWHERE


def _figures(campaign: Campaign | None, root: Unit, units: list[int], day: date) -> _Figures:
    """Sums of the shown units, topmost first, in a fixed number of queries."""
    if campaign is None:
        sizes = {unit: Counts.of(found.whole) for (_, unit), found in read([], units, day).items()}
        return _Figures(sizes, {}, frozenset(), {}, frozenset())
    figures = figures_of(campaign, units, day)
    machines = cases_in(figures)
    said = tally.newest(campaign, root.pk, day)
    more = more_stated(campaign, root.pk, day, statements=said)
    if more:
        for ancestor, below in (
            under(units, day).filter(descendant__in=more).values_list("ancestor", "descendant")
        ):
            machines[ancestor] = machines.get(ancestor, CaseCounts()) + more[below]
    if said:
        for one in tally.one_by_one(campaign, set(units) - {one.unit_id for one in said}, day):
            word = CaseCounts(**{name: one.counts.get(name, 0) for name in GROUPS})
            if larger(word, machines.get(one.unit_id, CaseCounts())):
                machines[one.unit_id] = word
    looked = searching(campaign, root.pk, day, said)
    if looked.nothing:
        inner = frozenset(units)
        lacking = dict.fromkeys(looked.tops, 1) | {root.pk: len(looked.tops)}
    else:
        inner = frozenset(below for above, below in _above(units, day) if above in looked.tops)
        lacking = unsearched_by_child(looked, units, day)
    return _Figures(
        {unit: Counts.of(found.whole) for unit, found in figures.items()},
        machines,
        looked.shared,
        lacking,
        inner,
        looked,
    )


def _above(units: list[int], day: date) -> QuerySet[UnitLink, tuple[int, int]]:
    """Each of the units with itself and every unit above it."""
    return UnitLink.objects.filter(on_day(day), descendant__in=units).values_list("ancestor", "descendant")


def _row(unit: Unit, depth: int, opened: set[int], figures: _Figures) -> Row:
    lack = Lack(unit.pk in figures.nothing, unit.pk in figures.shared, figures.lacking.get(unit.pk, 0))
    return Row(
        unit,
        depth,
        answer_of(unit),
        unit.pk in opened,
        ".".join(str(one) for one in sorted(opened ^ {unit.pk})),
        figures.counts.get(unit.pk, Counts(units=1)),
        figures.machines.get(unit.pk),
        lack,
    )
