"""Absolute and signed addresses for e-mails and printed sheets; tokens of programs, stored as digests."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

_NEAR = timedelta(minutes=1)
"""Precision of `last_used`, so that frequent requests do not write each time."""


def absolute(view: str, **kwargs: Any) -> str:
    """Full address of a view: at `LAMSACH_URL`, or at the loopback address of `lamsach serve`."""
    return f"{settings.PUBLIC_URL or 'http://127.0.0.1:8000'}{reverse(view, kwargs=kwargs)}"


@lru_cache(maxsize=64)
def _signer(purpose: str, key: str) -> Signer:
    """Signer of a purpose, cached: creating it for each of 20,000 letters takes a second."""
    return Signer(key=key, salt=f"lamsach.{purpose}")


def nonce() -> str:
    """Random token, to be stored in the row that the link leads to."""
    return secrets.token_urlsafe(24)


def digest_of(token: str) -> str:
    """Digest by which a token is stored and found."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def find_by_token(rows: QuerySet[Any], token: str) -> Any:
    """The row of a token that is not revoked, or None; its last use is noted."""
    found, now = rows.filter(digest=digest_of(token), revoked=None).first(), timezone.now()
    if found is not None and (found.last_used is None or now - found.last_used > _NEAR):
        rows.filter(pk=found.pk).update(last_used=now)
    return found


def sign(purpose: str, nonce: str) -> str:
    """The token with its signature for this purpose, safe in an address."""
    return _signer(purpose, settings.SECRET_KEY).sign(nonce).replace(":", "~")


def read(purpose: str, token: str) -> str | None:
    """The token, or None when the signature is not ours or for another purpose."""
    try:
        return _signer(purpose, settings.SECRET_KEY).unsign(token.replace("~", ":"))
    except BadSignature:
        return None
