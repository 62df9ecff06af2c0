"""Queueing and running jobs. A function registers with `@job("name")` in an app's `tasks.py`, which the worker imports.

There are two lanes: what may take hours (`long=True`) and everything else. Each has a thread of its own in every worker, so that a long hunt delays no import.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.portal.jobs.leases import KEEPER, LEASE, Patience
from lamsach.portal.jobs.models import Clock, Job, JobState

ATTEMPTS = 5
AT_ONCE = Patience(0.0)
STOPPING = threading.Event()
"""Set when this worker is to end: nothing is begun any more, and jobs are given back at their next step."""
logger = logging.getLogger("lamsach.portal.jobs")


class Cancelled(Exception):  # noqa: N818 - not an error
    """Raised inside a job when somebody asked to stop it."""


class Overtaken(Exception):  # noqa: N818 - not an error
    """Raised inside a job that another worker has taken over: whatever it holds belongs to the other now, so it cleans nothing up."""


class Stopped(Exception):  # noqa: N818 - not an error
    """Raised inside a job whose worker is to end: another worker begins it anew, so it cleans nothing up."""


class Progress:
    """What a job's function reports to; `step` also keeps the job's lease and tells it to stop. It is called outside transactions: inside one nobody sees it."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def _mine(self) -> QuerySet[Job]:
        return Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, attempts=self.job.attempts)

    def step(self, done: int, total: int = 0) -> None:
        """Say how far the work is, in the function's own unit. Raises Cancelled, Overtaken or Stopped when the job is to stop."""
        values: dict[str, Any] = {"done": done, "lease_until": timezone.now() + LEASE}
        if total:
            values["total"] = total
        if not self._mine().filter(cancel_wanted=False).update(**values):
            raise Cancelled if self._mine().exists() else Overtaken
        if STOPPING.is_set():
            raise Stopped

    def give_back(self) -> None:
        """Let another worker take the job at once; this time does not count."""
        self._mine().update(state=JobState.QUEUED, attempts=F("attempts") - 1, lease_until=None)

    @transaction.atomic
    def renew(self) -> None:
        """Keep the lease; a row that its own job has locked is left alone."""
        for held in self._mine().select_for_update(skip_locked=True):
            held.lease_until = timezone.now() + LEASE
            held.save(update_fields=["lease_until"])

    def finish(self, state: JobState, problem: str = "", result: Any = None) -> None:
        """Say how the job ended, unless another worker has taken it over."""
        self._mine().update(
            state=state, problem=problem, result=result, finished=timezone.now(), lease_until=None
        )


JobFunction = Callable[..., Any]
FUNCTIONS: dict[str, JobFunction] = {}
LONG: set[str] = set()
"""Names of jobs and regular tasks that may take long."""
REGULAR: list[tuple[str, timedelta, Callable[[], Any]]] = []


def job(name: str, *, long: bool = False) -> Callable[[JobFunction], JobFunction]:
    """Register a function as a job: called with a `Progress` and the job's arguments. `long`: it may take more than a minute or two."""

    def decorate(function: JobFunction) -> JobFunction:
        FUNCTIONS[name] = function
        if long:
            LONG.add(name)
        return function

    return decorate


def regular(
    name: str, every: timedelta, *, long: bool = False
) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register a function that the worker calls about so often. `long`: it may take more than a minute or two."""

    def decorate(function: Callable[[], Any]) -> Callable[[], Any]:
        REGULAR.append((name, every, function))
        if long:
            LONG.add(name)
        return function

    return decorate


def enqueue(name: str, user: Any = None, **arguments: Any) -> Job:
    """Queue a job; it starts within about a second of the commit."""
    return Job.objects.create(name=name, user=user, arguments=arguments)


def run_next(long: bool | None = None, patience: Patience = AT_ONCE) -> bool:
    """Take the oldest job that waits (or whose worker died) and run it to its end. Whether there was one. `long`: of that lane only."""
    now = timezone.now()
    waiting, dead = Q(state=JobState.QUEUED), Q(state=JobState.RUNNING, lease_until__lt=now)
    jobs = Job.objects.filter(waiting | dead).order_by("pk")
    if long is not None:
        jobs = jobs.filter(name__in=LONG) if long else jobs.exclude(name__in=LONG)
    for found in jobs[:100]:
        if found.state == JobState.RUNNING and not patience.is_over(found.pk, found.lease_until):
            continue
        taken = Job.objects.filter(
            pk=found.pk, state=found.state, attempts=found.attempts, lease_until=found.lease_until
        ).update(state=JobState.RUNNING, lease_until=now + LEASE, started=now, attempts=F("attempts") + 1)
        if taken:
            found.refresh_from_db()
            _run(found)
        return True
    return False


def _run(found: Job) -> None:
    progress = Progress(found)
    if found.attempts > ATTEMPTS:
        progress.finish(JobState.FAILED, problem="The worker died each time this job ran.")
        return
    function = FUNCTIONS.get(found.name)
    try:
        if function is None:
            raise LamsachError("No such job.", found.name)
        with KEEPER.holding(progress.renew):
            result = function(progress, **found.arguments)
    except Cancelled:
        progress.finish(JobState.CANCELLED)
    except Overtaken:
        logger.warning("job %s %s was taken over by another worker", found.pk, found.name)
    except Stopped:
        progress.give_back()
        logger.info("job %s %s is given back: this worker ends", found.pk, found.name)
    except Exception as error:
        logger.exception("job %s %s failed", found.pk, found.name)
        progress.finish(JobState.FAILED, problem=f"{type(error).__name__}: {error}")
    else:
        progress.finish(JobState.DONE, result=result)


def run_regular(long: bool | None = None, patience: Patience = AT_ONCE) -> bool:
    """Call every regular task whose time has come and that no worker is at; whether there was one. A clock that was set back makes it run at once, never never."""
    chosen = [task for task in REGULAR if long is None or long == (task[0] in LONG)]
    clocks = Clock.objects.in_bulk([name for name, _every, _function in chosen])
    count = 0
    for name, every, function in chosen:
        if STOPPING.is_set():
            break
        clock = clocks.get(name) or _new_clock(name, every)
        count += _run_regular(clock, every, function, patience)
    return count > 0


def _new_clock(name: str, every: timedelta) -> Clock:
    return Clock.objects.get_or_create(name=name, defaults={"last": timezone.now() - every * 2})[0]


def _run_regular(clock: Clock, every: timedelta, function: Callable[[], Any], patience: Patience) -> bool:
    now, name = timezone.now(), clock.name
    if now - every < clock.last <= now + timedelta(minutes=5):
        return False
    if clock.lease_until is not None:
        alive = now <= clock.lease_until <= now + LEASE * 2
        if alive or not patience.is_over(name, clock.lease_until):
            return False
    free = Clock.objects.filter(name=name, turns=clock.turns, lease_until=clock.lease_until)
    if not free.update(last=now, lease_until=now + LEASE, turns=F("turns") + 1):
        return False
    mine = Clock.objects.filter(name=name, turns=clock.turns + 1)
    try:
        with KEEPER.holding(lambda: mine.update(lease_until=timezone.now() + LEASE)):
            function()
    except Exception:
        logger.exception("regular task %s failed", name)
    finally:
        mine.update(lease_until=None)
    return True
