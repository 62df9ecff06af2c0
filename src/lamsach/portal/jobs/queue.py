"""Queueing and running jobs.

A function registers with `@job("name")` in an app's `tasks.py`, which the worker imports.

There are two lanes: what may take hours (`long=True`) and everything else. Each has a thread of its own in
every worker, so that a long hunt delays no import.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.portal.jobs.claims import AT_ONCE, Patience, expired, lease, mine, moment, take_each
from lamsach.portal.jobs.models import Clock, Job, JobState

ATTEMPTS = 5
CLOCK_AHEAD = timedelta(minutes=5)
"""A regular task that was begun so much later than now was begun by a clock that ran ahead."""
STOPPING = threading.Event()
"""Set when this worker is to end: nothing is begun any more, and jobs are given back at their next step."""
logger = logging.getLogger("lamsach.portal.jobs")


class Cancelled(Exception):  # noqa: N818 - not an error
    """Raised inside a job when somebody asked to stop it."""


class Overtaken(Exception):  # noqa: N818 - not an error
    """Raised in a job that another worker took over; it cleans nothing up, all belongs to the other."""


class Stopped(Exception):  # noqa: N818 - not an error
    """Raised inside a job whose worker is to end: another worker begins it anew, so it cleans nothing up."""


class Progress:
    """Reporting of a job's function; `step` also keeps the lease and may stop it. Outside transactions."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def _mine(self) -> QuerySet[Job]:
        return mine(self.job).filter(state=JobState.RUNNING)

    def step(self, done: int, total: int = 0) -> None:
        """Report progress in the function's unit. Raises Cancelled, Overtaken or Stopped to end the job."""
        values = {"done": done, "total": total} if total else {"done": done}
        if not self._mine().filter(cancel_wanted=False).update(**lease(**values)):
            raise Cancelled if self._mine().exists() else Overtaken
        if STOPPING.is_set():
            raise Stopped

    def give_back(self) -> None:
        """Let another worker take the job at once; this time does not count."""
        self._mine().update(state=JobState.QUEUED, attempts=F("attempts") - 1, lease_until=None)

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
    """Register a job, called with a `Progress` and its arguments; `long`: may take over two minutes."""

    def decorate(function: JobFunction) -> JobFunction:
        FUNCTIONS[name] = function
        if long:
            LONG.add(name)
        return function

    return decorate


def regular(
    name: str, every: timedelta, *, long: bool = False
) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register a regular task of the worker; `long`: it may take over two minutes."""

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
    """Run the oldest waiting (or orphaned) job to its end, of the `long` lane only if given; whether any."""
    jobs = Job.objects.filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING) & expired()).order_by("pk")
    if long is not None:
        jobs = jobs.filter(name__in=LONG) if long else jobs.exclude(name__in=LONG)
    running = partial(lease, state=JobState.RUNNING, started=timezone.now())
    return take_each(jobs, _run, 1, hold=running, patience=patience) > 0


def _run(found: Job) -> bool:
    progress = Progress(found)
    if found.attempts > ATTEMPTS:
        progress.finish(JobState.FAILED, problem="The worker died each time this job ran.")
        return True
    function = FUNCTIONS.get(found.name)
    try:
        if function is None:
            raise LamsachError("No such job.", found.name)
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
    return True


def run_regular(long: bool | None = None, patience: Patience = AT_ONCE) -> bool:
    """Run every due regular task that no worker is at; whether any. A clock set back makes it due."""
    tasks = {
        name: (every, function) for name, every, function in REGULAR if long is None or long == (name in LONG)
    }
    now, clocks = moment(), Clock.objects.in_bulk(list(tasks))
    for name in tasks.keys() - clocks.keys():
        before = {"last": now - tasks[name][0] * 2}
        clocks[name] = Clock.objects.get_or_create(name=name, defaults=before)[0]
    due = [
        name for name, clock in clocks.items() if not now - tasks[name][0] < clock.last <= now + CLOCK_AHEAD
    ]
    return (
        take_each(
            Clock.objects.filter(Q(lease_until=None) | expired(), name__in=due).order_by("last"),
            lambda clock: _turn(clock, tasks[clock.name][1]),
            hold=lambda clock: lease(last=moment()),
            free=lambda clock: not STOPPING.is_set(),
            patience=patience,
        )
        > 0
    )


def _turn(clock: Clock, function: Callable[[], Any]) -> bool:
    try:
        function()
    except Exception:
        logger.exception("regular task %s failed", clock.name)
    finally:
        mine(clock).update(lease_until=None)
    return True
