"""The one query for "informed" and "deployed", for any subtree as of any date; boards and reports use it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, FilteredRelation, Q, QuerySet, Value, When

from lamsach.portal.base.queries import at_once
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.units.models import UnitLink
from lamsach.portal.units.tree import on_day, today, under


@dataclass(frozen=True, slots=True)
class Counts:
    """Units of a subtree: all, and those sent to, opened, acknowledged, deployed or late on the day."""

    units: int = 0
    sent: int = 0
    opened: int = 0
    informed: int = 0
    deployed: int = 0
    late: int = 0

    @property
    def silent(self) -> int:
        """Sent to, not acknowledged."""
        return max(self.sent - self.informed, 0)

    @property
    def waiting(self) -> int:
        """Acknowledged, not deployed."""
        return max(self.informed - self.deployed, 0)

    @property
    def missing(self) -> int:
        """Not sent to."""
        return self.units - self.sent


def _links(
    campaign: Campaign, ancestors: Iterable[int], day: date, alone: Collection[int] = ()
) -> QuerySet[UnitLink]:
    """Links from these units down (of `alone` ones to themselves), with the participation `p` below."""
    itself = Q(descendant__in=alone, distance=0)
    links = (
        UnitLink.objects.filter(on_day(day), Q(ancestor__in={*ancestors} - {*alone}) | itself)
        if alone
        else under(ancestors, day)
    )
    return links.annotate(
        p=FilteredRelation(
            "descendant__participations", condition=Q(descendant__participations__campaign=campaign)
        )
    )


def late_on(day: date, prefix: str = "p__") -> Q:
    """Condition of being late on a day: sent, and acknowledging or deploying due before it and not done."""
    late = Q()
    for due, done in (("acknowledge_due", "informed_on"), ("deploy_due", "deployed_on")):
        undone = Q(**{f"{prefix}{done}": None}) | Q(**{f"{prefix}{done}__gt": day})
        late |= Q(**{f"{prefix}{due}__lt": day}) & undone
    return Q(**{f"{prefix}sent_on__lte": day}) & late


def _figures(day: date) -> dict[str, Any]:
    reached = {"sent": "sent_on", "opened": "opened_on", "informed": "informed_on", "deployed": "deployed_on"}
    figures: dict[str, Any] = {
        name: Count("descendant", filter=Q(**{f"p__{column}__lte": day})) for name, column in reached.items()
    }
    return {"units": Count("descendant"), **figures, "late": Count("descendant", filter=late_on(day))}


def counts(campaign: Campaign, unit_id: int, day: date | None = None, *, itself: bool = False) -> Counts:
    """The counts of everything under a unit as of a day (today). `itself`: whether the unit counts too."""
    moment = day or today()
    links = _links(campaign, [unit_id], moment)
    if not itself:
        links = links.filter(distance__gt=0)
    return Counts(**links.aggregate(**_figures(moment)))


def counts_of_pairs(pairs: Sequence[tuple[Campaign, int]]) -> list[Counts]:
    """Today's counts of everything under each unit in its campaign, in one query."""
    moment = today()
    rows = [_links(campaign, [unit_id], moment).filter(distance__gt=0) for campaign, unit_id in pairs]
    found = at_once([(links, _figures(moment)) for links in rows])
    return [Counts(**{name: row[name] or 0 for name in _figures(moment)}) for row in found]


def counts_by_child(
    campaign: Campaign,
    unit_id: int,
    day: date | None = None,
    *,
    children: Iterable[int] | None = None,
    alone: Collection[int] = (),
) -> dict[int, Counts]:
    """Counts of each child with everything under it, as of a day; of the `alone` only the unit itself."""
    moment = day or today()
    below = under([unit_id], moment).filter(distance=1).values_list("descendant", flat=True)
    links = _links(campaign, below if children is None else children, moment, alone)
    rows = links.values("ancestor").annotate(**_figures(moment))
    found: dict[int, Counts] = {}
    for row in rows:
        values: dict[str, Any] = dict(row)
        ancestor = values.pop("ancestor")
        found[ancestor] = Counts(**values)
    return found


REPORTED: list[Callable[[Campaign], QuerySet[Any]]] = []
"""The query of the units that have reported, from the app that keeps reports."""


def branches(campaign: Campaign, unit_id: int) -> dict[int, dict[str, int]]:
    """Units by child and by the first of late, reported, deployed, informed or silent that holds today."""
    day = today()
    below = under([unit_id], day).filter(distance=1).values_list("descendant", flat=True)
    steps = [When(late_on(day), then=Value("late"))]
    steps += [
        When(descendant__in=reported(campaign).values("unit"), then=Value("reported"))
        for reported in REPORTED
    ]
    steps += [When(**{f"p__{name}_on__lte": day, "then": Value(name)}) for name in ("deployed", "informed")]
    rows = _links(campaign, below, day).annotate(step=Case(*steps, default=Value("silent")))
    found: dict[int, dict[str, int]] = {}
    for unit, step, count in rows.values_list("ancestor", "step").annotate(count=Count("pk")).order_by():
        found.setdefault(unit, {})[step] = count
    return found


def total(parts: Iterable[Counts]) -> Counts:
    """The sum of counts that have no unit in common."""
    listed = list(parts)
    names = ("units", "sent", "opened", "informed", "deployed", "late")
    return Counts(**{name: sum(getattr(part, name) for part in listed) for name in names})
