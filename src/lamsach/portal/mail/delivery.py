"""Sending what is due: each letter once, retried for five days when the server is away."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from lamsach.portal.mail import letters
from lamsach.portal.mail.models import Letter, LetterState
from lamsach.portal.mail.transport import Refused, Transport, transport

LEASE = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=5)
_WAITS_S = (60, 300, 900, 3600, 7200, 14400)
WHEN_SENT: dict[str, Callable[[Letter], None]] = {}
"""By the first word of `Letter.about`: what else is to be noted when a letter has gone out."""
logger = logging.getLogger("lamsach.portal.mail")


def recover() -> None:
    """Letters of a worker that died: those it had only prepared wait again, the one it was just handing over becomes uncertain (a file in the outbox can be written again)."""
    now = timezone.now()
    dead = Letter.objects.filter(lease_until__lt=now)
    dead.filter(state=LetterState.CLAIMED).update(state=LetterState.QUEUED, lease_until=None)
    dead.filter(state=LetterState.HANDING).update(
        state=LetterState.UNCERTAIN if settings.SMTP_URL else LetterState.QUEUED, lease_until=None
    )


def deliver_due(limit: int = 50, way: Transport | None = None) -> int:
    """Send up to `limit` letters that are due; how many went out."""
    recover()
    count = 0
    way = way or transport()
    try:
        due = Letter.objects.filter(state=LetterState.QUEUED, next_attempt__lte=timezone.now())
        for letter in list(due.order_by("next_attempt", "pk")[:limit]):
            if _claim(letter):
                count += _send(letter, way)
    finally:
        way.close()
    return count


def _claim(letter: Letter) -> bool:
    return bool(
        Letter.objects.filter(pk=letter.pk, state=LetterState.QUEUED).update(
            state=LetterState.CLAIMED, lease_until=timezone.now() + LEASE, attempts=F("attempts") + 1
        )
    )


def _send(letter: Letter, way: Transport) -> bool:
    def handing() -> None:
        held = Letter.objects.filter(pk=letter.pk, state=LetterState.CLAIMED)
        if not held.update(state=LetterState.HANDING, lease_until=timezone.now() + LEASE):
            raise smtplib.SMTPException("the letter was taken back")

    letter.attempts += 1
    row = Letter.objects.filter(pk=letter.pk)
    try:
        mail = letters.message(letter)
        way.send(mail, letter.pk, handing)
    except Refused as refusal:
        row.update(state=LetterState.FAILED, problem=str(refusal)[:500], lease_until=None)
    except (OSError, smtplib.SMTPException) as error:
        _again(letter, f"{type(error).__name__}: {error}")
    except Exception as error:
        logger.exception("letter %s cannot be made", letter.pk)
        row.update(
            state=LetterState.FAILED, problem=f"{type(error).__name__}: {error}"[:500], lease_until=None
        )
    else:
        _sent(letter, str(mail["Subject"])[:300])
        return True
    return False


@transaction.atomic
def _sent(letter: Letter, subject: str) -> None:
    now = timezone.now()
    Letter.objects.filter(pk=letter.pk).update(
        state=LetterState.SENT, sent=now, subject=subject, problem="", lease_until=None
    )
    if told := WHEN_SENT.get(letter.about.partition(":")[0]):
        told(letter)


def _again(letter: Letter, problem: str) -> None:
    """Put the letter back for later. After the text had begun to go out, only the server knows: uncertain."""
    row = Letter.objects.filter(pk=letter.pk)
    if row.filter(state=LetterState.HANDING).exists() and settings.SMTP_URL:
        row.update(state=LetterState.UNCERTAIN, problem=problem[:500], lease_until=None)
        return
    now = timezone.now()
    row.update(
        state=LetterState.FAILED if now - letter.created > GIVE_UP_AFTER else LetterState.QUEUED,
        next_attempt=next_attempt(letter.attempts, now),
        problem=problem[:500],
        lease_until=None,
    )


def next_attempt(attempts: int, now: datetime) -> datetime:
    """When to try again: after 1, 5, 15 minutes, 1, 2, and then every 4 hours."""
    return now + timedelta(seconds=_WAITS_S[min(max(attempts, 1), len(_WAITS_S)) - 1])
