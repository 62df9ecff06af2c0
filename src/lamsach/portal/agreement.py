"""Startup check that all machines of a portal share one secret key and one upload storage.

The first start stores a keyed fingerprint of the key in the database, and a random mark in both the upload
storage and the database; each later start compares them.
"""

from __future__ import annotations

import hmac
import secrets

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from lamsach.errors import UsageError
from lamsach.i18n import mark
from lamsach.portal.base.models import Agreed

MARK = "place"
"""File in the upload storage that identifies its portal."""
_PURPOSE = b"lamsach.portal/secret key of all machines"


def check() -> None:
    """Raise UsageError for a secret key or upload storage other than the portal's. One machine at a time."""
    _check_key()
    _check_place()


def fingerprint(key: str) -> str:
    """Keyed digest of the key, to compare it without revealing it."""
    return hmac.digest(key.encode(), _PURPOSE, "sha256").hex()


def _agreed(name: str, own: str) -> tuple[str, bool]:
    """Return the agreed value, storing `own` if there was none, and whether it was stored."""
    row, first = Agreed._default_manager.get_or_create(name=name, defaults={"value": own})
    return row.value, first


def _check_key() -> None:
    own = fingerprint(settings.SECRET_KEY)
    agreed, _ = _agreed("secret key", own)
    if agreed == own:
        return
    if agreed in map(fingerprint, settings.SECRET_KEY_FALLBACKS):
        Agreed._default_manager.filter(name="secret key").update(value=own)
        return
    raise UsageError(
        mark("The secret key is not that of the other machines on this database."),
        f"{settings.DATA / 'secret-key'}, LAMSACH_SECRET_KEY",
        mark(
            "Copy the file secret-key of a machine that runs, or set LAMSACH_SECRET_KEY alike on all. If the "
            "key was changed on purpose, name the old one in LAMSACH_OLD_SECRET_KEYS."
        ),
    )


def _check_place() -> None:
    stored = ""
    if default_storage.exists(MARK):
        with default_storage.open(MARK) as file:
            stored = file.read().decode("ascii", "replace").strip()
    with transaction.atomic():
        agreed, first = _agreed(MARK, stored or secrets.token_hex(16))
        if first and not stored:
            default_storage.save(MARK, ContentFile(f"{agreed}\n".encode("ascii")))
    if first or stored == agreed:
        return
    raise UsageError(
        mark("The place of uploads is not that of the other machines on this database."),
        f"{settings.UPLOADS or settings.DATA / 'uploads'}/{MARK} ({agreed})",
        mark(
            "Mount the folder that the others use, or set LAMSACH_UPLOADS alike on all. If the "
            "uploads were moved, move the file `place` with them, or write the number into it."
        ),
    )
