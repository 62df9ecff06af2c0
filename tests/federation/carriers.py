"""Carriers of files between portals: sticks and transfers, cut, lost, late and repeated."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.federation.run import BEGIN, HOUR, PROVINCES, M, Run


@dataclass
class Flight:
    """A file in transit."""

    path: Path
    sender: str
    receiver: str
    due: datetime


class Carriers:
    """Traffic between the ministry and the provinces."""

    def __init__(self, run: Run) -> None:
        self.run, self.rng = run, run.rng
        self.flights: list[Flight] = []
        self.carried: list[Flight] = []
        self.cut_until: dict[str, datetime] = {}

    def carry(self) -> None:
        """Run an hour's traffic between the ministry and each province."""
        for province in PROVINCES:
            if self.run.now < self.cut_until.get(province, BEGIN):
                self.run.counted["hours cut"] += 1
                continue
            if self.rng.random() < 0.04:
                self.cut_until[province] = self.run.now + HOUR * self.rng.choice((3, 10, 30, 70))
            if self.rng.random() < 0.35:
                self._online(province) if self.rng.random() < 0.6 else self._by_file(province)
        self.rng.shuffle(self.flights)
        for flight in [flight for flight in self.flights if flight.due <= self.run.now]:
            self.flights.remove(flight)
            self.deliver(flight)
        if self.carried and self.rng.random() < 0.1:
            self.run.counted["replays"] += 1
            self.deliver(self.rng.choice(self.carried))

    def _online(self, province: str) -> None:
        """Run a transfer in both directions, occasionally cut in the middle."""
        self.run.counted["transfers"] += 1
        if self.run.url:
            self.run.portals[M].ask(self.run.now)
            if self.run.ask(province, "call", code=M):
                self.run.counted["transfers cut"] += 1
            return
        request, answer = self.run.path(), self.run.path()
        self.run.ask(province, "make_file", code=M, path=str(request), news=True)
        cut = self.rng.random()
        if cut < 0.1:
            self._cut(request)
        problem = self.run.ask(M, "answer_file", path=str(request), target=str(answer))
        if cut < 0.2 or problem:
            self.run.counted["transfers cut"] += 1
            return
        self.run.ask(province, "take_file", code=M, path=str(answer))

    def _cut(self, path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: self.rng.randrange(1, len(data))])

    def _by_file(self, province: str) -> None:
        """Send sealed files on sticks, which arrive hours or days later, or never."""
        for sender, receiver in ((province, M), (M, province)):
            path = self.run.path()
            self.run.ask(sender, "make_file", code=receiver, path=str(path), news=False)
            if self.rng.random() < 0.15:
                self.run.counted["files lost"] += 1
                continue
            self.flights.append(
                Flight(path, sender, receiver, self.run.now + HOUR * self.rng.choice((1, 2, 20, 50)))
            )

    def deliver(self, flight: Flight) -> None:
        """Hand a file over, occasionally a cut copy before."""
        if self.rng.random() < 0.05:
            broken = flight.path.with_suffix(".cut")
            shutil.copy(flight.path, broken)
            self._cut(broken)
            assert self.run.ask(flight.receiver, "take_file", code=flight.sender, path=str(broken))
        self.run.ask(flight.receiver, "take_file", code=flight.sender, path=str(flight.path))
        self.carried.append(flight)

    def settle(self, rounds: int) -> None:
        """Transfer files in both directions without cuts, some times."""
        for _ in range(rounds):
            for province in PROVINCES:
                request, answer = self.run.path(), self.run.path()
                self.run.ask(province, "make_file", code=M, path=str(request), news=True)
                problem = self.run.ask(M, "answer_file", path=str(request), target=str(answer))
                refused = problem or self.run.ask(province, "take_file", code=M, path=str(answer))
                if refused:
                    self.run.fail(f"{self.run.now} {province}: {refused}")
