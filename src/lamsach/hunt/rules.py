"""Rules of a hunt for each line, and the progress in a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from lamsach.model import Event, Identity


@dataclass(slots=True)
class Rules:
    """Rules of a hunt: identification of the device, observation of other facts, period."""

    identify: Callable[[Event], Identity]
    observe: Callable[[Event], None]
    zone: ZoneInfo
    since: datetime | None = None
    until: datetime | None = None

    def in_time(self, time: datetime | None) -> bool:
        """Return whether a time is in the period; None always is."""
        if time is None:
            return True
        return not (self.since and time < self.since) and not (self.until and time >= self.until)


@dataclass(slots=True)
class FileState:
    """Progress in a file: lines, first and last time. `numbers`: a line states addresses as numbers."""

    lines: int = 0
    first: datetime | None = None
    last: datetime | None = None
    numbers: bool = False
    long_line_hits: set[str] = field(default_factory=set)

    def see(self, time: datetime) -> None:
        """Extend the file's period to this time."""
        self.first = time if self.first is None or time < self.first else self.first
        self.last = time if self.last is None or time > self.last else self.last

    def forget(self) -> None:
        """Reset all but the number of lines."""
        self.first = self.last = None
        self.long_line_hits.clear()
