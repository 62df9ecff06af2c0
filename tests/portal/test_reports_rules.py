"""Rules of reports over random steps and trees: only allowed steps; a frozen report never changes."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.errors import InputError
from lamsach.letters.form import parse_form
from lamsach.portal.base.errors import Stale
from lamsach.portal.campaigns.models import FormDefinition, Participation
from lamsach.portal.campaigns.tally import counts
from lamsach.portal.reports import drafts
from lamsach.portal.reports.chain import ALLOWED, Action, after, take
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.content import digest_of, form_of, freeze, is_intact
from lamsach.portal.reports.figures import Scope, compute
from lamsach.portal.reports.models import Figure, Report, ReportState
from lamsach.portal.reports.views import units_behind
from lamsach.portal.units import tree

from .conftest import Cast
from .samples import campaign, report

pytestmark = pytest.mark.django_db
QUIET = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
DAY = date(2022, 9, 1)


def test_the_table_of_steps_is_the_chain() -> None:
    assert {(str(state), str(action)): str(to) for (state, action), to in ALLOWED.items()} == {
        ("draft", "submit"): "submitted",
        ("returned", "submit"): "submitted",
        ("submitted", "approve"): "approved",
        ("submitted", "return"): "returned",
        ("approved", "return"): "returned",
        ("approved", "send"): "sent",
        ("sent", "accept"): "frozen",
        ("sent", "refuse"): "returned",
    }


WISHES = st.lists(st.sampled_from([*Action, "save", "refresh", "correct", "number"]), min_size=1, max_size=14)


@given(wishes=WISHES, data=st.data())
@settings(max_examples=40, **QUIET)  # type: ignore[arg-type]
def test_only_allowed_steps_and_what_is_frozen_never_changes(
    wishes: list[Any], data: Any, cast: Cast
) -> None:
    by = cast.people["officer"]
    with transaction.atomic():
        found = report(cast)
        frozen: dict[int, tuple[Any, str]] = {}
        for wish in wishes:
            found.refresh_from_db()
            before, content = found.state, copy.deepcopy(found.content)
            version = found.version - data.draw(st.sampled_from([0, 0, 0, 1]))
            stale = version != found.version
            try:
                found = attempt(found, wish, by, version)
                went = True
            except Stale:
                went = False
            now = Report.objects.get(pk=found.pk)
            if isinstance(wish, Action):
                expected = after(before, wish)
                assert went == (expected is not None and not stale)
                assert now.state == (expected if went else before)
            elif wish in ("save", "refresh", "number"):
                assert went == (before in (ReportState.DRAFT, ReportState.RETURNED) and not stale)
                assert now.state == before
            else:
                assert went == (before == ReportState.FROZEN)
            if (
                before not in (ReportState.DRAFT, ReportState.RETURNED)
                and now.pk not in frozen
                and wish != "correct"
            ):
                assert now.content == content
            if now.state not in (ReportState.DRAFT, ReportState.RETURNED):
                assert is_intact(now)
            if now.state == ReportState.FROZEN:
                frozen.setdefault(now.pk, (now.content, now.digest))
        for pk, (content, digest) in frozen.items():
            old = Report.objects.get(pk=pk)
            assert (old.state, old.content, old.digest) == (ReportState.FROZEN, content, digest)
            assert digest_of(old.content or {}) == digest
        transaction.set_rollback(True)


def attempt(found: Report, wish: Any, by: Any, version: int) -> Report:
    if isinstance(wish, Action):
        wanted = freeze if wish == Action.SUBMIT else None
        return take(found, wish, by, reason="vì", version=version, freeze=wanted)
    if wish == "correct":
        return drafts.correct(found, by, "sửa")
    if wish == "refresh":
        drafts.refresh(found, by, version, texts=True)
    elif wish == "number":
        drafts.save(found, by, version, {}, {"informed": {"stated": 7, "reason": "vì", "note": ""}})
    else:
        drafts.save(found, by, version, {"late_reason": "x"}, {})
    return found


@pytest.mark.parametrize("action", [Action.RETURN, Action.REFUSE])
def test_returning_needs_a_reason(action: Action, cast: Cast) -> None:
    with pytest.raises(InputError):
        take(report(cast), action, cast.people["officer"], reason="  ")


TREES = st.lists(st.integers(0, 8), min_size=9, max_size=9)
MOVES = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(1, 20)), max_size=6)
ANSWERS = st.dictionaries(st.integers(0, 9), st.tuples(st.integers(0, 20), st.integers(0, 30)), max_size=10)


def grow(
    parents: list[int], moves: list[tuple[int, int, int]], answers: dict[int, tuple[int, int]], found: Any
) -> list[Any]:
    units = [tree.create("Z0", "0", None, DAY)]
    for number, parent in enumerate(parents, 1):
        units.append(tree.create(f"Z0.{number}", str(number), units[parent % number], DAY))
    for a, b, offset in sorted(moves, key=lambda move: move[2]):
        try:
            tree.move(units[a], units[b], DAY + timedelta(days=offset))
        except InputError:
            continue
    Participation.objects.filter(campaign=found).delete()
    for number, (informed, more) in answers.items():
        informed_on = DAY + timedelta(days=informed)
        deployed = informed_on + timedelta(days=more) if more < 15 else None
        Participation.objects.create(
            campaign=found, unit=units[number], informed_on=informed_on, deployed_on=deployed
        )
    return units


@given(
    parents=TREES,
    moves=MOVES,
    answers=ANSWERS,
    asked=st.integers(0, 25),
    itself=st.booleans(),
    at=st.integers(0, 9),
)
@settings(max_examples=25, **QUIET)  # type: ignore[arg-type]
def test_the_numbers_are_the_boards_and_the_list_behind_is_as_long(
    parents: list[int],
    moves: list[tuple[int, int, int]],
    answers: dict[int, tuple[int, int]],
    asked: int,
    itself: bool,
    at: int,
    cast: Cast,
) -> None:
    with transaction.atomic():
        found = campaign(cast)
        units = grow(parents, moves, answers, found)
        scope = Scope(found, units[at], DAY + timedelta(days=asked), itself)
        board = counts(found, units[at].pk, scope.day, itself=itself)
        assert compute(parse_form(found.form.definition), scope) == {
            "informed": board.informed,
            "deployed": board.deployed,
        }
        for name, number in (
            ("informed", board.informed),
            ("deployed", board.deployed),
            ("units", board.units),
        ):
            codes = [row[0] for row in units_behind(scope, f"campaign.{name}")]
            assert len(codes) == len(set(codes)) == number
        transaction.set_rollback(True)


@given(
    parents=TREES,
    answers=ANSWERS,
    silent=st.sets(st.integers(1, 9), max_size=4),
    overruled=st.dictionaries(st.integers(1, 9), st.integers(0, 50), max_size=3),
    corrected=st.dictionaries(st.integers(1, 9), st.integers(0, 50), max_size=2),
)
@settings(max_examples=6, **QUIET)  # type: ignore[arg-type]
def test_the_roll_up_equals_a_slow_reference(
    parents: list[int],
    answers: dict[int, tuple[int, int]],
    silent: set[int],
    overruled: dict[int, int],
    corrected: dict[int, int],
    cast: Cast,
) -> None:
    """Each number is the sum of the subordinates' accepted numbers and the unit's own, from the leaves up.

    Missing reports are left out; corrections replace the corrected ones.
    """
    by = cast.people["officer"]
    with transaction.atomic():
        found = campaign(cast)
        definition = copy.deepcopy(found.form.definition)
        for row in definition["figures"]["rows"]:
            row["basis"] = "reports"
        found.form = FormDefinition.objects.create(name="Z", version=1, definition=definition)
        found.save()
        units = grow(parents, [], answers, found)
        day = DAY + timedelta(days=40)
        parent_of = {number: parent % number for number, parent in enumerate(parents, 1)}
        expected: dict[int, int] = {}
        for number in range(9, -1, -1):
            own = 1 if number in answers else 0
            below = [n for n, parent in parent_of.items() if parent == number]
            total = own + sum(expected[n] for n in below if n not in silent)
            made = drafts.begin(found, units[number], by, day)
            assert Figure.objects.get(report=made, key="informed").computed == total
            expected[number] = state(made, overruled.get(number), total, by)
            if number and number not in silent:
                finish(made, by)
                if number in corrected:
                    again = drafts.correct(Report.objects.get(pk=made.pk), by, "sửa")
                    expected[number] = state(again, corrected[number], None, by)
                    finish(again, by)
            result = consolidate(form_of(made), Scope(found, units[number], day))
            assert result.sums["informed"] == sum(expected[n] for n in below if n not in silent)
            assert {line.unit.pk for line in result.missing} == {units[n].pk for n in below if n in silent}
        transaction.set_rollback(True)


def state(made: Report, number: int | None, computed: int | None, by: Any) -> int:
    """State a number, if any; returns the valid number."""
    if number is not None:
        made.refresh_from_db()
        drafts.save(made, by, made.version, {}, {"informed": {"stated": number, "reason": "vì", "note": ""}})
    value = Figure.objects.get(report=made, key="informed").value
    assert value == (number if number is not None else computed)
    return value or 0


def finish(made: Report, by: Any) -> None:
    for action in (Action.SUBMIT, Action.APPROVE, Action.SEND, Action.ACCEPT):
        take(made, action, by, freeze=freeze if action == Action.SUBMIT else None)
