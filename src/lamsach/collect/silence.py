"""Silent sources: reported once, and recorded with their blind period when they resume."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from lamsach.archive.archive import Writer
from lamsach.archive.records import GAP
from lamsach.collect.status import now, stamp
from lamsach.collect.streams import Stream


class SilenceWatch:
    """Watch over streams. `limit_s`: permitted silence of a source (0: unlimited)."""

    def __init__(self, limit_s: float, writer: Writer, notify: Callable[[str, dict[str, Any]], None]) -> None:
        self._limit_s = limit_s
        self._writer = writer
        self._notify = notify
        self._began = time.time()
        self._silent: dict[str, tuple[str, float]] = {}

    def check(self, stream: Stream) -> None:
        """Check a stream, about once a second."""
        key = stream.header.key
        if not stream.silent and key in self._silent:
            self._record(*self._silent[key])
            del self._silent[key]
        quiet_s = stream.counts.quiet_s
        if self._limit_s and not stream.silent and quiet_s > self._limit_s:
            stream.silent = True
            self._silent[key] = (stream.header.name, stream.counts.last_seen or self._began)
            self._notify(
                "{name} has sent nothing for {seconds} seconds.",
                {"name": stream.header.name, "seconds": int(quiet_s)},
            )

    def end(self) -> None:
        """Record those still silent."""
        while self._silent:
            self._record(*self._silent.popitem()[1])

    def _record(self, name: str, since: float) -> None:
        self._writer.record(GAP, sources=[name], since=stamp(since) or "", until=now(), clean=True)
