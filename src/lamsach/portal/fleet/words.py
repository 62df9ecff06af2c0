"""The word of a scanner that the portal filled: what it is good for, and how it is known again."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from lamsach.portal.fleet.models import Handout

PREFIX = "scan_"
_NEAR = timedelta(minutes=1)


def fresh() -> tuple[str, str]:
    """A new word, and the digest by which it is known again."""
    word = PREFIX + secrets.token_urlsafe(24)
    return word, _digest(word)


def find(word: str) -> Handout | None:
    """The scanner that shows this word, if it was not revoked."""
    if not word.startswith(PREFIX):
        return None
    rows = Handout.objects.select_related("unit")
    found = rows.filter(digest=_digest(word), revoked=None).first()
    now = timezone.now()
    if found is not None and (found.last_used is None or now - found.last_used > _NEAR):
        Handout.objects.filter(pk=found.pk).update(last_used=now)
    return found


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode("utf-8", "replace")).hexdigest()
