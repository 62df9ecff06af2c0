"""State of a simulated month: portals, chance, clock, account; actions in two portals at once."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.federation.world import Call, Portal

M, PROVINCES = "B01", ("B01.A", "B01.B")
BEGIN = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
"""A Monday, 8:00 in Vietnam."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Account:
    """Counts of the month's events, and errors."""

    seed: int
    units: int
    counted: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Run:
    """A run.

    `portals`: of the ministry, the provinces, and of all units (`all`), each in a fresh state.
    """

    def __init__(
        self, portals: dict[str, Portal], folder: Path, seed: int, units: int, days: int, url: str = ""
    ) -> None:
        self.rng = random.Random(seed)
        self.portals, self.folder, self.days, self.url = portals, folder, days, url
        self.account = Account(seed, units)
        self.counted = self.account.counted
        self.now = BEGIN
        self.below = {province: _names(province, units) for province in PROVINCES}
        self.own = [f"{M}.{number:02d}" for number in range(1, 4)]
        self.waiting: dict[str, list[tuple[datetime, bool, Call]]] = {name: [] for name in (M, *PROVINCES)}
        """Actions of a portal: time, whether a partner can return it, call."""
        self.sent: list[str] = []
        """Numbers of the ministry's dispatches."""
        self.losing = ""
        """The portal whose actions of this time will be lost by a restore."""

    def home(self, code: str) -> str:
        """Return the portal of a unit."""
        return next((province for province in PROVINCES if code.startswith(province)), M)

    def act(self, home: str, name: str, /, *, back: bool = False, **arguments: Any) -> Any:
        """Run an action in a portal, and at the same clock time in the portal of all units.

        `back`: a partner returns its effects after a restore.
        """
        portal, whole = self.portals[home], self.portals["all"]
        call: Call = (name, arguments)
        portal.send(self.now + portal.off, [call])
        whole.send(self.now + portal.off, [call])
        result, expected = portal.receive()[0], whole.receive()[0]
        if result != expected:
            self.fail(f"{self.now} {home} {name} {arguments}: {result}, not {expected}")
        self.waiting[home].append((self.now, _from_above(name, arguments) if home == M else back, call))
        self.counted[name] += 1
        return result

    def ask(self, home: str, name: str, /, **arguments: Any) -> Any:
        """Run a call in a portal alone and return its result."""
        return self.portals[home].one(self.now, name, **arguments)

    def fail(self, what: str) -> None:
        """Record an error."""
        self.account.wrong.append(what)

    def send(self, number: str) -> None:
        """Send a dispatch of the ministry."""
        self.sent.append(number)
        self.act(M, "send", issuer=M, number=number, about="", deadline=self.day(24), whole=False)

    def day(self, number: int) -> str:
        """Return the day so many days after the first."""
        return (BEGIN + number * DAY).date().isoformat()

    def path(self) -> Path:
        """Return the path of a new file."""
        self.counted["files"] += 1
        return self.folder / f"{self.counted['files']:06d}.zip.age"


def _names(province: str, units: int) -> list[tuple[str, str]]:
    """Generate units with their parents: some offices, each with rooms."""
    count = max(4, (units - 6) // 2)
    offices = max(2, round(count**0.5 / 1.5))
    names = [(f"{province}.{number:03d}", province) for number in range(offices)]
    return names + [
        (f"{province}.{number % offices:03d}.{number:05d}", f"{province}.{number % offices:03d}")
        for number in range(count - offices)
    ]


def _from_above(name: str, arguments: dict[str, Any]) -> bool:
    """Return whether an action of the ministry reaches the provinces, which can return it."""
    code = arguments.get("code", "")
    return (
        name in ("send", "add_list", "withdraw_list") or code in PROVINCES or arguments.get("scope") == "all"
    )
