"""What blocking programs take: a version in a program's own format, in parts of so many values, with a tag by which it is known to be unchanged.

An answer is made once and kept as a file until the version or the validity of its values changes.
"""

from __future__ import annotations

import gzip
import hashlib
import secrets
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from lamsach.indicators.releases.rows import Spool
from lamsach.indicators.writers import BY_NAME
from lamsach.indicators.writers.export import Export, Terms, prepare, stamp_of
from lamsach.model import Indicator
from lamsach.portal.audit.trail import record
from lamsach.portal.lists import releasing
from lamsach.portal.lists.models import KeptList, Outlet, Version

PREFIX = "out_"
_NEAR = timedelta(minutes=1)
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """One part of an outlet's list: plain bytes and packed ones, the tag, how many parts there are, when the list was last changed."""

    plain: Path
    packed: Path
    tag: str
    parts: int
    modified: datetime
    suffix: str


@transaction.atomic
def issue(kept: KeptList, by: Any, **fields: Any) -> tuple[Outlet, str]:
    """A new outlet and its token, which is shown once."""
    word = PREFIX + secrets.token_urlsafe(24)
    user = getattr(by, "user", by)
    made = Outlet.objects.create(list=kept, digest=_digest(word), created_by=user, **fields)
    record(by, "list.outlet_made", made, kept.unit, writer=made.writer, name=made.name)
    return made, word


def find(word: str) -> Outlet | None:
    """The outlet of a token, if it was not revoked."""
    found = Outlet.objects.select_related("list").filter(digest=_digest(word), revoked=None).first()
    if found is not None and (found.last_used is None or timezone.now() - found.last_used > _NEAR):
        Outlet.objects.filter(pk=found.pk).update(last_used=timezone.now())
    return found


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode("utf-8", "replace")).hexdigest()


def answer(outlet: Outlet, part: int, now: datetime | None = None) -> Answer | None:
    """A part (1 is the first) of the latest version; None when there is no version or no such part."""
    version = releasing.latest(outlet.list)
    if version is None:
        return None
    moment = _moment(version, now or timezone.now())
    folder = (
        Path(settings.DATA) / "outlets" / f"{version.sha256[:32]}-{_terms(outlet)}-{int(moment.timestamp())}"
    )
    if not (folder / "parts").exists():
        _make(outlet, version, moment, folder)
    parts = int((folder / "parts").read_text())
    if not 1 <= part <= parts:
        return None
    plain, packed = folder / f"{part}", folder / f"{part}.gz"
    tag = (folder / f"{part}.tag").read_text()
    return Answer(plain, packed, tag, parts, moment, BY_NAME[outlet.writer].suffix)


def _moment(version: Version, now: datetime) -> datetime:
    """When the values in force last changed; looked up in the file of moments of the version, which is made once."""
    path = Path(settings.DATA) / "outlets" / f"{version.sha256[:32]}.times"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, _moments(version).tobytes())
    moments = array("q")
    moments.frombytes(path.read_bytes())
    made = int(version.made.timestamp())
    place = bisect_right(moments, int(now.timestamp()))
    last = max(moments[place - 1] if place else made, made)
    return datetime.fromtimestamp(last, version.made.tzinfo)


def _moments(version: Version) -> array[int]:
    """The moments (seconds since 1970) at which a value of a version begins or ends to hold, and that at which it was made, each once, in order."""
    import numpy as np

    found = array("q", [int(version.made.timestamp())])
    for item in releasing.values(version):
        found.extend(int(at.timestamp()) for at in (item.valid_from, item.valid_until) if at is not None)
    return array("q", np.unique(np.frombuffer(found, dtype=np.int64)).tobytes())


def _terms(outlet: Outlet) -> str:
    said = f"{outlet.writer} {outlet.tlp} {outlet.confidence} {outlet.part}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _make(outlet: Outlet, version: Version, moment: datetime, folder: Path) -> None:
    """Write all parts; the file `parts` comes last, so that half a folder is never taken for a whole one."""
    writer = BY_NAME[outlet.writer]()
    terms = Terms(moment, outlet.tlp, outlet.list.tlp, outlet.confidence)
    export = prepare(releasing.values(version), writer, version.digest, terms)
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for number, items in enumerate(_parts(export, outlet.part), 1):
        stamp = stamp_of(items, version.digest, moment)
        _write_part(replace(export, items=items, stamp=stamp), folder / f"{number}")
    _write(folder / "parts", str(number).encode())


def _parts(export: Export, most: int) -> Iterator[Collection[Indicator]]:
    """The items in parts of at most so many entries, and of at most as many bytes as the program takes; an archive is one part."""
    if export.writer.binary:
        yield export.items
        return
    part, entries, size = Spool(), 0, 0
    limit = export.writer.part_bytes
    for item in export.items:
        lines, needed = export.writer.takes(item)
        if part and (entries + lines > most or size + needed > limit > 0):
            yield part
            part, entries, size = Spool(), 0, 0
        part.append(item)
        entries += lines
        size += needed
    yield part


def _write_part(export: Export, path: Path) -> None:
    """The part, the part packed, its tag; nothing of it is held in memory."""
    with _replacing(path) as stream:
        export.save(stream)
    digest = hashlib.sha256()
    with (
        path.open("rb") as plain,
        _replacing(path.with_name(f"{path.name}.gz")) as stream,
        gzip.GzipFile("", "wb", 6, stream, mtime=0) as packing,
    ):
        while piece := plain.read(_PIECE):
            packing.write(piece)
            digest.update(piece)
    _write(path.with_name(f"{path.name}.tag"), digest.hexdigest()[:32].encode())


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its place when it is whole: two who make the same answer at once do not meet."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as stream:
            yield stream
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    with _replacing(path) as stream:
        stream.write(data)


def forget(days: int = 3) -> int:
    """Delete made answers that are older than some days and not of the latest versions; how many folders."""
    import shutil

    root = Path(settings.DATA) / "outlets"
    edge = timezone.now().timestamp() - days * 86400
    gone = 0
    for place in root.iterdir() if root.exists() else ():
        if place.stat().st_mtime < edge:
            shutil.rmtree(place, ignore_errors=True) if place.is_dir() else place.unlink(missing_ok=True)
            gone += 1
    return gone
