"""Opening of a file of unknown origin: a regular file or nothing, never a link, pipe or device."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

READ_BYTES = 1 << 20
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_NOATIME = getattr(os, "O_NOATIME", 0)
_REASONS = {
    errno.EACCES: "no_right",
    errno.EPERM: "no_right",
    errno.ENOENT: "vanished",
    errno.ENOTDIR: "vanished",
    errno.ESTALE: "vanished",
    errno.ELOOP: "link",
    errno.ENAMETOOLONG: "long_name",
    errno.ETXTBSY: "locked",
    errno.EBUSY: "locked",
    errno.ENXIO: "not_regular",
    errno.ENODEV: "not_regular",
    errno.EIO: "disk_error",
}
_WINDOWS_LOCKED = frozenset({32, 33})
"""ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION."""


class Skipped(Exception):  # noqa: N818 - reads as what it means where it is raised
    """An object cannot be examined; `reason` is a code of `labels.SKIPS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def reason_of(error: OSError) -> str:
    """Return the system's reason for refusal, as a code of `labels.SKIPS`."""
    if getattr(error, "winerror", None) in _WINDOWS_LOCKED:
        return "locked"
    return _REASONS.get(error.errno or 0, "unreadable")


def open_regular(path: str | int, *, folder: int | None = None) -> tuple[int, os.stat_result]:
    """Open a regular file; return its descriptor and status. Raises Skipped.

    Its access time is preserved where the system allows that. The last part of the path is not followed when
    it is a link.
    """
    if isinstance(path, int):
        return path, os.fstat(path)
    try:
        before = os.stat(path, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(before.st_mode):
            raise Skipped("link" if stat.S_ISLNK(before.st_mode) else "not_regular")
        try:
            descriptor = os.open(path, _FLAGS | _NOATIME, dir_fd=folder)
        except PermissionError:
            if not _NOATIME:
                raise
            descriptor = os.open(path, _FLAGS, dir_fd=folder)
    except ValueError:
        raise Skipped("unreadable") from None
    except OSError as error:
        raise Skipped(reason_of(error)) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Skipped("not_regular")
    return descriptor, status


def read_small(path: str, limit: int = 4 << 20) -> bytes:
    """Read a regular file, at most `limit` bytes. Raises Skipped; not for `/proc`."""
    descriptor, _ = open_regular(path)
    try:
        return b"".join(pieces(descriptor, limit))
    finally:
        os.close(descriptor)


def pieces(descriptor: int, limit: int) -> Iterator[bytes]:
    """Yield the content of a descriptor, in pieces, up to `limit` bytes. Raises Skipped on read errors."""
    left = limit
    while left > 0:
        try:
            piece = os.read(descriptor, min(left, READ_BYTES))
        except OSError as error:
            raise Skipped(reason_of(error)) from None
        if not piece:
            return
        left -= len(piece)
        yield piece
