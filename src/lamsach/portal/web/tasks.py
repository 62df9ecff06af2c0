"""The daily letter."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.jobs.queue import regular
from lamsach.portal.web.waiting import send_daily


@regular("web.daily", timedelta(minutes=30), long=True)
def daily() -> int:
    """Sum up what waits, once a working day."""
    return send_daily()
