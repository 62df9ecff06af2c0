"""Periodic tasks of awareness."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.awareness import waves
from lamsach.portal.jobs.queue import regular

regular("awareness.remind", timedelta(minutes=30))(waves.remind_due)
regular("awareness.erase", timedelta(hours=12), long=True)(waves.erase_due)
