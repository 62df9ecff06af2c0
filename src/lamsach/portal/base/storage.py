"""File storage: a folder shared by all machines, or an S3-compatible bucket (`LAMSACH_UPLOADS`).

Both implement Django's storage with atomic files, and add files that arrive in pieces or are needed under a
local path. A bucket's pieces are objects of their own, named by their offset; a piece sent twice replaces
itself. Credentials and endpoint come from the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
`AWS_ENDPOINT_URL`) or the machine.
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


def storage_settings(uploads: str, data: Path) -> dict[str, dict[str, Any]]:
    """Settings of the storages for stored and arriving files. UsageError for neither folder nor bucket."""
    if uploads.startswith(SCHEME):
        require("s3fs")
        stored = {"BACKEND": f"{__name__}.Bucket", "OPTIONS": {"url": uploads}}
        arriving = {"BACKEND": f"{__name__}.Bucket", "OPTIONS": {"url": f"{uploads.rstrip('/')}/arriving"}}
        return {"default": stored, "arriving": arriving}
    if "://" in uploads:
        raise UsageError(
            mark("Uploads cannot be kept there."),
            "LAMSACH_UPLOADS",
            mark("Give a folder, or a bucket as s3://bucket/prefix."),
        )
    stored = {"BACKEND": f"{__name__}.Folder", "OPTIONS": {"location": uploads or str(data / "uploads")}}
    return {
        "default": stored,
        "arriving": {"BACKEND": f"{__name__}.Folder", "OPTIONS": {"location": str(data)}},
    }


def stored_files(uploads: str, data: Path) -> Any:
    """The storage of stored files, without Django's settings."""
    setting = storage_settings(uploads, data)["default"]
    return (Bucket if setting["BACKEND"].endswith("Bucket") else Folder)(**setting["OPTIONS"])


def arriving() -> Any:
    """The storage of files that arrive in pieces, and of logs that wait for their search."""
    return storages["arriving"]


def copy_of(name: str) -> Path:
    """Local path of a stored file; valid as long as the path object is held."""
    return default_storage.copy_of(name)  # type: ignore[no-any-return,attr-defined]


def copy_to(name: str, path: Path) -> Path:
    """Copy a stored file to a local path."""
    with default_storage.open(name, "rb") as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    return path


class Folder(FileSystemStorage):
    """Folder shared by the machines of a portal."""

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
        """Write at offset `received`, over the remains of a killed process; returns the new length."""
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
        """Local path of an arrival, a file or a folder of files."""
        yield Path(self.path(name))

    def forget(self, name: str) -> None:
        """Delete an arrival."""
        path = Path(self.path(name))
        path.unlink(missing_ok=True) if path.is_file() else shutil.rmtree(path, ignore_errors=True)

    def copy_of(self, name: str) -> Path:
        """See `copy_of`."""
        return Path(self.path(name))

    @property
    def free_bytes(self) -> float:
        """Free space in bytes."""
        own_folder(Path(self.location))
        return shutil.disk_usage(self.location).free

    def names(self, folder: str = "") -> Iterator[str]:
        """Complete files, sorted; all, or those of one folder."""
        root = Path(self.location)
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix != _PART:
                yield path.relative_to(root).as_posix()


class _Copy(type(Path())):  # type: ignore[misc]
    """Path of a copy that is deleted together with the path object."""


class Bucket(Storage):
    """Objects under `s3://bucket/prefix`."""

    def __init__(self, url: str) -> None:
        self._root = url.removeprefix(SCHEME).strip("/")

    @cached_property
    def _of_processes(self) -> dict[int, Any]:
        return {}

    @property
    def _fs(self) -> Any:
        """Client, one a process: its thread does not survive a fork."""
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
        """See `Folder.local`: copies, assembled from their pieces."""
        root = self._at(name)
        with tempfile.TemporaryDirectory(prefix="lamsach-arrived-") as folder:
            target_path = Path(folder) / Path(name).name
            files: dict[str, dict[int, str]] = {}
            for key in self._fs.find(root):
                file, _, begin = str(key).removeprefix(root).rpartition("/")
                files.setdefault(file.strip("/"), {})[int(begin)] = str(key)
            for file, pieces in files.items():
                path = target_path / file
                own_folder(path.parent)
                with path.open("wb") as target:
                    while (key := pieces.get(target.tell())) is not None:
                        before = target.tell()
                        target.write(self._fs.cat_file(key))
                        if target.tell() == before:
                            break
            yield target_path

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
