"""Lease table: the machine that held an address at a time.

Semantics (RFC 2131, and what servers log in practice):

- *assigned* opens an interval; *renewed* extends it, or opens one when its beginning was not logged;
- an interval ends at the time the last record stated, else DEFAULT_LENGTH after the last assignment or
  renewal;
- *released* and *expired* of the holder, and the next holder's first record, end it earlier;
- a release by a machine that does not hold the address, and the expiry of a lease that still runs, change
  nothing;
- a session (VPN, 802.1X) is a lease that names a person; without a stated end it ends after SESSION_LENGTH;
- a moment up to LEAD before an interval may be its holder's (`upcoming`) when nobody else held the address
  meanwhile: logs begin at arbitrary times;
- two machines that claim the address at one time are a `LeaseConflict`; the later record has the address;
- a machine seen at an address leased to another is a conflict too; the lease has the address (`observations`
  and `people`: see `lamsach.devices.leases.observations`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from lamsach.devices.leases.observations import ObservationTable, observed_machine, observed_person
from lamsach.devices.leases.records import (
    CLOSES,
    MICROSECOND,
    NOBODY,
    Holder,
    HolderIntervals,
    Record,
    Records,
    microseconds,
    moment,
)
from lamsach.devices.names import host_key, mac_address
from lamsach.model import Event, LeaseAction

DEFAULT_LENGTH = timedelta(days=8)
"""Length of a lease when no record states it: the default of Windows Server's DHCP scopes."""
SESSION_LENGTH = timedelta(hours=24)
"""Length of a session without an end: VPN servers require a new log-on daily or sooner."""

LEAD = timedelta(minutes=15)
"""Time before its first record of an address during which a machine is already its likely holder."""
_LEAD = LEAD // MICROSECOND


@dataclass(frozen=True, slots=True)
class Lease:
    """Address held by one machine, or in one person's session, from `start` until just before `end` (UTC).

    `contested`: another machine claimed it meanwhile.
    """

    ip: str
    mac: str | None
    name: str | None
    start: datetime
    end: datetime
    contested: bool = False
    user: str | None = None

    @property
    def how(self) -> str:
        """`session` for a lease that names a person, else `lease`: see `Identity`."""
        return "session" if self.user else "lease"


@dataclass(frozen=True, slots=True, order=True)
class LeaseConflict:
    """Two machines that claimed an address from `start` until `end` (UTC); the later is the `holder`."""

    ip: str
    start: datetime
    end: datetime
    holder: str
    other: str


@dataclass(slots=True)
class _Open:
    """Interval under construction."""

    start: int
    end: int
    stated: bool
    mac: str | None
    name: str | None
    user: str | None = None
    contested: bool = False

    def is_of(self, holder: Holder) -> bool:
        """Return whether a record has the same holder: by hardware address, else by name, else by person.

        A record that names only a person completes one that names none, and vice versa.
        """
        if self.mac and holder.mac:
            return self.mac == holder.mac
        if self.name and holder.name:
            return (host_key(self.name) or self.name) == (host_key(holder.name) or holder.name)
        if self.user and holder.user:
            return self.user == holder.user
        return (holder.mac is None and holder.name is None and self.user is None) or (
            self.mac is None and self.name is None and holder.user is None
        )

    @property
    def label(self) -> str:
        return self.mac or self.name or self.user or ""


