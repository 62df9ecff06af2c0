"""Outlets of blocking programs: a version in their own format, in parts, with a tag that tells changes.

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
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import http_date, parse_http_date_safe

from lamsach.indicators.releases.rows import Spool
from lamsach.indicators.writers import BY_NAME
from lamsach.indicators.writers.export import Export, Terms, prepare, stamp_of
from lamsach.model import Indicator
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.doors import link
from lamsach.portal.base.ratelimit import client_address, exceeded
from lamsach.portal.lists import versions
from lamsach.portal.lists.models import KeptList, Outlet, Version

PREFIX = "out_"
_NEAR = timedelta(minutes=1)
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """One part of an outlet's list: plain and packed bytes, tag, number of parts, last change."""

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
    made = Outlet.objects.create(list=kept, digest=_digest(word), created_by=user_of(by), **fields)
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


def answer_of(outlet: Outlet, part: int, now: datetime | None = None) -> Answer | None:
    """A part (1 is the first) of the latest version; None when there is no version or no such part."""
    version = versions.latest(outlet.list)
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
    """Moment of the last change of values in force, by the version's file of moments."""
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
    """Moments (s since 1970) at which values begin or end to hold, and the version's own, in order."""
    import numpy as np

    found = array("q", [int(version.made.timestamp())])
    for item in versions.values(version):
        found.extend(int(at.timestamp()) for at in (item.valid_from, item.valid_until) if at is not None)
    return array("q", np.unique(np.frombuffer(found, dtype=np.int64)).tobytes())


def _terms(outlet: Outlet) -> str:
    said = f"{outlet.writer} {outlet.tlp} {outlet.confidence} {outlet.part}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _make(outlet: Outlet, version: Version, moment: datetime, folder: Path) -> None:
    """Write all parts; the file `parts` comes last, so that half a folder is never taken for a whole one."""
    writer = BY_NAME[outlet.writer]
    terms = Terms(moment, outlet.tlp, outlet.list.tlp, outlet.confidence)
    export = prepare(versions.values(version), writer, version.digest, terms)
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for number, items in enumerate(_parts(export, outlet.part), 1):
        stamp = stamp_of(items, version.digest, moment)
        _write_part(replace(export, items=items, stamp=stamp), folder / f"{number}")
    _write(folder / "parts", str(number).encode())


def _parts(export: Export, most: int) -> Iterator[Collection[Indicator]]:
    """Items in parts of at most so many entries and as many bytes as the program takes; archives whole."""
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


WRONG, WINDOW_S = 60, 300


@link("GET")
def outlet_file(request: HttpRequest, token: str, part: int = 1) -> HttpResponse:
    """Answer with a part of the list (`.../2/`: the second), packed on demand; 304 by ETag or date."""
    found = find(token)
    if found is None:
        if exceeded("outlet", client_address(request), WRONG, WINDOW_S):
            return HttpResponse(status=429)
        raise Http404
    answer = answer_of(found, part)
    if answer is None:
        raise Http404
    packed = _takes_gzip(request.headers.get("Accept-Encoding", ""))
    tag = f'"{answer.tag}{"-gz" if packed else ""}"'
    headers = {
        "ETag": tag,
        "Last-Modified": http_date(answer.modified.timestamp()),
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
        "X-Lamsach-Parts": str(answer.parts),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if _is_known(request, answer.tag, int(answer.modified.timestamp())):
        return HttpResponse(status=304, headers=headers)
    binary = BY_NAME[found.writer].binary
    kind = (
        "application/zip"
        if binary
        else "application/json"
        if answer.suffix == ".json"
        else "text/plain; charset=utf-8"
    )
    if packed:
        headers["Content-Encoding"] = "gzip"
    stream = (answer.packed if packed else answer.plain).open("rb")
    return FileResponse(stream, content_type=kind, headers=headers)  # type: ignore[return-value]


def _takes_gzip(header: str) -> bool:
    """RFC 9110 section 12.5.3: a weight of 0 refuses."""
    for text in header.lower().split(","):
        coding, *parameters = (part.replace(" ", "") for part in text.split(";"))
        if coding == "gzip":
            return not any(word.startswith("q=") and not word[2:].strip("0.") for word in parameters)
    return False


def _is_known(request: HttpRequest, tag: str, modified: int) -> bool:
    """RFC 9110 section 13.2.2: a tag decides alone; without one the date does."""
    known = request.headers.get("If-None-Match", "")
    if known:
        words = {word.strip().removeprefix("W/").strip('"') for word in known.split(",")}
        return bool({tag, f"{tag}-gz", "*"} & words)
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and since >= modified
