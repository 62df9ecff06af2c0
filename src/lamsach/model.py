"""The product's nouns: what flows from lists and logs to the report.

Imports nothing of ours. All times are aware and in UTC; all addresses are canonical text
(`ipaddress` spelling); all domains are lower-case A-labels without a trailing dot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def _made_often(cls: type[_T]) -> type[_T]:
    """A frozen dataclass for whoever checks types; at run time nothing guards it, because the guard makes it six times slower to make."""
    return dataclass(slots=True, unsafe_hash=True)(cls)


class IndicatorType(StrEnum):
    """What kind of value an indicator is (the subset of STIX observables that logs can show)."""

    IP = "ip"
    NETWORK = "network"
    DOMAIN = "domain"
    URL = "url"
    SHA256 = "sha256"
    SHA1 = "sha1"
    MD5 = "md5"


@_made_often
class Reference:
    """Where a value stands in a document: the path as given, 1-based page (or sheet), 1-based row (or line). `words`: what the text says
    around it, as its author wrote it; `table`: the number of the document's table that lists it, from 1. Neither makes two places different."""

    document: str
    page: int | None = None
    row: int | None = None
    words: str | None = field(default=None, compare=False)
    table: int | None = field(default=None, compare=False)


@_made_often
class Indicator:
    """One malicious address, name or hash from a list (STIX `indicator`, Zeek `Intel::Item`).

    `value` is canonical: see `lamsach.indicators.normalise`. `confidence` is 0 to 100 (STIX 2.1 section 3.2).
    `other_references` names the further places that listed the same value.
    """

    type: IndicatorType
    value: str
    threat: str | None = None
    source: str | None = None
    reference: Reference | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    confidence: int | None = None
    tlp: str | None = None
    other_references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value or record that was not taken, where it stands and why. Nothing is dropped in silence."""

    reference: Reference
    value: str
    reason: str
    type: IndicatorType | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A whole input that could not be read, or not to its end: what, where, what to do.

    `minor`: only a statement was left out of an input that was otherwise read (a row of an inventory that contradicts another).
    """

    where: str
    what: str
    todo: str = ""
    minor: bool = False


class EventKind(StrEnum):
    """What an event tells of; decides how its device is found."""

    CONNECTION = "connection"
    DNS = "dns"
    WEB = "web"
    TLS = "tls"
    FILE = "file"
    LEASE = "lease"
    LOGON = "logon"
    OTHER = "other"


class Action(StrEnum):
    """What the observer did with a connection."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class LeaseAction(StrEnum):
    """What a record says of who holds an address (kind LEASE): a DHCP server's, a VPN or network session's, a table of neighbours'."""

    ASSIGNED = "assigned"
    RENEWED = "renewed"
    RELEASED = "released"
    EXPIRED = "expired"
    OBSERVED = "observed"
    """Somebody was seen at the address at this moment; nothing says since when or until when (ARP)."""


