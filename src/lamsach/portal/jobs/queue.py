"""Queueing and running jobs. A function registers with `@job("name")` in an app's `tasks.py`, which the worker imports."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.portal.jobs.models import Clock, Job, JobState

LEASE = timedelta(minutes=2)
ATTEMPTS = 5
logger = logging.getLogger("lamsach.portal.jobs")


class Cancelled(Exception):  # noqa: N818 - not an error
    """Raised inside a job when somebody asked to stop it."""


class Progress:
    """What a job's function reports to; `step` also keeps the job's lease and tells it to stop."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def step(self, done: int, total: int = 0) -> None:
        """Say how far the work is, in the function's own unit. Raises Cancelled when the job is to stop."""
        values: dict[str, Any] = {"done": done, "lease_until": timezone.now() + LEASE}
        if total:
            values["total"] = total
        kept = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, cancel_wanted=False)
        if not kept.update(**values):
            raise Cancelled


JobFunction = Callable[..., Any]
FUNCTIONS: dict[str, JobFunction] = {}
REGULAR: list[tuple[str, timedelta, Callable[[], Any]]] = []


def job(name: str) -> Callable[[JobFunction], JobFunction]:
    """Register a function as a job: called with a `Progress` and the job's arguments."""

    def decorate(function: JobFunction) -> JobFunction:
        FUNCTIONS[name] = function
        return function

    return decorate


def regular(name: str, every: timedelta) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register a function that the worker calls about so often."""

    def decorate(function: Callable[[], Any]) -> Callable[[], Any]:
        REGULAR.append((name, every, function))
        return function

    return decorate


def enqueue(name: str, user: Any = None, **arguments: Any) -> Job:
    """Queue a job; it starts within about a second of the commit."""
    return Job.objects.create(name=name, user=user, arguments=arguments)


def run_next() -> bool:
    """Take the oldest job that waits (or whose worker died) and run it to its end. Whether there was one."""
    now = timezone.now()
    ready = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=now)
    found = Job.objects.filter(ready).order_by("pk").first()
    if found is None:
        return False
    taken = Job.objects.filter(ready, pk=found.pk).update(
        state=JobState.RUNNING, lease_until=now + LEASE, started=now, attempts=F("attempts") + 1
    )
    if taken:
        found.refresh_from_db()
        _run(found)
    return True


def _run(found: Job) -> None:
    if found.attempts > ATTEMPTS:
        _finish(found, JobState.FAILED, problem="The worker died each time this job ran.")
        return
    function = FUNCTIONS.get(found.name)
    try:
        if function is None:
            raise LamsachError("No such job.", found.name)
        result = function(Progress(found), **found.arguments)
    except Cancelled:
        _finish(found, JobState.CANCELLED)
    except Exception as error:
        logger.exception("job %s %s failed", found.pk, found.name)
        _finish(found, JobState.FAILED, problem=f"{type(error).__name__}: {error}")
    else:
        _finish(found, JobState.DONE, result=result)


def _finish(found: Job, state: JobState, problem: str = "", result: Any = None) -> None:
    Job.objects.filter(pk=found.pk).update(
        state=state, problem=problem, result=result, finished=timezone.now(), lease_until=None
    )


def run_regular() -> None:
    """Call every regular task whose time has come. A clock that was set back makes it run at once, never never."""
    now = timezone.now()
    for name, every, function in REGULAR:
        Clock.objects.get_or_create(name=name, defaults={"last": now - every * 2})
        due = Q(last__lte=now - every) | Q(last__gt=now + timedelta(minutes=5))
        if Clock.objects.filter(due, name=name).update(last=now):
            try:
                function()
            except Exception:
                logger.exception("regular task %s failed", name)
