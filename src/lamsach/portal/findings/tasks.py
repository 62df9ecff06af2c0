"""Jobs of the app: taking bundles in, hunts, clearing what was never finished."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lamsach.portal.findings import hunting, months, transfers
from lamsach.portal.findings.taking import take_in
from lamsach.portal.jobs.queue import Progress, job, regular


@job("findings.import")
def import_bundle(progress: Progress, bundle_id: int) -> Any:
    """Take a kept bundle in."""
    return take_in(bundle_id, progress.step)


@regular("findings.forget", timedelta(hours=6))
def forget() -> int:
    """Drop what nobody went on sending: half bundles, logs of hunts that were never begun."""
    return transfers.forget() + hunting.forget()


@regular("findings.months", timedelta(hours=1), long=True)
def arrange_months() -> int:
    """Give sightings of each month their table."""
    return months.arrange()


@regular("findings.analyse", timedelta(days=1), long=True)
def analyse() -> None:
    """Tell PostgreSQL how sightings lie."""
    months.analyse()


@job("findings.hunt", long=True)
def hunt(progress: Progress, hunt_id: int) -> Any:
    """Search the logs of a hunt."""
    return hunting.run(hunt_id, progress)
