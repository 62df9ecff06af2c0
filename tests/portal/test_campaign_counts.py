"""Counts of units informed and done, over random trees, equal those of a slow reference."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.errors import InputError
from lamsach.portal.campaigns.models import Participation
from lamsach.portal.campaigns.tally import Counts, counts, counts_by_child
from lamsach.portal.units import tree

from .conftest import Cast
from .samples import campaign

pytestmark = pytest.mark.django_db
DAY = date(2022, 9, 1)
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["move", "close", "ack", "deploy"]),
        st.integers(0, 9),
        st.integers(0, 9),
        st.integers(0, 20),
    ),
    max_size=12,
)


@given(
    parents=st.lists(st.integers(0, 8), min_size=9, max_size=9),
    operations=OPERATIONS,
    asked=st.integers(0, 25),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_counts_equal_a_slow_reference(
    parents: list[int], operations: list[tuple[str, int, int, int]], asked: int, cast: Cast
) -> None:
    """Over random trees, moves, closings and answers, the query equals a walk of the history."""
    with transaction.atomic():
        units = [tree.create("Z0", "0", None, DAY)]
        history = [(DAY, 0, -1)]
        for i, parent in enumerate(parents, 1):
            units.append(tree.create(f"Z0.{i}", str(i), units[parent % i], DAY))
            history.append((DAY, i, parent % i))
        found = campaign(cast)
        Participation.objects.filter(campaign=found).delete()
        done: dict[str, dict[int, date]] = {"ack": {}, "deploy": {}}
        for kind, a, b, offset in sorted(operations, key=lambda operation: operation[3]):
            day = DAY + timedelta(days=offset + 1)
            if kind == "move" and a and units[a].valid_until > day and units[b].valid_until > day:
                try:
                    tree.move(units[a], units[b], day)
                    history.append((day, a, b))
                except InputError:
                    continue
            elif kind == "close" and a:
                units[a].refresh_from_db()
                try:
                    if not units[a].is_closed:
                        tree.close(units[a], None, day)
                        history.append((day, a, -2))
                        units[a].refresh_from_db()
                except InputError:
                    continue
            elif kind in done:
                done[kind].setdefault(a, day)
        for i in set(done["ack"]) | set(done["deploy"]):
            Participation.objects.create(
                campaign=found,
                unit=units[i],
                informed_on=done["ack"].get(i),
                deployed_on=done["deploy"].get(i),
            )
        day = DAY + timedelta(days=asked)
        expected = slow(history, done, day)
        assert counts(found, units[0].pk, day) == expected
        below = [child for child, parent in tree_on(history, day).items() if parent == 0]
        assert set(counts_by_child(found, units[0].pk, day)) == {units[child].pk for child in below}
        transaction.set_rollback(True)


def tree_on(history: list[tuple[date, int, int]], day: date) -> dict[int, int]:
    """The tree of a day: each unit's parent."""
    places: dict[int, int] = {}
    for since, child, parent in history:
        if since <= day:
            places[child] = parent
    return {child: parent for child, parent in places.items() if parent != -2}


def slow(history: list[tuple[date, int, int]], done: dict[str, dict[int, date]], day: date) -> Counts:
    places = tree_on(history, day)
    below = []
    for unit in places:
        at = unit
        while at > 0:
            at = places[at]
        if unit:
            below.append(unit)
    reached = {kind: sum(1 for u in below if u in days and days[u] <= day) for kind, days in done.items()}
    return Counts(units=len(below), informed=reached["ack"], deployed=reached["deploy"])
