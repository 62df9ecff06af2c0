"""No unit counts twice, after any move, merger or succession between the reports' days.

Compared with a reference that walks the tree day by day.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.errors import InputError
from lamsach.letters.form import parse_form
from lamsach.portal.campaigns.models import Participation
from lamsach.portal.reports import drafts
from lamsach.portal.reports.chain import Action, take
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.content import freeze
from lamsach.portal.reports.documents import consolidated
from lamsach.portal.reports.figures import Scope, compute
from lamsach.portal.reports.models import Figure, Report, ReportState
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit

from .conftest import Cast
from .samples import campaign

pytestmark = pytest.mark.django_db
DAY = date(2022, 9, 1)
LAST = DAY + timedelta(days=40)
COUNT = 10


@dataclass
class History:
    """History of the tree: lists of parents with the day from which each is valid."""

    units: list[Unit] = field(default_factory=list)
    above: dict[int, list[tuple[date, int | None]]] = field(default_factory=dict)
    closed: dict[int, tuple[date, int | None]] = field(default_factory=dict)

    def parent(self, unit: int, day: date) -> int | None:
        """Parent on a day."""
        return [parent for since, parent in self.above[unit] if since <= day][-1]

    def exists(self, unit: int, day: date) -> bool:
        """Return whether the unit exists on a day."""
        return unit not in self.closed or day < self.closed[unit][0]

    def under(self, top: int, day: date) -> set[int]:
        """Units below a unit on a day, including itself."""
        found = set()
        for unit in self.above:
            step: int | None = unit
            while step is not None and step != top:
                step = self.parent(step, day)
            if step == top and self.exists(unit, day):
                found.add(unit)
        return found

    def heir(self, unit: int) -> int | None:
        """Last successor of a unit closed by the end."""
        step, seen = unit, {unit}
        while step in self.closed and self.closed[step][0] <= LAST and self.closed[step][1] is not None:
            step = self.closed[step][1] or 0
            if step in seen:
                return None
            seen.add(step)
        return step if step != unit else None


def grow(
    parents: list[int], moves: list[tuple[int, int, int]], closes: list[tuple[int, int, int]]
) -> History:
    history = History()
    history.units.append(tree.create("Z0", "0", None, DAY))
    history.above[0] = [(DAY, None)]
    for number, parent in enumerate(parents, 1):
        history.units.append(tree.create(f"Z0.{number}", str(number), history.units[parent % number], DAY))
        history.above[number] = [(DAY, parent % number)]
    acts = [(day, "move", a, b) for a, b, day in moves] + [(day, "close", a, b) for a, b, day in closes]
    for offset, what, a, b in sorted(acts):
        day = DAY + timedelta(days=offset)
        if a in history.closed or b in history.closed or a == b:
            continue
        try:
            if what == "move":
                tree.move(history.units[a], history.units[b], day)
                history.above[a].append((day, b))
            else:
                tree.close(history.units[a], history.units[b], day)
                history.closed[a] = (day, b)
        except InputError:
            continue
    return history


MOVES = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(1, 30)), max_size=8)
CLOSES = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 30)), max_size=3)
INFORMED = st.lists(st.integers(0, 25), min_size=COUNT, max_size=COUNT)
DAYS = st.lists(st.integers(1, 40), min_size=COUNT, max_size=COUNT)


def accepted(found: Any, unit: Unit, day: date, by: Any, form: Any) -> Report:
    values = compute(form, Scope(found, unit, day))
    figures = [{"key": key, "value": value} for key, value in values.items()]
    return Report.objects.create(
        campaign=found,
        unit=unit,
        form=found.form,
        as_of=day,
        state=ReportState.FROZEN,
        content={"figures": figures, "parts": []},
        digest="x",
        created_by=by,
    )


@given(
    parents=st.lists(st.integers(0, 8), min_size=9, max_size=9),
    moves=MOVES,
    closes=CLOSES,
    informed=INFORMED,
    days=DAYS,
    silent=st.sets(st.integers(1, 9), max_size=2),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_unit_is_counted_twice(
    parents: list[int],
    moves: list[tuple[int, int, int]],
    closes: list[tuple[int, int, int]],
    informed: list[int],
    days: list[int],
    silent: set[int],
    cast: Cast,
) -> None:
    with transaction.atomic():
        found = campaign(cast)
        Participation.objects.filter(campaign=found).delete()
        history = grow(parents, moves, closes)
        reached = {unit: DAY + timedelta(days=offset) for unit, offset in enumerate(informed)}
        for unit, day in reached.items():
            Participation.objects.create(campaign=found, unit=history.units[unit], informed_on=day)
        form = parse_form(found.form.definition)
        children = [u for u in history.above if history.parent(u, LAST) == 0 and history.exists(u, LAST)]
        as_of = {u: DAY + timedelta(days=days[u]) for u in children if u not in silent}
        for unit, day in as_of.items():
            accepted(found, history.units[unit], day, cast.people["officer"], form)
        result = consolidate(form, Scope(found, history.units[0], LAST))
        counted = {one: history.under(one, day) for one, day in as_of.items()}
        holders = {u: {one for one, units in counted.items() if u in units} for u in history.above}
        now = {one: history.under(one, LAST) for one in as_of}
        expected, twice = 0, set()
        for unit, reporting in holders.items():
            current = next((one for one in reporting if unit in now[one]), None)
            keeper = (
                current if current is not None else max(reporting, key=lambda u: (as_of[u], u), default=None)
            )
            heir = history.heir(unit)
            counting = [
                one
                for one in reporting
                if one == keeper and not (heir is not None and holders.get(heir, set()) - {one})
            ]
            assert len(counting) <= 1
            if set(counting) != reporting:
                twice.add(unit)
            expected += sum(1 for one in counting if unit in reached and reached[unit] <= as_of[one])
        assert result.sums["informed"] == expected
        assert {unit.code for unit in result.doubled} == {history.units[unit].code for unit in twice}
        everybody = set().union(*counted.values()) if counted else set()
        lost = {unit for one, units in now.items() for unit in units if unit != one and unit not in everybody}
        assert {unit.code for unit in result.between} == {history.units[unit].code for unit in lost}
        transaction.set_rollback(True)


def test_added_up_reports_count_a_moved_unit_once_too(cast: Cast) -> None:
    """A room's accepted report goes up through both its former and its new parent.

    The top counts it once, and so does its draft.
    """
    by = cast.people["authority"]
    found = campaign(cast)
    definition = copy.deepcopy(found.form.definition)
    for row in definition["figures"]["rows"]:
        row["basis"] = "reports"
    found.form.definition = definition
    found.form.save()
    early = tree.today() - timedelta(days=6)
    for unit in Unit.objects.all():
        unit.links_up.update(valid_from=early)
    Unit.objects.update(valid_from=early)

    def finish(unit: Unit, day: date, stated: int | None) -> None:
        made = drafts.begin(found, unit, by, day)
        if stated is not None:
            Figure.objects.filter(report=made, key="informed").update(stated=stated, reason="vì")
        for action in (Action.SUBMIT, Action.APPROVE, Action.SEND, Action.ACCEPT):
            take(made, action, by, freeze=freeze if action == Action.SUBMIT else None)

    finish(cast.first, early, 7)
    finish(cast.second, early, 2)
    finish(cast.centre, early, None)
    tree.move(cast.first, cast.other, early + timedelta(days=2))
    finish(cast.other_first, tree.today(), 3)
    finish(cast.other, tree.today(), None)
    form = parse_form(found.form.definition)
    scope = Scope(found, cast.root, tree.today())
    result = consolidate(form, scope)
    assert [line.values["informed"] for line in result.lines] == [9, 10]
    assert (result.sums["informed"], result.surplus["informed"]) == (12, 7)
    assert list(result.doubled) == [cast.first]
    assert drafts.begin(found, cast.root, by).figures.get(key="informed").computed == 12
    document = consolidated(scope, form, result)
    rows = document.appendices[1].blocks[0].rows  # type: ignore[union-attr]
    assert [row[1] for row in rows[-2:]] == ["Trừ phần tính trùng", "Tổng số (các báo cáo đã tiếp nhận)"]
    assert (rows[-2][2], rows[-1][2]) == ("-7", "12")


def test_reports_of_one_day_may_have_units_in_common_too(cast: Cast) -> None:
    """Unit 2 was below 1 when both reports were created, and is a sibling since.

    Units below 2 are in both.
    """
    found = campaign(cast)
    Participation.objects.filter(campaign=found).delete()
    history = grow([0, 1, 2], [(2, 0, 10)], [])
    for unit in history.units:
        Participation.objects.create(campaign=found, unit=unit, informed_on=DAY)
    form = parse_form(found.form.definition)
    for number in (1, 2):
        accepted(found, history.units[number], DAY + timedelta(days=5), cast.people["officer"], form)
    result = consolidate(form, Scope(found, history.units[0], LAST))
    assert [line.values["informed"] for line in result.lines] == [3, 2]
    assert (result.sums["informed"], result.surplus["informed"]) == (3, 2)
    assert list(result.doubled) == history.units[2:4]


def test_what_did_not_move_costs_no_more_queries_in_a_larger_tree(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    found = campaign(cast)
    history = grow([0, 0, 0, 1, 1, 2, 3, 0, 0], [], [])
    form = parse_form(found.form.definition)
    for number in (1, 2, 3, 8, 9):
        accepted(found, history.units[number], DAY + timedelta(days=number), cast.people["officer"], form)
    with django_assert_max_num_queries(8):
        assert consolidate(form, Scope(found, history.units[0], LAST)).doubled == ()
