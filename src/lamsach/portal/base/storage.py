"""Storage of files: a folder that all machines share, or an S3-compatible bucket (`LAMSACH_UPLOADS`).

Both offer Django's storage, in which a file is there whole or not at all, and what files need that come in
pieces and are read by programs that want a path. A bucket's pieces are objects of their own, called by where
they begin; one that is sent twice takes its own place. Credentials and address are the environment's
(`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_ENDPOINT_URL`) or the machine's.
"""

from __future__ import annotations

import math
import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, default_storage, storages

from lamsach.errors import UsageError
from lamsach.i18n import mark
from lamsach.results.atomic import own_folder
from lamsach.runtime.extras import require

SCHEME = "s3://"
_BLOCK_BYTES = 8 << 20
_PART = ".part"


def described(uploads: str, data: Path) -> dict[str, dict[str, Any]]:
    """Describe the stores of kept and arriving files. UsageError for neither folder nor bucket."""
    if uploads.startswith(SCHEME):
        require("s3fs")
        kept = {"BACKEND": f"{__name__}.Bucket", "OPTIONS": {"url": uploads}}
        arriving = {"BACKEND": f"{__name__}.Bucket", "OPTIONS": {"url": f"{uploads.rstrip('/')}/arriving"}}
        return {"default": kept, "arriving": arriving}
    if "://" in uploads:
        raise UsageError(
            mark("Uploads cannot be kept there."),
            "LAMSACH_UPLOADS",
            mark("Give a folder, or a bucket as s3://bucket/prefix."),
        )
    kept = {"BACKEND": f"{__name__}.Folder", "OPTIONS": {"location": uploads or str(data / "uploads")}}
    return {
        "default": kept,
        "arriving": {"BACKEND": f"{__name__}.Folder", "OPTIONS": {"location": str(data)}},
    }


def kept(uploads: str, data: Path) -> Any:
    """The storage of kept files, without Django's settings."""
    how = described(uploads, data)["default"]
    return (Bucket if how["BACKEND"].endswith("Bucket") else Folder)(**how["OPTIONS"])


def arriving() -> Any:
    """The storage of files that arrive in pieces, and of logs that wait for their search."""
    return storages["arriving"]


def copy_of(name: str) -> Path:
    """A stored file as a file of this machine; what is read as long as the path is held."""
    return default_storage.copy_of(name)  # type: ignore[no-any-return,attr-defined]


def copy_to(name: str, path: Path) -> Path:
    """Copy a stored file to a path of this machine."""
    with default_storage.open(name, "rb") as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    return path


class Folder(FileSystemStorage):
    """A folder, which machines of one portal share."""

    def __init__(self, location: str) -> None:
        super().__init__(location=location, file_permissions_mode=0o600, directory_permissions_mode=0o700)

    def _save(self, name: str, content: Any) -> str:
        path = Path(self.path(name))
        own_folder(path.parent)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_PART}")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                for chunk in content.chunks():
                    target.write(chunk.encode() if isinstance(chunk, str) else chunk)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return name

    def append(self, name: str, received: int, data: bytes) -> int:
        """Write the bytes after the first `received`, over what a killed process left; the new length."""
        path = Path(self.path(name))
        own_folder(path.parent)
        path.touch(mode=0o600)
        with path.open("r+b") as file:
            file.truncate(received)
            file.seek(received)
            file.write(data)
        return received + len(data)

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """Place of an arrival, a file or a folder of files, on this machine."""
        yield Path(self.path(name))

    def forget(self, name: str) -> None:
        """Delete what arrived under a name."""
        path = Path(self.path(name))
        path.unlink(missing_ok=True) if path.is_file() else shutil.rmtree(path, ignore_errors=True)

    def copy_of(self, name: str) -> Path:
        """See `copy_of`."""
        return Path(self.path(name))

    @property
    def free_bytes(self) -> float:
        """Bytes that may still come."""
        own_folder(Path(self.location))
        return shutil.disk_usage(self.location).free

    def names(self, folder: str = "") -> Iterator[str]:
        """The whole files, in order; of all, or of one folder."""
        root = Path(self.location)
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix != _PART:
                yield path.relative_to(root).as_posix()


class _Copy(type(Path())):  # type: ignore[misc]
    """The path of a copy, which is deleted when nobody holds the path any more."""


class Bucket(Storage):
    """Objects under `s3://bucket/prefix`."""

    def __init__(self, url: str) -> None:
        self._root = url.removeprefix(SCHEME).strip("/")

    @cached_property
    def _of_processes(self) -> dict[int, Any]:
        return {}

    @property
    def _fs(self) -> Any:
        """The client, one a process: its thread does not live on in a fork."""
        import fsspec

        if os.getpid() not in self._of_processes:
            self._of_processes[os.getpid()] = fsspec.filesystem("s3", use_listings_cache=False)
        return self._of_processes[os.getpid()]

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        return File(self._fs.open(self._at(name), mode, block_size=_BLOCK_BYTES), name)

    def _save(self, name: str, content: Any) -> str:
        target = self._fs.open(self._at(name), "wb", block_size=_BLOCK_BYTES)
        try:
            for chunk in content.chunks():
                target.write(chunk.encode() if isinstance(chunk, str) else chunk)
        except BaseException:
            target.discard()
            target.closed = True
            raise
        target.close()
        return name

    def exists(self, name: str) -> bool:
        """See `Storage`."""
        return bool(self._fs.exists(self._at(name)))

    def size(self, name: str) -> int:
        """See `Storage`."""
        return int(self._fs.size(self._at(name)))

    def delete(self, name: str) -> None:
        """See `Storage`."""
        with suppress(FileNotFoundError):
            self._fs.rm_file(self._at(name))

    def append(self, name: str, received: int, data: bytes) -> int:
        """See `Folder.append`."""
        self._fs.pipe_file(self._at(f"{name}/{received:015d}"), data)
        return received + len(data)

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """See `Folder.local`: copies, made of their pieces."""
        root = self._at(name)
        with tempfile.TemporaryDirectory(prefix="lamsach-arrived-") as folder:
            place = Path(folder) / Path(name).name
            files: dict[str, dict[int, str]] = {}
            for key in self._fs.find(root):
                file, _, begin = str(key).removeprefix(root).rpartition("/")
                files.setdefault(file.strip("/"), {})[int(begin)] = str(key)
            for file, pieces in files.items():
                path = place / file
                own_folder(path.parent)
                with path.open("wb") as target:
                    while (key := pieces.get(target.tell())) is not None:
                        before = target.tell()
                        target.write(self._fs.cat_file(key))
                        if target.tell() == before:
                            break
            yield place

    def forget(self, name: str) -> None:
        """See `Folder.forget`."""
        with suppress(FileNotFoundError):
            self._fs.rm(self._at(name), recursive=True)

    def copy_of(self, name: str) -> Path:
        """See `copy_of`."""
        handle, path = tempfile.mkstemp(prefix="lamsach-copy-")
        os.close(handle)
        self._fs.get_file(self._at(name), path)
        copy = _Copy(path)
        weakref.finalize(copy, Path(path).unlink, missing_ok=True)
        return copy

    @property
    def free_bytes(self) -> float:
        """See `Folder.free_bytes`."""
        return math.inf

    def names(self, folder: str = "") -> Iterator[str]:
        """See `Folder.names`."""
        for key in self._fs.find(self._at(folder).rstrip("/")):
            name = str(key).removeprefix(f"{self._root}/")
            if not name.startswith("arriving/"):
                yield name
