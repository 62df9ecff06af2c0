"""Thread that follows files and watches the drop folder."""

from __future__ import annotations

import contextlib
import glob
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lamsach.archive.archive import Writer
from lamsach.collect.drop_folder import DropFolder
from lamsach.collect.followed_file import Follower
from lamsach.collect.streams import Stream
from lamsach.errors import LamsachError, UnreadableError

_TICK_SECONDS = 0.2
_GLOB_SECONDS = 5.0


class Feeder:
    """Follower of files and watcher of a folder until `stopping` is set."""

    def __init__(
        self,
        patterns: Sequence[str],
        drop: DropFolder | None,
        writer: Writer,
        stream_for: Callable[[str, str], Stream],
        on_problem: Callable[[LamsachError], None],
        stopping: threading.Event,
    ) -> None:
        self._patterns = patterns
        self._drop = drop
        self._writer = writer
        self._stream_for = stream_for
        self._on_problem = on_problem
        self._stopping = stopping
        self._followers: dict[str, Follower] = {}

    def run(self) -> None:
        """Feed until stopped."""
        globbed = 0.0
        while not self._stopping.is_set():
            if time.monotonic() - globbed > _GLOB_SECONDS or not globbed:
                globbed = time.monotonic()
                self._find_files()
            busy = False
            for follower in self._followers.values():
                try:
                    busy = follower.step() or busy
                except (LamsachError, OSError) as error:
                    self._problem(error, str(follower.path))
            self._take_dropped()
            if not busy:
                self._stopping.wait(_TICK_SECONDS)
        for follower in self._followers.values():
            with contextlib.suppress(LamsachError, OSError):
                follower.step()  # the most recent lines; the next run stores the rest
            follower.close()

    def _problem(self, error: LamsachError | OSError, where: str) -> None:
        if isinstance(error, OSError):
            error = UnreadableError("The file could not be read.", f"{where}: {error.strerror}")
        self._on_problem(error)

    def _find_files(self) -> None:
        for pattern in self._patterns:
            for name in sorted(glob.glob(pattern)) or [pattern]:  # noqa: PTH207 - any root
                path = str(Path(name).absolute())
                if path not in self._followers and not glob.has_magic(name):
                    self._followers[path] = Follower(Path(path), self._stream_for("followed", path))

    def _take_dropped(self) -> None:
        if self._drop is None:
            return
        try:
            for result in self._drop.step(self._writer, self._stopping.is_set):
                problem = getattr(result, "problem", None)
                if problem is not None:
                    self._on_problem(problem)
        except LamsachError as error:
            self._on_problem(error)
