"""Findings of a hunt: devices, the input searched, and the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from lamsach.model.indicators import Indicator, IndicatorType, Problem, Refusal
from lamsach.model.sightings import MatchStatus, Sighting
from lamsach.model.verdict import Doubt, Verdict

UNKNOWN_TEXT = "unknown_text"
"""Format name of lines that no reader recognizes."""


class DeviceState(StrEnum):
    """State of a device by the evidence. Only `infected` accuses it."""

    INFECTED = "infected"
    BLOCKED = "blocked"
    INBOUND = "inbound"
    RESOLVED = "resolved"
    UNATTRIBUTED = "unattributed"


class Severity(StrEnum):
    """Urgency of examining the device."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Reason:
    """Reason for a device's state and severity: a code for the result writers, and its values."""

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddressInterval:
    """Address that a device held from `first` to `last` (UTC), and the source of it (see `Identity`)."""

    ip: str
    first: datetime | None
    last: datetime | None
    how: str


@dataclass(frozen=True, slots=True)
class Device:
    """Machine of the unit (OCSF `device`), or a stand-in for one that cannot be named.

    `key` identifies it in every output: `mac:..`, else `name:..`, else `user:..` (a VPN session), else
    `ip:..`, else `unattributed:..`.
    """

    key: str
    state: DeviceState
    severity: Severity
    ip: str | None = None
    name: str | None = None
    mac: str | None = None
    user: str | None = None
    department: str | None = None
    reasons: tuple[Reason, ...] = ()
    addresses: tuple[AddressInterval, ...] = ()
    first: datetime | None = None
    last: datetime | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Questioned:
    """Listed value that needs review; its contacts make no machine infected.

    `reasons`, the worst first: kinds of the list review with `about` and `source`, or `called_by_many`.
    `machines` counts the machines (and stand-ins for unknown ones) with such a contact, `count` the contacts;
    `first` and `last` are UTC.
    """

    indicator: str
    indicator_type: IndicatorType
    reasons: tuple[Reason, ...]
    machines: int
    count: int
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage per observer, format and day (on the calendar of the hunt's time zone).

    `lines` is exact; `parsed` and `unparsed` sum to it, extrapolated from the `sampled` lines parsed for
    coverage. `refused` counts unreadable records among those examined. `day` is None for lines without a
    time.
    """

    observer: str
    format: str
    day: date | None
    lines: int
    parsed: int
    unparsed: int
    refused: int
    sampled: int

    @property
    def proves_day(self) -> bool:
        """True for dated lines of a recognized log: only they show that the day was recorded."""
        return self.day is not None and self.parsed > 0 and self.format != UNKNOWN_TEXT


@dataclass(frozen=True, slots=True)
class FileSummary:
    """Log file: format (None: unknown text), bytes on disk, lines, first and last time."""

    name: str
    format: str | None
    size_bytes: int
    lines: int
    first: datetime | None
    last: datetime | None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ListSummary:
    """Indicator list of a hunt: SHA-256 of its canonical values, counts, documents, refusals."""

    digest: str
    count: int
    by_type: Mapping[IndicatorType, int]
    documents: tuple[str, ...]
    refused: int
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class ListVersion:
    """Signed release used in a hunt: path of the document, name, number, SHA-256 of its values."""

    document: str
    name: str
    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of a hunt. `timezone` is the IANA name assumed for lines that state none."""

    tool_version: str
    started: datetime
    finished: datetime
    timezone: str
    since: datetime | None = None
    until: datetime | None = None
    logs: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    leases: tuple[str, ...] = ()
    nat: tuple[str, ...] = ()
    inventory: str | None = None
    exceptions: tuple[str, ...] = ()
    infrastructure: tuple[str, ...] = ()
    decisions: str | None = None


class AsideReason(StrEnum):
    """Reason why a listed value in a log is no contact of a machine."""

    OWN = "own"
    """Sender of the line, or the public address that the unit's own gateway translates to."""
    WITHIN_URL = "within_url"
    """Part of the path or query of another host's URL (a search, a referring page)."""
    VERSION = "version"
    """Version number of a program (`Chrome/203.0.113.9`)."""
    NO_RECORD = "no_record"
    """Comment, heading, or line whose content its reader gets from another line."""
    OUT_OF_TIME = "out_of_time"
    """Outside the days searched."""
    EXCEPTED = "excepted"
    """Removed from the list by decision of a person; casts no doubt on the result."""
    OUTSIDE_VALIDITY = "outside_validity"


@dataclass(frozen=True, slots=True)
class SetAside:
    """First place in a file where a listed value was set aside for a reason. `line` is 1-based."""

    indicator: str
    reason: AsideReason
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Findings:
    """Complete result of a hunt, input of the writers in `lamsach.results`.

    `devices` are sorted most severe first, `sightings` and `coverage` by key. `blind_days`: days between the
    first and last day searched (or `since` and `until`) without a line of an observer. `indicators`: the
    sighted ones, by value. `partial`: the hunt was interrupted. `presence`: days on which machines were seen,
    by mark (`lamsach.devices.presence`) under the key named `presence_key`; `device_marks`: marks of the
    devices, by device key. `set_aside`: listed values in the logs that are no contact.
    """

    parameters: Parameters
    list: ListSummary
    devices: tuple[Device, ...]
    sightings: tuple[Sighting, ...]
    indicators: Mapping[str, Indicator]
    coverage: tuple[Coverage, ...]
    blind_days: tuple[tuple[str, date], ...]
    files: tuple[FileSummary, ...]
    problems: tuple[Problem, ...]
    partial: bool = False
    presence: Mapping[str, tuple[date, ...]] = field(default_factory=dict)
    list_versions: tuple[ListVersion, ...] = ()
    presence_key: str = ""
    device_marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    to_look_at: tuple[Questioned, ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    @property
    def unread(self) -> tuple[Problem, ...]:
        """Problems of inputs that could not be read to their end."""
        return tuple(problem for problem in self.problems if not problem.minor)

    @property
    def undated_lines(self) -> int:
        """Count of lines without a time: searched, but proof of no day.

        Headings of a log that is dated otherwise are not counted.
        """
        dated = {(row.observer, row.format) for row in self.coverage if row.day is not None and row.parsed}
        return sum(
            row.lines if (row.observer, row.format) not in dated else row.unparsed
            for row in self.coverage
            if row.day is None
        )

    @property
    def verdict(self) -> Verdict:
        """Verdict: whether anything was found, and the doubts about the result."""
        counting = (MatchStatus.COUNTED, MatchStatus.DOUBTFUL)
        contact = any(sighting.status in counting for sighting in self.sightings)
        searched = any(summary.lines or summary.problem is None for summary in self.files)
        doubts = {
            Doubt.INTERRUPTED: self.partial,
            Doubt.NO_LINE: not searched,
            Doubt.UNREAD: bool(self.unread),
            Doubt.NO_DATED_LINE: not any(row.proves_day for row in self.coverage),
            Doubt.BLIND_DAYS: bool(self.blind_days),
            Doubt.SET_ASIDE: any(place.reason is not AsideReason.EXCEPTED for place in self.set_aside),
        }
        return Verdict(
            bool(self.devices) or contact, tuple(doubt for doubt, holds in doubts.items() if holds)
        )
