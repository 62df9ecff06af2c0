"""Atomic writing of results for their owner only: files 0600, new folders 0700."""

from __future__ import annotations

import errno
import os
import re
import secrets
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import BinaryIO, Literal

from lamsach.errors import OutputError
from lamsach.i18n import mark

_RETRY = mark(
    "Nothing was changed: a file that was there before is kept. Free some space or choose "
    "another place, then run it again."
)
_CHOOSE = mark("Choose another name or folder for the result. Nothing was changed.")
_REASONS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: (mark("The disk is full; the result was not written."), _RETRY),
    errno.EDQUOT: (mark("The disk quota is used up; the result was not written."), _RETRY),
    errno.EFBIG: (mark("The result is larger than a file may be here; it was not written."), _RETRY),
    errno.EACCES: (mark("No permission to write the result here."), _CHOOSE),
    errno.EPERM: (mark("No permission to write the result here."), _CHOOSE),
    errno.EROFS: (mark("This disk is read-only; the result was not written."), _CHOOSE),
    errno.ENOENT: (mark("The folder for the result does not exist."), _CHOOSE),
    errno.ENOTDIR: (mark("The folder for the result does not exist."), _CHOOSE),
    errno.EISDIR: (mark("There is a folder of this name; the result was not written."), _CHOOSE),
    errno.ENAMETOOLONG: (mark("The name of the result is too long."), _CHOOSE),
}


# .lamsach-89abcdef-4711-0123456789abcdef.tmp: machine and process of the writer
_TEMPORARY = re.compile(r"\.lamsach-([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{16}\.tmp")
OWN_FILE, OWN_FOLDER = 0o600, 0o700


def open_own(path: Path, mode: Literal["wb", "ab", "xb"] = "wb", buffering: int = -1) -> BinaryIO:
    """Open a file for writing; a new one is readable by its owner only."""
    return open(path, mode, buffering, opener=lambda name, flags: os.open(name, flags, OWN_FILE))


def own_folder(path: Path) -> None:
    """Create a folder and its missing parents for their owner only; existing ones retain their mode."""
    if not path.is_dir():
        own_folder(path.parent)
        path.mkdir(mode=OWN_FOLDER, exist_ok=True)


def write_for_owner_only() -> None:
    """Let only the owner use the files that the process creates from now on."""
    os.umask(os.umask(0o077) | 0o077)


def output_error(error: OSError, path: Path) -> OutputError:
    """Convert an operating system error to an OutputError with advice."""
    what, todo = _REASONS.get(error.errno or 0, (mark("The result could not be written."), _RETRY))
    return OutputError(what, str(path), todo)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that gets the name `path` only when complete on the disk.

    The data goes to a temporary file in the same folder, is flushed to the disk and renamed. On any error,
    Ctrl-C included, the temporary file is removed and the old file remains. A symbolic link is followed and
    preserved. The new file is its owner's only, even if the old one was not. Raises OutputError for errors of
    the operating system, and for a name that is not a regular file's.
    """
    target, temporary, descriptor = _open_temporary(path)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise output_error(error, path) from error
        raise
    _flush_folder(target.parent)


def refuse_unwritable(path: Path) -> None:
    """Raise OutputError where `atomic_file` would, before the work whose result goes there."""
    _, temporary, descriptor = _open_temporary(path)
    os.close(descriptor)
    temporary.unlink()


def _open_temporary(path: Path) -> tuple[Path, Path, int]:
    """Return the target of a path, its temporary file in the same folder, and that one's open descriptor.

    Raises OutputError.
    """
    try:
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "", str(path))
        if target.exists() and not target.is_file():
            raise OutputError(mark("A result can only be written to an ordinary file."), str(path), _CHOOSE)
        _remove_left(target.parent)
        temporary = target.with_name(f".lamsach-{_machine()}-{os.getpid()}-{secrets.token_hex(8)}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        return target, temporary, os.open(temporary, flags, OWN_FILE)
    except OSError as error:
        raise output_error(error, path) from error
    except ValueError as error:
        raise OutputError(mark("This cannot be the name of a file."), repr(str(path)), _CHOOSE) from error


@cache
def _machine() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


@lru_cache(maxsize=256)
def _remove_left(folder: Path) -> None:
    """Remove temporary files that killed processes of this machine left in the folder; once per process.

    A folder that cannot be listed may still be writable.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _TEMPORARY.fullmatch(entry.name)
            if found and found[1] == _machine() and not _is_alive(int(found[2])):
                with suppress(OSError):
                    Path(entry.path).unlink()


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # os.kill would end it there
        import psutil

        return bool(psutil.pid_exists(process))
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _flush_folder(folder: Path) -> None:
    """Flush the rename to the disk, where the system can (Windows cannot open a folder)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
