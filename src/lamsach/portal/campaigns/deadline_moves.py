"""Moving deadlines: whom a move touches, making it, undoing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.campaigns.deadlines import (
    Deadline,
    UnitDates,
    dates,
    in_force,
    of_unit,
    of_units,
    refresh,
)
from lamsach.portal.campaigns.models import (
    Campaign,
    DeadlineKind,
    DeadlineMove,
    Dispatch,
    MoveScope,
    Participation,
    Recipient,
)
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.units.models import Unit, UnitLink
from lamsach.portal.units.tree import today, under

_CAMPAIGN_DAY = {
    DeadlineKind.ACKNOWLEDGE: "acknowledge_due",
    DeadlineKind.DEPLOY: "deploy_due",
    DeadlineKind.REPORT: "report_due",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A move not made yet; `nearer`: it also ends moves nearer to the units, for a part or one unit."""

    campaign: Campaign
    scope: MoveScope
    days: Mapping[DeadlineKind, date]
    unit: Unit | None = None
    reason: str = ""
    nearer: bool = False
    dispatch: Dispatch | None = None

    def moves(self, by: Any = None) -> list[DeadlineMove]:
        """The rows, one a kind, not saved."""
        return [
            DeadlineMove(
                campaign=self.campaign,
                kind=kind,
                scope=self.scope,
                unit=self.unit,
                day=day,
                before=getattr(self.campaign, _CAMPAIGN_DAY[kind]) if self.scope == MoveScope.ALL else None,
                reason=self.reason,
                dispatch=self.dispatch,
                by=by,
            )
            for kind, day in self.days.items()
        ]


@dataclass(frozen=True, slots=True)
class Preview:
    """Effect of a move: the units that it touches, and those that keep a nearer day."""

    touched: list[Touched]
    kept: list[tuple[Unit, Deadline]]


def in_scope(campaign: Campaign, scope: str, unit: Unit | None) -> QuerySet[Unit]:
    """The units that take part and that a scope names."""
    taking_part = Participation.objects.filter(campaign=campaign, stated=False).values("unit")
    if unit is None or scope == MoveScope.ALL:
        return Unit.objects.filter(pk__in=taking_part)
    if scope == MoveScope.ONE:
        return Unit.objects.filter(pk=unit.pk)
    below = under([unit.pk])
    if scope == MoveScope.BELOW:
        below = below.filter(distance__gt=0)
    return Unit.objects.filter(pk__in=taking_part).filter(pk__in=below.values("descendant"))


def _ended_by(plan: Plan, held: Iterable[DeadlineMove]) -> list[DeadlineMove]:
    """Moves that the plan ends: of its kinds, for units within its scope."""
    if not plan.nearer or plan.scope == MoveScope.ONE:
        return []
    same_kind = [move for move in held if move.kind in plan.days and move.unit_id is not None]
    if plan.unit is None:
        return same_kind
    links = UnitLink.objects.filter(ancestor=plan.unit, valid_until__gt=today())
    below = set(links.values_list("descendant", flat=True))
    return [move for move in same_kind if move.unit_id in below]


def preview(plan: Plan) -> Preview:
    """Whom the plan touches, by name; a fixed number of queries."""
    held = in_force([plan.campaign.pk])
    gone = {move.pk for move in _ended_by(plan, held)}
    left = [move for move in held if move.pk not in gone] + plan.moves()
    units = list(in_scope(plan.campaign, plan.scope, plan.unit).order_by("code"))
    before, after = _both(plan.campaign, units, held, left)
    kept = [
        (unit, after[unit.pk][kind])
        for unit in units
        for kind, day in plan.days.items()
        if after[unit.pk][kind].day != day
    ]
    return Preview(_touched(units, before, after), kept)


