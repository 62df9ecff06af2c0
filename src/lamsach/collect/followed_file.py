"""Growing file, followed through rotation by renaming, copying, truncating and compressing.

Each line is read once: the position is in the spool with the lines themselves (see `spool`). A file is
recognized by its device, inode and the digest of its beginning; one rotated while nobody watched is found by
that beginning in the same folder, even compressed.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lamsach.collect.streams import Stream

_READ_BYTES = 1 << 20
_LONGEST_LINE = 1 << 20
_BEGINNING = 1024
"""Bytes at a file's beginning that identify it."""
_STEPS = 64
"""Reads of one file before the next file's turn."""


@dataclass(slots=True)
class _Place:
    """Position in a file: device, inode, bytes, and the digest of its first `known` bytes."""

    device: int = 0
    inode: int = 0
    offset: int = 0
    known: int = 0
    digest: str = ""

    @classmethod
    def of(cls, saved: dict[str, Any]) -> _Place:
        values = {name: saved[name] for name in cls.__slots__ if name in saved}
        return cls(**values)

    def saved(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Follower:
    """Follower of one path. `step` is called repeatedly by one thread."""

    def __init__(self, path: Path, stream: Stream) -> None:
        self.path = path
        self._stream = stream
        self._place = _Place.of(stream.place)
        self._file: IO[bytes] | None = None
        self._quiet = 0

    def step(self) -> bool:
        """Store new lines; returns whether there were any.

        Raises OutputError, and continues from the same place next time.
        """
        if self._file is None and not self._open():
            return False
        if self._was_truncated():
            return True
        took = False
        for _ in range(_STEPS):
            if not self._read(final=False):
                break
            took = True
        if took:
            self._quiet = 0
            return True
        return self._look_for_change()

    def _was_truncated(self) -> bool:
        """Return whether the open file was truncated and perhaps rewritten (copytruncate)."""
        assert self._file is not None
        size = os.fstat(self._file.fileno()).st_size
        if size >= self._place.offset and (
            not self._place.known or _digest(self._file, self._place.known) == self._place.digest
        ):
            return False
        self.close()
        self._finish_rotated()
        self._place = _Place()
        return True

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> bool:
        """Open the path at the last place, after the rest of files rotated meanwhile."""
        try:
            if not self.path.is_file():  # opening a pipe would wait for its other end
                return False
            file = self.path.open("rb")
        except OSError:
            return False
        status = os.fstat(file.fileno())
        if self._place.known and not self._is_same(file, status):
            self._finish_rotated()
            self._place = _Place()
        self._place.device, self._place.inode = status.st_dev, status.st_ino
        file.seek(self._place.offset)
        self._file = file
        self._quiet = 0
        return True

    def _is_same(self, file: IO[bytes], status: os.stat_result) -> bool:
        """Return whether this is the file read before, perhaps copied anew to the path and grown."""
        place = self._place
        if status.st_size < place.offset or _digest(file, place.known) != place.digest:
            return False
        if (status.st_dev, status.st_ino) == (place.device, place.inode):
            return True
        return place.known == _BEGINNING and not any(
            _identity(other) == (place.device, place.inode) for other in _siblings(self.path)
        )

    def _read(self, *, final: bool) -> bool:
        """Store the whole lines after the place; with `final` also an unterminated last one."""
        assert self._file is not None
        self._file.seek(self._place.offset)
        data = self._file.read(_READ_BYTES)
        end = data.rfind(b"\n") + 1
        while not end and len(data) < _LONGEST_LINE and (more := self._file.read(_READ_BYTES)):
            data += more
            end = data.rfind(b"\n") + 1
        if not end and (final or len(data) >= _LONGEST_LINE):
            end = len(data)
        if not end:
            return False
        lines = data[:end]
        after = self._place_after(lines)
        self._stream.take(lines if lines.endswith(b"\n") else lines + b"\n", after.saved())
        self._place = after
        return True

    def _place_after(self, lines: bytes) -> _Place:
        """Return the place after these lines."""
        place = self._place
        known, digest = place.known, place.digest
        if known < _BEGINNING:
            assert self._file is not None
            known = min(_BEGINNING, place.offset + len(lines))
            digest = _digest(self._file, known)
        return _Place(place.device, place.inode, place.offset + len(lines), known, digest)

    def _look_for_change(self) -> bool:
        """Return whether the path is now another file, after storing the rest of the old one."""
        try:
            status = self.path.stat()
        except OSError:
            return self._leave()
        place = self._place
        if (status.st_dev, status.st_ino) != (place.device, place.inode):
            return self._leave()
        self._quiet = 0
        return False

    def _leave(self) -> bool:
        """Leave a renamed or deleted file when it is quiet twice: its writer may still write for a moment."""
        self._quiet += 1
        if self._quiet < 3:
            return False
        if self._read(final=True):
            return True
        self.close()  # its place serves to find files rotated after it and never seen
        return True

    def _finish_rotated(self) -> None:
        """Store the rest of the file read before, and of those rotated after it."""
        place = self._place
        if not place.known:
            return
        siblings = list(_siblings(self.path))
        for position, sibling in enumerate(siblings):
            if _digest_of_path(sibling, place.known) == place.digest and place.digest:
                self._take_rest(sibling, place)
                for later in siblings[position + 1 :]:
                    if _is_part(later, self.path) and _digest_of_path(later, place.known) != place.digest:
                        self._take_rest(later, _Place())
                return

    def _take_rest(self, path: Path, place: _Place) -> None:
        """Read the rest of a rotated file.

        The position is stored by digest, so that a crash here duplicates nothing.
        """
        try:
            with _open_unpacked(path) as file:
                status = path.stat()
                _skip(file, place.offset)
                rest = b""
                while data := file.read(_READ_BYTES):
                    rest += data
                    end = rest.rfind(b"\n") + 1
                    if end or len(rest) >= _LONGEST_LINE:
                        end = end or len(rest)
                        place = self._take_part(path, rest[:end], place, status)
                        rest = rest[end:]
                if rest:
                    self._take_part(path, rest, place, status)
        except (OSError, EOFError):
            return

    def _take_part(self, path: Path, lines: bytes, place: _Place, status: os.stat_result) -> _Place:
        known, digest = place.known, place.digest
        if known < _BEGINNING:
            known = min(_BEGINNING, place.offset + len(lines))
            digest = _digest_of_path(path, known)
        after = _Place(status.st_dev, status.st_ino, place.offset + len(lines), known, digest)
        self._stream.take(lines if lines.endswith(b"\n") else lines + b"\n", after.saved())
        self._place = after
        return after


def _open_unpacked(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]


def _skip(file: IO[bytes], size: int) -> None:
    while size > 0:
        data = file.read(min(size, _READ_BYTES))
        if not data:
            return
        size -= len(data)


def _digest(file: IO[bytes], size: int) -> str:
    """Return the digest of the first bytes; empty when there are fewer."""
    position = file.tell()
    file.seek(0)
    data = file.read(size)
    file.seek(position)
    return hashlib.sha256(data).hexdigest()[:32] if len(data) == size else ""


def _digest_of_path(path: Path, size: int) -> str:
    try:
        with _open_unpacked(path) as file:
            return _digest(file, size)
    except (OSError, EOFError):
        return ""


def _siblings(path: Path) -> Iterator[Path]:
    """Yield files that may be older parts of it (`fw.log.1`, `fw.log-20220901.gz`), the oldest first."""
    found = []
    for other in path.parent.glob(f"{_escape_glob(path.stem)}*"):
        try:
            if other != path and other.is_file():
                found.append((other.stat().st_mtime_ns, other))
        except OSError:
            continue
    return (other for _, other in sorted(found))


def _identity(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_dev, status.st_ino)


def _is_part(other: Path, path: Path) -> bool:
    """Return whether the name is of rotation: `fw.log.1`, `fw.log-20220901.gz`, `fw-2022-09-01.log`."""
    number = r"[._-][0-9][0-9T:._-]*"
    name, stem, suffix = re.escape(path.name), re.escape(path.stem), re.escape(path.suffix)
    return re.fullmatch(rf"(?:{name}{number}|{stem}{number}{suffix})(?:\.gz)?", other.name) is not None


def _escape_glob(text: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)
