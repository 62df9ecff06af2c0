"""Periodic tasks of privacy."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.jobs.queue import regular
from lamsach.portal.privacy import granted, questions, retention


@regular("privacy.purge", timedelta(hours=6), long=True)
def purge() -> dict[str, int]:
    """Erase cases past retention."""
    return retention.run()


@regular("privacy.granted", timedelta(minutes=10))
def granted_over() -> int:
    """Erase expired granted views."""
    return granted.forget()


@regular("privacy.questions", timedelta(hours=6), long=True)
def forget_questions() -> dict[str, int]:
    """Erase questions past retention."""
    return questions.run()
