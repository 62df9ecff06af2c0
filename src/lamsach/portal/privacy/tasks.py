"""Regular work of privacy."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.jobs.queue import regular
from lamsach.portal.privacy import granted, questions, retention


@regular("privacy.purge", timedelta(hours=6), long=True)
def purge() -> dict[str, int]:
    """Erase what is due."""
    return retention.run()


@regular("privacy.granted", timedelta(minutes=10))
def granted_over() -> int:
    """Erase what cut-off units let ours see, once the time is over."""
    return granted.forget()


@regular("privacy.questions", timedelta(hours=6), long=True)
def forget_questions() -> dict[str, int]:
    """Erase the questions whose time is over."""
    return questions.run()
