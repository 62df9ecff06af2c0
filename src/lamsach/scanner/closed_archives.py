"""Members of rar, 7z and cab archives, read by libarchive where present (Debian: `libarchive13`).

Only the format recognized by the first bytes is enabled in the library, nothing is unpacked to a path, and
the caller's budget counts unpacked bytes. Without the library such archives are reported as not opened.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_void_p
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from lamsach.scanner.safe_open import Skipped

_FORMATS = {"rar": "rar", "rar5": "rar5", "7z": "7zip", "cab": "cab"}
_RAR5 = b"Rar!\x1a\x07\x01"
_BLOCK_BYTES = 1 << 16
_LOCKED = ("ncrypt", "assphrase", "assword")


@cache
def library() -> ModuleType | None:
    """Return the binding of libarchive, or None when it or the library is missing.

    Windows 10 and later have the library under another name.
    """
    if sys.platform == "win32":
        builtin = Path(os.environ.get("SYSTEMROOT", "C:\\Windows"), "System32", "archiveint.dll")
        if builtin.is_file():
            os.environ["LIBARCHIVE"] = str(builtin)
    try:
        import libarchive
    except Exception:  # noqa: BLE001 - the binding fails in its own ways when the library is not there
        return None
    return libarchive  # type: ignore[no-any-return]


class Entry:
    """One file inside: name, whether it needs a password, and content to read before the next one."""

    def __init__(self, entry: Any, module: ModuleType) -> None:
        self.name = str(entry.pathname or "")
        self.locked = _is_locked(entry, module)
        self._entry = entry
        self._error: type[Exception] = module.exception.ArchiveError
        self._blocks: Iterator[bytes] = iter(())
        self._rest = b""

    def open(self) -> IO[bytes]:
        """Return the content as a stream."""
        self._blocks = iter(self._entry.get_blocks(_BLOCK_BYTES))
        return self  # type: ignore[return-value]  # only read, then closed

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes. Raises Skipped if it needs a password, EOFError for damaged data."""
        if not self._rest:
            try:
                self._rest = next(self._blocks, b"")
            except self._error as error:
                raise _reason(error) from None
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def __enter__(self) -> Entry:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the archive open."""


def entries(stream: IO[bytes], kind: str) -> Iterator[Entry]:
    """Yield the files in a `rar`, `7z` or `cab` archive.

    Raises Skipped with the reason for an archive that is not opened, locked or damaged.
    """
    module = library()
    if module is None:
        raise Skipped("archive_closed")
    if kind == "rar":
        kind = "rar5" if stream.read(len(_RAR5)) == _RAR5 else kind
        stream.seek(0)
    with _opened(module, stream, kind) as archive:
        found, seen = iter(archive), 0
        while True:
            try:
                entry = next(found, None)
            except module.exception.ArchiveError as error:
                raise _skipped(error) from None
            if entry is None and not seen:  # the library treats some truncated archives as empty
                raise Skipped("archive_damaged")
            if entry is None:
                return
            seen += 1
            if not (entry.isdir or entry.issym):  # an entry without a stated kind is a file too
                yield Entry(entry, module)


@contextmanager
def _opened(module: ModuleType, stream: IO[bytes], kind: str) -> Iterator[Any]:
    try:
        with module.stream_reader(
            stream, format_name=_FORMATS[kind], filter_name="none", block_size=_BLOCK_BYTES
        ) as archive:
            yield archive
    except module.exception.ArchiveError as error:
        raise _skipped(error) from None


def _is_locked(entry: Any, module: ModuleType) -> bool:
    is_encrypted = getattr(module.ffi.libarchive, "archive_entry_is_encrypted", None)
    pointer = getattr(entry, "_entry_p", None)
    return bool(is_encrypted is not None and pointer is not None and is_encrypted(c_void_p(pointer)))


def _skipped(error: Exception) -> Skipped:
    return Skipped("archive_locked" if any(word in str(error) for word in _LOCKED) else "archive_damaged")


def _reason(error: Exception) -> Exception:
    skipped = _skipped(error)
    return skipped if skipped.reason == "archive_locked" else EOFError(str(error))
