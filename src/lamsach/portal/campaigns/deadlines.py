"""Deadlines of units in a campaign: the only source for pages, letters, lists and counts.

A deadline is the campaign's day, or that of a move for all, a subtree or one unit. Of the moves that reach a
unit the nearest applies, among equally near ones the latest. Without a deployment day in the campaign, that
of the report applies; without one for acknowledging, that of deployment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext

from lamsach.portal.base.lists import Quiet, State
from lamsach.portal.base.working_time import is_working_day
from lamsach.portal.campaigns.models import (
    Campaign,
    DeadlineKind,
    DeadlineMove,
    MoveScope,
    Participation,
    Recipient,
)
from lamsach.portal.units.models import UnitLink
from lamsach.portal.units.tree import today

DAYS_BEFORE = (7, 3, 1, 0, -1, -3, -7)
"""Reminder days before the deadline; negative ones are after it."""
ESCALATED_AFTER = 3
"""Days after the deadline until the parent is notified."""
_ONE = timedelta(days=1)
_ITSELF, _FAR = -1, 1 << 20
"""Distance of a move for the unit alone, and of one for all at a unit not below the campaign's."""
_PART = 500

Reaching = Iterable[tuple[int, int, DeadlineMove]]
"""Moves that reach a unit: distance of their origin, and position in order of creation."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """Day by which a unit owes something. `move`: its origin, None for the campaign's day; `met`: done."""

    kind: DeadlineKind
    day: date
    move: DeadlineMove | None = None
    met: bool = False

    @property
    def late(self) -> bool:
        """Return whether the day has passed with the duty not met."""
        return not self.met and self.day < today()

    @property
    def shown(self) -> tuple[Any, ...]:
        """Cell of a list: the day, whether it has passed, its origin."""
        late = State("late", gettext("overdue")) if self.late else ""
        return self.day, late, Quiet(self.move.source if self.move else "")


@dataclass(frozen=True, slots=True)
class UnitDates:
    """The three deadlines of a unit."""

    acknowledge: Deadline
    deploy: Deadline
    report: Deadline

    def __iter__(self) -> Iterator[Deadline]:
        return iter((self.acknowledge, self.deploy, self.report))

    def __getitem__(self, kind: DeadlineKind) -> Deadline:
        return {due.kind: due for due in self}[kind]

    def without(self, *met: DeadlineKind) -> UnitDates:
        """A copy with these deadlines met."""
        return UnitDates(*(replace(due, met=due.met or due.kind in met) for due in self))

    def answer(self, acknowledged: object) -> Deadline:
        """Deadline of the unit's next answer to a dispatch: deployment once acknowledged."""
        return self.deploy if acknowledged else self.acknowledge

    @property
    def days(self) -> tuple[date, date, date]:
        """The three days alone."""
        return self.acknowledge.day, self.deploy.day, self.report.day


def resolve(campaign: Campaign, reaching: Reaching) -> UnitDates:
    """A unit's deadlines from the moves that reach it."""
    nearest: dict[str, DeadlineMove] = {}
    for _, _, move in sorted(reaching, key=lambda reached: (-reached[0], reached[1])):
        nearest[move.kind] = move

    def deadline(kind: DeadlineKind, stated: date | None, other: Deadline | None) -> Deadline:
        move = nearest.get(kind)
        if move is not None:
            return Deadline(kind, move.day, move)
        if stated is None and other is not None:
            return Deadline(kind, other.day, other.move)
        return Deadline(kind, stated or campaign.report_due)

    report = deadline(DeadlineKind.REPORT, campaign.report_due, None)
    deploy = deadline(DeadlineKind.DEPLOY, campaign.deploy_due, report)
    return UnitDates(deadline(DeadlineKind.ACKNOWLEDGE, campaign.acknowledge_due, deploy), deploy, report)


def dates(
    wanted: Iterable[tuple[Campaign, int]], moves: Sequence[DeadlineMove] | None = None, *, down: int = 0
) -> dict[tuple[int, int], UnitDates]:
    """Deadlines of units in campaigns, by their numbers. Two queries for any number.

    `moves`: instead of the active ones, in order of creation. `down`: 1 for a further unit directly below
    each.
    """
    pairs = list(wanted)
    campaigns = {campaign.pk: campaign for campaign, _ in pairs}
    rows = in_force(campaigns) if moves is None else moves
    from_where: dict[tuple[int, str, int], list[tuple[int, DeadlineMove]]] = {}
    for order, move in enumerate(rows):
        scope = MoveScope.SUBTREE if move.scope == MoveScope.BELOW else move.scope
        from_where.setdefault((move.campaign_id, scope, move.unit_id or 0), []).append((order, move))
    above = _distances(rows, campaigns, {unit for _, unit in pairs})

    def reaching(campaign: Campaign, unit: int) -> Iterator[tuple[int, int, DeadlineMove]]:
        near = {anchor: distance + down for anchor, distance in above.get(unit, {}).items()}
        for order, move in from_where.get((campaign.pk, MoveScope.ALL, 0), ()):
            yield near.get(campaign.owner_id, _FAR), order, move
        for order, move in from_where.get((campaign.pk, MoveScope.ONE, 0 if down else unit), ()):
            yield _ITSELF, order, move
        for anchor, distance in near.items():
            for order, move in from_where.get((campaign.pk, MoveScope.SUBTREE, anchor), ()):
                if distance or move.scope == MoveScope.SUBTREE:
                    yield distance, order, move

    return {(campaign.pk, unit): resolve(campaign, reaching(campaign, unit)) for campaign, unit in pairs}


