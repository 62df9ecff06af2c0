"""Control of a scan in progress: progress and remaining time, pause and resume, stop, deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a scan. `total_bytes` is None while unknown; `remaining_s` is an estimate or None."""

    stage: str
    files: int
    done_bytes: int
    total_bytes: int | None
    findings: int
    skipped: int
    remaining_s: float | None
    paused: bool
    where: str = ""


class Stopped(Exception):  # noqa: N818 - reads as what it means where it is raised
    """The scan has to end now; findings are retained. `why` is `time` or `user`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Control:
    """State shared by the scan and its observers. Methods may be called from any thread."""

    def __init__(
        self, on_progress: Callable[[Progress], None] | None = None, seconds: float | None = None
    ) -> None:
        self.watched = on_progress is not None
        """True when the progress is observed: only then the work is counted ahead."""
        self._on_progress = on_progress or (lambda _: None)
        self._go = threading.Event()
        self._go.set()
        self._stop = ""
        self._begun = time.monotonic()
        self._paused_s = 0.0
        self._seconds = seconds
        self._last = 0.0
        self.stage = ""
        self.files = 0
        self.done_bytes = 0
        self.total_bytes: int | None = None
        self.findings = 0
        self.skipped = 0
        self.where = ""

    def pause(self) -> None:
        """Pause the scan at its next step."""
        self._go.clear()

    def resume(self) -> None:
        """Resume the scan."""
        self._go.set()

    def stop(self) -> None:
        """End the scan at its next step; findings are retained."""
        self._stop = "user"
        self._go.set()

    def check(self) -> None:
        """Wait while paused, outside the time limit. Raises Stopped when the scan has to end."""
        if not self._go.is_set():
            self.report(force=True)
            begun = time.monotonic()
            self._go.wait()
            self._paused_s += time.monotonic() - begun
        if self._stop:
            raise Stopped(self._stop)
        if self._seconds is not None and self.elapsed_s() > self._seconds:
            raise Stopped("time")

    def used(self) -> float:
        """Return the share of the time used; 0 without a limit."""
        return self.elapsed_s() / self._seconds if self._seconds else 0.0

    def elapsed_s(self) -> float:
        """Return the seconds since the start, without pauses."""
        return time.monotonic() - self._begun - self._paused_s

    def step(self, files: int, size_bytes: int, where: str = "") -> None:
        """Count examined files."""
        self.files += files
        self.done_bytes += size_bytes
        self.where = where or self.where
        self.report()

    def report(self, *, force: bool = False) -> None:
        """Report progress, at most five times a second unless forced."""
        now = time.monotonic()
        if force or now - self._last >= 0.2:
            self._last = now
            self._on_progress(self.progress())

    def progress(self) -> Progress:
        """Return the current progress."""
        remaining = None
        if self.total_bytes and self.done_bytes > self.total_bytes * 0.01:
            left = max(0, self.total_bytes - self.done_bytes)
            remaining = self.elapsed_s() / self.done_bytes * left
        if self._seconds is not None:
            by_limit = max(0.0, self._seconds - self.elapsed_s())
            remaining = by_limit if remaining is None else min(remaining, by_limit)
        return Progress(
            self.stage,
            self.files,
            self.done_bytes,
            self.total_bytes,
            self.findings,
            self.skipped,
            remaining,
            not self._go.is_set(),
            self.where,
        )