def preview_undo(move: DeadlineMove) -> Preview:
    """Whom undoing the move touches."""
    held = in_force([move.campaign_id])
    revived = list(move.ends.filter(undone=None)) if move.ended_id is None else []
    left = sorted([one for one in held if one.pk != move.pk] + revived, key=lambda one: one.pk)
    after = copy(move.campaign)
    if move.scope == MoveScope.ALL:
        _restore(after, move.kind, without=move)
    units = list(in_scope(move.campaign, move.scope, move.unit).order_by("code"))
    return Preview(_touched(units, *_both(move.campaign, units, held, left, after)), [])


def _both(
    campaign: Campaign,
    units: Iterable[Unit],
    held: Sequence[DeadlineMove],
    left: Sequence[DeadlineMove],
    then: Campaign | None = None,
) -> tuple[dict[int, UnitDates], dict[int, UnitDates]]:
    """The deadlines under two sets of moves. `then`: the campaign with its days afterwards."""
    sets = ((campaign, held), (then or campaign, left))
    before, after = (
        {unit: one for (_, unit), one in dates([(at, unit.pk) for unit in units], moves).items()}
        for at, moves in sets
    )
    return before, after


def _touched(
    units: Iterable[Unit], before: Mapping[int, UnitDates], after: Mapping[int, UnitDates]
) -> list[Touched]:
    found = []
    for unit in units:
        pairs = zip(before[unit.pk], after[unit.pk], strict=True)
        changes = tuple((old, new) for old, new in pairs if old.day != new.day)
        if changes:
            found.append(Touched(unit, changes))
    return found


@transaction.atomic
def make(plan: Plan, by: Any, *, letters: bool = True) -> list[Touched]:
    """Move the deadlines, tell the units, note it; whom it touched."""
    units = list(in_scope(plan.campaign, plan.scope, plan.unit))
    before = of_units(plan.campaign, [unit.pk for unit in units])
    ended = _ended_by(plan, in_force([plan.campaign.pk]))
    made = plan.moves(user_of(by))
    for move in made:
        move.save()
        numbers = [one.pk for one in ended if one.kind == move.kind]
        DeadlineMove.objects.filter(pk__in=numbers).update(ended=move)
        record(
            by,
            "deadline.moved",
            move,
            plan.unit or plan.campaign.owner,
            kind=move.kind,
            day=move.day.isoformat(),
            reason=move.reason[:500],
        )
    _campaign_days(plan.campaign, plan.days if plan.scope == MoveScope.ALL else ())
    return _carry(plan.campaign, units, before, made[-1], f"deadline:{made[-1].pk}", letters)


@transaction.atomic
def undo(move: DeadlineMove, by: Any, *, letters: bool = True) -> list[Touched] | None:
    """Undo a move, reviving what it had ended; whom it touched, or None when it was undone already."""
    campaign = move.campaign
    units = list(in_scope(campaign, move.scope, move.unit))
    before = of_units(campaign, [unit.pk for unit in units])
    rows = DeadlineMove.objects.filter(pk=move.pk, undone=None)
    if not rows.update(undone=timezone.now(), undone_by=user_of(by)):
        return None
    DeadlineMove.objects.filter(ended=move).update(ended=move.ended)
    record(by, "deadline.undone", move, move.unit or campaign.owner, kind=move.kind)
    _campaign_days(campaign, [move.kind] if move.scope == MoveScope.ALL else ())
    return _carry(campaign, units, before, move, f"deadline-undone:{move.pk}", letters)


def _campaign_days(campaign: Campaign, kinds: Iterable[str]) -> None:
    """Keep the campaign's own days after a move for all was made or undone."""
    for kind in kinds:
        _restore(campaign, kind)
        campaign.save(update_fields=[_CAMPAIGN_DAY[DeadlineKind(kind)]])


def _restore(campaign: Campaign, kind: str, without: DeadlineMove | None = None) -> None:
    """The campaign's own day: of the last move for all in force, else what it was before the first."""
    rows = DeadlineMove.objects.filter(campaign=campaign, kind=kind, scope=MoveScope.ALL).order_by("pk")
    last = rows.filter(undone=None).exclude(pk=without.pk if without else 0).last()
    first = rows.first()
    if first is not None:
        setattr(campaign, _CAMPAIGN_DAY[DeadlineKind(kind)], last.day if last is not None else first.before)


