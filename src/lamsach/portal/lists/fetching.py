"""Lists from addresses, by schedule: over the network, or from the mirror folder that somebody carries to a place without one.

The network is asked only for addresses that a person has entered, and only where the portal may go (see `exchange.outgoing`). A source's key goes to
its own server alone (see `origin_keys`).
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files import File
from django.db.models import F
from django.utils import timezone

from lamsach import __version__
from lamsach.errors import InputError, LamsachError, LimitError, OutputError, UnreadableError
from lamsach.i18n import mark
from lamsach.indicators.files.source import MISP_SCHEMES
from lamsach.indicators.servers.client import Settings
from lamsach.indicators.servers.misp_feed import is_feed
from lamsach.portal.audit.trail import record
from lamsach.portal.base.asked import whole
from lamsach.portal.exchange import outgoing
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.lists import keeping, mirrored, origin_keys
from lamsach.portal.lists.models import Document, Origin
from lamsach.runtime.file_names import safe_name
from lamsach.runtime.web_client import Answer, Headers, WebClient, WebError

TIMEOUT_S = 60.0
WHOLE_S = 1800.0
"""How long an answer may take in all: a server that drips would hold the worker for ever."""
_PIECE = 1024 * 1024
RETRY = timedelta(minutes=30)
_UNREACHED = mark("The address could not be reached.")


_SOME_FAILED = mark("Some events of the feed could not be had; they are asked for again.")


@dataclass(frozen=True, slots=True)
class Got:
    """What an address gave: a file (None: nothing new), a name, its tag: an ETag, or the date of Last-Modified where there is none; and what is the matter all the same."""

    file: IO[bytes] | None
    name: str
    etag: str = ""
    problem: str = ""


def check(url: str) -> None:
    """InputError for an address from which nothing is fetched."""
    if not settings.LISTS_MIRROR:
        outgoing.check(origin_keys.web(url))


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
        if got.file is not None:
            with got.file:
                _take(origin, File(got.file, name=got.name))
    except LamsachError as error:
        told = "\n".join(part for part in (error.what, error.where) if part)
        Origin.objects.filter(pk=origin.pk).update(problem=told[:400], tried=timezone.now())
        return {"problem": error.what}
    Origin.objects.filter(pk=origin.pk).update(
        problem=got.problem[:400], etag=got.etag or F("etag"), fetched=timezone.now(), tried=timezone.now()
    )
    return {"new": got.file is not None}


def _take(origin: Origin, file: File[Any]) -> None:
    """Add what came to the list, unless it is what came last."""
    last = Document.objects.filter(origin=origin, withdrawn=None).first()
    if last is not None and last.sha256 == keeping.sha256_of(file):
        return
    keeping.add(origin.list, file, file.name or "", None, origin)
    record(None, "list.fetched", origin, origin.list.unit, name=origin.name, size=file.size)


def _got(origin: Origin) -> Got:
    if settings.LISTS_MIRROR:
        return _carried(Path(settings.LISTS_MIRROR), origin.url)
    outgoing.check(origin_keys.web(origin.url))
    key = origin_keys.key_of(origin)
    if not mirrored.is_mirrored(origin.url):
        return _download(origin, key)
    folder, done = mirrored.fetch(origin, Settings(client=_client(), token=key))
    of_events = is_feed(origin.url) or origin.url.startswith(MISP_SCHEMES)
    problem = f"{_SOME_FAILED}\n{done.failed}" if done.failed else ""
    return Got(
        mirrored.archive(folder, of_events=of_events), f"{safe_name(origin.name)}.zip", problem=problem
    )


def _carried(root: Path, url: str) -> Got:
    """`https://host/a/b.txt` as the file `host/a/b.txt` of the mirror folder; a feed is the folder of its manifest."""
    parts = urlsplit(origin_keys.web(url))
    path = (root / (parts.hostname or "") / parts.path.lstrip("/")).resolve()
    if not path.is_relative_to(root.resolve()):
        raise InputError(mark("The address leads out of the mirror folder."), url[:100])
    if is_feed(url) and path.is_file():
        path = path.parent
    try:
        if path.is_dir():
            return Got(mirrored.archive(path, of_events=False), f"{path.name}.zip")
        if path.stat().st_size > settings.UPLOAD_LIMIT_BYTES:
            raise LimitError(mark("The file is larger than allowed."), path.name)
        return Got(path.open("rb"), safe_name(path.name))
    except OSError as error:
        raise UnreadableError(
            mark("The mirror folder does not hold this list."), f"{path} ({error.strerror})"
        ) from None


def _client() -> WebClient:
    try:
        return outgoing.client(TIMEOUT_S, settings.LISTS_PROXY, settings.LISTS_CA)
    except OSError as error:
        raise UnreadableError(
            mark("The file of certificates cannot be read."), f"LAMSACH_LISTS_CA: {type(error).__name__}"
        ) from None


def _checked(old: str, new: str, headers: Headers) -> Headers:
    """Follow a redirection only to an address that may be fetched from; a key stays with the server that it is for."""
    outgoing.check(new)
    if origin_keys.server_of(new) == origin_keys.server_of(old):
        return headers
    return {name: value for name, value in headers.items() if name != "Authorization"}


def _download(origin: Origin, key: str | None) -> Got:
    sent = {"User-Agent": f"lamsach/{__version__}"}
    if key:
        sent["Authorization"] = key
    if origin.etag and Document.objects.filter(origin=origin, withdrawn=None).exists():
        tagged = origin.etag.endswith('"')  # RFC 9110 section 8.8.3; else it is a date
        sent["If-None-Match" if tagged else "If-Modified-Since"] = origin.etag
    name = safe_name(urlsplit(origin.url).path.rpartition("/")[2] or "list.txt")
    try:
        with _client().ask("GET", origin.url, sent, follow=_checked) as answer:
            if answer.status == 304:
                return Got(None, name, origin.etag)
            if not 200 <= answer.status < 300:
                raise OutputError(_UNREACHED, f"{origin.url[:100]}: {answer.status}")
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            return Got(_whole(answer, origin.url[:100]), name, tag if len(tag) <= 200 else "")
    except OSError as error:
        kind = error.kind if isinstance(error, WebError) else type(error).__name__
        raise OutputError(_UNREACHED, f"{origin.url[:100]}: {kind}") from None


def _whole(answer: Answer, where: str) -> IO[bytes]:
    """The body in a temporary file. TimeoutError when it drips beyond a time, LimitError when it is too large, UnreadableError when it is shorter than stated."""
    until, limit = time.monotonic() + WHOLE_S, settings.UPLOAD_LIMIT_BYTES
    stated = answer.headers.get("Content-Length") or ""
    stream = tempfile.TemporaryFile(prefix="lamsach-source-")  # noqa: SIM115 - the caller's
    try:
        for piece in answer.pieces(_PIECE):
            stream.write(piece)
            if stream.tell() > limit:
                raise LimitError(mark("The file is larger than allowed."), where)
            if time.monotonic() > until:
                raise TimeoutError
        if stream.tell() < (whole(stated) or 0):
            raise UnreadableError(mark("The answer broke off."), where)
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    return stream
