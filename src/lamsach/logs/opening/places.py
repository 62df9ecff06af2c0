"""Inputs named by arguments: files, folders, patterns, `-` and URLs of other file systems."""

from __future__ import annotations

import glob
import io
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from lamsach.errors import InputError, UnreadableError
from lamsach.logs.opening.sources import ByteSource, FileSource, HandleSource, Opener, unreadable
from lamsach.model import Problem
from lamsach.runtime.extras import missing

STANDARD_INPUT = "-"
STANDARD_INPUT_NAME = "(standard input)"

OnProblem = Callable[[Problem], None]

_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive. `problem`: why it cannot be read."""

    name: str
    size_bytes: int
    modified: datetime
    open: Opener
    problem: UnreadableError | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """An input that can be read from any offset, unless `once` (standard input).

    `size_bytes`: on disk, 0 when unknown. `modified` is in UTC."""

    name: str
    size_bytes: int
    modified: datetime
    path: str | None = None
    handle: Callable[[], IO[bytes]] | None = None
    once: bool = False

    def part(self, name: str, offset: int = 0, length: int | None = None) -> ByteSource:
        """Open a source for a range of bytes. Raises UnreadableError."""
        if self.path is not None:
            return FileSource(self.path, name, offset, length)
        return HandleSource(self.seekable(), name, offset, length, keep_open=self.once)

    def seekable(self) -> IO[bytes]:
        """Open a file object on the whole input. Raises UnreadableError."""
        try:
            if self.path is not None:
                return Path(self.path).open("rb")
            if self.handle is not None:
                return self.handle()
        except OSError as error:
            raise unreadable(error, self.name) from None
        raise UnreadableError("The file could not be read.", self.name, "Check the path.")


def in_memory(name: str, data: bytes, modified: datetime) -> Place:
    """Return a place with these bytes."""
    return Place(name, len(data), modified, handle=lambda: io.BytesIO(data))


def problem(error: InputError) -> Problem:
    """Convert an error to a problem for reports."""
    return Problem(error.where, error.what, error.todo)


@dataclass
class _Finder:
    """Walks folders; `seen` has the device and inode of found files, so that none is read twice."""

    on_problem: OnProblem
    seen: set[tuple[int, int]] = field(default_factory=set)

    def path(self, path: str, *, named: bool) -> Iterator[Place]:
        """Yield the file, or all files in the folder at any depth, sorted."""
        stack = [path]
        while stack:
            path = stack.pop()
            try:
                info = Path(path).stat()
                if not self._first_time(info):
                    continue
                if stat.S_ISDIR(info.st_mode):
                    names = sorted(os.listdir(path), reverse=True)  # noqa: PTH208 - names, not paths
                    # a Path would change the name as given
                    stack += [os.path.join(path, name) for name in names]  # noqa: PTH118
                    named = False
                elif stat.S_ISREG(info.st_mode):
                    yield Place(path, info.st_size, _utc(info.st_mtime), path=path)
                else:
                    self._not_regular(path, named=named)
            except OSError as error:
                self.on_problem(problem(unreadable(error, path)))
            except ValueError:  # a NUL in the name
                self.on_problem(Problem(ascii(path), "The file does not exist.", "Check the path."))

    def _not_regular(self, path: str, *, named: bool) -> None:
        todo = "Give its contents on standard input, with - as the file's name." if named else ""
        self.on_problem(Problem(path, "This is not a regular file; it was skipped.", todo))

    def _first_time(self, info: os.stat_result) -> bool:
        if info.st_ino == 0:
            return True
        key = (info.st_dev, info.st_ino)
        if key in self.seen:
            return False
        self.seen.add(key)
        return True


def _utc(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.now(UTC)


def find_places(paths: Iterable[str], on_problem: OnProblem) -> Iterator[Place]:
    """Yield the inputs that the paths name, folders recursively and sorted, each file only once.

    A path without any readable file is reported."""
    finder = _Finder(on_problem)
    for path in paths:
        if path == STANDARD_INPUT:
            yield Place(STANDARD_INPUT_NAME, 0, datetime.now(UTC), handle=_standard_input, once=True)
        elif _URL.match(path):
            yield from _remote(path, on_problem)
        elif glob.has_magic(path) and not os.path.lexists(path):
            matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - patterns may be absolute
            if not matches:
                on_problem(Problem(path, "No file matches this pattern.", "Check the path."))
            for match in matches:
                yield from finder.path(match, named=False)
        else:
            yield from finder.path(path, named=True)


def _remote(url: str, on_problem: OnProblem) -> Iterator[Place]:
    """Yield files of any file system that fsspec supports (https://filesystem-spec.readthedocs.io)."""
    try:
        import fsspec

        system, path = fsspec.core.url_to_fs(url)
        names = sorted(system.glob(path)) if glob.has_magic(path) else [path]
        files = [
            file for name in names for file in (sorted(system.find(name)) if system.isdir(name) else [name])
        ]
        if not files:
            on_problem(Problem(url, "No file matches this pattern.", "Check the path."))
        for name in files:
            yield _remote_place(system, name)
    except ImportError as error:
        extra = missing(error)
        on_problem(
            Problem(f"{url} ({extra.where})", extra.what, extra.todo)
            if extra
            else Problem(
                f"{url} ({error})", "A package for this kind of address is not installed.", "Install it."
            )
        )
    except OSError as error:
        on_problem(problem(unreadable(error, url)))
    except Exception as error:  # noqa: BLE001 - each file system raises errors of its own library
        on_problem(
            Problem(
                f"{url} ({type(error).__name__})",
                "The file could not be read.",
                "Check the disk or the connection, then try again.",
            )
        )


def _remote_place(system: Any, name: str) -> Place:
    info = system.info(name)
    try:
        modified = system.modified(name)
        modified = modified.astimezone(UTC) if modified.tzinfo else modified.replace(tzinfo=UTC)
    except Exception:  # noqa: BLE001 - many file systems do not support it
        modified = datetime.now(UTC)
    return Place(
        system.unstrip_protocol(name),
        int(info.get("size") or 0),
        modified,
        handle=lambda: system.open(name, "rb"),
    )


def _standard_input() -> IO[bytes]:
    """Return standard input unbuffered: a waiting reader then holds no lock needed at exit."""
    buffered = sys.stdin.buffer
    return getattr(buffered, "raw", buffered)
