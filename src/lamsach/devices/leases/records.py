"""Lease records in columns: 10^6 records use some 30 MB before sorting."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lamsach.devices.names import mac_address
from lamsach.model import Event, EventKind, LeaseAction

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
UNKNOWN_END = -(1 << 62)
CLOSES = (LeaseAction.RELEASED, LeaseAction.EXPIRED)
_ACTIONS = (LeaseAction.RELEASED, LeaseAction.EXPIRED, LeaseAction.ASSIGNED, LeaseAction.RENEWED)
_CODES = {action: code for code, action in enumerate(_ACTIONS)}


def microseconds(time: datetime) -> int:
    """Convert a time to microseconds since the epoch."""
    return (time - EPOCH) // MICROSECOND


def moment(value: int) -> datetime:
    """Convert microseconds since the epoch to a UTC time, at most the calendar's last second."""
    try:
        return EPOCH + timedelta(microseconds=value)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


class Holder(NamedTuple):
    """Subject of a record: hardware address, host name, person of a session, or several of these."""

    mac: str | None
    name: str | None
    user: str | None = None


NOBODY = Holder(None, None)
NO_SESSION = -1


class Session(NamedTuple):
    """VPN session: the person, and the address and port of the person's machine."""

    user: str
    ip: str | None
    port: int | None


class Record(NamedTuple):
    """Lease record; times in microseconds since the epoch, `until` UNKNOWN_END when not stated.

    `session` is the number of the record's `Session` (see `Records.end_after`), NO_SESSION when it has none.
    """

    ip: str
    time: int
    action: LeaseAction
    holder: Holder
    until: int
    session: int = NO_SESSION


class HolderIntervals:
    """Intervals of holders by key, in order of time; position and holder are found by binary search."""

    def __init__(self) -> None:
        self._holders: list[Holder] = []
        self._numbers: dict[Holder, int] = {}
        self._starts: array[int] = array("q")
        self._ends: array[int] = array("q")
        self._who: array[int] = array("I")
        self._slices: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._starts)

    def knows(self, key: str) -> bool:
        """Return whether the key has an interval at any time."""
        return key in self._slices

    def position(self, key: str, time: datetime) -> int | None:
        """Return the number of the key's interval at the time, also a cache key for callers; or None."""
        bounds = self._slices.get(key)
        if bounds is None:
            return None
        value = microseconds(time)
        at = bisect_right(self._starts, value, *bounds) - 1
        return at if at >= bounds[0] and value < self._ends[at] else None

    def _append(self, start: int, end: int, holder: Holder) -> None:
        number = self._numbers.setdefault(holder, len(self._holders))
        if number == len(self._holders):
            self._holders.append(holder)
        self._starts.append(start)
        self._ends.append(end)
        self._who.append(number)


@dataclass(slots=True)
class Records:
    """Lease records, added in any order, stored compactly, iterated by address, then time.

    At the same moment an end precedes a beginning, so that an address that changes hands has its new holder.
    """

    ips: dict[str, int] = field(default_factory=dict)
    holders: dict[Holder, int] = field(default_factory=dict)
    spellings: dict[tuple[str | None, str | None, str | None], tuple[int, bool]] = field(default_factory=dict)
    sessions: dict[Session, int] = field(default_factory=dict)
    ends: dict[int, list[int]] = field(default_factory=dict)
    ip: array[int] = field(default_factory=lambda: array("I"))
    time: array[int] = field(default_factory=lambda: array("q"))
    action: array[int] = field(default_factory=lambda: array("b"))
    holder: array[int] = field(default_factory=lambda: array("I"))
    until: array[int] = field(default_factory=lambda: array("q"))
    session: array[int] = field(default_factory=lambda: array("i"))

    def add(self, event: Event) -> bool:
        """Add an event; False if it is no lease record with time and address, or names nobody.

        Also accepts the end of a session that names the person but no address: it ends all leases of the
        session.
        """
        if event.kind is not EventKind.LEASE or event.time is None:
            return False
        code = _CODES.get(event.action)  # type: ignore[arg-type]
        if code is None:
            return False
        session = self._session(event)
        if event.device_ip is None:
            if session == NO_SESSION or event.action not in CLOSES:
                return False
            self.ends.setdefault(session, []).append(microseconds(event.time))
            return True
        holder, named = self._holder(event.device_mac, event.device_name, event.user)
        if code >= 2 and not named:
            return False
        until = UNKNOWN_END if event.lease_until is None else microseconds(event.lease_until)
        self.ip.append(self.ips.setdefault(event.device_ip, len(self.ips)))
        self.time.append(microseconds(event.time))
        self.action.append(code)
        self.holder.append(holder)
        self.until.append(until)
        self.session.append(session)
        return True

    def end_after(self, session: int, time: int) -> int | None:
        """Return the first end of the session after the time; both in microseconds since the epoch.

        Call only after all records were added.
        """
        ends = self.ends.get(session)
        if not ends:
            return None
        if len(ends) > 1:
            ends.sort()
        at = bisect_right(ends, time)
        return ends[at] if at < len(ends) else None

    def _session(self, event: Event) -> int:
        if not event.user or event.source_ip is None:
            return NO_SESSION
        key = Session(event.user, event.source_ip, event.source_port)
        return self.sessions.setdefault(key, len(self.sessions))

    def _holder(self, mac: str | None, name: str | None, user: str | None) -> tuple[int, bool]:
        """Return the number of the holder with this spelling, and whether it names anybody."""
        known = self.spellings.get((mac, name, user))
        if known is None:
            holder = Holder(mac_address(mac or ""), name or None, user or None)
            known = self.holders.setdefault(holder, len(self.holders)), holder != NOBODY
            self.spellings[mac, name, user] = known
        return known

    def __len__(self) -> int:
        return len(self.time)

    def __iter__(self) -> Iterator[Record]:
        ips = sorted(self.ips)
        holders = sorted(self.holders, key=lambda holder: tuple(part or "" for part in holder))
        ip = _ranks(self.ips, ips)[np.array(self.ip, dtype=np.int64)]
        holder = _ranks(self.holders, holders)[np.array(self.holder, dtype=np.int64)]
        time, until, action = np.array(self.time), np.array(self.until), np.array(self.action)
        session = np.array(self.session, dtype=np.int64)
        order = np.lexsort((_by_name(self.sessions)[session], until, holder, action, time, ip))
        for at in range(0, len(order), 65536):
            part = order[at : at + 65536]
            columns = (ip[part], time[part], action[part], holder[part], until[part], session[part])
            for address, when, action_code, holder_number, end, session_number in zip(
                *(column.tolist() for column in columns), strict=True
            ):
                yield Record(
                    ips[address], when, _ACTIONS[action_code], holders[holder_number], end, session_number
                )


def _by_name(sessions: Mapping[Session, int]) -> NDArray[np.int64]:
    """Rank sessions by name, indexed by session number; the last entry, for NO_SESSION, is -1."""
    ordered = sorted(sessions, key=lambda session: (session.user, session.ip or "", session.port or -1))
    return np.append(_ranks(sessions, ordered), -1)


def _ranks(numbers: Mapping[T, int], ordered: Sequence[T]) -> NDArray[np.int64]:
    """Return the sorted position of each number, indexed by number."""
    ranks = np.zeros(len(ordered), dtype=np.int64)
    for rank, item in enumerate(ordered):
        ranks[numbers[item]] = rank
    return ranks
