"""A folder that others drop logs into (SFTP, a share): each file is archived when it has stopped growing, once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lamsach.archive.archive import Writer
from lamsach.archive.filling import Filled, fill
from lamsach.logs.opening import LogFile, find_logs
from lamsach.model import Problem

SETTLED_SECONDS = 2.0
"""How long a file has to stay as it is."""
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".swp")


class DropFolder:
    """Watches a folder at any depth. Files stay where they are."""

    def __init__(self, folder: Path, retention: str, on_log: Callable[[LogFile], None] | None = None) -> None:
        self.folder = folder
        self._retention = retention
        self._on_log = on_log
        self._sizes: dict[Path, tuple[int, int, float]] = {}
        self._done: dict[Path, tuple[int, int]] = {}

    def step(self, writer: Writer) -> Iterator[Filled | Problem]:
        """Archive what has settled. Raises OutputError."""
        ready = list(self._settled())
        problems: list[Problem] = []
        for path, state in ready:
            logs = list(find_logs([str(path)], on_problem=problems.append))
            for log, result in zip(logs, fill(writer, logs, retention=self._retention), strict=True):
                if self._on_log is not None and not result.known:
                    self._on_log(log)
                yield result
            self._done[path] = state
        yield from problems

    def _settled(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        now = time.monotonic()
        there: set[Path] = set()
        for path in _files(self.folder):
            try:
                status = path.stat()
            except OSError:
                continue
            state = (status.st_size, status.st_mtime_ns)
            there.add(path)
            if self._done.get(path) == state:
                continue
            known = self._sizes.get(path)
            if known is None or known[:2] != state:
                self._sizes[path] = (*state, now)
            elif now - known[2] >= SETTLED_SECONDS:
                yield path, state
        for gone in self._sizes.keys() - there:
            del self._sizes[gone]
            self._done.pop(gone, None)


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and not name.lower().endswith(_UNFINISHED):
                yield Path(root) / name
