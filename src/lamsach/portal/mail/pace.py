"""So many letters a minute, by all workers together: those that went out within the last minute, wherever it begins, and those that a worker has taken."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q

from lamsach.portal.jobs.claims import expired, moment
from lamsach.portal.jobs.models import Clock
from lamsach.portal.mail.models import Letter, LetterState

MINUTE = timedelta(minutes=1)
_CLOCK = "mail.pace"


def left() -> int:
    """Return how many more letters may be taken now, by one query, in which a letter that goes out meanwhile is either. What a clock that ran ahead has sent does not count."""
    now = moment()
    sent = Q(sent__gt=now - MINUTE, sent__lte=now + MINUTE)
    held = Q(state__in=(LetterState.CLAIMED, LetterState.HANDING)) & ~expired()
    return int(settings.MAIL_PER_MINUTE) - Letter.objects.filter(sent | held).count()


def is_free(letter: Letter) -> bool:
    """Return whether one more may be taken, in the transaction that takes it: workers come one after the other, by the lock of a row."""
    defaults = {"last": moment()}
    Clock.objects.select_for_update().get_or_create(name=_CLOCK, defaults=defaults)
    return left() > 0