def _carry(
    campaign: Campaign,
    units: list[Unit],
    before: Mapping[int, UnitDates],
    move: DeadlineMove,
    key: str,
    letters: bool,
) -> list[Touched]:
    """Write the new days down and tell the units whose days changed."""
    refresh(campaign, None if move.scope == MoveScope.ALL else [unit.pk for unit in units])
    touched = _touched(units, before, of_units(campaign, before))
    if letters:
        tell_moved(campaign, touched, move, key)
    return touched


@dataclass(frozen=True, slots=True)
class Touched:
    """A unit some of whose deadlines change: the old and the new ones."""

    unit: Unit
    changes: tuple[tuple[Deadline, Deadline], ...]


def tell_moved(campaign: Campaign, touched: Iterable[Touched], move: DeadlineMove, key: str) -> None:
    """Write each unit one letter with its new days, but for what is done; its newest dispatch is answered."""
    kinds = {DeadlineKind.ACKNOWLEDGE: "informed_on", DeadlineKind.DEPLOY: "deployed_on"}
    done = {
        row.unit_id: {kind for kind, day in kinds.items() if getattr(row, day) is not None}
        for row in Participation.objects.filter(campaign=campaign)
    }
    newest = dict(
        Recipient.objects.filter(dispatch__campaign=campaign).order_by("pk").values_list("unit", "pk")
    )
    drafts = []
    for one in touched:
        unit, found = one.unit, done.get(one.unit.pk, ())
        changes = [_changed(old, new) for old, new in one.changes if new.kind not in found]
        context = {
            "unit": unit.name,
            "campaign": campaign.name,
            "reason": move.reason if move.undone is None else "",
            "changes": changes,
        }
        about = f"recipient:{newest[unit.pk]}" if unit.pk in newest else ""
        if changes:
            draft = Draft("deadline_moved", unit.email, f"{key}:{unit.pk}", context, unit_id=unit.pk)
            drafts.append(replace(draft, about=about))
    queue(drafts)


def _changed(old: Deadline, new: Deadline) -> dict[str, Any]:
    """A moved deadline as its letter shows it."""
    days = {"old": f"{old.day:%d/%m/%Y}", "new": f"{new.day:%d/%m/%Y}"}
    return {"kind": new.kind, **days, "late": new.late}


def stated_plan(dispatch: Dispatch) -> Plan:
    """Plan what an outgoing dispatch moves under its issuer; no days where it states what holds."""
    campaign, issuer = dispatch.campaign, dispatch.issuer
    held = in_force([campaign.pk])
    days: dict[DeadlineKind, date] = {}
    for _ in DeadlineKind:
        moves = held + Plan(campaign, MoveScope.BELOW, days, issuer).moves()
        (below,) = dates([(campaign, issuer.pk)], moves, down=1).values()
        off = (one for one in reversed([*below]) if _differs(one, dispatch.deadline))
        if (first := next(off, None)) is None:
            break
        days[first.kind] = dispatch.deadline
    return Plan(campaign, MoveScope.BELOW, days, issuer, dispatch=dispatch)


def state(dispatch: Dispatch, by: Any) -> None:
    """Move what the dispatch states; its own letter tells of it."""
    plan = stated_plan(dispatch)
    if plan.days:
        make(plan, by, letters=False)


def state_for(dispatch: Dispatch, units: Iterable[Unit], by: Any) -> None:
    """The same for units that a dispatch from outside was sent to, and everything under each."""
    for unit in units:
        if of_unit(dispatch.campaign, unit.pk).report.day != dispatch.deadline:
            days = {DeadlineKind.REPORT: dispatch.deadline}
            plan = Plan(dispatch.campaign, MoveScope.SUBTREE, days, unit, dispatch=dispatch)
            make(plan, by, letters=False)


def _differs(one: Deadline, stated: date) -> bool:
    """The day of the report is the stated one; what comes before it is not due after it."""
    return one.day != stated if one.kind == DeadlineKind.REPORT else one.day > stated
