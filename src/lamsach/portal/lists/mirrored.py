"""Sources that are servers with many parts (TAXII collections, MISP instances, MISP feeds): a folder for each holds what came, and only what is new is asked for."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.conf import settings

from lamsach.documents.archive import MIB
from lamsach.errors import LimitError
from lamsach.i18n import mark
from lamsach.indicators.files.source import MISP_SCHEMES, TAXII_SCHEMES
from lamsach.indicators.servers.client import Fetched, Settings
from lamsach.indicators.servers.misp_feed import is_feed
from lamsach.portal.lists.models import Origin

MEMBER_BYTES = 64 * MIB
"""How large a file in the archive gets: an archive holds only so many, and an instance has more events."""


def is_mirrored(url: str) -> bool:
    """Return whether an address names such a server."""
    return url.startswith(TAXII_SCHEMES + MISP_SCHEMES) or is_feed(url)


def is_instance(url: str) -> bool:
    """Return whether an address names a MISP instance, which gives nothing without a key."""
    return url.startswith(MISP_SCHEMES) and not is_feed(url)


def fetch(origin: Origin, asking: Settings) -> tuple[Path, Fetched]:
    """Bring what is new into the source's folder. Raises InputError, OutputError; what came before stays."""
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


def forget(origin_id: int) -> None:
    """Delete what was brought for a source that is gone."""
    for folder in _folders(origin_id):
        shutil.rmtree(folder, ignore_errors=True)


def _root() -> Path:
    return Path(settings.DATA) / "mirrors"


def _folder(origin: Origin) -> Path:
    """The folder of a source with this address: another address begins anew."""
    return _root() / f"{origin.pk}-{hashlib.sha256(origin.url.encode()).hexdigest()[:16]}"


def _folders(origin_id: int) -> list[Path]:
    return list(_root().glob(f"{origin_id}-*"))


def archive(folder: Path, *, of_events: bool) -> IO[bytes]:
    """The folder's files as one archive, the same bytes for the same files, in a temporary file. `of_events`: they are MISP events as the mirrors of ours keep
    them, of which many are put into one file. LimitError when it is larger than a document may be."""
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
    """The events in lists of so many bytes."""
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
