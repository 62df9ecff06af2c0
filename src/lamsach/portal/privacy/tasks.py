"""Periodic tasks of privacy."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.jobs.queue import regular
from lamsach.portal.privacy import granted, questions, retention

regular("privacy.purge", timedelta(hours=6), long=True)(retention.run)
regular("privacy.granted", timedelta(minutes=10))(granted.forget)
regular("privacy.questions", timedelta(hours=6), long=True)(questions.run)
