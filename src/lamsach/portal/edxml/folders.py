"""Watched folders of a connection: files in `in` are accepted and moved, ours are written to `out`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from lamsach.channels.edxml.writer import SUFFIX
from lamsach.channels.xml_input import LARGEST_BYTES
from lamsach.errors import LamsachError, OutputError, UnreadableError
from lamsach.i18n import mark
from lamsach.portal.edxml.models import Connection
from lamsach.runtime.file_names import safe_name

AT_ONCE = 200
"""Limit of files per connection and run."""
UNFINISHED_S = 60
"""Age up to which an unreadable file may still be being written."""

_UNUSABLE = mark("The folder of the connection cannot be used.")


def folder(connection: Connection, name: str) -> Path:
    """Return a folder of the connection (`in`, `out`), made when missing. OutputError."""
    path = Path(settings.EDXML_FOLDERS) / connection.name / name
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(_UNUSABLE, f"{path} ({error.strerror})") from error
    return path


def waiting(connection: Connection) -> Iterator[Path]:
    """Yield the edXML files in the folder `in`, the oldest first. OutputError."""
    found, inbox = [], folder(connection, "in")
    try:
        with os.scandir(inbox) as entries:
            for entry in entries:
                if entry.name.lower().endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                    found.append((entry.stat(follow_symlinks=False).st_mtime, entry.name, entry.path))
    except OSError as error:
        raise OutputError(_UNUSABLE, f"{inbox} ({error.strerror})") from error
    for _time, _name, path in sorted(found)[:AT_ONCE]:
        yield Path(path)


def read(path: Path) -> bytes:
    """Read a file up to one byte over the limit. UnreadableError if missing or not a regular file."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise OSError("no file")
            return stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise UnreadableError(mark("The file cannot be read."), path.name) from error


def is_unfinished(path: Path) -> bool:
    """Return whether another program may still be writing the file."""
    try:
        return 0 <= timezone.now().timestamp() - path.stat().st_mtime < UNFINISHED_S
    except OSError:
        return True


def put_aside(connection: Connection, path: Path, where: str, problem: LamsachError | None = None) -> None:
    """Move a file to `taken` or `refused`, with the reason in a text file. OutputError."""
    goal = folder(connection, f"in/{where}") / safe_name(path.name)
    number = 1
    while goal.exists():
        number += 1
        goal = goal.with_name(f"{path.stem[:120]} ({number}){SUFFIX}")
    try:
        path.replace(goal)
        if problem is not None:
            goal.with_suffix(".txt").write_text(f"{problem}\n", "utf-8")
    except OSError as error:
        raise OutputError(_UNUSABLE, f"{goal} ({error.strerror})") from error


def put_out(connection: Connection, name: str, data: bytes) -> None:
    """Write a file into `out` atomically. OutputError."""
    goal = folder(connection, "out") / safe_name(name)
    part = goal.with_name(f".{goal.name}.part")
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(goal)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(_UNUSABLE, f"{goal} ({error.strerror})") from error
