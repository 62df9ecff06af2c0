"""A walk to a file that nobody can divert: from the root, folder by folder, following no link.

openat(2), O_NOFOLLOW: anyone with write access to one of the folders can make the walk fail, but not divert
it.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lamsach.scanner.actions import windows
from lamsach.scanner.safe_open import Skipped, open_regular, reason_of

_FOLDER = (
    os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
)
BY_FOLDER = sys.platform != "win32"
"""True where the system can name a file relative to an opened folder."""


@dataclass(frozen=True, slots=True)
class Place:
    """An opened folder and a name in it.

    `folder` is None where the system has no such handles; `name` is then the whole path.
    """

    folder: int | None
    name: str

    def sibling(self, name: str) -> Place:
        """Return another name in the same folder."""
        return Place(self.folder, name if self.folder is not None else str(Path(self.name).with_name(name)))

    def status(self) -> os.stat_result | None:
        """Return the status of the name itself, not of a link's target; None if it does not exist."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def open_file(self) -> tuple[int, os.stat_result]:
        """Open the regular file of this name. Raises Skipped."""
        if sys.platform == "win32":
            return windows.open_shared(self.name)
        return open_regular(self.name, folder=self.folder)

    def open_in_use(self) -> tuple[int, os.stat_result]:
        """Open the regular file although another program of Windows uses it. Raises Skipped."""
        if os.name != "nt":
            raise Skipped("locked")
        return windows.open_shared(self.name, held=True)

    def create(self) -> int:
        """Create a file of this name, accessible only to its owner. Raises FileExistsError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        return os.open(self.name, flags, 0o600, dir_fd=self.folder)

    def rename(self, target: Place) -> None:
        """Rename the file in its folder, replacing any existing one."""
        os.replace(self.name, target.name, src_dir_fd=self.folder, dst_dir_fd=target.folder)

    def rename_to_free(self, target: Place) -> None:
        """Rename the file to an unused name. Raises FileExistsError."""
        if sys.platform == "win32":
            os.rename(self.name, target.name)  # fails on Windows when the name is taken  # noqa: PTH104
            return
        os.link(
            self.name, target.name, src_dir_fd=self.folder, dst_dir_fd=target.folder, follow_symlinks=False
        )
        os.unlink(self.name, dir_fd=self.folder)

    def unlink(self) -> None:
        """Remove the name, if it exists."""
        with suppress(FileNotFoundError):
            try:
                os.unlink(self.name, dir_fd=self.folder)
            except PermissionError:
                if os.name != "nt":
                    raise
                os.chmod(self.name, stat.S_IWRITE)  # Windows does not delete read-only files  # noqa: PTH101
                os.unlink(self.name)  # noqa: PTH108

    def flush(self) -> None:
        """Write the folder itself to the disk."""
        if self.folder is not None:
            os.fsync(self.folder)


@contextmanager
def place_of(path: str) -> Iterator[Place]:
    """Open the folder of an absolute path without links.

    Raises Skipped when a part of it is a link, gone or forbidden.
    """
    if not BY_FOLDER:
        yield Place(None, path)
        return
    parts = Path(path).parts
    if len(parts) < 2 or parts[0] != "/" or ".." in parts:
        raise Skipped("unreadable")
    folder = os.open("/", _FOLDER)
    try:
        for part in parts[1:-1]:
            try:
                inner = os.open(part, _FOLDER, dir_fd=folder)
            except OSError as error:
                raise Skipped(reason_of(error)) from None
            os.close(folder)
            folder = inner
        yield Place(folder, parts[-1])
    finally:
        os.close(folder)


def same_file(status: os.stat_result | None, device: int, inode: int) -> bool:
    """Return whether this is the intended regular file."""
    return (
        status is not None
        and stat.S_ISREG(status.st_mode)
        and (status.st_dev, status.st_ino) == (device, inode)
    )
