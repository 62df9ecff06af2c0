"""Storage of an archive: a local folder, or any file system of fsspec (`s3://bucket/logs`)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any

from lamsach.errors import OutputError, UnreadableError
from lamsach.i18n import mark
from lamsach.results.atomic import open_own, own_folder
from lamsach.runtime.extras import missing

_CANNOT_READ = mark("The archive cannot be read.")
_CANNOT_WRITE = mark("The archive cannot be written.")
_CHECK = mark("Check the path, the permissions and the free space.")


class Store:
    """Objects of an archive by name.

    Local objects are written to a temporary file, synced and renamed: they are complete or absent.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._folder = None if "://" in url and not url.startswith("file://") else Path(_plain(url))
        self._fs: Any = None
        self._root = ""
        if self._folder is None:
            import fsspec

            try:
                self._fs, self._root = fsspec.core.url_to_fs(url)
            except Exception as error:  # noqa: BLE001 - each file system raises errors of its own library
                raise missing(error) or UnreadableError(_CANNOT_READ, f"{url}: {error}", _CHECK) from None

    @property
    def folder(self) -> Path | None:
        """Folder of a local archive, else None."""
        return self._folder

    def read(self, name: str, start: int = 0, size: int | None = None) -> bytes:
        """Return the object's bytes, or a range of them. Raises UnreadableError."""
        try:
            if self._folder is not None:
                # a path object for each of 100,000 takes longer than reading
                with open(f"{self._folder}/{name}", "rb", buffering=0) as file:  # noqa: PTH123
                    if start:
                        file.seek(start)
                    return file.read() if size is None else _up_to(file, size)
            end = None if size is None else start + size
            return bytes(self._fs.cat_file(f"{self._root}/{name}", start=start, end=end))
        except Exception as error:  # noqa: BLE001 - other file systems raise errors of their own libraries
            raise UnreadableError(_CANNOT_READ, f"{self.url}/{name}: {_reason(error)}", _CHECK) from None

    def has(self, name: str) -> bool:
        """Return whether the object exists."""
        if self._folder is not None:
            return (self._folder / name).is_file()
        try:
            self._fs.invalidate_cache()
            return bool(self._fs.exists(f"{self._root}/{name}"))
        except Exception as error:  # noqa: BLE001 - see `read`
            raise UnreadableError(_CANNOT_READ, f"{self.url}/{name}: {_reason(error)}", _CHECK) from None

    def write(self, name: str, data: bytes, *, sync: bool = True) -> None:
        """Write or replace an object. Raises OutputError."""
        try:
            if self._folder is None:
                self._fs.pipe_file(f"{self._root}/{name}", data)
                return
            path = self._folder / name
            own_folder(path.parent)
            temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
            with open_own(temporary) as file:
                file.write(data)
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.replace(path)
            if sync:
                _sync_folder(path.parent)
        except Exception as error:  # noqa: BLE001 - see `read`
            raise OutputError(_CANNOT_WRITE, f"{self.url}/{name}: {_reason(error)}", _CHECK) from None

    def delete(self, name: str) -> None:
        """Delete an object, if it exists."""
        try:
            if self._folder is not None:
                (self._folder / name).unlink(missing_ok=True)
            elif self.has(name):
                self._fs.rm_file(f"{self._root}/{name}")
        except Exception as error:  # noqa: BLE001 - see `read`
            raise OutputError(_CANNOT_WRITE, f"{self.url}/{name}: {_reason(error)}", _CHECK) from None

    def names(self, prefix: str) -> list[str]:
        """Return the sorted names of the objects in a folder of the archive, at any depth."""
        if self._folder is not None:
            return sorted(_walk(self._folder / prefix, prefix))
        root = f"{self._root}/"
        try:
            self._fs.invalidate_cache()  # others write too
            found = self._fs.find(f"{self._root}/{prefix}")
        except FileNotFoundError:
            return []
        except Exception as error:  # noqa: BLE001 - see `read`
            raise UnreadableError(_CANNOT_READ, f"{self.url}/{prefix}: {_reason(error)}", _CHECK) from None
        return sorted(path.removeprefix("/").removeprefix(root.removeprefix("/")) for path in found)


def _up_to(file: FileIO, size: int) -> bytes:
    """Read up to this many bytes."""
    parts = []
    while size > 0 and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(Path(entry.path), f"{prefix}/{entry.name}")
        else:
            yield f"{prefix}/{entry.name}"


def _plain(url: str) -> str:
    return url.removeprefix("file://")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; not every system can open a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
