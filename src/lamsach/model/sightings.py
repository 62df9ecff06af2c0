"""Matches of the hunt, and the sightings that they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from lamsach.model.events import Action, Event
from lamsach.model.indicators import Indicator, IndicatorType


@dataclass(frozen=True, slots=True)
class Behind:
    """The public address behind which NAT records place a machine.

    `certain`: they state when the translation began and ended.
    """

    address: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """Owner of an event: the holder of the device address at the event's time.

    `how` says from what it is known: `lease`, `session` (VPN, 802.1X), `inventory`, `log` (the line names the
    machine), `observed` (an ARP table or a log-on saw it at the address about that time), `address` (nothing
    but the address is known) or `none` (the line names no device). `behind`: where the log shows the
    gateway's public address in the place of the machine's.
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
    """A listed address reached towards the device."""
    RESOLVED = "resolved"
    """The device was only told the address, in a DNS answer."""


class MatchKind(StrEnum):
    """Relation of the value in the log to the indicator."""

    EXACT = "exact"
    SUBDOMAIN = "subdomain"
    NETWORK = "network"
    PARTIAL = "partial"
    """A URL indicator of which the log shows only the host (CONNECT, SNI, DNS)."""


class MatchStatus(StrEnum):
    """Status of a match: counted, or why not; nothing is silently dropped."""

    COUNTED = "counted"
    EXCEPTED = "excepted"
    OUTSIDE_VALIDITY = "outside_validity"
    DOUBTFUL = "doubtful"
    """The listed value itself is to be looked at: see `Questioned`."""


@dataclass(frozen=True, slots=True)
class Match:
    """One event, one indicator (ECS `threat.enrichments.matched`).

    `unparsed`: found token by token in a line that no format reads.
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
    """One log line that proves a sighting: time (ISO 8601 UTC or empty), file, 1-based line, text."""

    time: str
    file: str
    line: int
    text: str


EVIDENCE_KEPT = 5
"""Evidence lines that a sighting keeps: the earliest."""


@dataclass(frozen=True, slots=True)
class SightingKey:
    """Key of a raw sighting, before devices are merged and infrastructure is separated.

    `dns`: a question to a name server (kind DNS or port 53), which a forwarder may have asked for somebody
    else. `forwarded`: see `Event`.
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
    """The events of one `SightingKey`, accumulated by the hunt.

    `times` holds distinct event times (seconds since the epoch), at most RAW_TIMES_KEPT of the earliest, for
    telling forwarded questions from their clients'.
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

    Merging two sightings of one key is associative and commutative.

    `device` is the device's key. `actions` counts events by action; `days` counts them by day, on the
    calendar of the hunt's time zone; `sources` counts them by observer and day (an observer of undated lines
    only has no day).
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
