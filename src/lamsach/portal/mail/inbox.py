"""Incoming e-mails, each stored once: bounces mark letters, replies go to the handler of their letter.

Automatic messages are never answered and receipts are limited per day, which prevents mail loops (RFC 3834).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import timedelta
from email.utils import parseaddr
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.i18n import mark
from lamsach.portal.base.uploads import KINDS, save_once, store
from lamsach.portal.mail import letters
from lamsach.portal.mail.bounces import Bounce, bounce
from lamsach.portal.mail.models import BadAddress, Incoming, IncomingKind, Letter, LetterState
from lamsach.portal.mail.parser import LARGEST_BYTES, Parsed, parse
from lamsach.runtime.file_names import safe_name

Handler = Callable[[Incoming, "Letter | None", Parsed], str]
Saver = Callable[[Incoming], str]
Reader = Callable[["Letter | None", Parsed], "Saver | None"]
HANDLERS: dict[str, Handler] = {}
"""Handlers by the prefix of `Letter.about` (`""`: no letter); each returns its target or ""."""
READERS: list[Reader] = []
"""Readers of attachments, called before the handlers and for automatic messages, too.

Each reads outside transactions and returns a function that stores the result inside one and returns its
target, or "". An e-mail that a reader stored becomes no question.
"""
RECEIPTS_A_DAY = 5
logger = logging.getLogger("lamsach.portal.mail")


_WITH_FILES: set[str] = set()


def reply_handler(about: str, *, files: bool = True) -> Callable[[Handler], Handler]:
    """Register the handler of replies to letters with this prefix of `about`; `files`: with attachments."""

    def decorate(function: Handler) -> Handler:
        HANDLERS[about] = function
        _WITH_FILES.update([about] if files else [])
        return function

    return decorate


def attachment_reader(function: Reader) -> Reader:
    """Register a reader of attachments."""
    READERS.append(function)
    return function


def receive(raw: bytes) -> Incoming | None:
    """Store an e-mail; None if already stored. Unreadable ones are stored as such, never raised."""
    try:
        parsed = parse(raw)
    except LamsachError as problem:
        return _refused(raw, problem.what)
    if Incoming.objects.filter(key=parsed.key).exists():
        return None
    try:
        report = bounce(parsed)
        letter = _letter(parsed, report)
        kind = _kind(parsed, report, letter)
        savers = [] if report else [saver for reader in READERS if (saver := reader(letter, parsed))]
        if savers or (kind in _ANSWERED and _about(letter) in _WITH_FILES):
            _keep_files(parsed)
        path = _store(raw)
        with transaction.atomic():
            return _save(Incoming(kind=kind, path=path, size=len(raw)), parsed, report, letter, savers)
    except IntegrityError:
        if Incoming.objects.filter(key=parsed.key).exists():
            return None
        raise
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("an incoming e-mail is kept unread")
        return _refused(raw, mark("The e-mail cannot be read."))


def _refused(raw: bytes, problem: str) -> Incoming | None:
    key = hashlib.sha256(raw).hexdigest()
    row, new = Incoming.objects.get_or_create(
        key=key,
        defaults={
            "kind": IncomingKind.REFUSED,
            "received": timezone.now(),
            "size": len(raw),
            "problem": problem[:500],
            "path": _store(raw) if len(raw) <= LARGEST_BYTES else "",
        },
    )
    return row if new else None


def _store(raw: bytes) -> str:
    return save_once(ContentFile(raw), hashlib.sha256(raw).hexdigest(), "incoming")


_ANSWERED = (IncomingKind.REPLY, IncomingKind.QUESTION)


def _save(
    mail: Incoming, parsed: Parsed, report: Bounce | None, letter: Letter | None, savers: list[Saver]
) -> Incoming:
    mail.key, mail.received, mail.letter = parsed.key, timezone.now(), letter
    mail.sender, mail.name, mail.subject, mail.text = parsed.sender, parsed.name, parsed.subject, parsed.text
    mail.unit = letter.unit if letter else None
    mail.save()
    if report is not None:
        mail.problem = f"{report.action} {report.status} {report.diagnostic}".strip()[:500]
        if letter is not None:
            _mark_bounced(letter, report)
    else:
        saved_target = next((target for saver in savers if (target := saver(mail))), "")
        about = _about(letter)
        handler = HANDLERS.get(about) if about or not saved_target else None
        answerable = mail.kind in _ANSWERED
        mail.target = (handler(mail, letter, parsed) if handler and answerable else "") or saved_target
    mail.save()
    return mail


def _about(letter: Letter | None) -> str:
    about = letter.about.partition(":")[0] if letter else ""
    return about if about in HANDLERS else ""


def _kind(parsed: Parsed, report: Bounce | None, letter: Letter | None) -> IncomingKind:
    if report is not None:
        return IncomingKind.BOUNCE
    own = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower()
    if parsed.automatic or not parsed.sender or parsed.sender == own or letters.letter_id(parsed.sender):
        return IncomingKind.AUTOMATIC
    return IncomingKind.REPLY if letter else IncomingKind.QUESTION


def _letter(parsed: Parsed, report: Bounce | None) -> Letter | None:
    """Find the answered letter by the signed mark in the recipient's address, else in the headers."""
    marks = [report.letter_id if report else None]
    marks += [letters.letter_id(text) for text in (*parsed.recipients, *parsed.references)]
    number = next((mark for mark in marks if mark), None)
    return Letter.objects.filter(pk=number).select_related("unit").first() if number else None


def _mark_bounced(letter: Letter, report: Bounce) -> None:
    """Mark the letter and its own address, not an address in the report, as bounced."""
    row = Letter.objects.filter(pk=letter.pk)
    problem = f"{report.status} {report.diagnostic}".strip()[:500]
    if report.action == "delayed":
        row.update(problem=problem)
    if report.action != "failed":
        return
    row.update(state=LetterState.BOUNCED, problem=problem)
    now = timezone.now()
    values = {"last": now, "status": report.status, "reason": report.diagnostic[:400]}
    bad, new = BadAddress.objects.get_or_create(
        address=letter.to.lower(), defaults={**values, "since": now, "permanent": report.permanent}
    )
    if not new:
        lasting = {"permanent": True} if report.permanent else {}
        BadAddress.objects.filter(pk=bad.pk).update(times=F("times") + 1, **values, **lasting)


def bad_addresses(addresses: list[str]) -> dict[str, BadAddress]:
    """Return the bouncing ones of these addresses, by address in lower case."""
    lowered = [address.lower() for address in addresses if address]
    bad: dict[str, BadAddress] = {}
    for begin in range(0, len(lowered), 500):
        for row in BadAddress.objects.filter(address__in=lowered[begin : begin + 500]):
            bad[row.address] = row
    return bad


def may_get_receipt(sender: str) -> bool:
    """Return whether the sender may get another receipt today: below the limit, and not bouncing."""
    since = timezone.now() - timedelta(days=1)
    limited = Incoming.objects.filter(sender=sender, received__gt=since).count() > RECEIPTS_A_DAY
    return bool(sender) and not limited and not BadAddress.objects.filter(address=sender).exists()


def _keep_files(parsed: Parsed) -> None:
    """Store attachments of accepted types, outside transactions."""
    for file in parsed.files:
        source: Any = InMemoryUploadedFile(
            BytesIO(file.content), None, safe_name(file.name), None, len(file.content), None
        )
        try:
            parsed.stored.append(store(source, tuple(KINDS)))
        except LamsachError as problem:
            parsed.refused.append(problem.where or file.name[:100])
