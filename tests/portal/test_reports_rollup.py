"""The whole roll-up over random trees: each number equals a slow reference.

With moves, merges, successors, overruled numbers, missing reports and corrections at every level.
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

from lamsach.letters.form import Form, parse_form
from lamsach.portal.campaigns.models import FormDefinition, Participation
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.content import digest_of
from lamsach.portal.reports.figures import Scope, accepted, compute
from lamsach.portal.reports.models import Report, ReportState

from .conftest import Cast
from .samples import campaign
from .test_reports_once import CLOSES, COUNT, DAY, INFORMED, LAST, MOVES, Told, grow

pytestmark = pytest.mark.django_db
KEYS = ("informed", "deployed")
"""The first row counts the portal's records, the second adds up reports; both of who was informed."""


@dataclass
class Kept:
    """A report in the reference: unit, day, numbers, and the reports that they rest on."""

    unit: int
    day: date
    values: dict[str, int]
    parts: dict[int, Kept]

    def by_unit(self, key: str) -> dict[int, int]:
        """Split the number by unit; all together are the number."""
        found: dict[int, int] = {}
        for part in self.parts.values():
            found.update(part.by_unit(key))
        found[self.unit] = found.get(self.unit, 0) + self.values[key] - sum(found.values())
        return found


@dataclass
class Slow:
    """The reference: it walks the tree unit by unit and day by day."""

    told: Told
    reached: dict[int, date]
    newest: dict[int, Kept] = field(default_factory=dict)

    def heir(self, unit: int, day: date) -> int | None:
        """The last successor by a day."""
        step, seen = unit, {unit}
        while step in self.told.closed and self.told.closed[step][0] <= day:
            step = self.told.closed[step][1] or step
            if step in seen:
                return None
            seen.add(step)
        return step if step != unit else None

    def parts(self, top: int, day: date) -> dict[int, Kept]:
        """Return the accepted reports of the units directly under a unit."""
        return {
            unit: kept
            for unit, kept in self.newest.items()
            if self.told.there(unit, day) and self.told.parent(unit, day) == top
        }

    def lost(self, parts: dict[int, Kept], day: date) -> dict[int, set[int]]:
        """By reporting unit, the units that another report counts instead."""
        counted = {one: self.told.under(one, kept.day) for one, kept in parts.items()}
        now = {one: self.told.under(one, day) for one in parts}
        found: dict[int, set[int]] = {one: set() for one in parts}
        for unit in self.told.above:
            held = {one for one, units in counted.items() if unit in units}
            if not held:
                continue
            latest = max(held, key=lambda one: (parts[one].day, self.order(one)))
            keeper = next((one for one in held if unit in now[one]), latest)
            heir = self.heir(unit, day)
            of_heir = {one for one, units in counted.items() if heir in units}
            for one in held:
                if one != keeper or (heir is not None and of_heir - {one}):
                    found[one].add(unit)
        return found

    def order(self, unit: int) -> int:
        """Order two reports of one day by the time of making."""
        return list(self.newest).index(unit)

    def sums(self, top: int, day: date) -> dict[str, int]:
        """The consolidated numbers."""
        parts = self.parts(top, day)
        lost = self.lost(parts, day)
        total = dict.fromkeys(KEYS, 0)
        for one, kept in parts.items():
            for key in KEYS:
                if key == "informed":
                    off = sum(
                        1 for unit in lost[one] if unit in self.reached and self.reached[unit] <= kept.day
                    )
                else:
                    adds = kept.by_unit(key)
                    off = sum(adds.get(unit, 0) for unit in lost[one])
                total[key] += kept.values[key] - min(max(off, 0), kept.values[key])
        return total

    def numbers(self, unit: int, day: date) -> dict[str, int]:
        """Return the numbers of a unit's report before anybody overrules them."""
        under = self.told.under(unit, day)
        own = int(unit in self.reached and self.reached[unit] <= day)
        return {
            "informed": sum(1 for one in under if one in self.reached and self.reached[one] <= day),
            "deployed": self.sums(unit, day)["deployed"] + own,
        }

    def keep(self, unit: int, day: date, values: dict[str, int]) -> None:
        """An accepted report: the newest edition takes the place of the one before."""
        kept = Kept(unit, day, values, self.parts(unit, day))
        self.newest.pop(unit, None)
        self.newest[unit] = kept


