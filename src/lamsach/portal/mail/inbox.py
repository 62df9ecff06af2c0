"""Incoming e-mails, each once: bounces are noted, answers land at their letter's subject, or ask.

No automatic message is ever answered, and nobody gets more than a few receipts a day, so that two machines
cannot write to each other for ever (RFC 3834).
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
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.i18n import mark
from lamsach.portal.base.uploads import KINDS, keep
from lamsach.portal.mail import letters
from lamsach.portal.mail.bounces import Bounce, bounce
from lamsach.portal.mail.models import BadAddress, Incoming, IncomingKind, Letter, LetterState
from lamsach.portal.mail.parser import LARGEST_BYTES, Parsed, parse
from lamsach.runtime.file_names import safe_name

Handler = Callable[[Incoming, "Letter | None", Parsed], str]
Keep = Callable[[Incoming], str]
Reader = Callable[["Letter | None", Parsed], "Keep | None"]
HANDLERS: dict[str, Handler] = {}
"""Handlers by the first word of `Letter.about` (`""`: no letter); each gives its target or nothing."""
READERS: list[Reader] = []
"""Asked before the handlers, whoever wrote, programs too: an attachment may be meant for one of them.

Each reads while no transaction is open, and gives what keeps it inside of one: the target, or an empty text.
What one took makes no question.
"""
RECEIPTS_A_DAY = 5
logger = logging.getLogger("lamsach.portal.mail")


_WITH_FILES: set[str] = set()


def lands_at(about: str, *, files: bool = True) -> Callable[[Handler], Handler]:
    """Register what takes the answers to letters about something; `files`: with the attachments."""

    def decorate(function: Handler) -> Handler:
        HANDLERS[about] = function
        _WITH_FILES.update([about] if files else [])
        return function

    return decorate


def reads(function: Reader) -> Reader:
    """Register what looks into e-mails for something of its own."""
    READERS.append(function)
    return function


def take(raw: bytes) -> Incoming | None:
    """Take an e-mail in; None when it came before. Unreadable ones are kept and marked, never raised."""
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
        keeps = [] if report else [keep for reader in READERS if (keep := reader(letter, parsed))]
        if keeps or (kind in _ANSWERED and _about(letter) in _WITH_FILES):
            _keep_files(parsed)
        path = _store(raw)
        with transaction.atomic():
            return _take(Incoming(kind=kind, path=path, size=len(raw)), parsed, report, letter, keeps)
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
    made, fresh = Incoming.objects.get_or_create(
        key=key,
        defaults={
            "kind": IncomingKind.REFUSED,
            "received": timezone.now(),
            "size": len(raw),
            "problem": problem[:500],
            "path": _store(raw) if len(raw) <= LARGEST_BYTES else "",
        },
    )
    return made if fresh else None


def _store(raw: bytes) -> str:
    digest = hashlib.sha256(raw).hexdigest()
    path = f"incoming/{digest[:2]}/{digest}"
    return path if default_storage.exists(path) else default_storage.save(path, ContentFile(raw))


_ANSWERED = (IncomingKind.REPLY, IncomingKind.QUESTION)


def _take(
    made: Incoming, parsed: Parsed, report: Bounce | None, letter: Letter | None, keeps: list[Keep]
) -> Incoming:
    made.key, made.received, made.letter = parsed.key, timezone.now(), letter
    made.sender, made.name, made.subject, made.text = parsed.sender, parsed.name, parsed.subject, parsed.text
    made.unit = letter.unit if letter else None
    made.save()
    if report is not None:
        made.problem = f"{report.action} {report.status} {report.diagnostic}".strip()[:500]
        if letter is not None:
            _came_back(letter, report)
    else:
        read = next((target for keep in keeps if (target := keep(made))), "")
        about = _about(letter)
        handler = HANDLERS.get(about) if about or not read else None
        wanted = made.kind in _ANSWERED
        made.target = (handler(made, letter, parsed) if handler and wanted else "") or read
    made.save()
    return made


def _about(letter: Letter | None) -> str:
    """The name of the handler: what the letter is about, or nothing."""
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
    """Ours that it answers: by the signed mark in the address that it was sent to, else in the headers."""
    marks = [report.letter_id if report else None]
    marks += [letters.letter_id(text) for text in (*parsed.recipients, *parsed.references)]
    number = next((mark for mark in marks if mark), None)
    return Letter.objects.filter(pk=number).select_related("unit").first() if number else None


def _came_back(letter: Letter, report: Bounce) -> None:
    """Note the bounce at the letter and at the address it was sent to, not at one the report names."""
    row = Letter.objects.filter(pk=letter.pk)
    told = f"{report.status} {report.diagnostic}".strip()[:500]
    if report.action == "delayed":
        row.update(problem=told)
    if report.action != "failed":
        return
    row.update(state=LetterState.BOUNCED, problem=told)
    now = timezone.now()
    values = {"last": now, "status": report.status, "reason": report.diagnostic[:400]}
    bad, fresh = BadAddress.objects.get_or_create(
        address=letter.to.lower(), defaults={**values, "since": now, "permanent": report.permanent}
    )
    if not fresh:
        lasting = {"permanent": True} if report.permanent else {}
        BadAddress.objects.filter(pk=bad.pk).update(times=F("times") + 1, **values, **lasting)


def bad_addresses(addresses: list[str]) -> dict[str, BadAddress]:
    """Those of the addresses that letters come back from, by address in small letters."""
    wanted = [address.lower() for address in addresses if address]
    found: dict[str, BadAddress] = {}
    for begin in range(0, len(wanted), 500):
        for row in BadAddress.objects.filter(address__in=wanted[begin : begin + 500]):
            found[row.address] = row
    return found


def may_be_answered(sender: str) -> bool:
    """Return whether the sender gets one more receipt today: few were sent, and letters arrive there."""
    since = timezone.now() - timedelta(days=1)
    often = Incoming.objects.filter(sender=sender, received__gt=since).count() > RECEIPTS_A_DAY
    return bool(sender) and not often and not BadAddress.objects.filter(address=sender).exists()


def _keep_files(parsed: Parsed) -> None:
    """Store the attachments that may be kept, before a transaction is open."""
    for file in parsed.files:
        source: Any = InMemoryUploadedFile(
            BytesIO(file.content), None, safe_name(file.name), None, len(file.content), None
        )
        try:
            parsed.kept.append(keep(source, tuple(KINDS)))
        except LamsachError as problem:
            parsed.refused.append(problem.where or file.name[:100])
