"""Retention of e-mails (Law 91/2025/QH15 on personal data).

LAMSACH_MAIL_DAYS after its arrival, the file, sender and text of an e-mail are erased; kind, day and target
remain. Content added to the target (a dispatch's history, a question) follows the target's retention.
"""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Q, QuerySet
from django.utils import timezone

from lamsach.portal.audit.trail import record
from lamsach.portal.mail.mailbox import FETCHED
from lamsach.portal.mail.models import Incoming, Letter, LetterState
from lamsach.portal.units.access import held_units

_BLANK = {"sender": "", "name": "", "subject": "", "text": "", "problem": "", "path": ""}
_BATCH = 500
_DAY_S = 86_400


def forget(rows: QuerySet[Incoming]) -> int:
    """Erase files, then columns, of these e-mails (safe against kills); return the count."""
    numbers = list(rows.exclude(**_BLANK).values_list("pk", flat=True))
    for begin in range(0, len(numbers), _BATCH):
        chosen = numbers[begin : begin + _BATCH]
        batch = Incoming.objects.filter(pk__in=chosen)
        for path in set(batch.exclude(path="").values_list("path", flat=True)):
            if not Incoming.objects.filter(path=path).exclude(pk__in=chosen).exists():
                default_storage.delete(path)
        batch.update(**_BLANK)
    return len(numbers)


def forget_letters(rows: QuerySet[Letter]) -> int:
    """Erase recipients and texts of these letters and cancel queued ones; return the count."""
    rows.filter(state=LetterState.QUEUED).update(state=LetterState.CANCELLED)
    return rows.update(to="", context={}, subject="", problem="")


def forget_due() -> int:
    """Erase the e-mails past retention, except of units under a legal hold; return the count."""
    limit = timezone.now() - timedelta(days=settings.MAIL_DAYS)
    held = held_units()
    rows = Incoming.objects.filter(received__lt=limit)
    if held:
        rows = rows.filter(Q(unit=None) | ~Q(unit__in=held))
    count = forget(rows)
    if settings.MAIL_DROP:
        count += _empty(Path(settings.MAIL_DROP) / FETCHED)
    if count:
        record(None, "mail.erased", count=count)
    return count


def _empty(folder: Path) -> int:
    """Delete old fetched files of the drop folder; a Maildir belongs to the mail system."""
    if not folder.is_dir() or folder.is_symlink():
        return 0
    limit = time.time() - settings.MAIL_DAYS * _DAY_S
    old = [
        path for path in folder.iterdir() if path.suffix.lower() == ".eml" and path.lstat().st_mtime < limit
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
