"""Jobs and the schedule of periodic tasks.

When a worker dies, another runs its job again, so job functions must be repeatable (see `claims.py`).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.lists import State
from lamsach.portal.jobs.claims import Held


class JobState(models.TextChoices):
    """State of a job."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Job(Held):
    """Call of a registered function; `done` and `total` are progress in a unit of its own."""

    name = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    problem = models.TextField(blank=True)
    result = models.JSONField(null=True)
    cancel_wanted = models.BooleanField(default=False)
    lease_until = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("state", "lease_until")),)


def job_state(waits: Any) -> property:
    """Property `shown_state` of a row: `waits` without a job, failed with a `problem`, else the job's."""
    tones = {"done": "good", "failed": "bad", "cancelled": "none"}

    def shown(row: Any) -> State:
        if row.job is None:
            return State("none", waits)
        if row.problem:
            return State("bad", JobState.FAILED.label)
        return State(tones.get(row.job.state, "busy"), row.job.get_state_display())

    return property(shown)


class Clock(Held):
    """Last start of a periodic task, shared by all workers and stored across restarts."""

    name = models.CharField(max_length=60, primary_key=True)
    last = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