def file(found: Any, unit: Any, day: date, stated: dict[str, int], state: ReportState, by: Any) -> None:
    """The next edition of a unit's report, as the portal computes it by now."""
    form = parse_form(found.form.definition)
    scope = Scope(found, unit, day)
    values = {key: stated.get(key, value or 0) for key, value in compute(form, scope).items()}
    before = Report.objects.filter(campaign=found, unit=unit).order_by("-edition").first()
    content = {
        "figures": [{"key": key, "value": value} for key, value in values.items()],
        "parts": [{"id": part.pk} for part in accepted(scope).values()],
    }
    Report.objects.create(
        campaign=found,
        unit=unit,
        form=found.form,
        as_of=day,
        edition=before.edition + 1 if before else 1,
        previous=before,
        state=state,
        content=content,
        digest=digest_of(content),
        created_by=by,
    )


ONE = st.tuples(
    st.integers(1, 40),
    st.dictionaries(st.sampled_from(KEYS), st.integers(0, 9), max_size=2),
    st.sampled_from([True, True, True, False]),
)
REPORTS = st.lists(st.lists(ONE, max_size=3), min_size=COUNT - 1, max_size=COUNT - 1)
"""For each unit its reports.

On which day, what it states instead of the computed numbers, whether it is accepted; the second one is a
correction.
"""
PARENTS = st.tuples(*(st.sampled_from([0, 0, 0, *range(number)]) for number in range(1, COUNT))).map(list)
"""Wide trees, so that units move between those that report."""
Given = list[list[tuple[int, dict[str, int], bool]]]


def adding_up(found: Any) -> Form:
    """The campaign's form, its second row the sum of reports."""
    definition = copy.deepcopy(found.form.definition)
    rows = definition["figures"]["rows"]
    rows[1] = {**rows[1], "source": "campaign.informed", "basis": "reports"}
    found.form = FormDefinition.objects.create(name="Z", version=1, definition=definition)
    found.save()
    return parse_form(definition)


def checked(
    cast: Cast,
    parents: list[int],
    moves: list[tuple[int, int, int]],
    closes: list[tuple[int, int, int]],
    informed: list[int],
    reports: Given,
) -> dict[str, int]:
    """Everything against the reference, every report as it is made and every unit's consolidation at the end.

    What was taken off at the top.
    """
    by = cast.people["officer"]
    found = campaign(cast)
    Participation.objects.filter(campaign=found).delete()
    form = adding_up(found)
    told = grow(parents, moves, closes)
    reached = {unit: DAY + timedelta(days=offset) for unit, offset in enumerate(informed)}
    for unit, day in reached.items():
        Participation.objects.create(campaign=found, unit=told.units[unit], informed_on=day)
    slow = Slow(told, reached)
    listed = [
        (offset, -unit, stated, yes) for unit, own in enumerate(reports, 1) for offset, stated, yes in own
    ]
    for offset, negative, stated, is_accepted in sorted(listed, key=lambda one: one[:2]):
        unit, day = -negative, DAY + timedelta(days=offset)
        if not told.there(unit, day):
            continue
        expected = slow.numbers(unit, day)
        assert compute(form, Scope(found, told.units[unit], day)) == expected
        state = ReportState.FROZEN if is_accepted else ReportState.SENT
        file(found, told.units[unit], day, stated, state, by)
        if is_accepted:
            slow.keep(unit, day, {**expected, **stated})
    for top in range(COUNT):
        if told.there(top, LAST):
            taken = consolidate(form, Scope(found, told.units[top], LAST))
            assert taken.sums == slow.sums(top, LAST)
            codes = {line.unit.code for line in taken.lines if line.accepted}
            assert codes == {told.units[one].code for one in slow.parts(top, LAST)}
    return dict(consolidate(form, Scope(found, told.units[0], LAST)).surplus)


@given(parents=PARENTS, moves=MOVES, closes=CLOSES, informed=INFORMED, reports=REPORTS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_number_equals_the_reference(
    parents: list[int],
    moves: list[tuple[int, int, int]],
    closes: list[tuple[int, int, int]],
    informed: list[int],
    reports: Given,
    cast: Cast,
) -> None:
    with transaction.atomic():
        checked(cast, parents, moves, closes, informed, reports)
        transaction.set_rollback(True)


def test_one_tree_with_everything(cast: Cast) -> None:
    """Unit 4 moves from 1 to 2 between their reports; 7, under 3, is merged into 5, under 1.

    2 corrects its report and states less than is computed.
    """
    reports: Given = [
        [(5, {}, True), (30, {}, False)],
        [(9, {}, True), (20, {"informed": 1}, True)],
        [(8, {}, True)],
        [(3, {}, True)],
        [],
        [],
        [(3, {"deployed": 4}, True)],
        [],
        [(40, {}, True)],
    ]
    off = checked(cast, [0, 0, 0, 1, 1, 2, 3, 0, 0], [(4, 2, 10)], [(7, 5, 12)], [0] * COUNT, reports)
    assert off == {"informed": 2, "deployed": 5}, "4 in the report of 1, 7 in that of 3"
