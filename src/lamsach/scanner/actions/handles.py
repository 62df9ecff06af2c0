"""A walk to a file that nobody can divert: from the root, folder by folder, no link followed.

openat(2), O_NOFOLLOW: whoever may write in one of the folders can only make the walk fail, never lead it
elsewhere.
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
"""True where the system lets a file be named by its opened folder."""


@dataclass(frozen=True, slots=True)
class Place:
    """An opened folder and a name in it.

    `folder` is None where the system has no such thing; `name` is then the whole path.
    """

    folder: int | None
    name: str

    def beside(self, name: str) -> Place:
        """Another name in the same folder."""
        return Place(self.folder, name if self.folder is not None else str(Path(self.name).with_name(name)))

    def status(self) -> os.stat_result | None:
        """Return what lies under the name, itself and not what it points to; None for nothing."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def open_file(self) -> tuple[int, os.stat_result]:
        """The ordinary file under the name. Raises Skipped."""
        if sys.platform == "win32":
            return windows.open_shared(self.name)
        return open_regular(self.name, folder=self.folder)

    def open_held(self) -> tuple[int, os.stat_result]:
        """The ordinary file under the name although another program of Windows holds it. Raises Skipped."""
        if os.name != "nt":
            raise Skipped("locked")
        return windows.open_shared(self.name, held=True)

    def create(self) -> int:
        """A new file under the name, for its owner alone. Raises FileExistsError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        return os.open(self.name, flags, 0o600, dir_fd=self.folder)

    def rename(self, target: Place) -> None:
        """Give the file another name in the folder, in the place of what is there."""
        os.replace(self.name, target.name, src_dir_fd=self.folder, dst_dir_fd=target.folder)

    def rename_to_free(self, target: Place) -> None:
        """Give the file another name that nothing has yet. Raises FileExistsError."""
        if sys.platform == "win32":
            os.rename(self.name, target.name)  # fails on Windows when the name is taken  # noqa: PTH104
            return
        os.link(
            self.name, target.name, src_dir_fd=self.folder, dst_dir_fd=target.folder, follow_symlinks=False
        )
        os.unlink(self.name, dir_fd=self.folder)

    def unlink(self) -> None:
        """Remove the name; nothing happens when it is gone."""
        with suppress(FileNotFoundError):
            try:
                os.unlink(self.name, dir_fd=self.folder)
            except PermissionError:
                if os.name != "nt":
                    raise
                os.chmod(self.name, stat.S_IWRITE)  # Windows deletes no read-only file  # noqa: PTH101
                os.unlink(self.name)  # noqa: PTH108

    def flush(self) -> None:
        """Put the folder itself on the disk."""
        if self.folder is not None:
            os.fsync(self.folder)


@contextmanager
def place_of(path: str) -> Iterator[Place]:
    """The place of an absolute path without links.

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
    """Return whether this is the ordinary file that was meant."""
    return (
        status is not None
        and stat.S_ISREG(status.st_mode)
        and (status.st_dev, status.st_ino) == (device, inode)
    )
