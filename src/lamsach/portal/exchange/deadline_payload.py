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
from lamsach.portal.units.tree import under

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
    return {"days": {name: on.isoformat() if on else "" for name, on in days.items()}, "moves": moves}


def _move(move: DeadlineMove, scope: str, unit: int) -> dict[str, Any]:
    stated = {"number": move.pk, "kind": move.kind, "scope": scope, "unit": unit}
    return {**stated, "day": move.day.isoformat(), "reason": move.reason}


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What a file states of a campaign's deadlines, its shape checked."""

    days: Mapping[str, date | None]
    moves: Sequence[tuple[int, DeadlineKind, MoveScope, int, date, str]]


def read(stated: Any) -> Deadlines | None:
    """Check the shape; None in files of older versions. ValueError, TypeError, KeyError."""
    if stated is None:
        return None
    days = {name: day(stated["days"][name]) if stated["days"][name] else None for name in COLUMNS}
    if days["report_due"] is None:
        raise ValueError("no day")
    moves = [
        (
            number(row["number"]),
            DeadlineKind(row["kind"]),
            MoveScope(row["scope"]),
            number(row["unit"]),
            day(row["day"]),
            text(row["reason"], 1000),
        )
        for row in rows(stated["moves"], MOST_MOVES)
    ]
    return Deadlines(days, moves)


def take(arrival: Arrival, campaign: Campaign, stated: Deadlines) -> None:
    """Make the moves that are not known, undo those that are gone, keep the campaign's own days."""
    partner = arrival.partner
    units = standing.same(partner.unit)
    known = {int(one.theirs): one.ours for one in partner.counterparts.filter(kind=_KIND)}
    for theirs, kind, scope, unit, on, reason in stated.moves:
        if theirs in known or unit not in units:
            continue
        anchor = None if scope == MoveScope.ALL else Unit.objects.get(pk=units[unit])
        make(Plan(campaign, scope, {kind: on}, anchor, reason=reason or str(partner)), arrival.user)
        made = DeadlineMove.objects.filter(campaign=campaign).order_by("pk").last()
        if made is not None:
            counterparts.remember(partner, _KIND, theirs, made.pk)
    gone = set(known) - {move[0] for move in stated.moves}
    rows_ = DeadlineMove.objects.filter(campaign=campaign, undone=None)
    for move in rows_.filter(pk__in=[known[one] for one in gone]).order_by("pk"):
        undo(move, arrival.user)
    if any(getattr(campaign, name) != on for name, on in stated.days.items()):
        Campaign.objects.filter(pk=campaign.pk).update(**stated.days)
        campaign.refresh_from_db()
        refresh(campaign)
