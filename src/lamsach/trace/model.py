"""Data model of a trace: reported rows, answers, devices, clock differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from lamsach.devices.nat import Certainty
from lamsach.logs.base import DEFAULT_TIMEZONE
from lamsach.model import Evidence, Identity, Problem, Reference, Refusal

__all__ = ["Certainty"]


@dataclass(frozen=True, slots=True)
class Request:
    """Request for a trace: reports and logs, as paths given by the user.

    `timezone`: of log lines that state none. `list_timezone`: of list times that state none (None: by the
    list's kind, else `timezone`). `skew`: lead of the logs' clocks over the list's (None: to be estimated).
    """

    reports: Sequence[str]
    logs: Sequence[str]
    nat: Sequence[str] = ()
    leases: Sequence[str] = ()
    inventory: str | None = None
    timezone: ZoneInfo = DEFAULT_TIMEZONE
    list_timezone: ZoneInfo | None = None
    skew: timedelta | None = None
    password: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """One row of an authority's list.

    `ip` is the public address, canonical; `time` is the beginning (UTC) of the stated time, which lasts
    `precision` (a second, a minute, a day). `time_text` is the time as written. `destination` is the
    contacted address.
    """

    ip: str
    port: int | None = None
    time: datetime | None = None
    precision: timedelta = timedelta(seconds=1)
    time_text: str = ""
    protocol: str | None = None
    threat: str | None = None
    destination: str | None = None
    destination_port: int | None = None
    reference: Reference = field(default_factory=lambda: Reference(""))


class Why(StrEnum):
    """Reason why a row is not explained. The sentences are in `lamsach.trace.reasons`."""

    NO_NAT_LOG = "no_nat_log"
    """No log has a NAT record."""
    NOT_OUR_ADDRESS = "not_our_address"
    """The logs have NAT records, but none of this public address."""
    OUTSIDE_COVERAGE = "outside_coverage"
    """The address's NAT records do not cover the time."""
    NO_TRANSLATION = "no_translation"
    """The address was in use at the time, but not this port."""
    NO_PORT = "no_port"
    """The row states no port, and several devices were behind the address."""
    SEVERAL_DEVICES = "several_devices"
    """Several devices match equally."""
    BEFORE_LEASE = "before_lease"
    """The inside address is known, but its leases begin later."""
    NO_LEASE_THEN = "no_lease_then"
    """The inside address is known, but had no lease at the time."""
    NO_TIME = "no_time"
    """The row states no time, or an unreadable one."""


@dataclass(frozen=True, slots=True)
class Named:
    """A candidate device for a row.

    `inside` is its address at the time; `hints` are codes of `reasons.HINTS` that support it, `rival` another
    machine that claimed its address. `evidence` proves it, the NAT record first.
    """

    device: str
    inside: str
    inside_port: int | None
    identity: Identity
    department: str | None
    certainty: Certainty
    hints: tuple[str, ...] = ()
    rival: str | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to a reported row: one device, or a reason and the candidates.

    With one device, `named` has one entry and `why` is None; else `named` are the candidates, best first.
    `repeats` is the number (from 0) of an earlier equal row. `covered`: the logs' coverage of the address.
    """

    row: Reported
    named: tuple[Named, ...] = ()
    why: Why | None = None
    repeats: int | None = None
    covered: tuple[datetime, datetime] | None = None
    more: int = 0

    @property
    def explained(self) -> bool:
        """Return whether one device is the answer."""
        return self.why is None and len(self.named) == 1


@dataclass(frozen=True, slots=True)
class TracedDevice:
    """A device that explains rows: `rows` are their numbers (from 0), without repeated ones."""

    key: str
    ip: str | None
    mac: str | None
    name: str | None
    user: str | None
    department: str | None
    certainty: Certainty
    threats: tuple[str, ...]
    rows: tuple[int, ...]
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Skew:
    """Difference of the clocks: log time = list time + `shift`.

    `explained` rows of `used` (those with port and time whose port occurs in the logs) are explained with it,
    `unshifted` without. Every shift from `low` to `high` explains as many.
    """

    shift: timedelta = timedelta(0)
    used: int = 0
    explained: int = 0
    unshifted: int = 0
    low: timedelta | None = None
    high: timedelta | None = None
    stated: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole result.

    `answers` are in the order of the lists; `devices` those with most rows first; `skews` by the lists'
    documents. `public_addresses` are those that the logs translate to.
    """

    answers: tuple[Answer, ...]
    devices: tuple[TracedDevice, ...]
    skews: tuple[tuple[str, Skew], ...]
    reports: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    problems: tuple[Problem, ...]
    tool_version: str
    started: datetime
    finished: datetime
    timezone: ZoneInfo
    nat_records: int = 0
    nat_files: tuple[str, ...] = ()
    lease_records: int = 0
    public_addresses: tuple[str, ...] = ()

    @property
    def distinct(self) -> tuple[Answer, ...]:
        """The answers of rows that repeat no earlier one."""
        return tuple(answer for answer in self.answers if answer.repeats is None)

    @property
    def explained(self) -> tuple[Answer, ...]:
        """The distinct rows explained by one device."""
        return tuple(answer for answer in self.distinct if answer.explained)

    @property
    def unexplained(self) -> tuple[Answer, ...]:
        """The distinct rows without an explanation."""
        return tuple(answer for answer in self.distinct if not answer.explained)

    @property
    def repeated(self) -> int:
        """The number of rows that repeat an earlier one."""
        return len(self.answers) - len(self.distinct)

    @property
    def unread(self) -> tuple[Problem, ...]:
        """The problems of inputs that could not be read completely."""
        return tuple(problem for problem in self.problems if not problem.minor)
