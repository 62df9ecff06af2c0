"""Observations of machines or people at an address (ARP, log-on): weaker evidence than a lease.

An observation proves one moment; it is extended as far as is plausible:

- *machines* (hardware address or host name): between observations of the same machine at most twice
  MACHINE_WINDOW apart; MACHINE_WINDOW before the first and after the last; between two machines only
  SURE_WINDOW on either side, and nobody in between;
- *people* (log-ons): from the log-on until PERSON_WINDOW after the last one, or until another person logs on;
- a hardware address at more than MOST_ADDRESSES addresses at one moment is a router's proxy ARP; an address
  at which more than MOST_PEOPLE people log on within PERSON_WINDOW is a shared machine: neither names
  anybody;
- several machines at one moment name nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lamsach.devices.leases.records import MICROSECOND, Holder, HolderIntervals, microseconds, moment
from lamsach.devices.names import mac_address
from lamsach.model import Action, Event, EventKind, LeaseAction

MACHINE_WINDOW = timedelta(hours=24)
SURE_WINDOW = timedelta(hours=1)
PERSON_WINDOW = timedelta(hours=12)
MOST_ADDRESSES = 8
MOST_PEOPLE = 2

LOGON_FORMATS = (
    "windows_event",
    "evtx",
    "samba",
    "freeradius",
    "nps",
    "fortigate",
    "cisco_asa",
    "mikrotik",
    "sophos",
    "paloalto",
    "checkpoint",
)
"""Prefixes of formats whose log-ons identify the user of a machine; a server account (sshd) does not."""
_NO_PERSON = frozenset(
    {
        "root",
        "admin",
        "administrator",
        "guest",
        "anonymous",
        "anonymous logon",
        "system",
        "nobody",
        "krbtgt",
        "local service",
        "network service",
        "-",
    }
)
_Point = tuple[int, Holder]


@dataclass(frozen=True, slots=True)
class Observation:
    """Likely presence at the address from `start` until just before `end` (UTC)."""

    ip: str
    mac: str | None
    name: str | None
    user: str | None
    start: datetime
    end: datetime
    how: str = "observed"


class ObservationTable(HolderIntervals):
    """Likely intervals of machines or people by key: an address, or `mac:` and a hardware address."""

    def __init__(self) -> None:
        super().__init__()
        self._points: dict[str, list[_Point]] = defaultdict(list)

    def add(self, key: str, time: datetime, holder: Holder) -> None:
        """Add an observation. Only before `build_*`."""
        self._points[key].append((microseconds(time), holder))

    def points(self) -> Iterator[tuple[str, datetime, Holder]]:
        """Yield the observations by key and time. Only before `build_*`."""
        for key in sorted(self._points):
            for time, holder in sorted(set(self._points[key]), key=_order):
                yield key, moment(time), holder

    def build_machines(self) -> None:
        """Build the intervals of machines by the rules above."""
        routers = self._routers()
        for key in sorted(self._points):
            points = [
                (time, holder) for time, holder in self._points[key] if (time, holder.mac) not in routers
            ]
            self._store(key, _machine_intervals(_runs(_merge_moments(points))))
        self._points = {}

    def build_people(self) -> None:
        """Build the intervals of people by the rules above."""
        for key in sorted(self._points):
            self._store(key, _person_intervals(sorted(set(self._points[key]), key=_order)))
        self._points = {}

    def holder(self, key: str, time: datetime) -> Observation | None:
        """Return the likely presence at the key at the time, or None."""
        at = self.position(key, time)
        if at is None:
            return None
        who = self._holders[self._who[at]]
        return Observation(key, who.mac, who.name, who.user, moment(self._starts[at]), moment(self._ends[at]))

    def _routers(self) -> set[tuple[int, str | None]]:
        """Return the hardware addresses, with the moment, that answered for many addresses simultaneously."""
        by_moment: dict[tuple[int, str | None], set[str]] = defaultdict(set)
        for key, points in self._points.items():
            if ":" in key:
                continue
            for time, holder in points:
                addresses = by_moment[time, holder.mac]
                if holder.mac and len(addresses) <= MOST_ADDRESSES:
                    addresses.add(key)
        return {place for place, addresses in by_moment.items() if len(addresses) > MOST_ADDRESSES}

    def _store(self, key: str, intervals: Sequence[tuple[int, int, Holder]]) -> None:
        first = len(self._starts)
        for start, end, holder in intervals:
            if end > start:
                self._append(start, end, holder)
        if len(self._starts) > first:
            self._slices[key] = (first, len(self._starts))


def observed_machine(event: Event) -> Holder | None:
    """Return the machine that an event observed at its address; None when it shows none."""
    if event.time is None or event.device_ip is None:
        return None
    if event.kind is EventKind.LEASE and event.action is LeaseAction.OBSERVED:
        holder = Holder(mac_address(event.device_mac or ""), event.device_name or None)
    elif _is_logon(event):
        holder = Holder(None, event.device_name or None)
    else:
        return None
    return holder if holder.mac or holder.name else None


def observed_person(event: Event) -> str | None:
    """Return the person who logged on; None for other events, and for system accounts."""
    if event.time is None or not event.user or not _is_logon(event):
        return None
    plain = event.user.rsplit("\\", 1)[-1].partition("@")[0].strip().lower()
    return None if plain in _NO_PERSON or plain.endswith("$") or not plain else event.user


def _is_logon(event: Event) -> bool:
    return (
        event.kind is EventKind.LOGON
        and event.action is Action.ALLOWED
        and event.format.startswith(LOGON_FORMATS)
    )


def _order(point: _Point) -> tuple[int, str, str, str]:
    time, holder = point
    return time, holder.mac or "", holder.name or "", holder.user or ""


def _merge_moments(points: Sequence[_Point]) -> list[tuple[int, Holder | None]]:
    """Merge observations into one per moment, in order; None where several machines were seen.

    A name completes a hardware address.
    """
    by_time: dict[int, set[Holder]] = defaultdict(set)
    for time, holder in points:
        by_time[time].add(holder)
    single: list[tuple[int, Holder | None]] = []
    for time in sorted(by_time):
        macs = {holder.mac for holder in by_time[time]} - {None}
        names = {holder.name for holder in by_time[time]} - {None}
        unique = len(macs) <= 1 and len(names) <= 1
        single.append((time, Holder(next(iter(macs), None), next(iter(names), None)) if unique else None))
    return single


def _runs(points: Sequence[tuple[int, Holder | None]]) -> list[tuple[int, int, Holder | None]]:
    """Merge consecutive observations of one machine, at most two windows apart, to (first, last, holder)."""
    window = 2 * (MACHINE_WINDOW // MICROSECOND)
    runs: list[tuple[int, int, Holder | None]] = []
    for time, holder in points:
        if (
            runs
            and holder is not None
            and time - runs[-1][1] <= window
            and (same := _join(runs[-1][2], holder))
        ):
            runs[-1] = (runs[-1][0], time, same)
        else:
            runs.append((time, time, holder))
    return runs


def _join(left: Holder | None, right: Holder) -> Holder | None:
    """Join two holders of one machine, by hardware address, else by name; None if they differ."""
    if left is None:
        return None
    if left.mac and right.mac:
        return Holder(left.mac, left.name or right.name) if left.mac == right.mac else None
    return Holder(left.mac or right.mac, left.name) if left.name and left.name == right.name else None


def _machine_intervals(runs: Sequence[tuple[int, int, Holder | None]]) -> list[tuple[int, int, Holder]]:
    window, sure = MACHINE_WINDOW // MICROSECOND, SURE_WINDOW // MICROSECOND
    found: list[tuple[int, int, Holder]] = []
    for at, (first, last, holder) in enumerate(runs):
        if holder is None:
            continue
        before = runs[at - 1][1] if at else None
        after = runs[at + 1][0] if at + 1 < len(runs) else None
        start = first - (
            window if before is None or first - before > 2 * window else min(sure, (first - before) // 2)
        )
        end = last + (
            window if after is None or after - last > 2 * window else min(sure, (after - last + 1) // 2)
        )
        found.append((start, max(end, last + 1), holder))
    return found


def _person_intervals(points: Sequence[_Point]) -> list[tuple[int, int, Holder]]:
    window = PERSON_WINDOW // MICROSECOND
    found: list[tuple[int, int, Holder]] = []
    counts: Counter[str | None] = Counter()
    first = 0
    for at, (time, holder) in enumerate(points):
        counts[holder.user] += 1
        while points[first][0] < time - window:
            counts[points[first][1].user] -= 1
            if not counts[points[first][1].user]:
                del counts[points[first][1].user]
            first += 1
        next_at = at + 1
        shared = len(counts) > MOST_PEOPLE
        following = points[next_at][0] if next_at < len(points) else None
        end = time + window if following is None else min(time + window, following)
        if following == time or (at and points[at - 1][0] == time):
            continue  # several at one moment
        if not shared:
            found.append((time, end, holder))
    return found
