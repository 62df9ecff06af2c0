"""Regular work of malware reports."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.avreports import making
from lamsach.portal.jobs.queue import regular


@regular("avreports.plans", timedelta(minutes=5), long=True)
def plans() -> int:
    """Make the reports that are due."""
    return making.run_plans()


@regular("avreports.deliver", timedelta(seconds=20))
def deliver() -> int:
    """Hand on the reports that wait."""
    return making.deliver()


@regular("avreports.forget", timedelta(hours=6))
def forget() -> int:
    """Erase the content of old reports."""
    return making.forget()
