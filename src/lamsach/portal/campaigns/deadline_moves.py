"""Moves of deadlines: preview, execution, undo."""

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
    COLUMNS,
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

_CAMPAIGN_DAY = dict(zip(DeadlineKind, COLUMNS, strict=True))


@dataclass(frozen=True, slots=True)
class Plan:
    """A move not yet made; `nearer`: it also ends nearer moves, for a part or a single unit."""

    campaign: Campaign
    scope: MoveScope
    days: Mapping[DeadlineKind, date]
    unit: Unit | None = None
    reason: str = ""
    nearer: bool = False
    dispatch: Dispatch | None = None

    def moves(self, by: Any = None) -> list[DeadlineMove]:
        """Unsaved rows, one per kind."""
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
    """Effect of a move: units affected, and units whose own nearer day remains."""

    touched: list[Touched]
    unmoved: list[tuple[Unit, Deadline]]


def in_scope(campaign: Campaign, scope: str, unit: Unit | None) -> QuerySet[Unit]:
    """Participating units in a scope."""
    taking_part = Participation.objects.filter(campaign=campaign, stated=False).values("unit")
    if unit is None or scope == MoveScope.ALL:
        return Unit.objects.filter(pk__in=taking_part)
    if scope == MoveScope.ONE:
        return Unit.objects.filter(pk=unit.pk)
    below = under([unit.pk])
    if scope == MoveScope.BELOW:
        below = below.filter(distance__gt=0)
    return Unit.objects.filter(pk__in=taking_part).filter(pk__in=below.values("descendant"))


def _ended_by(plan: Plan, active: Iterable[DeadlineMove]) -> list[DeadlineMove]:
    """Moves ended by the plan: of its kinds, for units within its scope."""
    if not plan.nearer or plan.scope == MoveScope.ONE:
        return []
    same_kind = [move for move in active if move.kind in plan.days and move.unit_id is not None]
    if plan.unit is None:
        return same_kind
    links = UnitLink.objects.filter(ancestor=plan.unit, valid_until__gt=today())
    below = set(links.values_list("descendant", flat=True))
    return [move for move in same_kind if move.unit_id in below]


def preview(plan: Plan) -> Preview:
    """Effect of the plan, by unit; a constant number of queries."""
    active = in_force([plan.campaign.pk])
    ended = {move.pk for move in _ended_by(plan, active)}
    remaining = [move for move in active if move.pk not in ended] + plan.moves()
    units = list(in_scope(plan.campaign, plan.scope, plan.unit).order_by("code"))
    before, after = _both(plan.campaign, units, active, remaining)
    unmoved = [
        (unit, after[unit.pk][kind])
        for unit in units
        for kind, day in plan.days.items()
        if after[unit.pk][kind].day != day
    ]
    return Preview(_touched(units, before, after), unmoved)


def preview_undo(move: DeadlineMove) -> Preview:
    """Effect of undoing the move."""
    active = in_force([move.campaign_id])
    revived = list(move.ends.filter(undone=None)) if move.ended_id is None else []
    left = sorted([row for row in active if row.pk != move.pk] + revived, key=lambda row: row.pk)
    after = copy(move.campaign)
    if move.scope == MoveScope.ALL:
        _restore(after, move.kind, without=move)
    units = list(in_scope(move.campaign, move.scope, move.unit).order_by("code"))
    return Preview(_touched(units, *_both(move.campaign, units, active, left, after)), [])


def _both(
    campaign: Campaign,
    units: Iterable[Unit],
    active: Sequence[DeadlineMove],
    remaining: Sequence[DeadlineMove],
    then: Campaign | None = None,
) -> tuple[dict[int, UnitDates], dict[int, UnitDates]]:
    """Deadlines under two sets of moves. `then`: the campaign with its days afterwards."""
    sets = ((campaign, active), (then or campaign, remaining))
    before, after = (
        {unit: dues for (_, unit), dues in dates([(base, unit.pk) for unit in units], moves).items()}
        for base, moves in sets
    )
    return before, after


def _touched(
    units: Iterable[Unit], before: Mapping[int, UnitDates], after: Mapping[int, UnitDates]
) -> list[Touched]:
    touched = []
    for unit in units:
        pairs = zip(before[unit.pk], after[unit.pk], strict=True)
        changes = tuple((old, new) for old, new in pairs if old.day != new.day)
        if changes:
            touched.append(Touched(unit, changes))
    return touched


