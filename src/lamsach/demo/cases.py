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
    """The month during its simulation."""

    network: Network
    month: Month
    rng: Random

    def sessions(self, device: Device, days: Sequence[int]) -> list[Session]:
        """Return the sessions of a machine on these days."""
        return [session for session in self.month.of(device) if session.day in set(days)]


@dataclass(frozen=True, slots=True)
class Case:
    """A planted infection or trap.

    `state` is the required result for `device` (or for the bare address `ip`, when no machine can be named);
    empty for a trap without a result. `innocent` names similar machines that must not be accused, and why.
    `raw` are texts that must be in the logs for the trap to work, by file.
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
    """Assignment of machines to cases, each used once, and of days of the month by fraction."""

    world: World
    days: int
    rng: Random
    used: set[str] = field(default_factory=set)

    def take(self, kind: Kind, department: Department | None = None, *, proxied: bool = False) -> Device:
        """Return the next unused machine of a kind."""
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
        """Return a machine by its name."""
        device = self.world.named(name)
        self.used.add(device.mac)
        return device

    def office_days(self, first: float, last: float) -> list[int]:
        """Return the working days between two fractions of the month (0 to 1), at least one."""
        open_days = working_days(self.days)
        start = min(int(first * len(open_days)), len(open_days) - 1)
        return open_days[start : max(start + 1, int(last * len(open_days)))]


def office_hours(device: Device, days: Sequence[int]) -> tuple[Appointment, ...]:
    """Return appointments at the desk on these days, from about eight to five."""
    shift = int(device.mac[-2:], 16) * 7
    return tuple(Appointment(device, at(day, 7, 40) + shift, at(day, 16, 50) + shift) for day in days)


def beacon(
    stage: Stage, sessions: Sequence[Session], every_s: float, act: Callable[[Session, float], None]
) -> None:
    """Act repeatedly through the sessions, as malware that calls home, with a tenth of jitter."""
    for session in sessions:
        time = session.start + 90 + every_s * 0.5 * stage.rng.random()
        while time < session.end - 90:
            act(session, time)
            time += every_s * (0.9 + 0.2 * stage.rng.random())


def whole_day(device: Device, ip: str, day: int) -> Session:
    """A session of a machine that needs no lease."""
    return Session(device, float(day * DAY_S), float((day + 1) * DAY_S - 1), ip, device.vlan)
