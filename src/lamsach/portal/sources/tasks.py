"""Jobs and regular tasks of sources and archives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings

from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.sources import alarms, archives


@job("sources.retro", long=True)
def search(progress: Progress, run_id: int) -> Any:
    """Run a list through an archive."""
    return archives.search(run_id, progress)


@regular("sources.lists", timedelta(seconds=10))
def lists() -> None:
    """Accepted lists meet the archives."""
    archives.plan()


@regular("sources.nightly", timedelta(hours=24))
def nightly() -> None:
    """All lists meet what came in the last days."""
    archives.plan_nightly()


@regular("sources.silence", timedelta(seconds=30))
def silence() -> None:
    """Tell of sources that are silent."""
    alarms.watch()


@regular("sources.erase", timedelta(hours=12))
def erase() -> None:
    """Erase old live sightings."""
    alarms.erase(settings.RETENTION_DAYS)
