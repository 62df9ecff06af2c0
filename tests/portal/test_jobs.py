"""Job queue: leases, cancelled and failed jobs, periodic tasks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from lamsach.portal.jobs import queue as jobs
from lamsach.portal.jobs.models import Clock, Job, JobState

from .dead_leases import LONG_AGO

pytestmark = pytest.mark.django_db


@pytest.mark.one_date
def test_a_job_of_a_dead_worker_is_restarted() -> None:
    calls: list[int] = []
    jobs.FUNCTIONS["test.count"] = lambda progress, n: calls.append(n)
    job = jobs.enqueue("test.count", n=1)
    Job.objects.update(state=JobState.RUNNING, lease_until=LONG_AGO)
    assert jobs.run_next()
    assert (calls, Job.objects.get(pk=job.pk).state) == ([1], JobState.DONE)


@pytest.mark.one_date
def test_a_job_can_be_cancelled_and_a_failed_job_stops_no_other() -> None:
    def slow(progress: Any) -> None:
        Job.objects.update(cancel_wanted=True)
        progress.step(1)

    def broken(progress: Any) -> None:
        raise ValueError("x")

    jobs.FUNCTIONS.update({"test.slow": slow, "test.broken": broken})
    jobs.enqueue("test.broken")
    jobs.enqueue("test.slow")
    assert jobs.run_next()
    assert jobs.run_next()
    assert not jobs.run_next()
    assert list(Job.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "cancelled"]


def test_regular_tasks_run_once_a_period_and_survive_a_clock_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs: list[int] = []
    monkeypatch.setattr(jobs, "REGULAR", [("test.tick", timedelta(hours=1), lambda: runs.append(1))])
    jobs.run_regular()
    jobs.run_regular()
    assert len(runs) == 1
    Clock.objects.update(last=timezone.now() + timedelta(days=30))
    jobs.run_regular()
    assert len(runs) == 2
