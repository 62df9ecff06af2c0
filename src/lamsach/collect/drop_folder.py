"""Drop folder for logs (SFTP, a share): each file is archived once, when it stops growing.

Only files in the folder itself: a link could point at files that only the collector may read, or be a pipe.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lamsach.archive.archive import Writer
from lamsach.archive.intake import Filled, fill
from lamsach.logs.opening.inputs import LogFile, find_logs
from lamsach.model import Problem

SETTLED_SECONDS = 2.0
"""Seconds without a change before a file counts as complete."""
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".swp")


class _StoppedError(Exception):
    """End of the collector; the next run continues the file."""


class DropFolder:
    """Watcher of a folder at any depth. Files remain in place."""

    def __init__(self, folder: Path, retention: str, on_log: Callable[[LogFile], None] | None = None) -> None:
        self.folder = folder
        self._retention = retention
        self._on_log = on_log
        self._sizes: dict[Path, tuple[int, int, float]] = {}
        self._done: dict[Path, tuple[int, int]] = {}

    def step(
        self, writer: Writer, stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[Filled | Problem]:
        """Archive settled files, until `stopping` returns true. Raises OutputError."""
        try:
            yield from self._archive(writer, stopping)
        except _StoppedError:
            return

    def _archive(self, writer: Writer, stopping: Callable[[], bool]) -> Iterator[Filled | Problem]:
        def on_bytes(_size: int) -> None:
            if stopping():
                raise _StoppedError

        problems: list[Problem] = []
        for path, state in list(self._settled()):
            logs = list(find_logs([str(path)], on_problem=problems.append))
            filled = fill(writer, logs, retention=self._retention, on_bytes=on_bytes)
            for log, result in zip(logs, filled, strict=True):
                if self._on_log is not None and not result.known:
                    self._on_log(log)
                yield result
            self._done[path] = state
        yield from problems

    def _settled(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        now = time.monotonic()
        present: set[Path] = set()
        for path in _files(self.folder):
            try:
                status = path.lstat()
            except OSError:
                continue
            if not stat.S_ISREG(status.st_mode):
                continue
            state = (status.st_size, status.st_mtime_ns)
            present.add(path)
            if self._done.get(path) == state:
                continue
            known = self._sizes.get(path)
            if known is None or known[:2] != state:
                self._sizes[path] = (*state, now)
            elif now - known[2] >= SETTLED_SECONDS:
                yield path, state
        for removed in self._sizes.keys() - present:
            del self._sizes[removed]
            self._done.pop(removed, None)


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and not name.lower().endswith(_UNFINISHED):
                yield Path(root) / name
