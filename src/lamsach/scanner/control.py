"""The reins of a look in progress: progress and remaining time, pause and resume, stop, deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a look. `total_bytes` is None while unknown; `remaining_s` is an estimate or None."""

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
    """The look has to end now; what was found is kept. `why` is `time` or `user`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Control:
    """State shared by the look and its watchers. Every method may be called from any thread."""

    def __init__(
        self, on_progress: Callable[[Progress], None] | None = None, seconds: float | None = None
    ) -> None:
        self.watched = on_progress is not None
        """True when somebody watches the progress: only then the work is counted ahead."""
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
        """Hold the look at its next step."""
        self._go.clear()

    def resume(self) -> None:
        """Let it go on."""
        self._go.set()

    def stop(self) -> None:
        """End it at its next step; what was found is kept."""
        self._stop = "user"
        self._go.set()

    def check(self) -> None:
        """Wait while paused. Raises Stopped when the look has to end.

        Pauses do not count against the time limit.
        """
        if not self._go.is_set():
            self.tell(force=True)
            begun = time.monotonic()
            self._go.wait()
            self._paused_s += time.monotonic() - begun
        if self._stop:
            raise Stopped(self._stop)
        if self._seconds is not None and self.elapsed_s() > self._seconds:
            raise Stopped("time")

    def used(self) -> float:
        """The share of the time that has gone; 0 without a limit."""
        return self.elapsed_s() / self._seconds if self._seconds else 0.0

    def elapsed_s(self) -> float:
        """Seconds since the start, without pauses."""
        return time.monotonic() - self._begun - self._paused_s

    def step(self, files: int, size_bytes: int, where: str = "") -> None:
        """Count examined files."""
        self.files += files
        self.done_bytes += size_bytes
        self.where = where or self.where
        self.tell()

    def tell(self, *, force: bool = False) -> None:
        """Report progress, at most five times a second."""
        now = time.monotonic()
        if force or now - self._last >= 0.2:
            self._last = now
            self._on_progress(self.progress())

    def progress(self) -> Progress:
        """Return where the look is now."""
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
