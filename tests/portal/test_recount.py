"""Stored sums of board and home equal a recount of the history after any steps.

Participations, spans and reports are stored in the transaction of each step.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.errors import LamsachError
from lamsach.portal.base.errors import Stale
from lamsach.portal.campaigns import deadline_moves, deadlines, dispatches
from lamsach.portal.campaigns.dispatches import take_back
from lamsach.portal.campaigns.models import (
    Campaign,
    DeadlineKind,
    How,
    MoveScope,
    Recipient,
    Step,
    StepKind,
)
from lamsach.portal.campaigns.tally import Counts, branches, counts, counts_by_child, figures_of_pairs
from lamsach.portal.cases.models import Case, CaseState
from lamsach.portal.cases.tally import (
    GROUPS,
    CaseCounts,
    case_counts,
    case_counts_by_child,
)
from lamsach.portal.cases.upkeep import move
from lamsach.portal.reports import chain, drafts
from lamsach.portal.reports.chain import Action
from lamsach.portal.reports.models import Report
from lamsach.portal.units import counters, tree
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.web.tree import tree as tree_of

from . import bundles
from .conftest import Cast, remembered
from .test_deadlines import day, launched

ACTS = (
    "open",
    "acknowledge",
    "deploy",
    "take back",
    "link",
    "move",
    "due",
    "report",
    "case",
    "again",
    "fold",
)
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 5), st.integers(0, 5), st.integers(-6, 1)), max_size=25
)
LADDER = (Action.SUBMIT, Action.APPROVE, Action.SEND, Action.ACCEPT, Action.REFUSE, Action.RETURN)


def scene(cast: Cast) -> Campaign:
    """A campaign sent to all, with machines in three units."""
    found = launched(cast, acknowledge_due=-3, deploy_due=2, report_due=9)
    for unit in (cast.first, cast.second, cast.other_first):
        devices = [bundles.device(f"name:pc-{unit.pk}-{number}") for number in range(2)]
        contacts = [bundles.Contact(device.key, {bundles.day(-3): 4}) for device in devices]
        bundles.hand_in(cast, found, bundles.findings(devices, contacts), unit)
    return found


class World:
    """Random steps by the functions of the pages, recounted from the history."""

    def __init__(self, cast: Cast, campaign: Campaign) -> None:
        self.cast, self.campaign = cast, campaign
        self.units = list(Unit.objects.order_by("pk"))
        self.by = cast.people["authority"]

    def take(self, act: str, one: int, other: int, offset: int) -> None:
        """Take a step; one refused by the portal changes nothing."""
        unit = self.units[one % len(self.units)]
        copy = Recipient.objects.filter(unit=unit, dispatch__campaign=self.campaign).order_by("pk").last()
        kinds = {"open": StepKind.OPENED, "acknowledge": StepKind.ACKNOWLEDGED, "deploy": StepKind.DEPLOYED}
        try:
            with transaction.atomic():
                if act in kinds and copy is not None:
                    dispatches.take(copy, kinds[act], by=self.by, how=How.PAPER, day=day(offset))
                elif act == "take back" and copy is not None:
                    dispatches.take(copy, StepKind.DEPLOYED, by=self.by, how=How.PAPER, day=day(offset))
                    take_back(copy, self.by, how=How.PAPER, reason="Nhầm")
                elif act == "link" and copy is not None and (link := copy.links.filter(used=None).first()):
                    dispatches.answer(link, StepKind(link.kind), who="A", day=day(offset), note="")
                else:
                    self._other(act, unit, self.units[other % len(self.units)], offset)
        except (LamsachError, Stale):
            pass

    def _other(self, act: str, unit: Unit, other: Unit, offset: int) -> None:
        unit.refresh_from_db()
        if act == "move" and unit.parent_id:
            tree.move(unit, other)
        elif act == "due":
            days = {DeadlineKind.ACKNOWLEDGE: day(offset), DeadlineKind.DEPLOY: day(offset + 1)}
            plan = deadline_moves.Plan(self.campaign, MoveScope.SUBTREE, days, unit, "Thử", nearer=True)
            deadline_moves.make(plan, self.by, letters=False)
        elif act == "report":
            found = drafts.begin(self.campaign, unit, self.by)
            if found.state == "frozen":
                drafts.correct(found, self.by, "Sai")
                return
            steps = [step for step in LADDER if chain.after(found.state, step) is not None]
            step = steps[offset % len(steps)]
            freeze = drafts.freeze if step == Action.SUBMIT else None
            chain.take(found, step, self.by, reason="Thử", freeze=freeze)
        elif act == "case" and (case := Case.objects.filter(unit=unit).first()):
            to = list(CaseState)[offset % len(CaseState)]
            move(case, to, self.by, "Thử", unfollowed="Đã làm")
        elif act == "fold":
            counters.fold()
        elif act == "again":
            devices = [bundles.device(f"name:pc-{unit.pk}-9")]
            contacts = [bundles.Contact(devices[0].key, {bundles.day(offset - 1): 2})]
            bundles.hand_in(self.cast, self.campaign, bundles.findings(devices, contacts), unit)

    def below(self, unit: Unit) -> list[Unit]:
        """The unit and all below it, by each unit's parent."""
        inner = list(Unit.objects.filter(parent=unit, valid_until=FOREVER))
        return [unit, *(deep for one in inner for deep in self.below(one))]

    def recount(self, units: list[Unit]) -> Counts:
        """The board's counts, from the units' statements alone."""
        found: Counter[str] = Counter(units=len(units))
        for unit in units:
            reached = self._reached(unit)
            found.update(name for name, on in reached.items() if on is not None and on <= tree.today())
            due = deadlines.of_unit(self.campaign, unit.pk)
            done = (("informed", due.acknowledge), ("deployed", due.deploy))
            late = any(
                one.late and (reached[name] is None or reached[name] > tree.today()) for name, one in done
            )
            found["late"] += bool(reached["sent"] and late)
            found["reported"] += self._has_reported(unit)
        return Counts(**found)

    def _has_reported(self, unit: Unit) -> bool:
        return Report.objects.filter(campaign=self.campaign, unit=unit, state__in=("sent", "frozen")).exists()

    def bar(self, units: list[Unit]) -> dict[str, int]:
        """Parts of a board's bar: each unit by its first matching state."""
        found = dict.fromkeys(("late", "reported", "deployed", "informed", "silent"), 0)
        for unit in units:
            one = self.recount([unit])
            found[next((name for name in found if getattr(one, name, 0) and name != "silent"), "silent")] += 1
        return {name: count for name, count in found.items() if count}

    def _reached(self, unit: Unit) -> dict[str, Any]:
        copies = Recipient.objects.filter(unit=unit, dispatch__campaign=self.campaign)
        steps = list(Step.objects.filter(recipient__in=copies).order_by("pk"))
        opened = [step.day for step in steps if step.kind != StepKind.WITHDRAWN]
        informed = [
            step.day
            for step in steps
            if step.kind not in (StepKind.WITHDRAWN, StepKind.OPENED, StepKind.WROTE)
        ]
        deployed: list[Any] = []
        for step in steps:
            deployed = [] if step.kind == StepKind.WITHDRAWN else deployed
            deployed += [step.day] if step.kind == StepKind.DEPLOYED else []
        if unit.pk == self.campaign.owner_id:  # its own dispatch is known there
            return {"sent": tree.today(), "opened": tree.today(), "informed": tree.today(), "deployed": None}
        return {
            "sent": tree.today() if copies else None,
            "opened": min(opened, default=None),
            "informed": min(informed, default=None),
            "deployed": min(deployed, default=None),
        }

    def machines(self, units: list[Unit]) -> CaseCounts:
        """Machine numbers, from the cases themselves."""
        states = Counter(Case.objects.filter(superseded=None, unit__in=units).values_list("state", flat=True))
        return CaseCounts(**{name: sum(states[one] for one in group) for name, group in GROUPS.items()})