@_made_often
class Event:
    """One log record, normalised (ECS `event`; names of fields after ECS).

    `source_*` and `destination_*` are as the log states them; `device_ip` is the side that is the unit's own
    machine. `source_nat_*` is what the observer turned the source into (ECS `source.nat.ip`). `domain` is the DNS question,
    else the host of the URL, CONNECT or SNI. `url` is as the log states it: absolute, or a path (`/a?b`) of `domain`. `answers` are the addresses and
    names of a DNS answer. `hashes` are lower-case hex. `lease_until` is the end of a lease as the record states it.
    `forwarded` is true for a record that the observer wrote about its own question to an upstream (Windows DNS
    `Snd` of a query): it names no client. `response` is true for a DNS answer, whose question may have a record of its own.
    `source_mac` is the source's hardware address as the line states it; `device_mac` the device's, if the line tells it.
    `inbound` is true when the record says that the other side opened the connection, whichever of the two it calls source.
    `outbound` is true when it says that the side which it calls destination opened it (see `logs.direction.as_opened`).
    `mentioned`: further addresses, names and URLs in a text that the machine ran (a script, a command line).
    `line` is 1-based.
    """

    time: datetime | None = None
    kind: EventKind = EventKind.OTHER
    observer: str | None = None
    source_ip: str | None = None
    source_port: int | None = None
    destination_ip: str | None = None
    destination_port: int | None = None
    source_nat_ip: str | None = None
    source_nat_port: int | None = None
    source_mac: str | None = None
    device_ip: str | None = None
    device_name: str | None = None
    device_mac: str | None = None
    user: str | None = None
    domain: str | None = None
    url: str | None = None
    answers: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    action: Action | LeaseAction = Action.UNKNOWN
    lease_until: datetime | None = None
    forwarded: bool = False
    response: bool = False
    inbound: bool = False
    outbound: bool = False
    mentioned: tuple[str, ...] = ()
    format: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose an event is: the holder of the device address at the event's time.

    `how` says from what it is known: `lease`, `session` (VPN, 802.1X), `inventory`, `log` (the line names the machine), `observed` (an ARP
    table or a log-on saw it at the address about that time), `address` (nothing but the address is known) or `none` (the line names
    no device).
    """

    ip: str | None = None
    mac: str | None = None
    name: str | None = None
    user: str | None = None
    how: str = "none"


class Role(StrEnum):
    """Which part the device played in the contact."""

    OUTBOUND = "outbound"
    """The device opened the connection or asked for the name."""
    INBOUND = "inbound"
    """A listed address reached towards the device."""
    RESOLVED = "resolved"
    """The device was only told the address, in a DNS answer."""


class MatchKind(StrEnum):
    """How the value in the log relates to the indicator."""

    EXACT = "exact"
    SUBDOMAIN = "subdomain"
    NETWORK = "network"
    PARTIAL = "partial"
    """A URL indicator of which the log shows only the host (CONNECT, SNI, DNS)."""


class MatchStatus(StrEnum):
    """Whether a match counts, and if not, why; nothing is silently dropped."""

    COUNTED = "counted"
    EXCEPTED = "excepted"
    OUTSIDE_VALIDITY = "outside_validity"


@dataclass(frozen=True, slots=True)
class Match:
    """One event, one indicator (ECS `threat.enrichments.matched`). `unparsed`: found token by token in a line that no format reads."""

    event: Event
    indicator: Indicator
    kind: MatchKind
    role: Role
    status: MatchStatus = MatchStatus.COUNTED
    unparsed: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """One log line that proves a sighting: time (ISO 8601 UTC, empty when the line has none), file, 1-based line, text."""

    time: str
    file: str
    line: int
    text: str


EVIDENCE_KEPT = 5
"""How many evidence lines a sighting keeps: the earliest."""


@dataclass(frozen=True, slots=True)
class SightingKey:
    """What makes two matches of the hunt the same raw sighting, before devices are merged and infrastructure is told apart.

    `dns`: a question to a name server (kind DNS or port 53), which a forwarder may have asked for somebody else.
    `forwarded`: see `Event`.
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
    """The events of one `SightingKey`, accumulated by the hunt. `times` holds distinct event times (seconds since the epoch), at most
    RAW_TIMES_KEPT of the earliest, for telling forwarded questions from their clients'."""

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
    """One device, one indicator, one role (STIX `sighting`). Merging two sightings of one key is associative and commutative.

    `device` is the device's key. `actions` counts events by action; `days` counts them by day, on the calendar of the hunt's time zone;
    `sources` counts them by observer and day (an observer of undated lines only has no day).
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


class DeviceState(StrEnum):
    """What the evidence says of a device. Only `infected` accuses it."""

    INFECTED = "infected"
    BLOCKED = "blocked"
    INBOUND = "inbound"
    RESOLVED = "resolved"
    UNATTRIBUTED = "unattributed"


class Severity(StrEnum):
    """How soon somebody has to look."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a device has its state and severity: a code that the result writers put into words, and its values."""

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddressInterval:
    """An address that a device held, as the evidence shows: from `first` to `last` (UTC), and how it is known
    (see `Identity`)."""

    ip: str
    first: datetime | None
    last: datetime | None
    how: str


@dataclass(frozen=True, slots=True)
class Device:
    """A machine of the unit (OCSF `device`), or the stand-in for one that cannot be named.

    `key` identifies it in every output: `mac:..`, else `name:..`, else `user:..` (a VPN session), else `ip:..`,
    else `unattributed:..`.
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
class Coverage:
    """What was there to be searched, per observer, format and day (on the calendar of the hunt's time zone).

    `lines` is exact. `parsed` and `unparsed` sum to it and come from the lines that were parsed for coverage
    (`sampled` says how many). `refused` counts records that were examined and could not be read. `day` is None for
    lines without a time.
    """

    observer: str
    format: str
    day: date | None
    lines: int
    parsed: int
    unparsed: int
    refused: int
    sampled: int


@dataclass(frozen=True, slots=True)
class FileSummary:
    """One log file: its format (None: unknown text), size in bytes on disk, lines read, first and last time seen."""

    name: str
    format: str | None
    size_bytes: int
    lines: int
    first: datetime | None
    last: datetime | None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ListSummary:
    """The indicator list of a hunt: SHA-256 of its canonical values, counts, the documents it came from, refusals."""

    digest: str
    count: int
    by_type: Mapping[IndicatorType, int]
    documents: tuple[str, ...]
    refused: int
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class ListVersion:
    """A signed release that a hunt used: the document's path, and what it says of itself (name, number, SHA-256 of its canonical values)."""

    document: str
    name: str
    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """How a hunt was run. `timezone` is the IANA name assumed for lines that state none."""

    tool_version: str
    started: datetime
    finished: datetime
    timezone: str
    since: datetime | None = None
    until: datetime | None = None
    logs: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    leases: tuple[str, ...] = ()
    inventory: str | None = None
    exceptions: tuple[str, ...] = ()
    infrastructure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that a hunt found, ready for the writers in `lamsach.results`.

    `devices` come most severe first; `sightings` and `coverage` in the order of their keys. `blind_days` are days
    between the first and last day searched (or `since` and `until`) on which an observer has no line.
    `indicators` holds those that were sighted, by value. `partial` is true for an interrupted hunt. `presence`: the days on
    which machines were seen, by their marks (`lamsach.devices.presence`) under the key that is called `presence_key`;
    `device_marks`: the marks of the devices, by device key.
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

    @property
    def unread(self) -> tuple[Problem, ...]:
        """The problems of inputs that could not be read to their end."""
        return tuple(problem for problem in self.problems if not problem.minor)
