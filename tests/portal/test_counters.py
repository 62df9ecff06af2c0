"""Counters, equal to a recount for every day after any changes, folded or not."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter as Sums
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.errors import LamsachError
from lamsach.portal.campaigns.models import Campaign, Participation
from lamsach.portal.cases.models import Case, Span
from lamsach.portal.findings.models import Device
from lamsach.portal.reports.models import Report
from lamsach.portal.units import counters, tree
from lamsach.portal.units.models import FOREVER, Changed, Counter, Unit, UnitLink

from .conftest import TEMPLATE, Cast
from .postgres import fresh
from .samples import dispatch
from .serve_process import clean_environment

DAYS = range(-4, 5)
ACTS = ("days", "days", "report", "span", "case", "gone", "move", "new", "close", "links", "fold")
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 9), st.integers(0, 9), st.integers(0, 2**30)), max_size=14
)
COLUMNS = (
    "sent_on",
    "opened_on",
    "informed_on",
    "deployed_on",
    "acknowledge_due",
    "deploy_due",
)


def day(offset: int) -> date:
    return tree.today() + timedelta(days=offset)


class World:
    """Arbitrary changes of rows: the database itself updates the counters."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign

    def take(self, act: str, first_index: int, second_index: int, seed: int) -> None:
        chance = random.Random(seed)
        units = list(Unit.objects.order_by("pk"))
        unit, second = units[first_index % len(units)], units[second_index % len(units)]
        moment = day(chance.choice(DAYS))
        try:
            with transaction.atomic():
                getattr(self, f"_{act}")(unit, second, moment, chance)
        except LamsachError:
            pass

    def _days(self, unit: Unit, second: Unit, moment: date, chance: random.Random) -> None:
        values = {name: chance.choice([None, day(chance.choice(DAYS))]) for name in COLUMNS}
        reported = chance.choice([None, None, moment])
        Participation.objects.update_or_create(
            campaign=self.campaign, unit=unit, defaults={**values, "reported_on": reported}
        )
        Participation.objects.filter(unit=second).update(sent_on=moment)

    def _report(self, unit: Unit, second: Unit, moment: date, chance: random.Random) -> None:
        state = chance.choice(["draft", "sent", "returned"])
        values = {"form": self.campaign.form, "as_of": moment, "state": state}
        Report.objects.update_or_create(campaign=self.campaign, unit=unit, edition=1, defaults=values)

    def _case(self, unit: Unit, second: Unit, moment: date, chance: random.Random) -> None:
        device = Device.objects.create(unit=unit, key=f"name:{Device.objects.count()}")
        Case.objects.create(
            campaign=self.campaign, unit=unit, device=device, state="new", since=moment, severity=1,
            due=f"{moment}T00:00:00Z",
        )  # fmt: skip

    def _span(self, unit: Unit, second: Unit, moment: date, chance: random.Random) -> None:
        if (case := Case.objects.filter(unit=unit).order_by("-pk").first()) is None:
            return
        current = Span.objects.filter(case=case, known_until=None)
        if chance.random() < 0.5:
            current.update(known_until=f"{tree.today()}T00:00:00Z")
        until = chance.choice([FOREVER, moment + timedelta(days=2)])
        state = chance.choice(["new", "cleaned", "verified"])
        Span.objects.create(
            case=case, campaign=self.campaign, unit=unit, state=state, valid_from=moment, valid_until=until
        )

    def _gone(self, unit: Unit, second: Unit, moment: date, chance: random.Random) -> None:
        for model in chance.choice([(Participation,), (Span, Case)]):
            model._default_manager.filter(unit__in=(unit, second)).delete()

    def _move(self, unit: Unit, second: Unit, moment: date, chance: random.Random) -> None:
        tree.move(unit, second if chance.random() < 0.8 else None, moment)

    def _new(self, unit: Unit, second: Unit, moment: date, chance: random.Random) -> None:
        tree.create(f"N{Unit.objects.count()}", "Mới", unit, moment)

    def _close(self, unit: Unit, second: Unit, moment: date, chance: random.Random) -> None:
        tree.close(unit, None, moment)

    def _links(self, unit: Unit, second: Unit, moment: date, chance: random.Random) -> None:
        UnitLink.objects.filter(descendant=unit).update(valid_from=moment)

    def _fold(self, unit: Unit, second: Unit, moment: date, chance: random.Random) -> None:
        counters.fold()
        assert not Changed.objects.exists()

    def facts(self, unit: int, as_of: date) -> Sums[str]:
        """Compute the facts of a unit alone on a day, from its rows."""
        result: Sums[str] = Sums()
        part = Participation.objects.filter(campaign=self.campaign, unit=unit).first()
        reports = Report.objects.filter(campaign=self.campaign, unit=unit, state__in=("sent", "frozen"))

        def since(name: str) -> bool:
            value = getattr(part, name, None)
            return value is not None and value <= as_of

        def past(name: str) -> bool:
            value = getattr(part, name, None)
            return value is not None and value < as_of

        states = {name: since(f"{name}_on") for name in ("sent", "opened", "informed", "deployed")}
        late = (past("acknowledge_due") and not states["informed"]) or (
            past("deploy_due") and not states["deployed"]
        )
        states["late"] = states["sent"] and late
        states["reported"] = reports.exists() or getattr(part, "reported_on", None) is not None
        result.update(name for name, holds in states.items() if holds)
        if not states["late"]:
            result.update(
                [f"bar.{name}" for name in ("reported", "deployed", "informed") if states[name]][:1]
            )
        spans = Span.objects.filter(campaign=self.campaign, unit=unit, known_until=None)
        for span in spans.filter(valid_from__lte=as_of, valid_until__gt=as_of):
            result[f"case.{span.state}"] += 1
        return result

    def compare(self) -> None:
        """Compare all units on several days."""
        units = list(Unit.objects.values_list("pk", flat=True))
        links = list(UnitLink.objects.all())
        for as_of in map(day, (-3, 0, 2, 9)):
            alone = {unit: self.facts(unit, as_of) for unit in units}
            read = counters.read([self.campaign.pk], units, as_of)
            for unit in units:
                inner = [
                    link.descendant_id
                    for link in links
                    if link.ancestor_id == unit and link.valid_from <= as_of < link.valid_until
                ]
                expected = sum((alone[below] for below in inner), Sums(units=len(inner)))
                itself = alone[unit] + Sums(units=1) if unit in inner else Sums()
                figures = read[self.campaign.pk, unit]
                assert +figures.whole == +expected, (unit, as_of)
                assert +figures.alone == +itself, (unit, as_of)
                assert +figures.below == expected - itself, (unit, as_of)
                assert min(figures.whole.values(), default=0) >= 0