def in_force(campaigns: Iterable[int]) -> list[DeadlineMove]:
    """Active moves of campaigns, in order of creation. One query."""
    rows = DeadlineMove.objects.filter(campaign__in=list(campaigns), undone=None, ended=None)
    return list(rows.select_related("unit", "by", "dispatch__issuer").order_by("pk"))


def _distances(
    moves: Iterable[DeadlineMove], campaigns: dict[int, Campaign], units: Collection[int]
) -> dict[int, dict[int, int]]:
    """Distances of units below the origins of moves. A closed unit retains its last place."""
    anchors = set()
    for move in moves:
        if move.scope == MoveScope.ALL:
            anchors.add(campaigns[move.campaign_id].owner_id)
        elif move.scope != MoveScope.ONE and move.unit_id:
            anchors.add(move.unit_id)
    distances: dict[int, dict[int, int]] = {}
    if anchors:
        few = Q(descendant__in=list(units)) if len(units) <= _PART else Q()
        links = UnitLink.objects.filter(few, ancestor__in=anchors, valid_until=F("descendant__valid_until"))
        for unit, ancestor, distance in links.values_list("descendant", "ancestor", "distance"):
            distances.setdefault(unit, {})[ancestor] = distance
    return distances


def of_units(campaign: Campaign, units: Iterable[int]) -> dict[int, UnitDates]:
    """Deadlines of many units in one campaign."""
    found = dates((campaign, unit) for unit in units)
    return {unit: dues for (_, unit), dues in found.items()}


def of_recipient(recipient: Recipient, due: UnitDates | None = None) -> UnitDates:
    """Deadlines of a dispatch's recipient; those answered are met."""
    due = due or of_unit(recipient.dispatch.campaign, recipient.unit_id)
    if recipient.deployed:
        return due.without(DeadlineKind.ACKNOWLEDGE, DeadlineKind.DEPLOY)
    return due.without(DeadlineKind.ACKNOWLEDGE) if recipient.acknowledged else due


def of_unit(campaign: Campaign, unit: int) -> UnitDates:
    """Deadlines of one unit."""
    return of_units(campaign, [unit])[unit]


def refresh(campaign: Campaign, units: Any = None) -> None:
    """Store the days of participating units (all) for boards and counts; few statements for any number."""
    rows = Participation.objects.filter(campaign=campaign, stated=False)
    if units is not None:
        rows = rows.filter(unit__in=units)
    stored = {row[0]: row[1:] for row in rows.values_list("unit", *COLUMNS)}
    changed: dict[tuple[date, ...], list[int]] = {}
    for unit, dues in of_units(campaign, stored).items():
        if dues.days != stored[unit]:
            changed.setdefault(dues.days, []).append(unit)
    for days, numbers in changed.items():
        for begin in range(0, len(numbers), _PART):
            part = Participation.objects.filter(campaign=campaign, unit__in=numbers[begin : begin + _PART])
            part.update(**dict(zip(COLUMNS, days, strict=True)))


COLUMNS = ("acknowledge_due", "deploy_due", "report_due")
"""Columns of the three days in a campaign and in a participation."""


def follow_tree(sender: object, unit: int, **options: object) -> None:
    """Refresh the days of a unit moved in the tree, and of those below: other moves reach them."""
    below = UnitLink.objects.filter(ancestor=unit, valid_until=F("descendant__valid_until"))
    for campaign in Campaign.objects.filter(deadline_moves__isnull=False).distinct():
        refresh(campaign, below.values("descendant"))


def reminder_days(due: date) -> dict[date, int]:
    """Days of reminders, with their distance from the deadline.

    A day off is replaced: before the deadline by the previous working day, after it by the next.
    """
    days: dict[date, int] = {}
    for distance in DAYS_BEFORE:
        day = _working_day(due - distance * _ONE, -_ONE if distance >= 0 else _ONE)
        if day not in days or abs(distance) < abs(days[day]):
            days[day] = distance
    return days


def escalation_day(due: date) -> date:
    """Day on which the parent is notified: `ESCALATED_AFTER`, or the next working day."""
    return _working_day(due + ESCALATED_AFTER * _ONE, _ONE)


def _working_day(day: date, step: timedelta) -> date:
    while not is_working_day(day):
        day += step
    return day