@pytest.mark.django_db
@given(steps=STEPS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_board_and_home_equal_a_recount(steps: list[tuple[str, int, int, int]], cast: Cast) -> None:
    with transaction.atomic():
        number = remembered("recount", lambda: scene(cast).pk)
        world = World(cast, Campaign.objects.get(pk=number))
        for step in steps:
            world.take(*step)
        campaign = world.campaign
        campaign.refresh_from_db()
        pairs = [(campaign, unit.pk) for unit in world.units]
        for unit, figures in zip(world.units, figures_of_pairs(pairs), strict=True):
            inner = world.below(unit)
            expected = world.recount(inner[1:])
            assert Counts.of(figures.below) == counts(campaign, unit.pk) == expected, unit.code
            machines = CaseCounts.of(figures.whole)
            assert machines == case_counts(campaign, unit.pk) == world.machines(inner), unit.code
            for child in Unit.objects.filter(parent=unit):
                below = world.below(child)
                assert counts_by_child(campaign, unit.pk)[child.pk] == world.recount(below)
                assert branches(campaign, unit.pk)[child.pk] == world.bar(below)
                assert case_counts_by_child(campaign, unit.pk).get(child.pk, CaseCounts()) == world.machines(
                    below
                )
        for opened in ((), [unit.pk for unit in world.units]):
            rows = [row for unit in world.units for row in tree_of(campaign, unit, opened).rows]
            assert len(rows) > len(world.units)
            for row in rows:  # the page of a unit, with closed branches and with open ones
                inner = world.below(row.unit)
                assert row.counts == world.recount(inner), row.unit.code
                assert (row.machines or CaseCounts()) == world.machines(inner), row.unit.code
        transaction.set_rollback(True)
