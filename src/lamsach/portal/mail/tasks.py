"""Regular tasks about e-mail."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.jobs.queue import regular
from lamsach.portal.mail.fetching import fetch


@regular("mail.fetch", timedelta(minutes=1))
def fetch_mail() -> None:
    """Take in the e-mails that have come."""
    fetch()
