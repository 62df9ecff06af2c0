"""Regular tasks about e-mail."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.jobs.claims import moment
from lamsach.portal.jobs.models import Clock
from lamsach.portal.jobs.queue import regular
from lamsach.portal.mail.delivery import clock_was_set_back
from lamsach.portal.mail.fetching import fetch
from lamsach.portal.mail.retention import forget_due

_SET_BACK = timedelta(minutes=5)


@regular("mail.fetch", timedelta(minutes=1))
def fetch_mail() -> None:
    """Take in the e-mails that have come."""
    fetch()


@regular("mail.clock", timedelta(minutes=5))
def look_at_the_clock() -> None:
    """Notice that the clock was set back, and let no letter wait for the time that it had shown."""
    now = moment()
    seen, _ = Clock.objects.get_or_create(name="mail.seen", defaults={"last": now})
    if seen.last > now + _SET_BACK:
        clock_was_set_back(seen.last, now)
    Clock.objects.filter(name="mail.seen").update(last=now)


@regular("mail.forget", timedelta(hours=12))
def forget_mail() -> None:
    """Erase the e-mails whose time is over."""
    forget_due()
