"""Taking a bundle in: kept once, checked whole, then its devices, sightings and coverage in one transaction.

The file is checked again in the worker; a kill in the middle leaves the state before, and the job runs anew.
"""

from __future__ import annotations

import hashlib
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
from lamsach.portal.audit.trail import record
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.findings import contents, reading, writing
from lamsach.portal.findings.models import Bundle, BundleKind, BundleState, Way
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.units.models import Unit
from lamsach.results.sealed.files import SUFFIX, Keys, is_sealed, open_sealed
from lamsach.runtime.file_names import safe_name

_HUNT = {"manifest.json", "devices.jsonl", "sightings.jsonl", "evidence.jsonl"}
_SCAN = {"manifest.json", "findings.jsonl", "skips.jsonl", "actions.jsonl", "report.html"}
_RATIO = 200
"""A member that unpacks to more than so many times its size, beyond a megabyte, is no log lines but a bomb."""
_NOT_ONE = mark("The file is no findings bundle.")
_AGAIN = mark("Give the .zip file that the hunt or the scanner wrote. Nothing was taken from it.")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a bundle comes from: for which unit and campaign, by which way, by whom (request, user or a token's name); `only`: the one kind that it may bring."""

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
    """An open file that can be sought, opened if it came sealed to one of these units. InputError, UnreadableError."""
    if not is_sealed(file):
        yield file
        return
    with tempfile.TemporaryFile() as target:
        open_sealed(file, target, KEYS[0](units), name)
        target.seek(0)
        yield target


def kind_of(file: Any, name: str) -> BundleKind:
    """Return what kind of bundle a file is, by the names in it; before a byte is unpacked. UnreadableError or LimitError for what is none."""
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
    if sum(entry.file_size for entry in entries) > reading.LIMITS.total_bytes or any(
        entry.file_size > max(1_000_000, entry.compress_size * _RATIO) for entry in entries
    ):
        raise LimitError(mark("The findings bundle unpacks to more than is allowed."), name, _AGAIN)
    return found


def keep(file: Any, name: str, source: Source) -> tuple[Bundle, bool]:
    """Keep the file and queue its import; the bundle, and whether it is new. `file`: a binary file that can be sought; one that is sealed to the unit is opened. Raises InputError."""
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
    known = Bundle.objects.filter(unit=source.unit, campaign=source.campaign, sha256=sha256).first()
    if known is not None:
        return known, False
    path = f"bundles/{sha256[:2]}/{sha256}"
    if not default_storage.exists(path):
        file.seek(0)
        path = default_storage.save(path, File(file))
    with transaction.atomic():
        user = getattr(source.by, "user", source.by)
        bundle, new = Bundle.objects.get_or_create(
            unit=source.unit,
            campaign=source.campaign,
            sha256=sha256,
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
            record(
                source.by,
                "bundle.received",
                bundle,
                source.unit,
                who=source.who,
                way=source.way,
                sha256=sha256,
            )
    return bundle, new


def take_in(bundle_id: int, step: Callable[[int, int], None] = lambda done, total: None) -> dict[str, int]:
    """Read a kept bundle and write what it tells, in one transaction. A bundle that cannot be read is marked as refused, with the reason."""
    bundle = Bundle.objects.select_related("unit", "campaign").get(pk=bundle_id)
    if bundle.state == BundleState.IMPORTED:
        return dict(bundle.counts)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "bundle.zip"
        with default_storage.open(bundle.path, "rb") as source, copy.open("wb") as target:
            for chunk in source.chunks():
                target.write(chunk)
        try:
            return _import(bundle, copy, step)
        except InputError as error:
            refuse(bundle, error)
            return {}


def _import(bundle: Bundle, path: Path, step: Callable[[int, int], None]) -> dict[str, int]:
    if bundle.kind == BundleKind.SCAN:
        return SCANS[0](bundle, path)
    found = reading.read(path)
    contents.prepare(bundle, found)
    step(1, 3)
    with transaction.atomic():
        Unit.objects.select_for_update().get(pk=bundle.unit_id)  # one bundle of a unit at a time
        if Bundle.objects.get(pk=bundle.pk).state == BundleState.IMPORTED:
            return dict(bundle.counts)
        counts = writing.write(bundle, found)
    step(3, 3)
    return counts


def refuse(bundle: Bundle, error: LamsachError) -> None:
    """Mark the bundle as refused and say why."""
    Bundle.objects.filter(pk=bundle.pk).update(
        state=BundleState.REFUSED, problem=error.what[:400], imported=timezone.now()
    )
    record(None, "bundle.refused", bundle, bundle.unit, reason=error.what, file=error.where[:200])
