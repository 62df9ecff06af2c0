"""The file of an action, opened once and verified to be the examined one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lamsach.errors import InputError
from lamsach.scanner.actions import metadata
from lamsach.scanner.actions.handles import Place, place_of
from lamsach.scanner.findings import Target
from lamsach.scanner.safe_open import Skipped, pieces


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was opened and verified to be the examined one.

    `held`: a program of Windows prevents its renaming.
    """

    place: Place
    descriptor: int
    status: os.stat_result
    sha256: str
    held: bool = False

    def content(self) -> Iterator[bytes]:
        """Yield its content in pieces, from the beginning."""
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        yield from pieces(self.descriptor, self.status.st_size + 1)

    def identity(self, target: Target) -> dict[str, Any]:
        """Return the metadata to store, as JSON values."""
        return {
            "path": target.path if target.sha256 else os.path.realpath(target.path),
            "target_kind": target.kind.value,
            "device": self.status.st_dev,
            "inode": self.status.st_ino,
            "metadata": metadata.capture(self.descriptor, self.status, self.place.name),
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


@contextmanager
def opened(target: Target) -> Iterator[Opened]:
    """Open the target's file and verify that it is the examined one. Raises InputError."""
    path = target.path if target.sha256 else os.path.realpath(target.path)
    try:
        with place_of(path) as place:
            descriptor, status, held = _open(place)
            try:
                if target.inode and (status.st_dev, status.st_ino) != (target.device, target.inode):
                    raise other_file(path)
                digest = hashlib.sha256()
                for piece in pieces(descriptor, max(status.st_size, 0) + 1):
                    digest.update(piece)
                if target.sha256 and digest.hexdigest() != target.sha256:
                    raise other_file(path)
                yield Opened(place, descriptor, status, digest.hexdigest(), held)
            finally:
                os.close(descriptor)
    except Skipped as skipped:
        if skipped.reason in ("locked", "no_right"):
            raise in_use(path) from None
        raise other_file(path) from None


def _open(place: Place) -> tuple[int, os.stat_result, bool]:
    try:
        return (*place.open_file(), False)
    except Skipped as skipped:
        if skipped.reason != "locked":
            raise
        return (*place.open_in_use(), True)


def other_file(path: str) -> InputError:
    """Return the error for a file that is not the examined one."""
    return InputError(
        "This is not the file any more that was looked at; it was left alone.", path, "Look again."
    )


def in_use(path: str) -> InputError:
    """Return the error for a file that cannot be opened or renamed."""
    return InputError(
        "The file is in use or may not be read; it was left alone.",
        path,
        "End the program that uses it, or run again as an administrator.",
    )


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def today() -> str:
    """Return the day (UTC) with which an item's name begins."""
    return datetime.now(UTC).strftime("%Y%m%d")
