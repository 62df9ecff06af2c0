"""Periodic tasks of malware reports."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.avreports import reports
from lamsach.portal.jobs.queue import regular

regular("avreports.plans", timedelta(minutes=5), long=True)(reports.run_plans)
regular("avreports.deliver", timedelta(seconds=20))(reports.deliver)
regular("avreports.forget", timedelta(hours=6))(reports.forget)
