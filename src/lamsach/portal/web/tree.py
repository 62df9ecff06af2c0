"""Tree of units with rolled-up figures of the open branches."""

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
from lamsach.portal.cases.coverage import NOWHERE, Lack, Unsearched, find_unsearched, unsearched_by_child
from lamsach.portal.cases.tally import CaseCounts, cases_in, larger, stated_surplus
from lamsach.portal.units.counters import read
from lamsach.portal.units.models import FOREVER, Unit, UnitLink
from lamsach.portal.units.tree import on_day, today, under

MOST_ROWS = 500
"""Maximum rows of the tree."""
ANSWERS: Mapping[str, tuple[str, Any]] = {
    "late": ("late", _("late")),
    "deployed": ("good", _("deployed")),
    "informed": ("info", _("acknowledged")),
    "opened": ("busy", _("opened")),
    "sent": ("none", _("sent, not acknowledged")),
    "missing": ("unsearched", _("not sent to yet")),
}
"""Progress of a unit: tone and label. The first that applies is shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """Row of a unit with its subtree; `open`: children follow; `toggle`: open branches after a click."""

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
        """Tone and label of the unit's own progress."""
        return ANSWERS[self.answer]

    @property
    def has_below(self) -> bool:
        """Return whether units are under this one."""
        return self.counts.units > 1

    @property
    def to_clean(self) -> int:
        """Count of machines that are not cleaned yet."""
        return self.machines.found - self.machines.cleaned if self.machines else 0


def campaign_of(user: Any, wanted: int | None) -> Campaign | None:
    """Return the `wanted` campaign if readable, else the newest running one, else the newest."""
    campaigns = readable_campaigns(user)
    if wanted is not None:
        return campaigns.filter(pk=wanted).first()
    return campaigns.filter(state=CampaignState.RUNNING).first() or campaigns.first()


def answers(units: QuerySet[Unit], campaign: Campaign | None) -> QuerySet[Unit]:
    """Annotate units with the days of their participation in the campaign, and `late`."""
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
    """Return the key of ANSWERS of a unit annotated by `answers`."""
    if unit.late:
        return "late"
    for name in ("deployed", "informed", "opened", "sent"):
        if getattr(unit, f"{name}_on") is not None:
            return name
    return "missing"


@dataclass(slots=True)
class Tree:
    """Tree of a root: rows, and the count of units of open branches beyond MOST_ROWS (`more`)."""

    rows: list[Row] = field(default_factory=list)
    more: int = 0
    search: Unsearched = NOWHERE
    """Units of the root that were not searched in the campaign."""


def tree(campaign: Campaign | None, root: Unit, opened: Iterable[int]) -> Tree:
    """Build the tree of a root with its open branches; `opened` units elsewhere are ignored."""
    day = today()
    open_ids, requested = {root.pk}, {*opened} - {root.pk}
    if requested:
        links = under([root.pk], day).filter(descendant__in=requested)
        open_ids.update(links.values_list("descendant", flat=True))
    units = answers(
        Unit.objects.filter(Q(pk=root.pk) | Q(parent__in=open_ids), valid_until=FOREVER), campaign
    )
    by_parent: dict[int | None, list[Unit]] = {}
    for unit in units.order_by("code"):
        by_parent.setdefault(None if unit.pk == root.pk else unit.parent_id, []).append(unit)
    ordered = list(_placed(by_parent, by_parent.get(None, []), open_ids, 0))
    shown = ordered[:MOST_ROWS]
    figures = _figures(campaign, root, [unit.pk for unit, _depth in shown], day)
    rows = [_row(unit, depth, open_ids, figures) for unit, depth in shown]
    return Tree(rows, len(ordered) - len(shown), figures.search)


def _placed(
    by_parent: Mapping[int | None, list[Unit]], units: list[Unit], opened: set[int], depth: int
) -> Iterator[tuple[Unit, int]]:
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
    search: Unsearched = NOWHERE


def _figures(campaign: Campaign | None, root: Unit, units: list[int], day: date) -> _Figures:
    if campaign is None:
        sizes = {unit: Counts.of(found.whole) for (_, unit), found in read([], units, day).items()}
        return _Figures(sizes, {}, frozenset(), {}, frozenset())
    figures = figures_of(campaign, units, day)
    machines = cases_in(figures)
    statements = tally.newest(campaign, root.pk, day)
    additional = stated_surplus(campaign, root.pk, day, statements=statements)
    if additional:
        for ancestor, below in (
            under(units, day).filter(descendant__in=additional).values_list("ancestor", "descendant")
        ):
            machines[ancestor] = machines.get(ancestor, CaseCounts()) + additional[below]
    if statements:
        for entry in tally.one_by_one(campaign, set(units) - {entry.unit_id for entry in statements}, day):
            if larger(entry.numbers, machines.get(entry.unit_id, CaseCounts())):
                machines[entry.unit_id] = entry.numbers
    search = find_unsearched(campaign, root.pk, day, statements)
    if search.nothing:
        unsearched = frozenset(units)
        lacking = dict.fromkeys(search.tops, 1) | {root.pk: len(search.tops)}
    else:
        unsearched = frozenset(below for above, below in _above(units, day) if above in search.tops)
        lacking = unsearched_by_child(search, units, day)
    return _Figures(
        {unit: Counts.of(found.whole) for unit, found in figures.items()},
        machines,
        search.shared,
        lacking,
        unsearched,
        search,
    )


def _above(units: list[int], day: date) -> QuerySet[UnitLink, tuple[int, int]]:
    return UnitLink.objects.filter(on_day(day), descendant__in=units).values_list("ancestor", "descendant")


def _row(unit: Unit, depth: int, opened: set[int], figures: _Figures) -> Row:
    lack = Lack(unit.pk in figures.nothing, unit.pk in figures.shared, figures.lacking.get(unit.pk, 0))
    return Row(
        unit,
        depth,
        answer_of(unit),
        unit.pk in opened,
        ".".join(str(pk) for pk in sorted(opened ^ {unit.pk})),
        figures.counts.get(unit.pk, Counts(units=1)),
        figures.machines.get(unit.pk),
        lack,
    )
