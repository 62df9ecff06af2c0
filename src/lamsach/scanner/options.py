"""Options of a scan: its extent and limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MIB = 1024 * 1024


class Mode(StrEnum):
    """Extent of a scan."""

    PATHS = "paths"
    """Only the files under the given paths."""
    QUICK = "quick"
    """The system checks, and the files where malware starts: at most two minutes."""
    FULL = "full"
    """The system checks, and every file of the local disks."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that protect the machine against a hostile file or tree. Sizes in bytes, times in seconds."""

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
    """Maximum bytes read of one process's memory."""


QUICK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Options:
    """Options of one scan. `root` replaces `/` in the Linux checks: a mounted disk, or a test's folder.

    `since`: only files changed at or after this time. `clamd` is `HOST:PORT` on loopback or the path of a
    socket. `jobs`: worker processes, 0 for none. `outdated`: names of lists known to be too old, which the
    result reports.
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
