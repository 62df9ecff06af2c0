"""Sources of lists, fetched by schedule over the network or, offline, from a mirror folder.

Only addresses entered by people are requested, and only where `exchange.outbound` allows. A source's key is
locked together with its server, so that no other server ever gets it, even after a change of the address. The
content of TAXII collections, MISP instances and MISP feeds is mirrored in a folder per source, and only news
is requested.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
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
from lamsach.documents.archive import MIB
from lamsach.errors import InputError, LamsachError, LimitError, OutputError, UnreadableError
from lamsach.i18n import mark
from lamsach.indicators.files.source import MISP_SCHEMES, TAXII_SCHEMES
from lamsach.indicators.servers.client import Fetched, Settings
from lamsach.indicators.servers.misp_feed import is_feed
from lamsach.portal.audit.trail import record
from lamsach.portal.base.parameters import parse_number
from lamsach.portal.exchange import outbound
from lamsach.portal.exchange.unit_keys import lock, unlock
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.lists import documents
from lamsach.portal.lists.models import Document, Origin
from lamsach.runtime.file_names import safe_name
from lamsach.runtime.web_client import Answer, Headers, WebClient, WebError

TIMEOUT_S = 60.0
WHOLE_S = 1800.0
"""Limit of a whole answer, so that a slow server does not block the worker."""
_PIECE = 1024 * 1024
RETRY = timedelta(minutes=30)
_UNREACHED = mark("The address could not be reached.")
_SOME_FAILED = mark("Some events of the feed could not be fetched; they are tried again.")


@dataclass(frozen=True, slots=True)
class Download:
    """A fetched file (None: nothing new), its name, ETag or Last-Modified, and a problem."""

    file: IO[bytes] | None
    name: str
    etag: str = ""
    problem: str = ""


def check(url: str) -> None:
    """Check that an address may be fetched. InputError."""
    if not settings.LISTS_MIRROR:
        outbound.check(web(url))


def due() -> int:
    """Queue the sources due now; return their number."""
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
    """Fetch a source into a new document, or store the problem with the source."""
    origin = Origin.objects.select_related("list__unit").get(pk=origin_id)
    try:
        download = _retrieve(origin)
        if download.file is not None:
            with download.file:
                _add(origin, File(download.file, name=download.name))
    except LamsachError as error:
        text = "\n".join(part for part in (error.what, error.where) if part)
        Origin.objects.filter(pk=origin.pk).update(problem=text[:400], tried=timezone.now())
        return {"problem": error.what}
    Origin.objects.filter(pk=origin.pk).update(
        problem=download.problem[:400],
        etag=download.etag or F("etag"),
        fetched=timezone.now(),
        tried=timezone.now(),
    )
    return {"new": download.file is not None}


def _add(origin: Origin, file: File[Any]) -> None:
    """Add the file to the list unless it equals the last one."""
    last = Document.objects.filter(origin=origin, withdrawn=None).first()
    if last is not None and last.sha256 == documents.sha256_of(file):
        return
    documents.add(origin.list, file, file.name or "", None, origin)
    record(None, "list.fetched", origin, origin.list.unit, name=origin.name, size=file.size)


def _retrieve(origin: Origin) -> Download:
    if settings.LISTS_MIRROR:
        return _from_mirror(Path(settings.LISTS_MIRROR), origin.url)
    outbound.check(web(origin.url))
    key = key_of(origin)
    if not is_mirrored(origin.url):
        return _download(origin, key)
    folder, done = fetch_mirror(origin, Settings(client=_client(), token=key))
    of_events = is_feed(origin.url) or origin.url.startswith(MISP_SCHEMES)
    problem = f"{_SOME_FAILED}\n{done.failed}" if done.failed else ""
    return Download(archive(folder, of_events=of_events), f"{safe_name(origin.name)}.zip", problem=problem)


def _from_mirror(root: Path, url: str) -> Download:
    """Read `https://host/a/b.txt` from `host/a/b.txt` of the mirror folder; a feed is a folder."""
    parts = urlsplit(web(url))
    path = (root / (parts.hostname or "") / parts.path.lstrip("/")).resolve()
    if not path.is_relative_to(root.resolve()):
        raise InputError(mark("The address leads out of the mirror folder."), url[:100])
    if is_feed(url) and path.is_file():
        path = path.parent
    try:
        if path.is_dir():
            return Download(archive(path, of_events=False), f"{path.name}.zip")
        if path.stat().st_size > settings.UPLOAD_LIMIT_BYTES:
            raise LimitError(mark("The file is larger than allowed."), path.name)
        return Download(path.open("rb"), safe_name(path.name))
    except OSError as error:
        raise UnreadableError(
            mark("The mirror folder does not hold this list."), f"{path} ({error.strerror})"
        ) from None


def _client() -> WebClient:
    try:
        return outbound.client(TIMEOUT_S, settings.LISTS_PROXY, settings.LISTS_CA)
    except OSError as error:
        raise UnreadableError(
            mark("The file of certificates cannot be read."), f"LAMSACH_LISTS_CA: {type(error).__name__}"
        ) from None


def _follow(old: str, new: str, headers: Headers) -> Headers:
    """Follow a redirection only to an allowed address; a key stays with its server."""
    outbound.check(new)
    if server_of(new) == server_of(old):
        return headers
    return {name: value for name, value in headers.items() if name != "Authorization"}


def _download(origin: Origin, key: str | None) -> Download:
    sent = {"User-Agent": f"lamsach/{__version__}"}
    if key:
        sent["Authorization"] = key
    if origin.etag and Document.objects.filter(origin=origin, withdrawn=None).exists():
        tagged = origin.etag.endswith('"')  # RFC 9110 section 8.8.3; otherwise a date
        sent["If-None-Match" if tagged else "If-Modified-Since"] = origin.etag
    name = safe_name(urlsplit(origin.url).path.rpartition("/")[2] or "list.txt")
    try:
        with _client().ask("GET", origin.url, sent, follow=_follow) as answer:
            if answer.status == 304:
                return Download(None, name, origin.etag)
            if not 200 <= answer.status < 300:
                raise OutputError(_UNREACHED, f"{origin.url[:100]}: {answer.status}")
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            return Download(_whole(answer, origin.url[:100]), name, tag if len(tag) <= 200 else "")
    except OSError as error:
        kind = error.kind if isinstance(error, WebError) else type(error).__name__
        raise OutputError(_UNREACHED, f"{origin.url[:100]}: {kind}") from None


def _whole(answer: Answer, where: str) -> IO[bytes]:
    """Store a body in a temporary file. TimeoutError, LimitError, UnreadableError if cut short."""
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
        if stream.tell() < (parse_number(stated) or 0):
            raise UnreadableError(mark("The answer broke off."), where)
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    return stream


_PORTS = {"http": 80, "https": 443}


def web(url: str) -> str:
    """Return the web address without the prefix `taxii+` or `misp+`."""
    return url.removeprefix("taxii+").removeprefix("misp+")


def server_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(web(url))
    return f"{parts.scheme}://{parts.hostname or ''}:{parts.port or _PORTS.get(parts.scheme, 0)}"


def locked(url: str, key: str) -> str:
    """Lock a key together with the server of an address."""
    return lock(json.dumps({"server": server_of(url), "key": key}))


def fits(origin: Origin, url: str) -> bool:
    """Return whether the stored key is for the server of this address and can be unlocked."""
    try:
        return bool(json.loads(unlock(origin.locked_key))["server"] == server_of(url))
    except InputError:
        return False


def key_of(origin: Origin) -> str | None:
    """Unlock the source's key, or return None. InputError if for another server, or not unlockable."""
    if not origin.locked_key:
        return None
    stored = json.loads(unlock(origin.locked_key))
    if stored["server"] != server_of(origin.url):
        raise InputError(mark("The key of this source is for another server: enter the key again."))
    return str(stored["key"])