@transaction.atomic
def make(plan: Plan, by: Any, *, letters: bool = True) -> list[Touched]:
    """Move the deadlines, notify the units, record it; returns the units affected."""
    units = list(in_scope(plan.campaign, plan.scope, plan.unit))
    before = of_units(plan.campaign, [unit.pk for unit in units])
    ended = _ended_by(plan, in_force([plan.campaign.pk]))
    moves = plan.moves(user_of(by))
    for move in moves:
        move.save()
        numbers = [old.pk for old in ended if old.kind == move.kind]
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
    return _carry(plan.campaign, units, before, moves[-1], f"deadline:{moves[-1].pk}", letters)


@transaction.atomic
def undo(move: DeadlineMove, by: Any, *, letters: bool = True) -> list[Touched] | None:
    """Undo a move and revive those it had ended; returns the units affected, None if already undone."""
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
    """Update the campaign's own days after a move for all was made or undone."""
    for kind in kinds:
        _restore(campaign, kind)
        campaign.save(update_fields=[_CAMPAIGN_DAY[DeadlineKind(kind)]])


def _restore(campaign: Campaign, kind: str, without: DeadlineMove | None = None) -> None:
    """Set the campaign's own day: of the last active move for all, or from before the first."""
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
    """Store the new days and notify units whose days changed."""
    refresh(campaign, None if move.scope == MoveScope.ALL else [unit.pk for unit in units])
    touched = _touched(units, before, of_units(campaign, before))
    if letters:
        queue_letters(campaign, touched, move, key)
    return touched


@dataclass(frozen=True, slots=True)
class Touched:
    """A unit with changed deadlines, as old and new pairs."""

    unit: Unit
    changes: tuple[tuple[Deadline, Deadline], ...]


def queue_letters(campaign: Campaign, touched: Iterable[Touched], move: DeadlineMove, key: str) -> None:
    """Queue one letter to each unit with its new days, except for what is done."""
    kinds = {DeadlineKind.ACKNOWLEDGE: "informed_on", DeadlineKind.DEPLOY: "deployed_on"}
    done = {
        row.unit_id: {kind for kind, day in kinds.items() if getattr(row, day) is not None}
        for row in Participation.objects.filter(campaign=campaign)
    }
    newest = dict(
        Recipient.objects.filter(dispatch__campaign=campaign).order_by("pk").values_list("unit", "pk")
    )
    drafts = []
    for touch in touched:
        unit, met = touch.unit, done.get(touch.unit.pk, ())
        changes = [_changed(old, new) for old, new in touch.changes if new.kind not in met]
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
    """A moved deadline for the letter."""
    days = {"old": f"{old.day:%d/%m/%Y}", "new": f"{new.day:%d/%m/%Y}"}
    return {"kind": new.kind, **days, "late": new.late}


def stated_plan(dispatch: Dispatch) -> Plan:
    """Plan of an outgoing dispatch's moves below its issuer; no days where they are already valid."""
    campaign, issuer = dispatch.campaign, dispatch.issuer
    active = in_force([campaign.pk])
    days: dict[DeadlineKind, date] = {}
    for _ in DeadlineKind:
        moves = active + Plan(campaign, MoveScope.BELOW, days, issuer).moves()
        (below,) = dates([(campaign, issuer.pk)], moves, down=1).values()
        differing = (due for due in reversed([*below]) if _differs(due, dispatch.deadline))
        if (first := next(differing, None)) is None:
            break
        days[first.kind] = dispatch.deadline
    return Plan(campaign, MoveScope.BELOW, days, issuer, dispatch=dispatch)


def apply_stated(dispatch: Dispatch, by: Any) -> None:
    """Make the moves of the dispatch; its own letter announces them."""
    plan = stated_plan(dispatch)
    if plan.days:
        make(plan, by, letters=False)


def apply_stated_for(dispatch: Dispatch, units: Iterable[Unit], by: Any) -> None:
    """The same for the recipients of a dispatch from outside, and all below each."""
    for unit in units:
        if of_unit(dispatch.campaign, unit.pk).report.day != dispatch.deadline:
            days = {DeadlineKind.REPORT: dispatch.deadline}
            plan = Plan(dispatch.campaign, MoveScope.SUBTREE, days, unit, dispatch=dispatch)
            make(plan, by, letters=False)


def _differs(due: Deadline, stated: date) -> bool:
    """Compare a deadline with the stated day: the report is due on it, earlier duties by it."""
    return due.day != stated if due.kind == DeadlineKind.REPORT else due.day > stated
