"""Outlets for blocking programs: the latest version in their own format, in parts, with an ETag.

An answer is cached as a file until the version or the validity of its values changes.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

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
from lamsach.portal.base.links import digest_of, find_by_token, nonce
from lamsach.portal.base.ratelimit import client_address, exceeded
from lamsach.portal.lists import versions
from lamsach.portal.lists.models import KeptList, Outlet, Version
from lamsach.results.atomic import atomic_file

PREFIX = "out_"
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A part of an outlet's list: plain and packed file, tag, number of parts, last change."""

    plain: Path
    packed: Path
    tag: str
    parts: int
    modified: datetime
    suffix: str


@transaction.atomic
def issue(kept_list: KeptList, by: Any, **fields: Any) -> tuple[Outlet, str]:
    """Make an outlet; return it and its token, shown once."""
    token = PREFIX + nonce()
    made = Outlet.objects.create(list=kept_list, digest=digest_of(token), created_by=user_of(by), **fields)
    record(by, "list.outlet_made", made, kept_list.unit, writer=made.writer, name=made.name)
    return made, token


def find(token: str) -> Outlet | None:
    """Return the outlet of a token, unless revoked."""
    return find_by_token(Outlet.objects.select_related("list"), token)  # type: ignore[no-any-return]


def answer_of(outlet: Outlet, part: int, now: datetime | None = None) -> Answer | None:
    """Return a part (from 1) of the latest version, or None."""
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
    """Return the time of the last change of valid values, by the version's cached times."""
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
    """Sorted times (Unix seconds) at which values begin or end to be valid, and the version's own."""
    import numpy as np

    found = array("q", [int(version.made.timestamp())])
    for item in versions.values(version):
        found.extend(int(at.timestamp()) for at in (item.valid_from, item.valid_until) if at is not None)
    return array("q", np.unique(np.frombuffer(found, dtype=np.int64)).tobytes())


def _terms(outlet: Outlet) -> str:
    text = f"{outlet.writer} {outlet.tlp} {outlet.confidence} {outlet.part}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _make(outlet: Outlet, version: Version, moment: datetime, folder: Path) -> None:
    """Write all parts, and last the file `parts`, which marks the folder as complete."""
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
    """Split items into parts of at most `most` entries and the writer's byte limit; binary formats whole."""
    if export.writer.binary:
        yield export.items
        return
    part, entries, size = Spool(), 0, 0
    limit = export.writer.part_bytes
    for item in export.items:
        lines, needed = export.writer.size_of(item)
        if part and (entries + lines > most or size + needed > limit > 0):
            yield part
            part, entries, size = Spool(), 0, 0
        part.append(item)
        entries += lines
        size += needed
    yield part


def _write_part(export: Export, path: Path) -> None:
    """Write a part, its packed copy and its tag, without holding it in memory."""
    with atomic_file(path) as stream:
        export.save(stream)
    digest = hashlib.sha256()
    with (
        path.open("rb") as plain,
        atomic_file(path.with_name(f"{path.name}.gz")) as stream,
        gzip.GzipFile("", "wb", 6, stream, mtime=0) as packing,
    ):
        while piece := plain.read(_PIECE):
            packing.write(piece)
            digest.update(piece)
    _write(path.with_name(f"{path.name}.tag"), digest.hexdigest()[:32].encode())


def _write(path: Path, data: bytes) -> None:
    with atomic_file(path) as stream:
        stream.write(data)


def forget(days: int = 3) -> int:
    """Delete cached answers older than some days; return the number of folders and files."""
    root = Path(settings.DATA) / "outlets"
    edge = timezone.now().timestamp() - days * 86400
    count = 0
    for path in root.iterdir() if root.exists() else ():
        if path.stat().st_mtime < edge:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            count += 1
    return count


WRONG, WINDOW_S = 60, 300


@link("GET")
def outlet_file(request: HttpRequest, token: str, part: int = 1) -> HttpResponse:
    """Serve a part of the list (`.../2/`: the second), packed on request; 304 by ETag or date."""
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
    """Return whether gzip is accepted; a weight of 0 refuses (RFC 9110 section 12.5.3)."""
    for text in header.lower().split(","):
        coding, *parameters = (part.replace(" ", "") for part in text.split(";"))
        if coding == "gzip":
            return not any(
                parameter.startswith("q=") and not parameter[2:].strip("0.") for parameter in parameters
            )
    return False


def _is_known(request: HttpRequest, tag: str, modified: int) -> bool:
    """Return whether the client has this answer: by tags if sent, else by date (RFC 9110 section 13.2.2)."""
    known = request.headers.get("If-None-Match", "")
    if known:
        tags = {tag_.strip().removeprefix("W/").strip('"') for tag_ in known.split(",")}
        return bool({tag, f"{tag}-gz", "*"} & tags)
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and since >= modified