@pytest.mark.django_db
@given(steps=STEPS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changes_equal_a_recount(steps: list[tuple[str, int, int, int]], cast: Cast) -> None:
    with transaction.atomic():
        world = World(dispatch(cast).campaign)
        for step in steps:
            world.take(*step)
        world.compare()
        counters.fold()
        assert not Changed.objects.exists()
        world.compare()
        before = _stored()
        counters.recount()
        assert _stored() == before
        transaction.set_rollback(True)


def _stored() -> set[tuple[Any, ...]]:
    rows = Counter.objects.exclude(n=0)
    return set(rows.values_list("scope", "unit", "campaign", "what", "day", "n"))


@pytest.mark.django_db
def test_a_missing_trigger_is_laid_again_and_all_is_counted_anew(cast: Cast) -> None:
    world = World(dispatch(cast).campaign)
    counters.fold()
    name = next(name for name in counters._present() if "participation_update" in name)
    counters._run(f"DROP TRIGGER {name}" + (" ON campaigns_participation" if counters._server() else ""))
    Participation.objects.update(informed_on=day(-1))
    with pytest.raises(AssertionError):
        world.compare()
    counters.install()
    world.compare()
    Participation.objects.update(informed_on=None)
    world.compare()


@pytest.mark.django_db(transaction=True)
def test_tables_emptied_one_by_one_leave_no_counters(cast: Cast) -> None:
    call_command("flush", verbosity=0, interactive=False)
    assert not Counter.objects.exists()
    assert not Changed.objects.exists()


TWO = """
import json, sys, threading
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from datetime import date
from django.db import connection, transaction
from lamsach.portal.campaigns.models import Campaign, FormDefinition, Participation
from lamsach.portal.units import counters, tree

root = tree.create("A", "A", None)
units = [tree.create(f"A.{n}", "B", root) for n in range(2)]
form = FormDefinition.objects.create(name="F", definition={})
days = dict.fromkeys(("starts", "ends", "report_due"), tree.today())
campaign = Campaign.objects.create(name="C", owner=root, form=form, **days)
for unit in units:
    Participation.objects.create(campaign=campaign, unit=unit, sent_on=tree.today())
counters.fold()

def informed():
    found = counters.read([campaign.pk], [root.pk], tree.today())
    return found[campaign.pk, root.pk].whole["informed"]

seen = []
def elsewhere(work):
    failed = []
    def run():
        try:
            work()
        except Exception as problem:
            failed.append(str(problem))
        finally:
            connection.close()
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return failed

def other():
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
    Participation.objects.filter(unit=units[1]).update(informed_on=tree.today())
    seen.append(informed())
    seen.append(counters.fold())
    seen.append(informed())

def move():
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
    tree.move(units[1], None)
    seen.append(informed())

with transaction.atomic():
    Participation.objects.filter(unit=units[0]).update(informed_on=tree.today())
    seen.append(informed())
    failed = elsewhere(other) + elsewhere(move)
seen.append(informed())
counters.fold()
seen.append(informed())
print(json.dumps([seen, failed]))
"""


def test_two_steps_under_one_root_do_not_wait_for_each_other(tmp_path: Path, postgresql: str) -> None:
    address = fresh(postgresql, template=TEMPLATE)
    done = subprocess.run(
        [sys.executable, "-c", TWO, str(tmp_path)],
        env=clean_environment(DATABASE_URL=address),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen, failed = json.loads(done.stdout.splitlines()[-1])
    assert failed == [], "a step waited for another transaction's"
    first, (other, folded, after), moved, committed, last = seen[0], seen[1:4], seen[4], seen[5], seen[6]
    assert (first, other, folded, after) == (1, 1, 1, 1), "a step is seen by others once it is committed"
    assert (moved, committed, last) == (0, 1, 1), "the tree was changed beside a step that was not committed"
