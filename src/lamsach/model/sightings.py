"""Matches of a hunt, and the sightings that they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from lamsach.model.events import Action, Event
from lamsach.model.indicators import Indicator, IndicatorType


@dataclass(frozen=True, slots=True)
class Behind:
    """Public address that NAT records trace to an inside machine.

    `certain`: the records state when the translation began and ended.
    """

    address: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """Owner of an event: the holder of the device address at the event's time.

    `how` names the source: `lease`, `session` (VPN, 802.1X), `inventory`, `log` (the line names the machine),
    `observed` (an ARP table or a log-on showed it at the address about that time), `address` (only the
    address is known) or `none` (the line names no device). `behind` is set where the log shows the gateway's
    public address instead of the machine's.
    """

    ip: str | None = None
    mac: str | None = None
    name: str | None = None
    user: str | None = None
    how: str = "none"
    behind: Behind | None = None


class Role(StrEnum):
    """Role of the device in the contact."""

    OUTBOUND = "outbound"
    """The device opened the connection or asked for the name."""
    INBOUND = "inbound"
    """A listed address connected to the device."""
    RESOLVED = "resolved"
    """The device only received the address in a DNS answer."""


class MatchKind(StrEnum):
    """Relation of the value in the log to the indicator."""

    EXACT = "exact"
    SUBDOMAIN = "subdomain"
    NETWORK = "network"
    PARTIAL = "partial"
    """URL indicator where the log shows only the host (CONNECT, SNI, DNS)."""


class MatchStatus(StrEnum):
    """Status of a match: counted, or the reason why not; no match is dropped silently."""

    COUNTED = "counted"
    EXCEPTED = "excepted"
    OUTSIDE_VALIDITY = "outside_validity"
    DOUBTFUL = "doubtful"
    """The listed value itself needs review: see `Questioned`."""


@dataclass(frozen=True, slots=True)
class Match:
    """One indicator found in one event (ECS `threat.enrichments.matched`).

    `unparsed`: found by token in a line that no format reads.
    """

    event: Event
    indicator: Indicator
    kind: MatchKind
    role: Role
    status: MatchStatus = MatchStatus.COUNTED
    unparsed: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """Log line that proves a sighting: time (ISO 8601 UTC or empty), file, 1-based line, text."""

    time: str
    file: str
    line: int
    text: str


EVIDENCE_KEPT = 5
"""Maximum number of evidence lines per sighting; the earliest are kept."""


@dataclass(frozen=True, slots=True)
class SightingKey:
    """Key of a raw sighting, before devices are merged and infrastructure is separated.

    `dns`: a question to a name server (kind DNS or port 53), possibly forwarded for a client. `forwarded`:
    see `Event`.
    """

    identity: Identity
    indicator: str
    indicator_type: IndicatorType
    role: Role
    match: MatchKind
    status: MatchStatus
    unparsed: bool
    dns: bool
    forwarded: bool
    observer: str
    format: str


@dataclass(slots=True)
class RawSighting:
    """Events of one `SightingKey`, accumulated by the hunt.

    `times`: distinct event times (seconds since the epoch), the earliest RAW_TIMES_KEPT, to separate
    forwarded questions from their clients'.
    """

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    actions: dict[Action, int] = field(default_factory=dict)
    days: dict[date, int] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    times: list[int] = field(default_factory=list)


RAW_TIMES_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Sighting:
    """One device, one indicator, one role (STIX `sighting`).

    `device` is the device's key. `actions` counts events by action, `days` by day on the calendar of the
    hunt's time zone, `sources` by observer and day (no day for an observer of undated lines only). Merging
    sightings of one key is associative and commutative.
    """

    device: str
    indicator: str
    indicator_type: IndicatorType
    role: Role
    match: MatchKind
    status: MatchStatus
    unparsed: bool
    count: int
    first: datetime | None
    last: datetime | None
    actions: Mapping[Action, int]
    days: Mapping[date, int]
    evidence: tuple[Evidence, ...]
    threat: str | None = None
    sources: Mapping[str, Mapping[date, int]] = field(default_factory=dict)
