"""Roll-up over random trees: each number equals that of a slow reference.

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
from .test_reports_overlap import CLOSES, COUNT, DAY, INFORMED, LAST, MOVES, History, grow

pytestmark = pytest.mark.django_db
KEYS = ("informed", "deployed")
"""The first row counts the portal's records, the second adds up reports; both count informed units."""


@dataclass
class Accepted:
    """A report in the reference: unit, day, numbers, and the reports behind them."""

    unit: int
    day: date
    values: dict[str, int]
    parts: dict[int, Accepted]

    def by_unit(self, key: str) -> dict[int, int]:
        """Split the number by unit; the parts add up to it."""
        found: dict[int, int] = {}
        for part in self.parts.values():
            found.update(part.by_unit(key))
        found[self.unit] = found.get(self.unit, 0) + self.values[key] - sum(found.values())
        return found


@dataclass
class Slow:
    """The reference: it walks the tree unit by unit and day by day."""

    history: History
    reached: dict[int, date]
    newest: dict[int, Accepted] = field(default_factory=dict)

    def heir(self, unit: int, day: date) -> int | None:
        """Last successor by a day."""
        step, seen = unit, {unit}
        while step in self.history.closed and self.history.closed[step][0] <= day:
            step = self.history.closed[step][1] or step
            if step in seen:
                return None
            seen.add(step)
        return step if step != unit else None

    def parts(self, top: int, day: date) -> dict[int, Accepted]:
        """Accepted reports of a unit's direct children."""
        return {
            unit: report
            for unit, report in self.newest.items()
            if self.history.exists(unit, day) and self.history.parent(unit, day) == top
        }

    def lost(self, parts: dict[int, Accepted], day: date) -> dict[int, set[int]]:
        """Units by reporting unit that another report counts instead."""
        counted = {one: self.history.under(one, report.day) for one, report in parts.items()}
        now = {one: self.history.under(one, day) for one in parts}
        found: dict[int, set[int]] = {one: set() for one in parts}
        for unit in self.history.above:
            holders = {one for one, units in counted.items() if unit in units}
            if not holders:
                continue
            latest = max(holders, key=lambda one: (parts[one].day, self.order(one)))
            keeper = next((one for one in holders if unit in now[one]), latest)
            heir = self.heir(unit, day)
            of_heir = {one for one, units in counted.items() if heir in units}
            for one in holders:
                if one != keeper or (heir is not None and of_heir - {one}):
                    found[one].add(unit)
        return found

    def order(self, unit: int) -> int:
        """Order of two reports of one day by time of creation."""
        return list(self.newest).index(unit)

    def sums(self, top: int, day: date) -> dict[str, int]:
        """The consolidated numbers."""
        parts = self.parts(top, day)
        lost = self.lost(parts, day)
        total = dict.fromkeys(KEYS, 0)
        for one, report in parts.items():
            for key in KEYS:
                if key == "informed":
                    off = sum(
                        1 for unit in lost[one] if unit in self.reached and self.reached[unit] <= report.day
                    )
                else:
                    adds = report.by_unit(key)
                    off = sum(adds.get(unit, 0) for unit in lost[one])
                total[key] += report.values[key] - min(max(off, 0), report.values[key])
        return total

    def numbers(self, unit: int, day: date) -> dict[str, int]:
        """Numbers of a unit's report before any are overruled."""
        under = self.history.under(unit, day)
        own = int(unit in self.reached and self.reached[unit] <= day)
        return {
            "informed": sum(1 for one in under if one in self.reached and self.reached[one] <= day),
            "deployed": self.sums(unit, day)["deployed"] + own,
        }

    def keep(self, unit: int, day: date, values: dict[str, int]) -> None:
        """Record an accepted report, replacing the former edition."""
        report = Accepted(unit, day, values, self.parts(unit, day))
        self.newest.pop(unit, None)
        self.newest[unit] = report


def file(found: Any, unit: Any, day: date, stated: dict[str, int], state: ReportState, by: Any) -> None:
    """File the next edition of a unit's report, as the portal computes it at that time."""
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
"""Reports by unit: day, number stated instead of the computed one, acceptance; the second is a correction."""
PARENTS = st.tuples(*(st.sampled_from([0, 0, 0, *range(number)]) for number in range(1, COUNT))).map(list)
"""Wide trees, so that units move between reporting ones."""
Given = list[list[tuple[int, dict[str, int], bool]]]


def adding_up(found: Any) -> Form:
    """The campaign's form, whose second row is the sum of reports."""
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
    """Compare every report and finally every consolidation with the reference; returns the top's surplus."""
    by = cast.people["officer"]
    found = campaign(cast)
    Participation.objects.filter(campaign=found).delete()
    form = adding_up(found)
    history = grow(parents, moves, closes)
    reached = {unit: DAY + timedelta(days=offset) for unit, offset in enumerate(informed)}
    for unit, day in reached.items():
        Participation.objects.create(campaign=found, unit=history.units[unit], informed_on=day)
    slow = Slow(history, reached)
    listed = [
        (offset, -unit, stated, yes) for unit, own in enumerate(reports, 1) for offset, stated, yes in own
    ]
    for offset, negative, stated, is_accepted in sorted(listed, key=lambda one: one[:2]):
        unit, day = -negative, DAY + timedelta(days=offset)
        if not history.exists(unit, day):
            continue
        expected = slow.numbers(unit, day)
        assert compute(form, Scope(found, history.units[unit], day)) == expected
        state = ReportState.FROZEN if is_accepted else ReportState.SENT
        file(found, history.units[unit], day, stated, state, by)
        if is_accepted:
            slow.keep(unit, day, {**expected, **stated})
    for top in range(COUNT):
        if history.exists(top, LAST):
            result = consolidate(form, Scope(found, history.units[top], LAST))
            assert result.sums == slow.sums(top, LAST)
            codes = {line.unit.code for line in result.lines if line.accepted}
            assert codes == {history.units[one].code for one in slow.parts(top, LAST)}
    return dict(consolidate(form, Scope(found, history.units[0], LAST)).surplus)


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
    """Unit 4 moves from 1 to 2 between their reports; 7, below 3, is merged into 5, below 1.

    2 corrects its report and states less than computed.
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
