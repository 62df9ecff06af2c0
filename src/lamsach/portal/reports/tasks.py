"""Tasks of reports: reminders by schedule, and the letter with the documents of a report that was sent."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.reports.reminding import remind_by_schedule
from lamsach.portal.reports.telling import deliver
from lamsach.portal.units.tree import today

EARLIEST_HOUR, LATEST_HOUR = 7, 18


@regular("reports.remind", timedelta(minutes=30))
def remind() -> int:
    """Remind units whose report is due; in office hours, and once for each occasion."""
    if not EARLIEST_HOUR <= timezone.localtime().hour < LATEST_HOUR:
        return 0
    return remind_by_schedule(today())


@job("reports.deliver")
def deliver_report(progress: Progress, report_id: int, version: int) -> bool:
    """Make the documents of a sent report and queue the letter that carries them."""
    return deliver(report_id, version)
