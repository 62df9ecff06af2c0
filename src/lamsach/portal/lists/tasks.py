"""Jobs and regular tasks of lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.lists import fetching, keeping, outlets, releasing, using


@job("lists.read", long=True)
def read(progress: Progress, document_id: int) -> Any:
    """Read a document of a list."""
    return keeping.read(document_id, progress.step)


@job("lists.release", long=True)
def release(progress: Progress, list_id: int, note: str) -> Any:
    """Make the next version of a list."""
    user = progress.job.user
    return releasing.release(list_id, note, user, progress.step)


@job("lists.taken", long=True)
def taken(progress: Progress, version_id: int) -> Any:
    """Compare a version that an exchange file brought with the one before, and let its values be looked up."""
    return releasing.compare(version_id)


@job("lists.fetch", long=True)
def fetch(progress: Progress, origin_id: int) -> Any:
    """Fetch a source."""
    return fetching.fetch(origin_id)


@regular("lists.due", timedelta(minutes=1))
def due() -> None:
    """Fetch what is due."""
    fetching.due()


@regular("lists.used", timedelta(minutes=1))
def used() -> None:
    """Note which versions new results of hunts state."""
    using.note()


@regular("lists.forget", timedelta(hours=12))
def forget() -> None:
    """Delete answers of outlets that nobody asked for lately."""
    outlets.forget()
