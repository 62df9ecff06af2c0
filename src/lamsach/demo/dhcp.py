"""Presence in the office, and the address that the DHCP server assigns to each machine.

A session is a period in which a machine is on the network with one address. Short leases on the wireless
networks move addresses between machines, as in reality.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from lamsach.demo.clock import DAY_S, at, day_of, is_working_day
from lamsach.demo.world import Device, Kind, Vlan, World

ASSIGNED, RENEWED, RELEASED, EXPIRED = 10, 11, 12, 18
"""Event numbers of the Windows DHCP audit log, explained in its own preamble."""

LAST_HOST = 199
"""Last host of the scopes; addresses above are reserved for appointments."""


@dataclass(frozen=True, slots=True)
class Session:
    """A machine on the network: from `start` to `end` (demo time) with one address on one network."""

    device: Device
    start: float
    end: float
    ip: str
    vlan: Vlan

    @property
    def day(self) -> int:
        """The 0-based day; no session crosses midnight."""
        return int(self.start // DAY_S)


@dataclass(frozen=True, slots=True)
class Appointment:
    """A mandatory session.

    `ip` reserves an address outside the scope; its lease is released at the end.
    """

    device: Device
    start: float
    end: float
    vlan: Vlan | None = None
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """A line of the DHCP server's audit log."""

    time: float
    code: int
    ip: str
    device: Device


_PRESENCE: Mapping[Kind, tuple[float, float]] = {
    Kind.PC: (0.93, 0.05),
    Kind.LAPTOP: (0.82, 0.05),
    Kind.PHONE: (0.85, 0.06),
    Kind.GUEST: (0.35, 0.02),
}
"""Probability that a machine is present on an office day and on another day."""


@dataclass(slots=True)
class Month:
    """The DHCP server's month: sessions in order of their start, and its log in order of time."""

    sessions: list[Session] = field(default_factory=list)
    records: list[LeaseRecord] = field(default_factory=list)

    def of(self, device: Device) -> list[Session]:
        """Return the sessions of one machine, in order."""
        return [session for session in self.sessions if session.device is device]


