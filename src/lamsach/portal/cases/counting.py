"""The one query for the numbers of cases: any subtree, as of any date. Board and reports have to use it.

They count cases by the state that the evidence of today gives them on that day (`Span`): late logs correct the past.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import CaseState, Span
from lamsach.portal.units.tree import today, under

S = CaseState
OPEN = (S.NEW, S.TOLD, S.ACCEPTED, S.REINFECTED)
CLEANED = (S.CLEANED, S.VERIFIED, S.BLIND)
GROUPS: dict[str, tuple[CaseState, ...]] = {
    "found": (*OPEN, S.WORKING, *CLEANED),
    "open": OPEN,
    "handled": (S.WORKING, *CLEANED),
    "cleaned": CLEANED,
    "verified": (S.VERIFIED,),
    "blind": (S.BLIND,),
    "reinfected": (S.REINFECTED,),
    "dismissed": (S.FALSE_ALARM, S.EXCEPTED),
}
"""Which states each number counts."""


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """Machines of a subtree on a day: found (without false alarms and exceptions); still open; handled, that is taken in hand or further; stated
    cleaned; of these verified and blind; reinfected; dismissed."""

    found: int = 0
    open: int = 0
    handled: int = 0
    cleaned: int = 0
    verified: int = 0
    blind: int = 0
    reinfected: int = 0
    dismissed: int = 0


def _spans(campaign: Campaign, day: date) -> QuerySet[Span]:
    return Span.objects.filter(campaign=campaign, valid_from__lte=day, valid_until__gt=day)


def _figures() -> dict[str, Any]:
    return {f"n_{name}": Count("pk", filter=Q(state__in=states)) for name, states in GROUPS.items()}


def case_counts(campaign: Campaign, unit_id: int, day: date | None = None) -> CaseCounts:
    """The numbers of a unit and everything under it on a day (today)."""
    moment = day or today()
    chosen = _spans(campaign, moment).filter(unit__in=under([unit_id], moment).values("descendant"))
    found = chosen.aggregate(**_figures())
    return CaseCounts(**{name: found[f"n_{name}"] for name in GROUPS})


def case_counts_by_child(campaign: Campaign, unit_id: int, day: date | None = None) -> dict[int, CaseCounts]:
    """For each unit directly under a unit: its numbers with everything under it."""
    moment = day or today()
    children = under([unit_id], moment).filter(distance=1).values("descendant")
    rows = (
        _spans(campaign, moment)
        .filter(
            unit__links_up__ancestor__in=children,
            unit__links_up__valid_from__lte=moment,
            unit__links_up__valid_until__gt=moment,
        )
        .order_by()
        .values(child=F("unit__links_up__ancestor"))
        .annotate(**_figures())
    )
    counted: list[dict[str, Any]] = list(rows)  # type: ignore[arg-type]
    return {row["child"]: CaseCounts(**{name: row[f"n_{name}"] for name in GROUPS}) for row in counted}
