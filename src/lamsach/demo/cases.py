"""Planted cases: the cast of machines and the stage of the month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from lamsach.demo.clock import DAY_S, at, working_days
from lamsach.demo.dhcp import Appointment, Month, Session
from lamsach.demo.journal import Planted
from lamsach.demo.network import Network
from lamsach.demo.world import Department, Device, Kind, World

INFECTED = "infected"
BLOCKED = "blocked"
INBOUND = "inbound"
RESOLVED = "resolved"
UNATTRIBUTED = "unattributed"
HARMLESS = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """The month while it is played."""

    network: Network
    month: Month
    rng: Random

    def sessions(self, device: Device, days: Sequence[int]) -> list[Session]:
        """The sessions of a machine on these days."""
        return [session for session in self.month.of(device) if session.day in set(days)]


@dataclass(frozen=True, slots=True)
class Case:
    """A planted infection or trap.

    `state` is what the hunt must say of `device` (or of the bare address `ip`, when no machine can be named);
    empty for a trap in which nothing may be said. `innocent` names machines that stand close to it and must
    not be accused, and why. `raw` are texts that must stand in the logs for the trap to be one, by file.
    """

    name: str
    about: str
    state: str
    play: Callable[[Stage], None]
    indicators: tuple[Planted, ...] = ()
    device: Device | None = None
    ip: str | None = None
    appointments: tuple[Appointment, ...] = ()
    innocent: tuple[tuple[Device, str], ...] = ()
    raw: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Cast:
    """Gives each case machines that no other case uses, and days of the month by fraction."""

    world: World
    days: int
    rng: Random
    used: set[str] = field(default_factory=set)

    def take(self, kind: Kind, department: Department | None = None, *, proxied: bool = False) -> Device:
        """The next free machine of a sort."""
        for device in self.world.of(kind):
            if (
                device.mac in self.used
                or device.proxied is not proxied
                or (device.always_on and device.fixed_ip is None)
            ):
                continue
            if department is None or device.department == department.name:
                self.used.add(device.mac)
                return device
        raise LookupError(f"no free {kind} is left for the demo's cases")

    def named(self, name: str) -> Device:
        """A machine by its name."""
        device = self.world.named(name)
        self.used.add(device.mac)
        return device

    def office_days(self, first: float, last: float) -> list[int]:
        """The working days between two fractions of the month (0 to 1), at least one."""
        open_days = working_days(self.days)
        start = min(int(first * len(open_days)), len(open_days) - 1)
        return open_days[start : max(start + 1, int(last * len(open_days)))]


def office_hours(device: Device, days: Sequence[int]) -> tuple[Appointment, ...]:
    """Be at the desk on these days, from about eight to five."""
    shift = int(device.mac[-2:], 16) * 7
    return tuple(Appointment(device, at(day, 7, 40) + shift, at(day, 16, 50) + shift) for day in days)


def beacon(
    stage: Stage, sessions: Sequence[Session], every_s: float, act: Callable[[Session, float], None]
) -> None:
    """Do something again and again through the sessions, as malware that calls home, give or take a tenth."""
    for session in sessions:
        time = session.start + 90 + every_s * 0.5 * stage.rng.random()
        while time < session.end - 90:
            act(session, time)
            time += every_s * (0.9 + 0.2 * stage.rng.random())


def whole_day(device: Device, ip: str, day: int) -> Session:
    """A session of a machine that needs no lease."""
    return Session(device, float(day * DAY_S), float((day + 1) * DAY_S - 1), ip, device.vlan)
