"""Encryption of stored secrets with keys derived from the portal's secret key.

After a change of the secret key, older values are decrypted with the former ones (`LAMSACH_OLD_SECRET_KEYS`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from lamsach.errors import InputError
from lamsach.i18n import mark

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


def lock(purpose: str, secret: str) -> str:
    """Encrypt a text for a purpose (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _locks(purpose, *_keys()).encrypt(secret.encode()).decode()


def unlock(purpose: str, locked: str) -> str:
    """Decrypt a text. InputError after a change of the secret key, or for another purpose."""
    from cryptography.fernet import InvalidToken

    try:
        return _locks(purpose, *_keys()).decrypt(locked.encode("utf-8", "replace")).decode()
    except InvalidToken:
        raise InputError(
            mark("Encrypted data cannot be read: the portal's secret key has changed."),
            "",
            mark("Make a new key, or put the old secret key back."),
        ) from None


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=16)
def _locks(purpose: str, *keys: str) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    derived = (hmac.digest(key.encode(), purpose.encode(), hashlib.sha256) for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
