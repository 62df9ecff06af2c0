"""Common ground of a portal's machines: the secret key and the place of uploads, checked at the start.

The first start writes a keyed fingerprint of the key into the database, and a mark into the place and the
database; each further start compares them.
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
"""The file among the uploads that shows which portal they are of."""
_PURPOSE = b"lamsach.portal/secret key of all machines"


def check() -> None:
    """Refuse (UsageError) another secret key or other uploads than the portal's. One machine at a time."""
    _check_key()
    _check_place()


def fingerprint(key: str) -> str:
    """A digest that shows nothing of the key but that it is the same."""
    return hmac.digest(key.encode(), _PURPOSE, "sha256").hex()


def _agreed(name: str, mine: str) -> tuple[str, bool]:
    """Read what the database holds; store ours first if it held nothing. Gives it, and whether it was new."""
    row, first = Agreed._default_manager.get_or_create(name=name, defaults={"value": mine})
    return row.value, first


def _check_key() -> None:
    mine = fingerprint(settings.SECRET_KEY)
    agreed, _ = _agreed("secret key", mine)
    if agreed == mine:
        return
    if agreed in map(fingerprint, settings.SECRET_KEY_FALLBACKS):
        Agreed._default_manager.filter(name="secret key").update(value=mine)
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
    held = ""
    if default_storage.exists(MARK):
        with default_storage.open(MARK) as file:
            held = file.read().decode("ascii", "replace").strip()
    with transaction.atomic():
        agreed, first = _agreed(MARK, held or secrets.token_hex(16))
        if first and not held:
            default_storage.save(MARK, ContentFile(f"{agreed}\n".encode("ascii")))
    if first or held == agreed:
        return
    raise UsageError(
        mark("The place of uploads is not that of the other machines on this database."),
        f"{settings.UPLOADS or settings.DATA / 'uploads'}/{MARK} ({agreed})",
        mark(
            "Mount the folder that the others use, or set LAMSACH_UPLOADS alike on all. If the "
            "uploads were moved, move the file `place` with them, or write the number into it."
        ),
    )
