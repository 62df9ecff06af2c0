"""Listed values that accuse nobody: dangerous or doubtful by review, or called by over a tenth of machines.

With google.com on a list, every machine would count as infected. Contacts with such a value are set aside
(`MatchStatus.DOUBTFUL`) for a decision per value. The review examines only values that were found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from lamsach.hunt.merge import RawSightings
from lamsach.model import Indicator, MatchStatus, Questioned, Reason, Role, Sighting

MIN_CALLERS = 10
"""Minimum callers of a questioned value: in a small unit a few infected machines are a tenth."""
SHARE = 10
"""A value contacted by more than one in SHARE machines is questioned."""

Grounds = dict[str, tuple[Reason, ...]]
"""Reasons to question a value, by listed value."""


def grounds(
    sightings: Iterable[Sighting],
    indicators: Mapping[str, Indicator],
    machines: int,
    is_accepted: Callable[[Indicator], bool] = lambda item: False,
) -> Grounds:
    """Return the reasons to question sighted values, without values that a decision accepted.

    `machines`: approximate number of all machines (0: unknown).
    """
    callers: dict[str, set[str]] = defaultdict(set)
    for sighting in sightings:
        if sighting.status is MatchStatus.COUNTED:
            callers[sighting.indicator].update(_caller(sighting))
    items = [item for value in sorted(callers) if (item := indicators.get(value)) and not is_accepted(item)]
    found = _reviewed(items)
    for item in items:
        count = len(callers[item.value])
        if MIN_CALLERS <= count <= machines < count * SHARE:
            reason = Reason("called_by_many", {"machines": count, "all": machines})
            found[item.value] = (*found.get(item.value, ()), reason)
    return found


def _caller(sighting: Sighting) -> tuple[str, ...]:
    """The calling machine, if known."""
    named = sighting.role is Role.OUTBOUND and not sighting.device.startswith("unattributed:")
    return (sighting.device,) if named else ()


def _reviewed(items: Collection[Indicator]) -> Grounds:
    """Return the values that the review of lists rates dangerous or doubtful."""
    if not items:
        return {}
    from lamsach.indicators.review.examiner import Examiner
    from lamsach.indicators.review.facts import Level
    from lamsach.indicators.review.knowledge import Own, knowledge

    examiner = Examiner(Own(), knowledge())
    found: Grounds = {}
    for item in items:
        concerns = [
            concern
            for concern in examiner.concerns(item, lookalikes=False)
            if concern.level is not Level.NOTABLE
        ]
        concerns.sort(key=lambda concern: concern.level is not Level.DANGEROUS)
        if concerns:
            found[item.value] = tuple(
                Reason(concern.kind.value, {"about": concern.about, "source": concern.source})
                for concern in concerns
            )
    return found


def set_aside(raw: RawSightings, questioned: Collection[str]) -> RawSightings:
    """Return the raw sightings; those of questioned values become DOUBTFUL."""
    return {
        replace(key, status=MatchStatus.DOUBTFUL)
        if key.indicator in questioned and key.status is MatchStatus.COUNTED
        else key: sighting
        for key, sighting in raw.items()
    }


def summed(sightings: Iterable[Sighting], found: Grounds) -> tuple[Questioned, ...]:
    """Sum up the sightings of each questioned value, those of most machines first."""
    by_value: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        if sighting.status is MatchStatus.DOUBTFUL:
            by_value[sighting.indicator].append(sighting)
    rows = [
        Questioned(
            indicator=value,
            indicator_type=group[0].indicator_type,
            reasons=found[value],
            machines=len({sighting.device for sighting in group}),
            count=sum(sighting.count for sighting in group),
            first=min(_times(sighting.first for sighting in group), default=None),
            last=max(_times(sighting.last for sighting in group), default=None),
        )
        for value, group in by_value.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.machines, -row.count, row.indicator)))


def _times(times: Iterable[datetime | None]) -> list[datetime]:
    return [time for time in times if time is not None]
