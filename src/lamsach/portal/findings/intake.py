"""Intake of bundles: kept once, checked whole, then devices, sightings and coverage in one transaction.

The file is checked again in the worker; a kill in the middle leaves the state before, and the job runs anew.
A bundle by USB stick bears a signature of the unit's token: a line of JSON, then the bundle
(`results.upload`).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import InputError, LamsachError, LimitError, UnreadableError
from lamsach.i18n import mark
from lamsach.portal.api.models import Token
from lamsach.portal.audit.trail import record
from lamsach.portal.base.storage import copy_to
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.findings import bundle_reader, contents, evidence
from lamsach.portal.findings.models import Bundle, BundleKind, BundleState, Way
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.units.models import Unit
from lamsach.results.sealed.files import SUFFIX, Keys, is_sealed, open_sealed
from lamsach.results.upload import SIGNED, signature
from lamsach.runtime.file_names import safe_name

_HUNT = {"manifest.json", "devices.jsonl", "sightings.jsonl", "evidence.jsonl"}
_SCAN = {"manifest.json", "findings.jsonl", "skips.jsonl", "actions.jsonl", "report.html"}
_RATIO = 200
"""A member that unpacks to more than so many times its size, beyond a megabyte, is a bomb."""
_NOT_ONE = mark("The file is no findings bundle.")
_AGAIN = mark("Give the .zip file that the hunt or the scanner wrote. Nothing in it was used.")


@dataclass(frozen=True, slots=True)
class Source:
    """Origin of a bundle: unit, campaign, way, by whom (request, user or token); `only`: the one kind."""

    unit: Unit
    campaign: Campaign
    way: Way
    by: Any = None
    who: str = ""
    only: BundleKind | None = None


KEYS: list[Callable[[Iterable[int]], Keys]] = []
"""Who keeps the keys of units (by their numbers): the app `exchange` registers itself."""
SCANS: list[Callable[[Bundle, Path], dict[str, int]]] = []
"""Who takes a scan's bundle in: the app `fleet` registers itself."""


@contextmanager
def plain_file(file: Any, name: str, units: Iterable[int]) -> Iterator[Any]:
    """Open file that can be sought, opened if it came sealed to one of these units. InputError."""
    if not is_sealed(file):
        yield file
        return
    with tempfile.TemporaryFile() as target:
        open_sealed(file, target, KEYS[0](units), name)
        target.seek(0)
        yield target


def kind_of(file: Any, name: str) -> BundleKind:
    """Kind of a bundle by the names in it, before a byte is unpacked. UnreadableError or LimitError."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except ZIP_ERRORS as error:
        raise UnreadableError(_NOT_ONE, name, _AGAIN) from error
    names = [entry.filename for entry in entries]
    kinds = {frozenset(_HUNT): BundleKind.HUNT, frozenset(_SCAN): BundleKind.SCAN}
    found = kinds.get(frozenset(names))
    if found is None or len(names) != len(set(names)):
        raise UnreadableError(_NOT_ONE, name, _AGAIN)
    if sum(entry.file_size for entry in entries) > bundle_reader.LIMITS.total_bytes or any(
        entry.file_size > max(1_000_000, entry.compress_size * _RATIO) for entry in entries
    ):
        raise LimitError(mark("The findings bundle unpacks to more than is allowed."), name, _AGAIN)
    return found


def keep(file: Any, name: str, source: Source) -> tuple[Bundle, bool]:
    """Keep the file, opened if sealed to the unit, and queue its import; (bundle, is new). InputError."""
    with plain_file(file, safe_name(name), [source.unit.pk]) as plain:
        return _keep(plain, name.removesuffix(SUFFIX), source)


def _keep(file: Any, name: str, source: Source) -> tuple[Bundle, bool]:
    file.seek(0)
    kind = kind_of(file, safe_name(name))
    if source.only not in (None, kind):
        raise InputError(mark("A scanner hands in scans and nothing else."), safe_name(name))
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(1 << 20):
        digest.update(block)
    size, sha256 = file.tell(), digest.hexdigest()
    place = {"unit": source.unit, "campaign": source.campaign, "sha256": sha256}
    if known := Bundle.objects.filter(**place).first():
        return known, False
    path = f"bundles/{sha256[:2]}/{sha256}"
    if not default_storage.exists(path):
        file.seek(0)
        path = default_storage.save(path, File(file))
    with transaction.atomic():
        user = getattr(source.by, "user", source.by)
        bundle, new = Bundle.objects.get_or_create(
            **place,
            defaults={
                "kind": kind,
                "way": source.way,
                "name": safe_name(name),
                "path": path,
                "size": size,
                "user": user,
                "who": source.who[:254],
            },
        )
        if new:
            enqueue("findings.import", user, bundle_id=bundle.pk)
            facts = {"who": source.who, "way": source.way, "sha256": sha256}
            record(source.by, "bundle.received", bundle, source.unit, **facts)
    return bundle, new


def take_in(bundle_id: int, step: Callable[[int, int], None] = lambda done, total: None) -> dict[str, int]:
    """Write a kept bundle's content in one transaction; one that cannot be read is marked as refused."""
    bundle = Bundle.objects.select_related("unit", "campaign").get(pk=bundle_id)
    if bundle.state == BundleState.IMPORTED:
        return dict(bundle.counts)
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_to(bundle.path, Path(folder) / "bundle.zip")
        try:
            return _import(bundle, copy, step)
        except InputError as error:
            refuse(bundle, error)
            return {}


