"""Failures of a chaos run."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable

from lamsach.archive.archive import Archive
from lamsach.archive.verification import verify
from lamsach.errors import LamsachError
from tests.chaos.scene import TCP_SOURCE, Scene
from tests.chaos.world import PATIENCE_S, Child, clock_library, wait_for

SKEWS_S = {"": 0, "-3h": -3 * 3600, "+2d": 2 * 86400}
"""Offsets of the collector's clock, in libfaketime's notation and in seconds."""


class Mishaps(Scene):
    """Scene with failures."""

    base = 0
    """Messages in the archive and the spool at the collector's start."""

    def mishaps(self) -> dict[str, Callable[[], None]]:
        """List the possible failures."""
        found = {
            "collector killed": self.kill_collector,
            "collector restarted": self.restart_collector,
            "segment cut": self.cut_segment,
            "retro-hunt killed": self.kill_retro,
        }
        if self.disk.small:
            found["disk full"] = self.fill_disk
        if clock_library():
            found["clock skewed"] = self.skew_clock
        if self.portal is not None:
            found |= {"portal killed": self.kill_portal, "PostgreSQL stopped": self.stop_postgres}
        return found

    def begin_life(self) -> None:
        """Restart the collector; return how many messages it knows before the first new one."""
        self.account.check(self.ready(), "the collector does not begin")
        self.base = self.counted(TCP_SOURCE)
        if not self.base:  # a source that it does not name before it hears it
            self.send(1)
            self.account.check(self.wait_until_counted(TCP_SOURCE, 1), "a message was not taken in")
            self.base = self.counted(TCP_SOURCE) - 1

    def taken_over(self) -> None:
        """Wait until the collector has counted all messages of this life: a kill must not lose them."""
        sent = self.base + sum(map(len, self.life))
        self.account.check(self.wait_until_counted(TCP_SOURCE, sent), "messages were not taken in")

    def kill_collector(self) -> None:
        """Kill it while messages arrive; those counted before must be present."""
        self.taken_over()
        certain = list(self.life)
        for _ in range(self.rng.randrange(4)):
            self.load()
        self.collector.end(signal.SIGKILL)
        self.end_life(certain)
        self.collector.start()
        self.begin_life()

    def restart_collector(self) -> None:
        """Stop it regularly, which loses nothing, and restart it."""
        self.account.check(self.collector.end() == 0, "the collector did not end as it should")
        self.collector.start()
        self.account.check(self.ready(), "the collector does not begin")

    def skew_clock(self) -> None:
        """Shift the collector's clock, also back to the right time, as its answers confirm."""
        skew = self.rng.choice([name for name in SKEWS_S if name != self.collector.skew])
        self.collector.skew = skew
        self.restart_collector()
        off = self.collector_clock_s() - time.time()
        self.account.check(abs(off - SKEWS_S[skew]) < PATIENCE_S, "the collector's clock did not jump")

    def fill_disk(self) -> None:
        """Fill the disk for two seconds while the file grows."""
        self.disk.fill()
        until = time.monotonic() + 2
        while time.monotonic() < until:
            self.writer.write(50)
            time.sleep(0.1)
        self.disk.empty()
        self.account.check(self.ready(), "the collector does not recover from a full disk")

    def cut_segment(self) -> None:
        """Truncate a segment: verification must detect it; then restore the copy."""
        with contextlib.suppress(LamsachError, OSError, IndexError):
            archive = Archive(str(self.place))
            entry = self.rng.choice(archive.segments())
            path = self.place / entry.name
            copy = path.read_bytes()
            path.write_bytes(copy[: len(copy) // 2])
            try:
                damaged = {item.name for item in verify(archive).damaged}
            finally:
                path.write_bytes(copy)
            self.account.check(entry.name in damaged, "a cut segment was not seen")

    def kill_retro(self) -> None:
        """Kill a retro-hunt, possibly while it writes packs."""
        words = ["retro", "--archive", str(self.place), "-i", str(self.listed)]
        child = Child(words, self.folder / "retro.txt", self.environment)
        child.start()
        time.sleep(self.rng.random() * 1.5)
        child.end(signal.SIGKILL)

    def kill_portal(self) -> None:
        """Kill web and worker together."""
        assert self.portal is not None
        self.portal.end(signal.SIGKILL)
        self.portal.start()
        self._portal_is_back()

    def stop_postgres(self) -> None:
        """Stop the database for a while."""
        assert self.postgres is not None
        self.postgres.stop(self.rng.choice(("fast", "immediate")))
        time.sleep(self.rng.random() * 2)
        self.postgres.start()
        self._portal_is_back()

    def _portal_is_back(self) -> None:
        self.account.check(wait_for(f"http://127.0.0.1:{self.web}/ready"), "the portal does not come back")
