"""A zip with added files, made while streaming: new files and directory follow the unchanged old bytes.

A bundle of hundreds of megabytes needs no memory and no copy on disk; the output is reproducible.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import UnreadableError
from lamsach.i18n import mark

PIECE = 1 << 20
IN_MEMORY = 1 << 20
_TIME = (1980, 1, 1, 0, 0, 0)
Addition = tuple[str, int, AbstractContextManager[Any]]
"""A new file: name, size in bytes, opened content."""


class FilledZip(io.RawIOBase):
    """A zip with added files: the first `cut` bytes from the old file, the rest from a temporary one."""

    def __init__(self, base: BinaryIO, cut: int) -> None:
        super().__init__()
        self._base, self._cut, self._at = base, cut, 0
        prefix = "lamsach-filled-"
        self._tail = tempfile.SpooledTemporaryFile(IN_MEMORY, prefix=prefix)  # noqa: SIM115 - closed below
        base.seek(cut)
        shutil.copyfileobj(base, self._tail, PIECE)

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self._cut + self._tail.seek(0, io.SEEK_END)

    def seekable(self) -> bool:
        """Return True."""
        return True

    def readable(self) -> bool:
        """Return True."""
        return True

    def writable(self) -> bool:
        """Return True: after the old content."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position; return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(whence)
        self._at = (self.size if base is None else base) + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes; all for -1."""
        if size < 0:
            return b"".join(iter(lambda: self.read(PIECE), b""))
        if self._at < self._cut:
            self._base.seek(self._at)
            data = self._base.read(min(size, self._cut - self._at))
        else:
            self._tail.seek(self._at - self._cut)
            data = self._tail.read(size)
        self._at += len(data)
        return data

    def write(self, data: Any) -> int:
        """Write after the old content. io.UnsupportedOperation within it."""
        if self._at < self._cut:
            raise io.UnsupportedOperation
        self._tail.seek(self._at - self._cut)
        count = self._tail.write(data)
        self._at += count
        return count

    def truncate(self, size: int | None = None) -> int:
        """Cut the file at a position after the old content."""
        end = self._at if size is None else size
        self._tail.truncate(end - self._cut)
        return end

    def pieces(self) -> Iterator[bytes]:
        """Yield the whole file in pieces, then close it, also when abandoned."""
        try:
            self.seek(0)
            while data := self.read(PIECE):
                yield data
        finally:
            self.close()

    def close(self) -> None:
        """Close both parts."""
        if not self.closed:
            self._tail.close()
            self._base.close()
        super().close()


def add_files(base: BinaryIO, additions: Iterable[Addition]) -> FilledZip:
    """Add files to the zip in `base`, which the result owns. UnreadableError if not a zip."""
    try:
        with zipfile.ZipFile(base) as archive:
            filled = FilledZip(base, archive.start_dir)
    except ZIP_ERRORS as error:
        base.close()
        raise UnreadableError(
            mark("The scanner's bundle is damaged."), str(getattr(base, "name", ""))
        ) from error
    try:
        with zipfile.ZipFile(filled, "a", zipfile.ZIP_DEFLATED) as archive:
            for name, size, opened in additions:
                header = zipfile.ZipInfo(name, _TIME)
                header.compress_type = zipfile.ZIP_DEFLATED
                header.file_size = size  # only files above 4 GB get a zip64 header
                header.create_system, header.external_attr = 3, 0o644 << 16
                with opened as source, archive.open(header, "w") as target:
                    shutil.copyfileobj(source, target, PIECE)
    except BaseException:
        filled.close()
        raise
    return filled
