"""Intake of bundles: stored once, validated, then imported in one transaction.

The worker validates the file again; if it is killed, nothing is changed and the job runs again. A bundle on a
USB stick has a signature by the unit's token: a line of JSON before the bundle (`results.upload`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import InputError, LamsachError, LimitError, UnreadableError
from lamsach.i18n import mark
from lamsach.portal.api.models import Token
from lamsach.portal.audit.trail import record
from lamsach.portal.base.storage import copy_to
from lamsach.portal.base.uploads import save_once
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
"""Compression ratio above which a member of more than a megabyte is refused as a bomb."""
_NOT_ONE = mark("The file is no findings bundle.")
_AGAIN = mark("Give the .zip file that the hunt or the scanner wrote. Nothing in it was used.")


@dataclass(frozen=True, slots=True)
class Source:
    """Origin of a bundle; `by`: request, user or None, `who`: a token's name; `only`: the allowed kind."""

    unit: Unit
    campaign: Campaign
    way: Way
    by: Any = None
    who: str = ""
    only: BundleKind | None = None


KEYS: list[Callable[[Iterable[int]], Keys]] = []
"""Provider of units' private keys, by unit numbers; registered by the app `exchange`."""
SCANS: list[Callable[[Bundle, Path], dict[str, int]]] = []
"""Importer of scan bundles; registered by the app `fleet`."""


@contextmanager
def plain_file(file: Any, name: str, units: Iterable[int]) -> Iterator[Any]:
    """Provide a seekable file, unsealed if sealed to one of these units. InputError."""
    if not is_sealed(file):
        yield file
        return
    with tempfile.TemporaryFile() as target:
        open_sealed(file, target, KEYS[0](units), name)
        target.seek(0)
        yield target


def kind_of(file: Any, name: str) -> BundleKind:
    """Determine a bundle's kind by its member names, without unpacking. UnreadableError, LimitError."""
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


def store_bundle(file: Any, name: str, source: Source) -> tuple[Bundle, bool]:
    """Store a file, unsealed, and queue its import; return the bundle, and whether it is new. InputError."""
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
    key = {"unit": source.unit, "campaign": source.campaign, "sha256": sha256}
    if known := Bundle.objects.filter(**key).first():
        return known, False
    path = save_once(File(file), sha256, "bundles")
    with transaction.atomic():
        user = getattr(source.by, "user", source.by)
        bundle, new = Bundle.objects.get_or_create(
            **key,
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


def import_stored(
    bundle_id: int, step: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, int]:
    """Import a stored bundle in one transaction, or mark it as refused."""
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


def import_file(path: Path, name: str, source: Source) -> Bundle:
    """Store a bundle that the worker itself wrote, and import it."""
    with path.open("rb") as file:
        bundle, _new = store_bundle(file, name, source)
    import_stored(bundle.pk)
    return bundle


def _import(bundle: Bundle, path: Path, step: Callable[[int, int], None]) -> dict[str, int]:
    if bundle.kind == BundleKind.SCAN:
        return SCANS[0](bundle, path)
    found = bundle_reader.read(path)
    contents.prepare(bundle, found)
    step(1, 3)
    with transaction.atomic():
        Unit.objects.select_for_update(no_key=True).get(pk=bundle.unit_id)  # serializes a unit's bundles
        if Bundle.objects.get(pk=bundle.pk).state == BundleState.IMPORTED:
            return dict(bundle.counts)
        counts = evidence.write(bundle, found)
    step(3, 3)
    return counts


def refuse(bundle: Bundle, error: LamsachError) -> None:
    """Mark a bundle as refused, with the reason."""
    Bundle.objects.filter(pk=bundle.pk).update(
        state=BundleState.REFUSED, problem=error.what[:400], imported=timezone.now()
    )
    record(None, "bundle.refused", bundle, bundle.unit, reason=error.what, file=error.where[:200])


_HEAD_BYTES = 1000
_WRONG = mark("The signature of the file is not that of a unit's valid token.")
_ASK = mark("Ask the unit to sign it again with a token that is not revoked.")


def is_signed(file: Any) -> bool:
    """Return whether the file claims to be signed."""
    file.seek(0)
    head: bytes = file.read(40)
    file.seek(0)
    return SIGNED.encode() in head


def read_signed_head(file: Any) -> tuple[Token, int]:
    """Return the signing token and the bundle's offset. InputError for a wrong signature."""
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


class InnerFile:
    """Seekable view of the bundle inside a signed file."""

    def __init__(self, file: Any, begin: int) -> None:
        self._file, self._begin = file, begin

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the position; return it."""
        position = self._file.seek(self._begin + offset) if whence == 0 else self._file.seek(offset, whence)
        return int(position) - self._begin

    def tell(self) -> int:
        """Return the position."""
        return int(self._file.tell()) - self._begin

    def read(self, size: int = -1) -> bytes:
        """Read bytes."""
        data: bytes = self._file.read(size)
        return data

    def seekable(self) -> bool:
        """Return True."""
        return True