class LeaseTable(HolderIntervals):
    """Leases of any number of addresses, built from events of any number of servers in any order.

    Ignores other events, and lease events without a time or an address. Built in O(n log n), less than 200 MB
    for 10^6 records; a look-up is a binary search. The result depends only on the set of records.
    """

    def __init__(self, events: Iterable[Event] = (), default_length: timedelta = DEFAULT_LENGTH) -> None:
        super().__init__()
        records = Records()
        self.observations = ObservationTable()
        self.people = ObservationTable()
        for event in events:
            if not records.add(event):
                self._observe(event)
        self._default = default_length // MICROSECOND
        self._session = min(SESSION_LENGTH, default_length) // MICROSECOND
        self._records = records
        self._contested: set[int] = set()
        self._conflicts: list[LeaseConflict] = []
        self.record_count = len(records)
        self._build(records)
        del self._records
        self._contradictions()
        self.observations.build_machines()
        self.people.build_people()

    def _observe(self, event: Event) -> None:
        machine, person = observed_machine(event), observed_person(event)
        if event.time is None:
            return
        if machine is not None and event.device_ip is not None:
            self.observations.add(event.device_ip, event.time, machine)
        if person is not None:
            mac = mac_address(event.device_mac or "")
            for key in (event.device_ip, f"mac:{mac}" if mac else None):
                if key:
                    self.people.add(key, event.time, Holder(None, None, person))

    def _contradictions(self) -> None:
        """Add conflicts of hardware addresses that answered at another's leased address."""
        reported: set[tuple[str, int, str]] = set()
        for ip, time, observed in self.observations.points():
            at = self.position(ip, time)
            who = None if at is None else self._holders[self._who[at]]
            if at is None or who is None or not (who.mac and observed.mac) or who.mac == observed.mac:
                continue
            if (ip, at, observed.mac) in reported:
                continue
            reported.add((ip, at, observed.mac))
            self._contested.add(at)
            self._conflicts.append(LeaseConflict(ip, time, moment(self._ends[at]), who.mac, observed.mac))
        self._conflicts.sort()

    @property
    def conflicts(self) -> tuple[LeaseConflict, ...]:
        """Claims of two machines to one address at one time, by address and time."""
        return tuple(self._conflicts)

    def holder(self, ip: str, time: datetime) -> Lease | None:
        """Return the lease of the address (canonical text) at the time, or None."""
        at = self.position(ip, time)
        return None if at is None else self._lease(ip, at)

    def upcoming(self, ip: str, time: datetime) -> Lease | None:
        """Return the lease within LEAD after a free moment, unless another holder's ended just before."""
        bounds = self._slices.get(ip)
        if bounds is None:
            return None
        value = microseconds(time)
        at = bisect_right(self._starts, value, *bounds)
        if at == bounds[1] or self._starts[at] - value > _LEAD:
            return None
        if at > bounds[0] and self._who[at - 1] != self._who[at] and value - self._ends[at - 1] <= _LEAD:
            return None
        return None if at > bounds[0] and value < self._ends[at - 1] else self._lease(ip, at)

    def person(self, ip: str | None, mac: str | None, time: datetime) -> str | None:
        """Return the person likely logged on at the machine or the address at the time."""
        for key in (f"mac:{mac}" if mac else None, ip):
            seen = self.people.holder(key, time) if key else None
            if seen is not None:
                return seen.user
        return None

    def history(self, ip: str) -> tuple[Lease, ...]:
        """Return all leases of the address in order of time."""
        return tuple(self._lease(ip, at) for at in range(*self._slices.get(ip, (0, 0))))

    def _lease(self, ip: str, at: int) -> Lease:
        who = self._holders[self._who[at]]
        start, end = moment(self._starts[at]), moment(self._ends[at])
        return Lease(ip, who.mac, who.name, start, end, at in self._contested, who.user)

    def _build(self, records: Records) -> None:
        current: _Open | None = None
        ip: str | None = None
        for record in records:
            if record.ip != ip:
                self._close(ip, current)
                ip, current = record.ip, None
                self._slices[ip] = (len(self._starts), len(self._starts))
            current = self._step(record, current)
        self._close(ip, current)
        self._slices = {ip: bounds for ip, bounds in self._slices.items() if bounds[0] < bounds[1]}

    def _step(self, record: Record, current: _Open | None) -> _Open | None:
        """Apply one record of an address; returns the interval that is open after it."""
        if current is not None and record.time >= current.end:
            self._close(record.ip, current)
            current = None
        if record.action in CLOSES:
            return self._end(record, current)
        end, stated = self._end_of(record)
        if current is not None and current.is_of(record.holder):
            current.end, current.stated = end, stated
            current.mac = current.mac or record.holder.mac
            current.name = record.holder.name or current.name
            current.user = record.holder.user or current.user
            return current
        opened = _Open(record.time, end, stated, *record.holder)
        if current is not None:
            self._take_over(record, current, opened)
        return opened

    def _end_of(self, record: Record) -> tuple[int, bool]:
        """Return the end of the interval by this record, and whether the record states it."""
        stated = record.until > record.time
        session = record.holder.user is not None and record.holder.mac is None and record.holder.name is None
        end = record.until if stated else record.time + (self._session if session else self._default)
        closed = None if record.session < 0 else self._records.end_after(record.session, record.time)
        return (closed, True) if closed is not None and closed < end else (end, stated)

    def _end(self, record: Record, current: _Open | None) -> _Open | None:
        if current is None:
            return None
        if record.holder != NOBODY and not current.is_of(record.holder):
            return current
        if record.action is LeaseAction.EXPIRED and current.stated:
            return current
        current.end = record.time
        self._close(record.ip, current)
        return None

    def _take_over(self, record: Record, previous: _Open, opened: _Open) -> None:
        """End the previous holder's lease; a conflict when it certainly still ran."""
        certain = previous.stated or record.action is LeaseAction.RENEWED or previous.start == record.time
        if certain:
            opened.contested = True
            until = min(previous.end, opened.end)
            times = moment(record.time), moment(until)
            self._conflicts.append(LeaseConflict(record.ip, *times, opened.label, previous.label))
        previous.end = record.time
        self._close(record.ip, previous)

    def _close(self, ip: str | None, interval: _Open | None) -> None:
        if ip is None or interval is None or interval.end <= interval.start:
            return
        if interval.contested:
            self._contested.add(len(self._starts))
        self._append(interval.start, interval.end, Holder(interval.mac, interval.name, interval.user))
        self._slices[ip] = (self._slices[ip][0], len(self._starts))
