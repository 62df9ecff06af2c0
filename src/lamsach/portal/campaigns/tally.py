"""Progress of the units of a subtree on any day: informed, deployed, late, reported.

Read from the counters (`units.counters`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.units.counters import Figures, read
from lamsach.portal.units.tree import today, under


@dataclass(frozen=True, slots=True)
class Counts:
    """Units of a subtree: all, and those sent to, opened, acknowledged, deployed, late, reported."""

    units: int = 0
    sent: int = 0
    opened: int = 0
    informed: int = 0
    deployed: int = 0
    late: int = 0
    reported: int = 0

    @classmethod
    def of(cls, sums: Mapping[str, int]) -> Counts:
        """Counts from the sums of a unit."""
        return cls(**{field.name: sums.get(field.name, 0) for field in fields(cls)})

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


def late_on(day: date, prefix: str = "p__") -> Q:
    """Condition of being late on a day: sent, and acknowledgement or deployment overdue."""
    late = Q()
    for due, done in (("acknowledge_due", "informed_on"), ("deploy_due", "deployed_on")):
        undone = Q(**{f"{prefix}{done}": None}) | Q(**{f"{prefix}{done}__gt": day})
        late |= Q(**{f"{prefix}{due}__lt": day}) & undone
    return Q(**{f"{prefix}sent_on__lte": day}) & late


def counts(campaign: Campaign, unit_id: int, day: date | None = None, *, itself: bool = False) -> Counts:
    """Counts of all units below a unit as of a day (today). `itself`: include the unit."""
    figures = read([campaign.pk], [unit_id], day or today())[campaign.pk, unit_id]
    return Counts.of(figures.whole if itself else figures.below)


def figures_of_pairs(pairs: Sequence[tuple[Campaign, int]]) -> list[Figures]:
    """Today's figures of each unit in its campaign, in one query."""
    found = read({campaign.pk for campaign, _ in pairs}, {unit for _, unit in pairs}, today())
    return [found[campaign.pk, unit] for campaign, unit in pairs]


def figures_of(campaign: Campaign, units: Iterable[int], day: date | None = None) -> dict[int, Figures]:
    """Figures of units as of a day (today)."""
    found = read([campaign.pk], list(units), day or today())
    return {unit: figures for (number, unit), figures in found.items() if number}


def children(unit_id: int, day: date | None = None) -> list[int]:
    """Units directly below a unit on a day (today)."""
    return list(under([unit_id], day).filter(distance=1).values_list("descendant", flat=True))


def counts_of(campaign: Campaign, units: Iterable[int], day: date | None = None) -> dict[int, Counts]:
    """Counts of units with all below each as of a day (today)."""
    found = figures_of(campaign, units, day)
    return {unit: Counts.of(figures.whole) for unit, figures in found.items()}


def counts_by_child(campaign: Campaign, unit_id: int, day: date | None = None) -> dict[int, Counts]:
    """Counts of each direct child of a unit, with all below it, as of a day (today)."""
    return counts_of(campaign, children(unit_id, day), day)


REPORTED: list[Callable[[Campaign], QuerySet[Any]]] = []
"""Query of the units that have reported, registered by the app `reports`."""


def branches(campaign: Campaign, unit_id: int) -> dict[int, dict[str, int]]:
    """Units by child and by their first state today: late, reported, deployed, informed or silent."""
    by_child: dict[int, dict[str, int]] = {}
    for unit, figures in figures_of(campaign, children(unit_id)).items():
        sums = figures.whole
        steps = {name: sums[f"bar.{name}"] for name in ("reported", "deployed", "informed")}
        steps["late"] = sums["late"]
        steps["silent"] = sums["units"] - sum(steps.values())
        by_child[unit] = {name: count for name, count in steps.items() if count}
    return by_child


def total(parts: Iterable[Counts]) -> Counts:
    """Sum of counts without common units."""
    listed = list(parts)
    return Counts(**{row.name: sum(getattr(part, row.name) for part in listed) for row in fields(Counts)})
