"""A portal that is restored from a backup during a simulated month, losing the days between."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from tests.federation.carriers import Carriers
from tests.federation.run import PROVINCES, M, Run


class Restore:
    """The backup and its restore. `lost`: the portal; chosen by the seed if empty."""

    def __init__(self, run: Run, carriers: Carriers, lost: str) -> None:
        self.run, self.settle, self.lost = run, carriers.settle, lost
        self.backup: tuple[str, Path, datetime] | None = None

    def disaster(self, number: int) -> None:
        """Back up a portal on one day, and restore it some days later, losing the days between."""
        lost_days = 3 if self.run.days < 10 else 4
        if number == self.run.days // 4:
            home = self.lost or self.run.rng.choice((M, *PROVINCES))
            file = self.run.folder / "backup.zip"
            self.run.ask(home, "back_up", path=str(file))
            self.backup, self.run.losing = (home, file, self.run.now), home
        elif number == self.run.days // 4 + lost_days and self.backup is not None:
            home, file, at = self.backup
            self.settle(1)  # partners know everything to be returned
            before, held, bore = self._held(home)
            self.run.ask(home, "put_back", path=str(file))
            self.run.losing = ""
            self.settle(2)
            if home == M:
                self._again(home, at)
            after, now, bears = self._held(home)
            if any(after[name] < before[name] for name in ("informed", "deployed")):
                self.run.fail(f"lost by the restore: {before}, {after}")
            if now != held:
                self.run.fail(f"a report did not come back: {now}, not {held}")
            if bears != bore:
                self.run.fail(f"dispatches have other numbers: {bears}, not {bore}")
            if home != M:
                self._again(home, at)
            self.run.counted[f"restored {home}"] += 1
            self._after_restore(home, bore)

    def _held(self, home: str) -> tuple[Any, list[Any], Any]:
        """Return the ministry's counts, newest reports, and primary keys of dispatches known to others."""
        sums = self.run.ask(M, "sums", home=M)
        codes = PROVINCES if home == M else (home,)
        reports = [self.run.ask(home, "reports_of", code=code)[-1:] for code in codes]
        bore = self.run.ask(home, "dispatch_numbers", code=M) if home == M else {}
        return sums, [[row[1:] for row in rows] for rows in reports], bore  # a province numbers editions anew

    def _after_restore(self, home: str, bore: dict[str, int]) -> None:
        """Check that the ministry's next dispatch has an unused primary key."""
        if home == M:
            self.run.send("3/M")
            new = self.run.ask(M, "dispatch_numbers", code=M)["3/M"]
            if new <= max(bore.values()):
                self.run.fail(f"a number was given again: {new}, {bore}")

    def _again(self, home: str, since: datetime) -> None:
        """Repeat the actions that no partner can return, then further steps, with their original dates."""
        portal, now = self.run.portals[home], self.run.now
        for at, back, call in self.run.waiting[home]:
            if at >= since and not back:
                portal.ask(at, call)
        for at, back, call in self.run.waiting[home]:
            if at >= since and back and call[0] in ("answer_many", "answer", "withdraw"):
                portal.ask(at, call)
        self.run.now = now
