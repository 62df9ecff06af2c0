"""What cut-off units state of their machines: numbers that come by file, for machines that this portal does not have. The app `exchange`, which takes the files, answers.

A statement speaks of a unit and everything under it, from its day until the unit's next one. Where the portal has machines of the same units itself, the larger of the
two counts, never both; where a unit above states too, its word holds for those under it. What its portal states of those one by one counts where they are asked for alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.units.models import UnitLink
from lamsach.portal.units.tree import on_day, under


@dataclass(frozen=True, slots=True)
class Statement:
    """A unit's numbers (see `counting.CaseCounts`) of a day, and when they were taken in. `searched`: it says that logs of its own had been searched."""

    unit_id: int
    day: date
    counts: Mapping[str, int]
    at: datetime
    searched: bool = False


Answer = Callable[[Campaign, Iterable[int] | None, date, datetime | None, bool], list[Statement]]
_ANSWERS: list[Answer] = []


def register(answer: Answer) -> None:
    """Let a function tell statements: of a campaign and these units (None: all that speak for themselves), by a day, known before a moment (None: now); each unit's newest, or
    (`all_of_them`) all, by day."""
    if answer not in _ANSWERS:
        _ANSWERS.append(answer)


def newest(
    campaign: Campaign, unit_id: int, day: date, known: datetime | None = None, *, itself: bool = True
) -> list[Statement]:
    """The statements that count on a day for a unit and everything under it (`itself`: the unit's own too), the topmost of each branch."""
    found = {one.unit_id: one for answer in _ANSWERS for one in answer(campaign, None, day, known, False)}
    if not found:
        return []
    if UnitLink.objects.filter(on_day(day), descendant=unit_id, ancestor__in=found).exists():
        if itself and unit_id in found:
            return [found[unit_id]]
        children = (
            under([unit_id], day).filter(distance=0 if itself else 1).values_list("descendant", flat=True)
        )
        return one_by_one(campaign, children, day, known)
    here = set(under([unit_id], day).filter(descendant__in=found).values_list("descendant", flat=True))
    inner = UnitLink.objects.filter(on_day(day), ancestor__in=here, descendant__in=here, distance__gt=0)
    return [found[number] for number in sorted(here - set(inner.values_list("descendant", flat=True)))]


def one_by_one(
    campaign: Campaign, units: Iterable[int], day: date, known: datetime | None = None
) -> list[Statement]:
    """The statements of these units alone, whatever a unit above them states."""
    wanted = list(units)
    found = {one.unit_id: one for answer in _ANSWERS for one in answer(campaign, wanted, day, known, False)}
    return list(found.values())


def history(campaign: Campaign, unit_id: int, day: date) -> dict[int, list[Statement]]:
    """All statements up to a day of the units that `newest` names, by unit and day; the last word on each day."""
    chosen = [one.unit_id for one in newest(campaign, unit_id, day)]
    found: dict[int, dict[date, Statement]] = {}
    for answer in _ANSWERS if chosen else ():
        for one in answer(campaign, chosen, day, None, True):
            found.setdefault(one.unit_id, {})[one.day] = one
    return {number: [days[key] for key in sorted(days)] for number, days in found.items()}
