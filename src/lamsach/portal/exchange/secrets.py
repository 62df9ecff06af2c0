"""Words that have to be kept so that they can be used: locked with a key that is derived from the portal's secret key, so that a copy of the database alone opens none."""

from __future__ import annotations

import base64
import hashlib
import hmac

from django.conf import settings

from lamsach.errors import InputError
from lamsach.i18n import mark

_PURPOSE = b"lamsach.exchange.locked/1"


def _key() -> bytes:
    return base64.urlsafe_b64encode(hmac.new(settings.SECRET_KEY.encode(), _PURPOSE, hashlib.sha256).digest())


def lock(word: str) -> str:
    """The word, locked (Fernet: AES-128-CBC with HMAC-SHA256)."""
    from cryptography.fernet import Fernet

    return Fernet(_key()).encrypt(word.encode()).decode()


def unlock(locked: str) -> str:
    """The word again. InputError when the portal's secret key is another than when it was locked."""
    from cryptography.fernet import Fernet, InvalidToken

    try:
        return Fernet(_key()).decrypt(locked.encode()).decode()
    except InvalidToken:
        raise InputError(
            mark("What was kept locked cannot be opened: the portal's secret key has changed."),
            "",
            mark("Make a new key, or put the old secret key back."),
        ) from None
