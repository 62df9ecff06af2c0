"""Delivery of due letters, each once, retried for five days, by SMTP or as `.eml` files in a folder."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Q, When

from lamsach.errors import UsageError
from lamsach.portal.jobs.claims import claim_each, expired, lease, moment, owned
from lamsach.portal.jobs.models import Clock
from lamsach.portal.mail import letters
from lamsach.portal.mail.models import Letter, LetterState

TIMEOUT_S = 30
WIRE = SMTP.clone(max_line_length=900)
"""Headers in one line up to RFC 5322's 998: Python's folding damages spaces of Vietnamese subjects."""


class Refused(Exception):  # noqa: N818 - shown to people as a state
    """Permanent rejection of a letter by the server (5xx)."""


class Outbox:
    """Transport to files `letter-NUMBER.eml`; repeated delivery replaces the file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(self, mail: EmailMessage, key: int, before: Callable[[], None]) -> None:
        """Write the file atomically."""
        before()
        path = self._folder / f"letter-{key}.eml"
        part = path.with_suffix(".part")
        part.write_bytes(mail.as_bytes(policy=WIRE))
        part.replace(path)

    def close(self) -> None:
        """Do nothing."""


class Smtp:
    """Transport to the server of LAMSACH_SMTP_URL, by one connection for many letters."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps", "smtp+plain") or not parts.hostname:
            raise UsageError(
                "This is no address of a mail server.",
                "LAMSACH_SMTP_URL",
                "Write it as smtp://user:password@host:587.",
            )
        self._parts = parts
        self._server: smtplib.SMTP | None = None

    def _connect(self) -> smtplib.SMTP:
        host, scheme = self._parts.hostname or "", self._parts.scheme
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if scheme == "smtps":
            server = smtplib.SMTP_SSL(host, self._parts.port or 465, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(host, self._parts.port or 587, timeout=TIMEOUT_S)
        server.ehlo()
        if scheme == "smtp":
            server.starttls(context=context)
            server.ehlo()
        if self._parts.username:
            server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
        return server

    def send(self, mail: EmailMessage, key: int, before: Callable[[], None]) -> None:
        """Send MAIL with the letter's own return address, RCPT, DATA; `before` is called just before DATA.

        OSError or SMTPException: to be retried; Refused: permanent.
        """
        try:
            server = self._server = self._server or self._connect()
            self._command(server.mail(str(mail["Reply-To"] or parseaddr(settings.DEFAULT_FROM_EMAIL)[1])))
            self._command(server.rcpt(str(mail["To"])))
            before()
            self._command(server.data(mail.as_bytes(policy=WIRE)))
        except (OSError, smtplib.SMTPException, Refused):
            self.close()
            raise

    @staticmethod
    def _command(answer: tuple[int, bytes]) -> None:
        code, text = answer
        if 200 <= code < 300:
            return
        reply = f"{code} {text.decode('utf-8', 'replace')}"
        if code >= 500:
            raise Refused(reply)
        raise smtplib.SMTPResponseException(code, text)

    def close(self) -> None:
        """Close the connection, ignoring errors."""
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()


Transport = Outbox | Smtp


def transport() -> Transport:
    """Return the transport of the settings."""
    return Smtp(settings.SMTP_URL) if settings.SMTP_URL else Outbox(Path(settings.DATA) / "outbox")


GIVE_UP_AFTER = timedelta(days=5)
FEWEST_ATTEMPTS, MOST_ATTEMPTS = 10, 60
"""Give up after GIVE_UP_AFTER and FEWEST_ATTEMPTS (the clock may be wrong), or MOST_ATTEMPTS."""
URGENT = ("plain", "invitation", "source_silent")
"""Kinds of letters sent first: few of each, about an account or a silent source."""
TO_MANY = ("awareness", "awareness_reminder")
"""Kinds of letters sent last: they go to thousands of people."""
_URGENCY = Case(When(kind__in=URGENT, then=0), When(kind__in=TO_MANY, then=2), default=1)
_WAITS_S = (60, 300, 900, 3600, 7200, 14400)
WHEN_SENT: dict[str, Callable[[Letter], None]] = {}
"""Callbacks after a letter was sent, by the prefix of `Letter.about`."""
logger = logging.getLogger("lamsach.portal.mail")


class _TakenOver(Exception):  # noqa: N818 - not an error
    """Another worker owns the letter now."""


def recover() -> None:
    """Mark letters of a worker that died during DATA as uncertain; requeue them without SMTP."""
    Letter.objects.filter(expired(), state=LetterState.HANDING).update(
        state=LetterState.UNCERTAIN if settings.SMTP_URL else LetterState.QUEUED, lease_until=None
    )


def deliver_limited(most: int = 50) -> int:
    """Send up to `most` due letters within the rate limit of all workers; return the count."""
    most = min(most, left())
    return deliver_due(most, free=is_free) if most > 0 else 0


def deliver_due(
    limit: int = 50, way: Transport | None = None, free: Callable[[Letter], bool] = lambda letter: True
) -> int:
    """Send up to `limit` due letters; return the count."""
    recover()
    due = Q(state=LetterState.QUEUED, next_attempt__lte=moment())
    prepared = Q(state=LetterState.CLAIMED) & expired()  # by a worker that died
    rows = Letter.objects.filter(due | prepared).select_related("common", "unit__parent")
    in_turn = rows.order_by(_URGENCY, "next_attempt", "pk")
    way = way or transport()
    try:
        claimed = partial(lease, state=LetterState.CLAIMED)
        return claim_each(in_turn, lambda letter: _send(letter, way), limit, hold=claimed, free=free)
    finally:
        way.close()


def _send(letter: Letter, way: Transport) -> bool:
    row = owned(letter)

    def handing() -> None:
        if not row.filter(state=LetterState.CLAIMED).update(**lease(state=LetterState.HANDING)):
            raise _TakenOver

    try:
        mail = letters.message(letter)
        way.send(mail, letter.pk, handing)
    except _TakenOver:
        way.close()
    except Refused as refusal:
        row.update(state=LetterState.FAILED, problem=str(refusal)[:500], lease_until=None)
    except smtplib.SMTPResponseException as error:
        _again(letter, _answer(error))
    except (OSError, smtplib.SMTPException) as error:
        _unsure(letter, f"{type(error).__name__}: {error}")
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
    now = moment()
    Letter.objects.filter(pk=letter.pk).update(
        state=LetterState.SENT, sent=now, subject=subject, problem="", lease_until=None
    )
    if callback := WHEN_SENT.get(letter.about.partition(":")[0]):
        callback(letter)


def _answer(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    return f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"


def _unsure(letter: Letter, problem: str) -> None:
    """Mark the letter as uncertain if the connection broke during DATA; else retry later."""
    row = owned(letter)
    handing = row.filter(state=LetterState.HANDING) if settings.SMTP_URL else row.none()
    if not handing.update(state=LetterState.UNCERTAIN, problem=problem[:500], lease_until=None):
        _again(letter, problem)


def _again(letter: Letter, problem: str) -> None:
    """Schedule a retry: after 4yz the server must not deliver the letter (RFC 5321 section 4.2.5)."""
    now = moment()
    old = now - letter.created > GIVE_UP_AFTER and letter.attempts >= FEWEST_ATTEMPTS
    owned(letter).update(
        state=LetterState.FAILED if old or letter.attempts >= MOST_ATTEMPTS else LetterState.QUEUED,
        next_attempt=next_attempt(letter.attempts, now),
        problem=problem[:500],
        lease_until=None,
    )


def next_attempt(attempts: int, now: datetime) -> datetime:
    """Return the time of the next attempt: after 1, 5, 15 minutes, 1, 2, and then every 4 hours."""
    return now + timedelta(seconds=_WAITS_S[min(max(attempts, 1), len(_WAITS_S)) - 1])


def requeue_after_clock_reset(last: datetime, now: datetime) -> int:
    """Make letters due that a clock running ahead postponed by up to the longest pause; return the count."""
    waiting = Letter.objects.filter(state=LetterState.QUEUED, next_attempt__gt=now)
    return waiting.filter(next_attempt__lte=last + timedelta(seconds=_WAITS_S[-1])).update(next_attempt=now)


MINUTE = timedelta(minutes=1)
_CLOCK = "mail.pace"


def left() -> int:
    """Remaining letters of the rate limit; those sent by a clock that ran ahead do not count."""
    now = moment()
    sent = Q(sent__gt=now - MINUTE, sent__lte=now + MINUTE)
    claimed = Q(state__in=(LetterState.CLAIMED, LetterState.HANDING)) & ~expired()
    return int(settings.MAIL_PER_MINUTE) - Letter.objects.filter(sent | claimed).count()


def is_free(letter: Letter) -> bool:
    """Return whether the rate limit allows another letter; locks a row until the transaction ends."""
    defaults = {"last": moment()}
    Clock.objects.select_for_update(no_key=True).get_or_create(name=_CLOCK, defaults=defaults)
    return left() > 0
