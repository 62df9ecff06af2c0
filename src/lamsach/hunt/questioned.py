"""Listed values that accuse nobody: dangerous or doubtful by review, or called by over a tenth of machines.

A list with google.com in it would make every machine infected. Contacts with such a value are set aside
(`MatchStatus.DOUBTFUL`) to be looked at, value by value. The review's data are read for the values that were
found, never for a whole list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from lamsach.hunt.merge import RawSightings
from lamsach.model import Indicator, MatchStatus, Questioned, Reason, Role, Sighting

LEAST_CALLERS = 10
"""Least callers of a questioned value: in a small unit a few infected machines are a tenth."""
SHARE = 10
"""One in so many machines is what a malicious value is at most expected to reach."""

Grounds = dict[str, tuple[Reason, ...]]
"""By listed value, why it is questioned."""


def grounds(
    sightings: Iterable[Sighting],
    indicators: Mapping[str, Indicator],
    machines: int,
    is_accepted: Callable[[Indicator], bool] = lambda item: False,
) -> Grounds:
    """Return why sighted values are questioned, but for those that a decision accepted.

    `machines`: about how many there are in all (0: not known).
    """
    callers: dict[str, set[str]] = defaultdict(set)
    for seen in sightings:
        if seen.status is MatchStatus.COUNTED:
            callers[seen.indicator].update(_caller(seen))
    items = [item for value in sorted(callers) if (item := indicators.get(value)) and not is_accepted(item)]
    found = _reviewed(items)
    for item in items:
        count = len(callers[item.value])
        if LEAST_CALLERS <= count <= machines < count * SHARE:
            reason = Reason("called_by_many", {"machines": count, "all": machines})
            found[item.value] = (*found.get(item.value, ()), reason)
    return found


def _caller(seen: Sighting) -> tuple[str, ...]:
    """The machine that called, when it is known."""
    named = seen.role is Role.OUTBOUND and not seen.device.startswith("unattributed:")
    return (seen.device,) if named else ()


def _reviewed(items: Collection[Indicator]) -> Grounds:
    """Return what the review of lists calls dangerous or doubtful among these."""
    if not items:
        return {}
    from lamsach.indicators.review.examination import Examiner
    from lamsach.indicators.review.facts import Level
    from lamsach.indicators.review.knowledge import Own, knowledge_about

    examiner = Examiner(Own(), knowledge_about([(item.type, item.value) for item in items]))
    found: Grounds = {}
    for item in items:
        concerns = [one for one in examiner.concerns(item) if one.level is not Level.NOTABLE]
        concerns.sort(key=lambda one: one.level is not Level.DANGEROUS)
        if concerns:
            found[item.value] = tuple(
                Reason(one.kind.value, {"about": one.about, "source": one.source}) for one in concerns
            )
    return found


def set_aside(raw: RawSightings, questioned: Collection[str]) -> RawSightings:
    """The raw sightings, those with questioned values no longer counted."""
    return {
        replace(key, status=MatchStatus.DOUBTFUL)
        if key.indicator in questioned and key.status is MatchStatus.COUNTED
        else key: sighting
        for key, sighting in raw.items()
    }


def summed(sightings: Iterable[Sighting], found: Grounds) -> tuple[Questioned, ...]:
    """The questioned values with what was seen of them, those of most machines first."""
    seen_by: dict[str, list[Sighting]] = defaultdict(list)
    for seen in sightings:
        if seen.status is MatchStatus.DOUBTFUL:
            seen_by[seen.indicator].append(seen)
    rows = [
        Questioned(
            indicator=value,
            indicator_type=mine[0].indicator_type,
            reasons=found[value],
            machines=len({seen.device for seen in mine}),
            count=sum(seen.count for seen in mine),
            first=min(_times(seen.first for seen in mine), default=None),
            last=max(_times(seen.last for seen in mine), default=None),
        )
        for value, mine in seen_by.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.machines, -row.count, row.indicator)))


def _times(times: Iterable[datetime | None]) -> list[datetime]:
    return [time for time in times if time is not None]
