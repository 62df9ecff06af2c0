"""Deadlines of a campaign on their way down: the campaign's own days and the moves in force that reach the unit or what is under it, each by its number above.

What was moved for more than the unit is one move for all there; of several the one that holds. A move that the file holds no more was undone above, and is undone here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lamsach.portal.campaigns.deadline_moves import Plan, make, undo
from lamsach.portal.campaigns.deadlines import COLUMNS, dates, in_force, refresh
from lamsach.portal.campaigns.models import Campaign, DeadlineKind, DeadlineMove, MoveScope
from lamsach.portal.exchange import counterparts, standing
from lamsach.portal.exchange.kinds import Arrival, day, number, rows, text
from lamsach.portal.exchange.models import Partner
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import ancestors, under

MOST_MOVES = 5000
_KIND = "move"


def written(campaign: Campaign, partner: Partner, unit: Unit) -> dict[str, Any]:
    """The campaign's days (empty where it states none) and the moves."""
    inside = set(under([unit.pk]).values_list("descendant", flat=True))
    held = in_force([campaign.pk])
    near = [move for move in held if move.unit_id in inside]
    far = [move for move in held if move.unit_id not in inside]
    (shared,) = dates([(campaign, unit.pk)], far, down=1).values()
    known = {pk: theirs for theirs, pk in standing.ours(partner, unit).items()}
    moves = [
        _move(one.move, MoveScope.ALL, standing.ITSELF)
        for one in shared
        if one.move is not None and one.move.kind == one.kind
    ]
    moves += [_move(move, move.scope, known[move.unit_id]) for move in near if move.unit_id in known]
    days = {name: getattr(campaign, name) for name in COLUMNS}
    above = {one.pk for one in ancestors(unit)}
    return {
        "days": {name: on.isoformat() if on else "" for name, on in days.items()},
        "moves": moves,
        "own": [_own(move) for move in far if move.unit_id is None or move.unit_id in above],
    }


def _move(move: DeadlineMove, scope: str, unit: int) -> dict[str, Any]:
    stated = {"number": move.pk, "kind": move.kind, "scope": scope, "unit": unit}
    return {**stated, "day": move.day.isoformat(), "reason": move.reason, "dispatch": move.dispatch_id or 0}


def _own(move: DeadlineMove) -> dict[str, Any]:
    """A move for more than the partner's unit as it is here, whether it holds there or not."""
    before = move.before.isoformat() if move.before else ""
    return {**_move(move, move.scope, move.unit_id or 0), "before": before}


@dataclass(frozen=True, slots=True)
class Move:
    """A moved deadline of a file. `dispatch`, `before`: for the portal that made the file alone, see `returned_files`."""

    number: int
    kind: DeadlineKind
    scope: MoveScope
    unit: int
    day: date
    reason: str
    dispatch: int
    before: date | None


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What a file states of a campaign's deadlines, its shape checked."""

    days: Mapping[str, date | None]
    moves: Sequence[Move]
    own: Sequence[Move]


def read(stated: Any) -> Deadlines | None:
    """Check the shape; None in files of older versions. ValueError, TypeError, KeyError."""
    if stated is None:
        return None
    days = {name: day(stated["days"][name]) if stated["days"][name] else None for name in COLUMNS}
    if days["report_due"] is None:
        raise ValueError("no day")
    moves = [_read_move(row) for row in rows(stated["moves"], MOST_MOVES)]
    own = [_read_move(row) for row in rows(stated.get("own", []), MOST_MOVES)]
    return Deadlines(days, moves, own)


def _read_move(row: Mapping[str, Any]) -> Move:
    return Move(
        number(row["number"]),
        DeadlineKind(row["kind"]),
        MoveScope(row["scope"]),
        number(row["unit"]),
        day(row["day"]),
        text(row["reason"], 1000),
        number(row.get("dispatch", 0)),
        day(row["before"]) if row.get("before") else None,
    )


def take(arrival: Arrival, campaign: Campaign, stated: Deadlines) -> None:
    """Make the moves that are not known, undo those that are gone, keep the campaign's own days."""
    partner = arrival.partner
    units = standing.same(partner.unit)
    known = {int(one.theirs): one.ours for one in partner.counterparts.filter(kind=_KIND)}
    for one in stated.moves:
        if one.number in known or one.unit not in units:
            continue
        anchor = None if one.scope == MoveScope.ALL else Unit.objects.get(pk=units[one.unit])
        plan = Plan(campaign, one.scope, {one.kind: one.day}, anchor, reason=one.reason or str(partner))
        make(plan, arrival.user)
        made = DeadlineMove.objects.filter(campaign=campaign).order_by("pk").last()
        if made is not None:
            counterparts.remember(partner, _KIND, one.number, made.pk)
    gone = set(known) - {one.number for one in stated.moves}
    rows_ = DeadlineMove.objects.filter(campaign=campaign, undone=None)
    for move in rows_.filter(pk__in=[known[one] for one in gone]).order_by("pk"):
        undo(move, arrival.user)
    if any(getattr(campaign, name) != on for name, on in stated.days.items()):
        Campaign.objects.filter(pk=campaign.pk).update(**stated.days)
        campaign.refresh_from_db()
        refresh(campaign)
