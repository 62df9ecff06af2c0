"""Job queue and periodic tasks.

Functions are registered with `@job("name")` in an app's `tasks.py`, which the worker imports. Every worker
has a thread per lane, `long=True` (up to hours) and all others, so a long hunt delays no import.
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
from lamsach.portal.jobs.claims import IMMEDIATE, Patience, claim_each, expired, lease, moment, owned
from lamsach.portal.jobs.models import Clock, Job, JobState

ATTEMPTS = 5
CLOCK_AHEAD = timedelta(minutes=5)
"""A start this far in the future is of a clock that ran ahead."""
STOPPING = threading.Event()
"""Set when this worker shuts down: nothing new starts, and jobs are requeued at their next step."""
logger = logging.getLogger("lamsach.portal.jobs")


class Cancelled(Exception):  # noqa: N818 - not an error
    """Raised in a job whose cancellation was requested."""


class Overtaken(Exception):  # noqa: N818 - not an error
    """Raised in a job that another worker took over, to which all files belong: clean nothing up."""


class Stopped(Exception):  # noqa: N818 - not an error
    """Raised in a job whose worker shuts down; another one restarts the job, so clean nothing up."""


class Progress:
    """Progress of a running job. Call `step`, which also renews the lease, outside transactions."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def _owned(self) -> QuerySet[Job]:
        return owned(self.job).filter(state=JobState.RUNNING)

    def step(self, done: int, total: int = 0) -> None:
        """Store progress, in the function's own unit. Raises Cancelled, Overtaken or Stopped."""
        values = {"done": done, "total": total} if total else {"done": done}
        if not self._owned().filter(cancel_wanted=False).update(**lease(**values)):
            raise Cancelled if self._owned().exists() else Overtaken
        if STOPPING.is_set():
            raise Stopped

    def give_back(self) -> None:
        """Requeue the job for another worker without counting this attempt."""
        self._owned().update(state=JobState.QUEUED, attempts=F("attempts") - 1, lease_until=None)

    def finish(self, state: JobState, problem: str = "", result: Any = None) -> None:
        """Store the outcome, unless another worker took the job over."""
        self._owned().update(
            state=state, problem=problem, result=result, finished=timezone.now(), lease_until=None
        )


JobFunction = Callable[..., Any]
FUNCTIONS: dict[str, JobFunction] = {}
LONG: set[str] = set()
"""Names of jobs and periodic tasks of the long lane."""
REGULAR: list[tuple[str, timedelta, Callable[[], Any]]] = []


def job(name: str, *, long: bool = False) -> Callable[[JobFunction], JobFunction]:
    """Register a job function of a `Progress` and the job's arguments; `long`: over two minutes."""

    def decorate(function: JobFunction) -> JobFunction:
        FUNCTIONS[name] = function
        if long:
            LONG.add(name)
        return function

    return decorate


def regular(
    name: str, every: timedelta, *, long: bool = False
) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register a periodic task; `long`: over two minutes."""

    def decorate(function: Callable[[], Any]) -> Callable[[], Any]:
        REGULAR.append((name, every, function))
        if long:
            LONG.add(name)
        return function

    return decorate


def enqueue(name: str, user: Any = None, **arguments: Any) -> Job:
    """Queue a job; it starts within about a second of the commit."""
    return Job.objects.create(name=name, user=user, arguments=arguments)


def run_next(long: bool | None = None, patience: Patience = IMMEDIATE) -> bool:
    """Run the oldest queued or orphaned job of a lane (None: both); return whether there was one."""
    jobs = Job.objects.filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING) & expired()).order_by("pk")
    if long is not None:
        jobs = jobs.filter(name__in=LONG) if long else jobs.exclude(name__in=LONG)
    running = partial(lease, state=JobState.RUNNING, started=timezone.now())
    return claim_each(jobs, _run, 1, hold=running, patience=patience) > 0


def _run(job: Job) -> bool:
    progress = Progress(job)
    if job.attempts > ATTEMPTS:
        progress.finish(JobState.FAILED, problem="The worker died each time this job ran.")
        return True
    function = FUNCTIONS.get(job.name)
    try:
        if function is None:
            raise LamsachError("No such job.", job.name)
        result = function(progress, **job.arguments)
    except Cancelled:
        progress.finish(JobState.CANCELLED)
    except Overtaken:
        logger.warning("job %s %s was taken over by another worker", job.pk, job.name)
    except Stopped:
        progress.give_back()
        logger.info("job %s %s is given back: this worker ends", job.pk, job.name)
    except Exception as error:
        logger.exception("job %s %s failed", job.pk, job.name)
        progress.finish(JobState.FAILED, problem=f"{type(error).__name__}: {error}")
    else:
        progress.finish(JobState.DONE, result=result)
    return True


def run_regular(long: bool | None = None, patience: Patience = IMMEDIATE) -> bool:
    """Run due periodic tasks of a lane (None: both) that no worker runs; return whether there were any."""
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
        claim_each(
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
        owned(clock).update(lease_until=None)
    return True
