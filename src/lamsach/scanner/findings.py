"""Result of a scan: findings, skips, facts of the host, as codes; `labels` has their sentences."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lamsach.model import Problem


class Level(StrEnum):
    """Severity of a finding. Only `malicious` is acted on without being named."""

    MALICIOUS = "malicious"
    """Listed, or matched by a rule that matches nothing harmless."""
    SUSPICIOUS = "suspicious"
    """Resembles malware; a person has to decide."""
    RISK = "risk"
    """Makes an infection likely (cracked software, protection off); no evidence of one."""


class Area(StrEnum):
    """Part of the machine that a finding is about."""

    FILE = "file"
    PROCESS = "process"
    CONNECTION = "connection"
    START = "start"
    NAMES = "names"
    PROXY = "proxy"
    PROTECTION = "protection"
    BROWSER = "browser"
    EVENTS = "events"


class TargetKind(StrEnum):
    """Object of an action."""

    FILE = "file"
    PROCESS = "process"
    LINE = "line"
    """One line of a text file (hosts, crontab, profile)."""
    VALUE = "value"
    """A value of the Windows registry."""
    SUBSCRIPTION = "subscription"
    """A WMI subscription of Windows, by the path of its binding in `text`."""


@dataclass(frozen=True, slots=True)
class Target:
    """Change that removes the cause of a finding.

    `path` is a file (of a FILE, LINE), or the registry key. `text` is the line, or the name of the registry
    value. `device` and `inode` identify the examined file, `pid` and `started` (seconds since the epoch) the
    process.
    """

    kind: TargetKind
    path: str = ""
    text: str = ""
    sha256: str = ""
    device: int = 0
    inode: int = 0
    pid: int = 0
    started: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: `reason` is a code, `values` fill its sentence, `subject` is path, process or place.

    `indicator` is the canonical listed value, if a list is the reason. `detail` is the proof as text (a line,
    a command).
    """

    area: Area
    level: Level
    reason: str
    subject: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    detail: str = ""
    indicator: str = ""
    threat: str = ""
    target: Target | None = None
    time: datetime | None = None

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits, equal for the same finding in another scan."""
        text = "\0".join((self.area, self.reason, self.subject, self.indicator, self.detail))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Skip:
    """An object that was not or not completely examined. `reason` is a code of `labels.SKIPS`."""

    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Host:
    """Facts of the scanned machine. `elevated`: with administrator rights."""

    name: str
    system: str
    release: str
    user: str
    elevated: bool
    addresses: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()


@dataclass(slots=True)
class Counts:
    """Figures of a scan."""

    files: int = 0
    size_bytes: int = 0
    unpacked_bytes: int = 0
    """Bytes unpacked from archives and examined, in addition to `size_bytes`."""
    members: int = 0
    processes: int = 0
    connections: int = 0
    start_entries: int = 0
    events: int = 0
    visits: int = 0

    def add(self, other: Counts) -> None:
        """Add another part's figures."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Result:
    """Result of a scan. `skipped` counts by reason; `skips` lists the first SKIPS_MAX of each reason.

    `stopped` is empty, or the reason for an early end: `time`, `user`.
    """

    host: Host
    mode: str
    started: datetime
    finished: datetime
    tool_version: str
    list_count: int = 0
    list_documents: tuple[str, ...] = ()
    list_digest: str = ""
    rules: int = 0
    refused: tuple[Skip, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    checks: list[str] = field(default_factory=list)
    stopped: str = ""

    def skip(self, skip: Skip) -> None:
        """Count a skip, and list it while there is room."""
        known = self.skipped.get(skip.reason, 0)
        self.skipped[skip.reason] = known + 1
        if known < SKIPS_MAX:
            self.skips.append(skip)

    def worst(self) -> Level | None:
        """Return the most serious level among the findings."""
        levels = {finding.level for finding in self.findings}
        return next((level for level in Level if level in levels), None)


SKIPS_MAX = 200
"""Maximum skips listed of one reason; all are counted."""
