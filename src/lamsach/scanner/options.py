"""Options of a look: what is looked at, and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MIB = 1024 * 1024


class Mode(StrEnum):
    """Extent of a look."""

    PATHS = "paths"
    """Only the files under the given paths."""
    QUICK = "quick"
    """The system checks, and the files where malware starts: at most two minutes."""
    FULL = "full"
    """The system checks, and every file of the local disks."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that keep a hostile file or tree from taking the machine. Sizes in bytes, times in seconds."""

    window_bytes: int = 16 * MIB
    """A file is searched in pieces of this size, so this and the rules are the memory of one worker."""
    overlap_bytes: int = MIB // 4
    file_bytes: int = 4096 * MIB
    """Bytes examined of a longer file, which is listed as too large."""
    file_seconds: int = 60
    entries: int = 50_000_000
    depth: int = 200
    archive_depth: int = 3
    archive_bytes: int = 512 * MIB
    archive_members: int = 10_000
    archive_ratio: int = 300
    findings: int = 20_000
    total_seconds: float | None = None
    memory_bytes: int = 1024 * MIB
    """Bytes read of one process's memory, at most."""


QUICK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Options:
    """One look. `root` takes the place of `/` in the Linux checks: a mounted disk, or a test's folder.

    `since`: only files changed at or after this time. `clamd` is `HOST:PORT` on loopback or the path of a
    socket. `jobs`: worker processes, 0 for none. `outdated`: names of lists that are known to be too old; the
    result says so.
    """

    mode: Mode = Mode.QUICK
    paths: Sequence[str] = ()
    lists: Sequence[str] = ()
    rules: Sequence[str] = ()
    since: datetime | None = None
    clamd: str | None = None
    jobs: int | None = None
    nice: bool = True
    memory: bool = True
    exclude: Sequence[str] = ()
    root: str = "/"
    outdated: Sequence[str] = ()
    limits: Limits = field(default_factory=Limits)
