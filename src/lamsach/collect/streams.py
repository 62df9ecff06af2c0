"""Collected source of lines: from a receiver into the spool, and on to the segments."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lamsach.collect.spool import Header, Spool, Spooled
from lamsach.hunt.engine import count_lines

SEGMENT_BYTES = 8 << 20
_RATE_SECONDS = 60


def source_key(kind: str, name: str) -> str:
    """Return the archive's key of a collected source."""
    return hashlib.sha256(f"{kind}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Counts:
    """Lines and bytes received, in total and in the last minute.

    `last_seen` uses the wall clock, everything else a monotonic one.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.raw_bytes = 0
        self.last_seen = 0.0
        self._last_arrival = time.monotonic()
        self._recent: deque[tuple[int, int]] = deque()

    def add(self, lines: int, raw_bytes: int) -> None:
        """Count lines that arrived now."""
        self.lines += lines
        self.raw_bytes += raw_bytes
        self.last_seen = time.time()
        self._last_arrival = time.monotonic()
        second = int(self._last_arrival)
        if self._recent and self._recent[-1][0] == second:
            self._recent[-1] = (second, self._recent[-1][1] + lines)
        else:
            self._recent.append((second, lines))
        while self._recent[0][0] < second - _RATE_SECONDS:
            self._recent.popleft()

    @property
    def quiet_s(self) -> float:
        """Seconds since the last arrival, or since the start without any."""
        return time.monotonic() - self._last_arrival

    def rate(self) -> float:
        """Return lines per second over the last minute."""
        since = time.monotonic() - _RATE_SECONDS
        return sum(lines for second, lines in list(self._recent) if second >= since) / _RATE_SECONDS


Full = Callable[[Spool], None]
OnLines = Callable[["Stream", bytes], None]


class Stream:
    """Source in collection.

    `take` may be called by several threads, and waits while segments cannot be written fast enough.
    """

    def __init__(
        self,
        header: Header,
        folder: Path,
        on_full: Full,
        on_lines: OnLines | None = None,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.header = header
        self.counts = Counts()
        self.place: dict[str, Any] = {}
        self.formats: dict[str, int] = {}
        self.silent = False
        self._folder = folder
        self._on_full = on_full
        self._on_lines = on_lines
        self._segment_bytes = segment_bytes
        self._lock = threading.Lock()
        self._spool = Spool(folder, header)
        self._began = time.monotonic()
        self._lines = header.lines
        self.before = header.lines
        """Number of lines before those being taken in."""

    def resume(self, spooled: Spooled) -> None:
        """Continue with the spool file of a previous run."""
        self._spool = Spool(self._folder, spooled.header)
        self._spool.resume(spooled)
        self.header = spooled.header
        self.place = dict(spooled.place)
        self._lines = spooled.header.lines + spooled.raw.count(b"\n")

    def take(self, lines: bytes, place: dict[str, Any] | None = None) -> None:
        """Store whole lines. Raises OutputError if none was stored."""
        if not lines:
            return
        with self._lock:
            if self._spool.size and self._spool.size + len(lines) > self._segment_bytes:
                self._roll()
            known = place if place is not None else {}
            self._spool.append(lines, known)
            self.place = known
            count = count_lines(np.frombuffer(lines, np.uint8), 0, len(lines))
            self.before = self._lines
            self._lines += count
            self.counts.add(count, len(lines))
            self.silent = False
            if self._on_lines is not None:
                self._on_lines(self, lines)

    @property
    def lines(self) -> int:
        """Count of lines of the source, in all runs."""
        return self._lines

    def sync(self) -> None:
        """Make stored lines durable."""
        with self._lock:
            self._spool.sync()

    def seal(self, older_than_s: float = 0.0) -> None:
        """Pass stored lines on to become a segment, if they have waited long enough."""
        with self._lock:
            if self._spool.size and time.monotonic() - self._began >= older_than_s:
                self._roll()

    def _roll(self) -> None:
        """Start another spool file after a full one."""
        full = self._spool
        full.close()
        self._on_full(full)
        self.header = replace(
            full.header, number=full.header.number + 1, begin=full.header.begin + full.size, lines=self._lines
        )
        self._spool = Spool(self._folder, self.header)
        self._began = time.monotonic()

    def close(self) -> None:
        """Close the spool file; the next run resumes it."""
        with self._lock:
            self._spool.close()
