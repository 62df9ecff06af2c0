"""Claims of work by one of several workers, and their leases by the database's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.portal.jobs import queue
from lamsach.portal.jobs.claims import KEEPER, LEASE, Patience, claim_each, expired, lease, owned, renew
from lamsach.portal.jobs.models import Clock, Job, JobState

from .dead_leases import LONG_AGO, NEVER

pytestmark = pytest.mark.django_db
RUNNING = partial(lease, state=JobState.RUNNING)
WAITING = Job.objects.filter(state=JobState.QUEUED).order_by("pk")


def jobs(count: int) -> list[Job]:
    return [queue.enqueue("test.claims", n=n) for n in range(count)]


def nothing(row: Any) -> bool:
    return True


def test_rows_are_claimed_in_order_up_to_the_limit() -> None:
    made = jobs(4)
    claimed: list[int] = []
    assert claim_each(WAITING.all(), lambda row: claimed.append(row.pk), 3, hold=RUNNING) == 0
    assert claimed == [row.pk for row in made[:3]]
    assert [row.attempts for row in Job.objects.order_by("pk")] == [1, 1, 1, 0]


@pytest.mark.parametrize(
    "change",
    [
        lambda row: Job.objects.filter(pk=row.pk).update(attempts=1, **RUNNING()),
        lambda row: Job.objects.filter(pk=row.pk).update(state=JobState.CANCELLED),
        lambda row: Job.objects.filter(pk=row.pk).delete(),
    ],
    ids=["another worker took it", "it was cancelled", "it is gone"],
)
def test_a_row_that_changed_before_the_claim_is_skipped(change: Callable[[Job], object]) -> None:
    jobs(1)

    def changed(row: Job) -> bool:
        change(row)
        return True

    before: list[Job] = []
    assert claim_each(WAITING.all(), before.append, hold=RUNNING, free=changed) == 0
    assert before == []


def test_a_row_that_is_not_free_is_passed_over_and_stays_as_it_is() -> None:
    first, second = jobs(2)
    assert claim_each(WAITING.all(), nothing, hold=RUNNING, free=lambda row: row.pk != first.pk) == 1
    assert list(Job.objects.order_by("pk").values_list("state", "attempts")) == [
        ("queued", 0),
        ("running", 1),
    ]
    assert Job.objects.get(pk=second.pk).lease_until is not None


def test_a_lease_is_renewed_by_its_holder_alone_and_only_while_it_is_held() -> None:
    (made,) = jobs(1)
    renewed: list[bool] = []

    def work(row: Job) -> bool:
        for change in ({}, {"lease_until": None}, {"attempts": 9, "lease_until": LONG_AGO}):
            Job.objects.filter(pk=row.pk).update(**{"lease_until": LONG_AGO, **change})
            KEEPER.renew()
            held = Job.objects.get(pk=made.pk).lease_until
            renewed.append(held is not None and held != LONG_AGO)
        return True

    assert claim_each(WAITING.all(), work, hold=RUNNING) == 1
    assert renewed == [True, False, False]
    KEEPER.renew()
    assert Job.objects.get(pk=made.pk).lease_until == LONG_AGO


def test_whose_lease_has_run_out_is_known_by_the_database_s_clock() -> None:
    (made,) = jobs(1)
    Job.objects.update(state=JobState.RUNNING, attempts=1, **lease())
    assert not Job.objects.filter(expired()).exists()
    with time_machine.travel(timezone.now() + LEASE * 1.5, tick=False):
        assert Job.objects.filter(expired()).exists() is (connection.vendor == "sqlite")
        made.refresh_from_db()
        renew(made)
    for until in (LONG_AGO, NEVER):
        Job.objects.update(lease_until=until)
        assert Job.objects.filter(expired()).exists(), until


def test_an_expired_lease_is_observed_before_the_takeover() -> None:
    jobs(1)
    Job.objects.update(state=JobState.RUNNING, attempts=1, lease_until=LONG_AGO)
    rows = Job.objects.filter(expired())
    assert claim_each(rows, nothing, hold=RUNNING, patience=Patience(60.0)) == 0
    assert claim_each(rows, nothing, hold=RUNNING, patience=Patience(0.0)) == 1


def test_a_clock_is_free_again_after_its_turn_also_when_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        assert Clock.objects.get(name="test.tick").lease_until is not None
        raise ValueError("x")

    monkeypatch.setattr(queue, "REGULAR", [("test.tick", timedelta(hours=1), broken)])
    assert [queue.run_regular() for _ in range(2)] == [True, False]
    clock = Clock.objects.get(name="test.tick")
    assert (clock.attempts, clock.lease_until) == (1, None)
    Clock.objects.update(last=LONG_AGO, **lease())  # another worker is at it
    assert not queue.run_regular()


class Worker:
    """Worker that claims rows, and is paused, killed or resumed at given steps."""

    def __init__(self) -> None:
        self.held: Job | None = None

    def take(self) -> None:
        rows = Job.objects.filter(state=JobState.QUEUED) | Job.objects.filter(
            expired(), state=JobState.RUNNING
        )

        def kept(row: Job) -> bool:
            self.held = row
            return True

        claim_each(rows.order_by("pk"), kept, 1, hold=RUNNING)

    def finish(self) -> bool:
        row, self.held = self.held, None
        done = {"state": JobState.DONE, "lease_until": None}
        return row is not None and owned(row).filter(state=JobState.RUNNING).update(**done) == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["take", "finish", "die", "late"])), max_size=25
    )
)
def test_each_row_is_finished_once_despite_dead_and_late_workers(steps: list[tuple[int, str]]) -> None:
    """Each row is finished by exactly one worker, and none remains at the end."""
    Job.objects.all().delete()
    jobs(3)
    workers, finished = [Worker() for _ in range(3)], 0
    for number, step in steps:
        worker = workers[number]
        if step == "take" and worker.held is None:
            worker.take()
        elif step == "finish":
            finished += worker.finish()
        elif worker.held is not None:  # "late" only seems dead
            Job.objects.filter(pk=worker.held.pk, state=JobState.RUNNING).update(lease_until=LONG_AGO)
            worker.held = None if step == "die" else worker.held
    Job.objects.filter(state=JobState.RUNNING).update(lease_until=LONG_AGO)
    last = Worker()
    for _ in range(4):
        last.take()
        finished += last.finish()
    finished += sum(worker.finish() for worker in workers)
    assert (finished, Job.objects.filter(state=JobState.DONE).count()) == (3, 3)
