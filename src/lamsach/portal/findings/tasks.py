"""Jobs and regular tasks of findings: import, hunts, clean-up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lamsach.errors import LamsachError
from lamsach.i18n import mark
from lamsach.portal.findings import hunts, months, pieces
from lamsach.portal.findings.intake import import_stored, refuse
from lamsach.portal.findings.models import Bundle, Hunt
from lamsach.portal.jobs.queue import Cancelled, Overtaken, Progress, Stopped, job, regular

regular("findings.months", timedelta(hours=1), long=True)(months.arrange)
regular("findings.analyse", timedelta(days=1), long=True)(months.analyse)


@job("findings.import")
def import_bundle(progress: Progress, bundle_id: int) -> Any:
    """Import a stored bundle; one that fails unexpectedly is refused, so that nobody waits for it."""
    try:
        return import_stored(bundle_id, progress.step)
    except (Cancelled, Overtaken, Stopped):
        raise
    except Exception:
        refuse(Bundle.objects.select_related("unit").get(pk=bundle_id), LamsachError(_FAILED))
        raise


_FAILED = mark("The portal failed to take this bundle in. What happened is in the server's log.")


@regular("findings.forget", timedelta(hours=6))
def forget() -> int:
    """Delete abandoned transfers and logs of hunts never begun; return their number."""
    return pieces.forget() + hunts.LOGS.forget(Hunt)


@job("findings.hunt", long=True)
def hunt(progress: Progress, hunt_id: int) -> Any:
    """Search the logs of a hunt."""
    return hunts.run(hunt_id, progress)
