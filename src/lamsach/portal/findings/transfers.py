"""Receiving a file in pieces: each piece says where it begins, a piece that is sent twice changes nothing, a kill loses at most one piece."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

from django.utils import timezone

from lamsach.errors import InputError, LimitError
from lamsach.i18n import mark
from lamsach.portal.base.once import alone
from lamsach.portal.base.storage import arriving
from lamsach.portal.findings.models import Bundle, Transfer
from lamsach.portal.findings.taking import Source, keep

LIMIT_BYTES = 400_000_000
PIECE_BYTES = 8_000_000
OPEN_AT_ONCE = 20
FORGOTTEN = timedelta(days=7)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class OutOfPlace(Exception):  # noqa: N818 - tells the sender where to go on
    """The piece does not begin where the file ends; `received` says where that is."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


def piece(stream: Any) -> bytes:
    """One piece from the network, before any lock is held. LimitError for one that is too large."""
    data: bytes = stream.read(PIECE_BYTES + 1)
    if len(data) > PIECE_BYTES:
        raise LimitError(mark("A piece of this size cannot be sent."))
    return data


def _name(found: Transfer) -> str:
    return f"transfers/{found.pk}-{found.sha256}"


def find(source: Source, sha256: str) -> tuple[int, Bundle | None]:
    """Return how many bytes of the file are there, and the bundle once it is whole."""
    place = {"unit": source.unit, "campaign": source.campaign, "sha256": sha256}
    bundle = Bundle.objects.filter(**place).first()
    if bundle is not None:
        return bundle.size, bundle
    found = Transfer.objects.filter(**place).first()
    return (found.received if found else 0), None


def receive(source: Source, sha256: str, offset: int, size: int, data: bytes) -> tuple[int, Bundle | None]:
    """Take a piece; how many bytes are there, and the bundle once it is whole. Raises OutOfPlace, InputError.

    One request at a time writes a file; no transaction is open while a whole file is looked at.
    """
    received, bundle = find(source, sha256)
    if bundle is not None:
        return received, bundle
    if not _SHA256.fullmatch(sha256) or not 0 < size <= LIMIT_BYTES:
        raise LimitError(mark("A findings bundle of this size cannot be sent."), sha256[:12])
    place = {"unit": source.unit, "campaign": source.campaign, "sha256": sha256}
    if Transfer.objects.filter(unit=source.unit).exclude(**place).count() >= OPEN_AT_ONCE:
        raise LimitError(mark("Too many bundles of the unit are being sent at once."), sha256[:12])
    found, _ = Transfer.objects.get_or_create(**place, defaults={"size": size})
    with alone(f"transfer:{found.pk}"):
        try:
            found.refresh_from_db()
        except Transfer.DoesNotExist:  # the one before brought the rest
            return find(source, sha256)
        if offset != found.received or size != found.size:
            raise OutOfPlace(found.received)
        if offset + len(data) > size:
            raise LimitError(mark("More was sent than was announced."), sha256[:12])
        received = arriving().append(_name(found), offset, data)
        if received == size:  # noted by the bundle alone: after a kill the last piece comes again
            return size, _finish(found, source)
        found.received = received
        found.save(update_fields=["received", "touched"])
        return received, None


def _finish(found: Transfer, source: Source) -> Bundle:
    name = _name(found)
    try:
        with arriving().local(name) as path, path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != found.sha256:
                raise InputError(mark("The file changed on its way."), path.name[:20], mark("Send it again."))
            return keep(file, f"findings-{timezone.localdate():%Y%m%d}.zip", source)[0]
    finally:
        found.delete()
        arriving().forget(name)


def forget() -> int:
    """Drop what nobody went on sending; how many."""
    old = Transfer.objects.filter(touched__lt=timezone.now() - FORGOTTEN)
    for found in old:
        arriving().forget(_name(found))
    count, _ = old.delete()
    return count