def simulate(rng: Random, world: World, days: int, appointments: Iterable[Appointment]) -> Month:
    """Simulate the month: appointments first, then the other machines' days by chance."""
    fixed: dict[tuple[str, int], list[Appointment]] = {}
    for item in appointments:
        fixed.setdefault((item.device.mac, int(item.start // DAY_S)), []).append(item)
    wanted: list[Appointment] = []
    month = Month()
    for device in world.devices:
        for day in range(days):
            if device.fixed_ip is not None:
                month.sessions.append(
                    Session(device, at(day, 0), at(day, 23, 59, 59), device.fixed_ip, device.vlan)
                )
            else:
                wanted += fixed.get((device.mac, day)) or _attendance(rng, device, day)
    wanted.sort(key=lambda item: (item.start, item.device.mac))
    server = _Server(rng, world, month)
    for item in wanted:
        server.attend(item)
    server.end(float(days * DAY_S))
    month.sessions.sort(key=lambda session: (session.start, session.device.mac))
    month.records.sort(key=lambda record: record.time)
    return month


def _attendance(rng: Random, device: Device, day: int) -> list[Appointment]:
    """Draw the presence of a machine on a day: once, or before and after lunch."""
    if device.always_on:
        return [Appointment(device, at(day, 0, 2) + 600 * rng.random(), at(day, 23, 59))]
    working = is_working_day(day_of(day))
    if rng.random() >= _PRESENCE[device.kind][0 if working else 1]:
        return []
    if device.kind is Kind.GUEST:
        start = at(day, 8) + rng.random() * 7 * 3600
        return [Appointment(device, start, start + 1800 + rng.random() * 7200)]
    start = at(day, 7, 50) + rng.gauss(0, 900) if working else at(day, 8) + rng.random() * 4 * 3600
    end = at(day, 17, 10) + rng.gauss(0, 1500) if working else start + 3600 + rng.random() * 3 * 3600
    if device.kind is Kind.PC or not working or rng.random() < 0.5:
        return [Appointment(device, start, end)]
    lunch, back = at(day, 11, 40) + 1200 * rng.random(), at(day, 13, 20) + 1800 * rng.random()
    return [Appointment(device, start, lunch), Appointment(device, back, max(end, back + 1800))]


@dataclass(frozen=True, slots=True)
class _Lease:
    ip: str
    end: float
    released: bool = False


class _Server:
    """The DHCP server: free addresses of each scope, current leases, and its log."""

    def __init__(self, rng: Random, world: World, month: Month) -> None:
        self._rng = rng
        self._month = month
        self._free: dict[str, list[str]] = {}
        self._leases: dict[tuple[str, str], _Lease] = {}
        self._last: dict[tuple[str, str], str] = {}
        self._ends: list[tuple[float, str, str]] = []
        self._by_mac = {device.mac: device for device in world.devices}
        for device in world.devices:
            if device.fixed_ip is None and device.kind is Kind.PC:
                lease_end = (1 + 6 * rng.random()) * DAY_S
                self._hold(device, device.vlan, _Lease(self._take(device.vlan, None), lease_end))

    def _scope(self, vlan: Vlan) -> list[str]:
        if vlan.prefix not in self._free:
            self._free[vlan.prefix] = [
                f"{vlan.prefix}.{host}" for host in range(vlan.first_host, vlan.last_host + 1)
            ]
        return self._free[vlan.prefix]

    def _take(self, vlan: Vlan, wish: str | None) -> str:
        free = self._scope(vlan)
        if wish in free and self._rng.random() < 0.4:
            free.remove(wish)
            return wish
        return free.pop(min(int(self._rng.random() * 40), len(free) - 1))

    def _free_address(self, prefix: str, ip: str) -> None:
        if int(ip.rpartition(".")[2]) <= LAST_HOST:
            self._free[prefix].append(ip)

    def _hold(self, device: Device, vlan: Vlan, lease: _Lease) -> None:
        self._leases[device.mac, vlan.prefix] = lease
        self._last[device.mac, vlan.prefix] = lease.ip
        heapq.heappush(self._ends, (lease.end, device.mac, vlan.prefix))

    def _write(self, time: float, code: int, ip: str, device: Device) -> None:
        self._month.records.append(LeaseRecord(time, code, ip, device))

    def end(self, until: float) -> None:
        """Free the leases that have expired by this time."""
        while self._ends and self._ends[0][0] <= until:
            end, mac, prefix = heapq.heappop(self._ends)
            lease = self._leases.get((mac, prefix))
            if lease is None or lease.end != end:
                continue
            del self._leases[mac, prefix]
            self._free_address(prefix, lease.ip)
            if not lease.released:
                self._write(end, EXPIRED, lease.ip, self._by_mac[mac])

    def attend(self, item: Appointment) -> None:
        """Assign the machine its address for the session, and log it."""
        device, start, end = item.device, item.start, item.end
        vlan = item.vlan or device.vlan
        self.end(start)
        ip, code = self._address(item, vlan)
        self._write(start, code, ip, device)
        renewed = start
        while renewed + vlan.lease_s / 2 < end:
            renewed += vlan.lease_s / 2
            self._write(renewed, RENEWED, ip, device)
        released = item.ip is not None or (device.kind is not Kind.PC and self._rng.random() < 0.6)
        lease_end = end + 1 if released else renewed + vlan.lease_s
        if released:
            self._write(lease_end, RELEASED, ip, device)
        self._hold(device, vlan, _Lease(ip, lease_end, released))
        self._month.sessions.append(Session(device, start + 2, end, ip, vlan))

    def _address(self, item: Appointment, vlan: Vlan) -> tuple[str, int]:
        """Return the address for a session, and whether its lease is new or renewed."""
        key = (item.device.mac, vlan.prefix)
        lease = self._leases.get(key)
        if lease and (item.ip is None or lease.ip == item.ip):
            return lease.ip, RENEWED
        if lease:
            del self._leases[key]
            self._write(item.start - 1, RELEASED, lease.ip, item.device)
            self._free_address(vlan.prefix, lease.ip)
        return item.ip or self._take(vlan, self._last.get(key)), ASSIGNED
