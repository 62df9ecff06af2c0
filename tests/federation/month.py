"""A simulated month of three portals, by a seed, and its comparison with the portal of all units."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from typing import Any

from tests.federation.carriers import Carriers
from tests.federation.people import People
from tests.federation.restore import Restore
from tests.federation.run import BEGIN, DAY, HOUR, PROVINCES, Account, M, Run


class Month:
    """A month of a run. `lost`: the portal to restore from a backup; chosen by the seed if empty."""

    def __init__(self, run: Run, lost: str = "") -> None:
        self.run = run
        self.people, self.carriers = People(run), Carriers(run)
        self.restore = Restore(run, self.carriers, lost)
        self.between = max(4, run.days // 3)
        """Days between two comparisons."""
        self.seconds: list[float] = []
        """Durations of the days."""

    def play(self) -> Account:
        """Run the whole month, then compare."""
        self.people.set_up()
        for number in range(self.run.days):
            began = time.monotonic()
            self.restore.disaster(number)
            self.people.run_day(number)
            for hour in range(24):
                self.run.now = BEGIN + number * DAY + (hour + 1) * HOUR
                if hour % 3 == 0:
                    self.carriers.carry()
            self.seconds.append(round(time.monotonic() - began, 1))
            print(f"day {number + 1} of {self.run.days}: {self.seconds[-1]} s", file=sys.stderr, flush=True)
            if number % self.between == self.between - 1 and number < self.run.days - 1:
                self.checkpoint(number + 1)
        self.run.now = BEGIN + self.run.days * DAY + 4 * HOUR
        for flight in self.carriers.flights:
            self.carriers.deliver(flight)
        self.carriers.settle(2)
        for code in (*self.run.own, *PROVINCES):
            self.run.act(self.run.home(code), "report", code=code)
        self.carriers.settle(2)
        for code in (*self.run.own, *PROVINCES):
            self.run.act(M, "judge", code=code, action="accept")
        for portal in self.run.portals.values():
            # before the campaign is closed, since a province continues until it knows
            portal.one(self.run.now, "night")
        if self.run.rng.random() < 0.3:
            self.run.act(M, "close_campaign")
        self.carriers.settle(3)
        self.compare(self.run.days)
        return self.run.account

    def checkpoint(self, until: int) -> None:
        """Compare after complete transfers; files in transit arrive later."""
        self.carriers.settle(2)
        for portal in self.run.portals.values():
            portal.one(self.run.now, "night")
        self.carriers.settle(2)
        self.compare(until)
        self.run.counted["checkpoints"] += 1

    def compare(self, until: int) -> None:
        """Compare the ministry and each province with the portal of all units, on each day so far."""
        days = [self.run.day(number) for number in range(until + 1)]
        for home in (M, *PROVINCES):
            for name, arguments in (("figures", {"days": days}), ("granted_to", {})):
                found = self.run.ask(home, name, home=home, **arguments)
                self.run.portals["all"].off = self.run.portals[home].off
                wanted = self.run.ask("all", name, home=home, **arguments)
                if name == "granted_to":
                    found, wanted = {"granted": found}, {"granted": wanted}
                if home != M:
                    for shown in (found, wanted):
                        shown.pop("home", None)
                        shown.pop("dispatches", None)
                for key in wanted:
                    if found[key] != wanted[key]:
                        self.run.fail(f"{home} {key}: {_difference(found[key], wanted[key])}")
        self.run.portals["all"].off = timedelta()
        for home in (M, *PROVINCES):
            for row in self.run.ask(home, "partners"):
                if row[2]:
                    self.run.fail(f"{home} still waits for what {row[0]} has to return")
                off = (self.run.portals[row[0]].off - self.run.portals[home].off).total_seconds()
                if self.run.url and row[3] != off:
                    self.run.fail(f"{home} takes the clock of {row[0]} to be off by {row[3]} s, not {off}")


def _difference(found: Any, wanted: Any) -> str:
    """Describe where two figures differ."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = [key for key in sorted({*found, *wanted}) if found.get(key) != wanted.get(key)][:4]
        return "; ".join(f"{key}: {found.get(key)}, not {wanted.get(key)}" for key in keys)
    if isinstance(found, list) and isinstance(wanted, list):
        pairs = [(a, b) for a, b in zip(found, wanted, strict=False) if a != b][:4]
        return (
            "; ".join(f"{a}, not {b}" for a, b in pairs)
            or f"{len(found)} rows, not {len(wanted)}: {found[-2:]}, {wanted[-2:]}"
        )
    return f"{found}, not {wanted}"