def _import(bundle: Bundle, path: Path, step: Callable[[int, int], None]) -> dict[str, int]:
    if bundle.kind == BundleKind.SCAN:
        return SCANS[0](bundle, path)
    found = bundle_reader.read(path)
    contents.prepare(bundle, found)
    step(1, 3)
    with transaction.atomic():
        Unit.objects.select_for_update(no_key=True).get(pk=bundle.unit_id)  # one bundle of a unit at a time
        if Bundle.objects.get(pk=bundle.pk).state == BundleState.IMPORTED:
            return dict(bundle.counts)
        counts = evidence.write(bundle, found)
    step(3, 3)
    return counts


def refuse(bundle: Bundle, error: LamsachError) -> None:
    """Mark the bundle as refused and say why."""
    Bundle.objects.filter(pk=bundle.pk).update(
        state=BundleState.REFUSED, problem=error.what[:400], imported=timezone.now()
    )
    record(None, "bundle.refused", bundle, bundle.unit, reason=error.what, file=error.where[:200])


_HEAD_BYTES = 1000
_WRONG = mark("The signature of the file is not that of a unit's valid token.")
_ASK = mark("Ask the unit to sign it again with a token that is not revoked.")


def is_signed(file: Any) -> bool:
    """Return whether the file says that it is signed."""
    file.seek(0)
    head: bytes = file.read(40)
    file.seek(0)
    return SIGNED.encode() in head


def read_signed_head(file: Any) -> tuple[Token, int]:
    """Token that signed the file, and the bundle's first byte. InputError for a wrong signature."""
    import hashlib
    import hmac

    file.seek(0)
    line: bytes = file.readline(_HEAD_BYTES)
    try:
        head = json.loads(line)
        stated, sha256, name = head["signature"], head["sha256"], head["token"]
        if not all(isinstance(text, str) for text in (stated, sha256, name)) or len(name) != 16:
            raise ValueError("not a signed file")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(_WRONG, "", _ASK) from error
    token = Token.objects.filter(digest__startswith=name, revoked=None).select_related("unit").first()
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    right = token is not None and hmac.compare_digest(signature(token.digest, sha256), stated)
    if token is None or not right or digest.hexdigest() != sha256:
        raise InputError(_WRONG, "", _ASK)
    return token, len(line)


class Inside:
    """The bundle inside a signed file, as a file that can be read and sought."""

    def __init__(self, file: Any, begin: int) -> None:
        self._file, self._begin = file, begin

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of a file."""
        place = self._file.seek(self._begin + offset) if whence == 0 else self._file.seek(offset, whence)
        return int(place) - self._begin

    def tell(self) -> int:
        """As of a file."""
        return int(self._file.tell()) - self._begin

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        data: bytes = self._file.read(size)
        return data

    def seekable(self) -> bool:
        """True."""
        return True
