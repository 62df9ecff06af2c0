"""Jobs and regular tasks of traces."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.traces import files, runs

forget = regular("traces.forget", timedelta(hours=6))(files.forget)


@job("traces.trace", long=True)
def trace(progress: Progress, trace_id: int) -> Any:
    """Trace the list's addresses through the logs."""
    return runs.run(trace_id, progress)
