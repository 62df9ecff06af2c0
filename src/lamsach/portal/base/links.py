"""Absolute and signed addresses for e-mails and printed sheets."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse


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


def sign(purpose: str, nonce: str) -> str:
    """The token with its signature for this purpose, safe in an address."""
    return _signer(purpose, settings.SECRET_KEY).sign(nonce).replace(":", "~")


def read(purpose: str, token: str) -> str | None:
    """The token, or None when the signature is not ours or for another purpose."""
    try:
        return _signer(purpose, settings.SECRET_KEY).unsign(token.replace("~", ":"))
    except BadSignature:
        return None
