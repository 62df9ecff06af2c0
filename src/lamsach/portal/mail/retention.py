"""Erasing what e-mails said.

`LAMSACH_MAIL_DAYS` after an e-mail came in, its file, sender and words go; what stays is its kind, its day
and where it landed.

What it brought stays where it landed (the history of a dispatch, a question) and goes by the rules of that
place. Law 91/2025/QH15 on personal data: nothing is kept longer than its purpose needs.
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
from lamsach.portal.mail.mailbox import TAKEN
from lamsach.portal.mail.models import Incoming, Letter, LetterState
from lamsach.portal.units.access import held_units

_BLANK = {"sender": "", "name": "", "subject": "", "text": "", "problem": "", "path": ""}
_BATCH = 500
_DAY_S = 86_400


def forget(rows: QuerySet[Incoming]) -> int:
    """Erase files, then words of these e-mails, so that a kill loses nothing; how many."""
    numbers = list(rows.exclude(**_BLANK).values_list("pk", flat=True))
    for begin in range(0, len(numbers), _BATCH):
        chosen = numbers[begin : begin + _BATCH]
        part = Incoming.objects.filter(pk__in=chosen)
        for path in set(part.exclude(path="").values_list("path", flat=True)):
            if not Incoming.objects.filter(path=path).exclude(pk__in=chosen).exists():
                default_storage.delete(path)
        part.update(**_BLANK)
    return len(numbers)


def forget_letters(rows: QuerySet[Letter]) -> int:
    """Erase addressees and words of these letters, and send those that wait no more; how many."""
    rows.filter(state=LetterState.QUEUED).update(state=LetterState.CANCELLED)
    return rows.update(to="", context={}, subject="", problem="")


def forget_due() -> int:
    """Erase the e-mails whose time is over, except those of units that are held; how many."""
    limit = timezone.now() - timedelta(days=settings.MAIL_DAYS)
    held = held_units()
    rows = Incoming.objects.filter(received__lt=limit)
    if held:
        rows = rows.filter(Q(unit=None) | ~Q(unit__in=held))
    count = forget(rows)
    if settings.MAIL_DROP:
        count += _empty(Path(settings.MAIL_DROP) / TAKEN)
    if count:
        record(None, "mail.erased", count=count)
    return count


def _empty(folder: Path) -> int:
    """Delete our old files in the drop folder; a Maildir belongs to the mail system."""
    if not folder.is_dir() or folder.is_symlink():
        return 0
    limit = time.time() - settings.MAIL_DAYS * _DAY_S
    old = [
        path for path in folder.iterdir() if path.suffix.lower() == ".eml" and path.lstat().st_mtime < limit
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
