"""The deadline that a dispatch states: when it goes out it becomes that of the units that it is for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from lamsach.portal.campaigns.deadline_moves import Plan, make
from lamsach.portal.campaigns.deadlines import Deadline, dates, in_force, of_unit
from lamsach.portal.campaigns.models import DeadlineKind, Dispatch, MoveScope
from lamsach.portal.units.models import Unit


def stated_plan(dispatch: Dispatch) -> Plan:
    """Return what a dispatch that goes out moves for everything under its issuer; no days where it states what holds."""
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