MEMBER_BYTES = 64 * MIB
"""Size of merged event files: an archive has a limit of files, which instances exceed."""


def is_mirrored(url: str) -> bool:
    """Return whether an address is mirrored in a folder: TAXII, MISP instance or feed."""
    return url.startswith(TAXII_SCHEMES + MISP_SCHEMES) or is_feed(url)


def is_instance(url: str) -> bool:
    """Return whether an address names a MISP instance, which requires a key."""
    return url.startswith(MISP_SCHEMES) and not is_feed(url)


def fetch_mirror(origin: Origin, asking: Settings) -> tuple[Path, Fetched]:
    """Update the source's folder with news, and delete its outdated folders. InputError, OutputError."""
    from lamsach.indicators.servers import misp_api, misp_feed, taxii

    folder = _folder(origin)
    if is_feed(origin.url):
        done = misp_feed.mirror(origin.url, folder, asking)
    elif origin.url.startswith(MISP_SCHEMES):
        done = misp_api.mirror(origin.url, folder, asking)
    else:
        done = taxii.mirror(origin.url, folder, asking)
    for other in _folders(origin.pk):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder, done


def forget_mirror(origin_id: int) -> None:
    """Delete the folders of a deleted source."""
    for folder in _folders(origin_id):
        shutil.rmtree(folder, ignore_errors=True)


def _root() -> Path:
    return Path(settings.DATA) / "mirrors"


def _folder(origin: Origin) -> Path:
    """Return the source's folder; another address has another folder."""
    return _root() / f"{origin.pk}-{hashlib.sha256(origin.url.encode()).hexdigest()[:16]}"


def _folders(origin_id: int) -> list[Path]:
    return list(_root().glob(f"{origin_id}-*"))


def archive(folder: Path, *, of_events: bool) -> IO[bytes]:
    """Pack the folder's files into a reproducible archive in a temporary file.

    `of_events`: merge the MISP events into larger files. LimitError above the limit of documents.
    """
    stream = tempfile.TemporaryFile(prefix="lamsach-source-")  # noqa: SIM115 - the caller's
    try:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
            found = _files(folder, "event-*.json" if of_events else "*")
            for name, pieces in _gathered(found) if of_events else _each(folder, found):
                entry = zipfile.ZipInfo(name)
                entry.compress_type = zipfile.ZIP_DEFLATED
                with made.open(entry, "w", force_zip64=True) as member:
                    for piece in pieces:
                        member.write(piece)
                if stream.tell() > settings.UPLOAD_LIMIT_BYTES:
                    raise LimitError(mark("The file is larger than allowed."), folder.name)
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    return stream


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.rglob(pattern) if path.is_file() and not path.name.startswith("."))


def _each(folder: Path, found: list[Path]) -> Iterator[tuple[str, Iterator[bytes]]]:
    for path in found:
        yield str(path.relative_to(folder)), _pieces(path)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(MIB):
            yield piece


def _gathered(found: list[Path]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Merge events into lists of about MEMBER_BYTES."""
    groups: list[list[Path]] = []
    size = MEMBER_BYTES
    for path in found:
        if size >= MEMBER_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(path)
        size += path.stat().st_size
    for number, group in enumerate(groups, 1):
        yield f"events-{number:04}.json", _list_of(group)


def _list_of(group: list[Path]) -> Iterator[bytes]:
    yield b'{"response": ['
    for number, path in enumerate(group):
        yield b"," if number else b""
        yield from _pieces(path)
    yield b"]}"
