"""Lists from addresses, by schedule: over the network, or from the mirror folder that somebody carries to a place without one.

The network is asked only for addresses that a person has entered, and only where the portal may go (see `exchange.outgoing`).
"""

from __future__ import annotations

import io
import time
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files import File
from django.db.models import F
from django.utils import timezone

from lamsach import __version__
from lamsach.errors import InputError, LamsachError, LimitError, OutputError, UnreadableError
from lamsach.i18n import mark
from lamsach.indicators.opening import TAXII_SCHEMES
from lamsach.portal.audit.trail import record
from lamsach.portal.base.uploads import safe_name
from lamsach.portal.exchange import outgoing
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.lists import keeping
from lamsach.portal.lists.models import Document, Origin

TIMEOUT_S = 60.0
WHOLE_S = 1800.0
"""How long an answer may take in all: a server that drips would hold the worker for ever."""
_PIECE = 1024 * 1024
RETRY = timedelta(minutes=30)
_UNREACHED = mark("The address could not be reached.")


@dataclass(frozen=True, slots=True)
class Got:
    """What an address gave: the bytes (None: nothing new), a name, its tag: an ETag, or the date of Last-Modified where there is none."""

    data: bytes | None
    name: str
    etag: str = ""


def check(url: str) -> None:
    """InputError for an address from which nothing is fetched."""
    if not settings.LISTS_MIRROR:
        outgoing.check(_web(url))


def _web(url: str) -> str:
    return url.removeprefix("taxii+") if url.startswith(TAXII_SCHEMES) else url


def due() -> int:
    """Queue what is to be fetched now; how many."""
    now, count = timezone.now(), 0
    for origin in Origin.objects.filter(active=True).order_by("pk"):
        pause = RETRY if origin.problem else timedelta(hours=origin.hours)
        if origin.tried is not None and origin.tried + min(pause, timedelta(hours=origin.hours)) > now:
            continue
        if Origin.objects.filter(pk=origin.pk, tried=origin.tried).update(tried=now):
            enqueue("lists.fetch", None, origin_id=origin.pk)
            count += 1
    return count


def fetch(origin_id: int) -> dict[str, Any]:
    """Fetch a source; what is new becomes a document of the list. What fails is said at the source, and the last document stays."""
    origin = Origin.objects.select_related("list__unit").get(pk=origin_id)
    try:
        got = _got(origin)
        if got.data is not None:
            file = File(io.BytesIO(got.data), name=got.name)
            last = Document.objects.filter(origin=origin, withdrawn=None).first()
            if last is None or last.sha256 != keeping.sha256_of(got.data):
                keeping.add(origin.list, file, got.name, None, origin)
                record(None, "list.fetched", origin, origin.list.unit, name=origin.name, size=len(got.data))
    except LamsachError as error:
        told = " ".join(part for part in (error.what, error.where) if part)
        Origin.objects.filter(pk=origin.pk).update(problem=told[:400], tried=timezone.now())
        return {"problem": error.what}
    Origin.objects.filter(pk=origin.pk).update(
        problem="", etag=got.etag or F("etag"), fetched=timezone.now(), tried=timezone.now()
    )
    return {"new": got.data is not None}


def _got(origin: Origin) -> Got:
    if settings.LISTS_MIRROR:
        return _mirrored(Path(settings.LISTS_MIRROR), origin.url)
    outgoing.check(_web(origin.url))
    if origin.url.startswith(TAXII_SCHEMES):
        return _taxii(origin)
    return _download(origin)


def _mirrored(root: Path, url: str) -> Got:
    """`https://host/a/b.txt` as the file `host/a/b.txt` of the mirror folder."""
    parts = urlsplit(_web(url))
    path = (root / (parts.hostname or "") / parts.path.lstrip("/")).resolve()
    if not path.is_relative_to(root.resolve()):
        raise InputError(mark("The address leads out of the mirror folder."), url[:100])
    try:
        if path.is_dir():
            return Got(_zipped(path), f"{path.name}.zip")
        if path.stat().st_size > settings.UPLOAD_LIMIT_BYTES:
            raise LimitError(mark("The file is larger than allowed."), path.name)
        return Got(path.read_bytes(), safe_name(path.name))
    except OSError as error:
        raise UnreadableError(
            mark("The mirror folder does not hold this list."), f"{path} ({error.strerror})"
        ) from None


def _zipped(folder: Path) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                archive.writestr(zipfile.ZipInfo(str(path.relative_to(folder))), path.read_bytes())
    return stream.getvalue()


def _taxii(origin: Origin) -> Got:
    """What is new in a collection is added to the pages that a folder of the source holds; all of them are the document."""
    from lamsach.indicators.taxii import Settings
    from lamsach.indicators.taxii_mirror import mirror

    folder = Path(settings.DATA) / "taxii" / str(origin.pk)
    mirror(origin.url, folder, Settings(handlers=_handlers()))
    return Got(_zipped(folder), f"{safe_name(origin.name)}.zip")


def _handlers() -> tuple[urllib.request.BaseHandler, ...]:
    try:
        return outgoing.handlers(settings.LISTS_PROXY, settings.LISTS_CA)
    except OSError as error:
        raise UnreadableError(
            mark("The file of certificates cannot be read."), f"LAMSACH_LISTS_CA: {type(error).__name__}"
        ) from None


class _CheckedRedirect(urllib.request.HTTPRedirectHandler):
    """Follows a redirection only to an address that may be fetched from."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        outgoing.check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(origin: Origin) -> Got:
    opener = urllib.request.build_opener(_CheckedRedirect, *_handlers())
    asked = urllib.request.Request(origin.url, headers={"User-Agent": f"lamsach/{__version__}"})  # noqa: S310 - checked above
    if origin.etag and Document.objects.filter(origin=origin, withdrawn=None).exists():
        tagged = origin.etag.endswith('"')  # RFC 9110 section 8.8.3; else it is a date
        asked.add_header("If-None-Match" if tagged else "If-Modified-Since", origin.etag)
    limit = settings.UPLOAD_LIMIT_BYTES
    name = safe_name(urlsplit(origin.url).path.rpartition("/")[2] or "list.txt")
    try:
        with opener.open(asked, timeout=TIMEOUT_S) as answer:
            stated = answer.headers.get("Content-Length") or ""
            data = _all(answer, limit + 1)
            if len(data) > limit:
                raise LimitError(mark("The file is larger than allowed."), origin.url[:100])
            if stated.isdigit() and len(data) < int(stated):
                raise UnreadableError(mark("The answer broke off."), origin.url[:100])
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            return Got(data, name, tag if len(tag) <= 200 else "")
    except urllib.error.HTTPError as error:
        if error.code == 304:
            return Got(None, name, origin.etag)
        raise OutputError(_UNREACHED, f"{origin.url[:100]}: {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise OutputError(_UNREACHED, f"{origin.url[:100]}: {type(error).__name__}") from None


def _all(answer: Any, limit: int) -> bytes:
    """The body, up to a number of bytes. TimeoutError when it drips beyond a time."""
    until = time.monotonic() + WHOLE_S
    parts: list[bytes] = []
    size = 0
    while size < limit and (part := answer.read1(min(_PIECE, limit - size))):
        parts.append(part)
        size += len(part)
        if time.monotonic() > until:
            raise TimeoutError
    return b"".join(parts)
