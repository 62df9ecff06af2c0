"""Chaos run: load, failures, and the final account: sent = archived = found."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Sequence

from lamsach.archive.archive import Archive
from lamsach.archive.retro import retro
from lamsach.errors import LamsachError
from lamsach.investigate import Request
from tests.chaos.account import Account, count
from tests.chaos.mishaps import Mishaps


class Chaos(Mishaps):
    """Run in a folder."""

    def run(self, seconds: float, first: Sequence[str] = ()) -> Account:
        """Apply load and failures for so long, then return the account.

        `first`: failures that precede the others, in any case.
        """
        begun = time.monotonic()
        self.collector.start()
        try:
            self.begin_life()
            self.writer.write(1)  # a file that was rotated away before it was ever seen cannot be known
            self.account.check(self.wait_until_counted(str(self.log), 1), "the file is not followed")
            waiting = [name for name in reversed(first) if name in self.mishaps()]
            wanted = len(waiting)
            begun = time.monotonic()
            while time.monotonic() - begun < seconds or self.account.mishaps.total() < wanted:
                for _ in range(self.rng.randrange(3, 8)):
                    self.load()
                    time.sleep(self.rng.random() * 0.3)
                if not waiting:
                    waiting = self.rng.sample(sorted(self.mishaps()), len(self.mishaps()))
                name = waiting.pop()
                self.mishaps()[name]()
                self.account.mishaps[name] += 1
                self.retro_in_between()
            self.settle()
        finally:
            self.close()
        self.account.seconds = round(time.monotonic() - begun, 1)
        return self.account

    def retro_in_between(self) -> None:
        """Run a retro-hunt while lines arrive."""
        with contextlib.suppress(LamsachError):
            retro(Archive(str(self.place)), Request([""], [str(self.listed)], threads=1))
            self.account.retro_runs += 1

    def settle(self) -> None:
        """Stop the collector regularly, and count."""
        account = self.account
        account.written = self.writer.written
        self.collector.skew = ""
        self.disk.empty()
        self.restart_collector()
        self.taken_over()
        whole = self.wait_until_counted(str(self.log), account.written)
        account.check(whole, "the collector does not read the file to its end")
        if self.portal is not None:
            account.portal = self.office("count")
            account.check(not account.portal["live_twice"], "a live sighting is there twice")
            account.check(not account.portal["failed_jobs"], "a job of the portal failed")
        account.check(self.collector.end() == 0, "the collector did not end as it should")
        self.end_life(list(self.life))
        if self.portal is not None:
            account.portal |= {"list": self.office("list")}
        count(account, self.place, self.folder / "out", self.listed)

    def close(self) -> None:
        """End running processes."""
        for child in (self.collector, self.portal):
            if child is not None and child.alive:
                child.end(signal.SIGTERM)
        if self.postgres is not None:
            with contextlib.suppress(AssertionError):
                self.postgres.stop()
        self.disk.close()
