"""Spool of received lines that are not yet a segment: one file per source and segment.

Synced once a second, read again after a crash.

    header   one line of JSON: the source
    record   "LREC", sizes of place and lines, CRC-32 of both, place (JSON), whole lines

A place states how far the source had been read with these lines, so that reading a file continues exactly
there. A record truncated by a crash is dropped: its lines are read from the file again.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from isal import isal_zlib

from lamsach.errors import OutputError, UnreadableError
from lamsach.i18n import mark
from lamsach.results.atomic import open_own

_RECORD = struct.Struct("<4sIII")
_MAGIC = b"LREC"
_MOST_BYTES = 1 << 28
SUFFIX = ".wal"
_CANNOT = mark("The spool cannot be written.")
_ROOM = mark("Check the free space and the permissions: nothing is collected until then.")


@dataclass(frozen=True, slots=True)
class Header:
    """Origin of spooled lines: source's key, name, kind and class; file's number; first byte and line."""

    key: str
    name: str
    kind: str
    retention: str
    number: int
    begin: int = 0
    lines: int = 0


@dataclass(slots=True)
class Spooled:
    """Content of a spool file: lines, the place after the last, its time in seconds since the epoch."""

    header: Header
    raw: bytes
    place: dict[str, Any] = field(default_factory=dict)
    last: float = 0.0


class Spool:
    """Spool file open for writing. Not thread-safe."""

    def __init__(self, folder: Path, header: Header) -> None:
        self.header = header
        self.path = folder / f"{header.key}-{header.number:08d}{SUFFIX}"
        self.size = 0
        self.place: dict[str, Any] = {}
        self._dirty = False
        self._file: BinaryIO | None = None

    def resume(self, spooled: Spooled) -> None:
        """Continue after the content from a previous run; a truncated record is removed."""
        self.size = len(spooled.raw)
        self.place = spooled.place
        try:
            self._reopen()
        except OSError as error:
            raise _unwritable(error, self.path) from None

    def append(self, lines: bytes, place: dict[str, Any]) -> None:
        """Store lines. Raises OutputError if none was stored."""
        about = json.dumps(place, separators=(",", ":")).encode()
        check = isal_zlib.crc32(lines, isal_zlib.crc32(about))
        try:
            if self._file is None:
                self._reopen() if self.size else self._begin()
            begin = self._file.tell() if self._file else 0
            try:
                self._write(_RECORD.pack(_MAGIC, len(about), len(lines), check) + about)
                self._write(lines)
            except OSError:
                if self._file is not None:
                    self._file.truncate(begin)
                    self._file.seek(begin)
                raise
        except OSError as error:
            raise _unwritable(error, self.path) from None
        self.size += len(lines)
        self.place = place
        self._dirty = True

    def _begin(self) -> None:
        """Create a file with its header, or none: after half a header nothing could be read."""
        self._file = open_own(self.path, "wb", buffering=0)
        try:
            self._write(_header_line(self.header))
        except OSError:
            self._file.close()
            self._file = None
            self.path.unlink(missing_ok=True)
            raise

    def _reopen(self) -> None:
        """Continue after the last complete record of a closed file."""
        whole = _whole_bytes(self.path)
        self._file = self.path.open("r+b", buffering=0)
        self._file.truncate(whole)
        self._file.seek(whole)

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    def sync(self) -> None:
        """Make stored lines durable. Raises OutputError."""
        if self._dirty and self._file is not None:
            self._dirty = False
            try:
                self._file.flush()
                os.fdatasync(self._file.fileno()) if hasattr(os, "fdatasync") else os.fsync(
                    self._file.fileno()
                )
            except OSError as error:
                raise _unwritable(error, self.path) from None

    def close(self) -> None:
        """Close the file without deleting it."""
        if self._file is not None:
            self.sync()
            self._file.close()
            self._file = None


def _header_line(header: Header) -> bytes:
    about = {name: getattr(header, name) for name in Header.__slots__}
    return json.dumps(about, ensure_ascii=True).encode() + b"\n"


def _unwritable(error: OSError, path: Path) -> OutputError:
    return OutputError(_CANNOT, f"{path}: {error.strerror or error}", _ROOM)


def _records(file: BinaryIO) -> Iterator[tuple[dict[str, Any], bytes, int]]:
    """Yield the complete records after the header: place, lines, end of the record."""
    while True:
        head = file.read(_RECORD.size)
        if len(head) < _RECORD.size:
            return
        marked, about_bytes, line_bytes, check = _RECORD.unpack(head)
        if marked != _MAGIC or about_bytes > _MOST_BYTES or line_bytes > _MOST_BYTES:
            return
        about, lines = file.read(about_bytes), file.read(line_bytes)
        if len(lines) < line_bytes or isal_zlib.crc32(lines, isal_zlib.crc32(about)) != check:
            return
        try:
            yield json.loads(about), lines, file.tell()
        except ValueError:
            return


def read_spool(path: Path) -> Spooled | None:
    """Read the complete part of a spool file; None without a complete header.

    Raises UnreadableError.
    """
    try:
        with path.open("rb") as file:
            try:
                header = Header(**json.loads(file.readline()))
            except (ValueError, TypeError):
                return None
            spooled, parts = Spooled(header, b""), []
            for place, lines, _ in _records(file):
                parts.append(lines)
                spooled.place = place
            spooled.raw = b"".join(parts)
            spooled.last = path.stat().st_mtime
            return spooled
    except OSError as error:
        raise UnreadableError("The spool cannot be read.", f"{path}: {error.strerror}") from None


def drop_empty(path: Path) -> None:
    """Delete a spool file without lines.

    One with an unreadable header is renamed instead, for manual recovery.
    """
    with path.open("rb") as file:
        found = _MAGIC in file.read()
    if found:
        path.replace(path.with_suffix(".damaged"))
    else:
        path.unlink(missing_ok=True)


def _whole_bytes(path: Path) -> int:
    with path.open("rb") as file:
        file.readline()
        end = file.tell()
        return max([end, *(after for _, _, after in _records(file))])


def spool_files(folder: Path) -> list[Path]:
    """Return the spool files of a folder, by source and number."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file())
