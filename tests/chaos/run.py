"""One chaos run: load, mishaps, and the account at the end: sent = archived = found."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from lamsach.archive.archive import Archive
from lamsach.archive.exporting import export
from lamsach.archive.retro import retro
from lamsach.archive.verifying import verify
from lamsach.errors import LamsachError
from lamsach.investigate import Request
from tests.chaos.world import (
    EVERY,
    PATIENCE_S,
    PLANTED,
    Child,
    Disk,
    Postgres,
    Writer,
    clock_library,
    free_port,
    send,
    wait_for,
)

SETTLED_S = 3.0
"""How long the end waits before it counts."""
TAKEN_S = 10.0
"""What was sent so long before a kill has to be there, on a busy machine too."""
SKEWS_S = {"": 0, "-3h": -3 * 3600, "+2d": 2 * 86400}
"""How the collector's clock may be off, as libfaketime writes it, and in seconds."""


@dataclass
class Account:
    """What happened and what was found. `wrong`: what must not be."""

    seconds: float = 0.0
    mishaps: Counter[str] = field(default_factory=Counter)
    written: int = 0
    archived_of_file: int = 0
    sent_tcp: int = 0
    certain_tcp: int = 0
    archived_tcp: int = 0
    planted: int = 0
    found: int = 0
    retro_runs: int = 0
    portal: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def check(self, good: bool, what: str) -> None:
        """Note what must be."""
        if not good:
            self.wrong.append(what)


class Chaos:
    """A run in a folder. `portal`: with portal and PostgreSQL."""

    def __init__(self, folder: Path, seed: int, *, portal: bool = True) -> None:
        self.rng = random.Random(seed)
        self.account = Account()
        self.folder = folder
        self.disk = Disk(folder / "disk")
        self.place = self.disk.folder / "archive"
        self.log = folder / "fw.log"
        self.writer = Writer(self.log, self.rng)
        self.tcp, self.metrics, self.web = free_port(), free_port(), free_port()
        (folder / "list.txt").write_text(f"{PLANTED}\n")
        self.spans: list[tuple[float, int, int]] = []
        self.kills: list[float] = []
        self.postgres: Postgres | None = None
        self.portal: Child | None = None
        environment: dict[str, str] = {}
        if portal:
            environment |= self._office()
        self.environment = environment
        words = ["collect", "--archive", str(self.place), "--host", "127.0.0.1", "--seal", "1"]
        words += ["--syslog-tcp", str(self.tcp), "--metrics", str(self.metrics), "--follow", str(self.log)]
        words += ["-i", str(folder / "list.txt"), "--log-json"]
        if portal:
            words += ["--portal", f"http://127.0.0.1:{self.web}/api/collectors/chaos"]
        self.collector = Child(words, folder / "collect.txt", environment)

    def _office(self) -> dict[str, str]:
        self.postgres = Postgres(self.folder / "pg")
        self.postgres.start()
        environment = {
            "DATABASE_URL": self.postgres.address,
            "LAMSACH_DATA": str(self.folder / "data"),
            "LAMSACH_ARCHIVES": f"G06={self.place}",
            "LAMSACH_LOG_JSON": "yes",
        }
        self.office_environment = environment
        token = self.office("begin")["token"]
        words = ["serve", "--port", str(self.web), "--data", str(self.folder / "data")]
        self.portal = Child(words, self.folder / "portal.txt", environment)
        self.portal.start()
        assert wait_for(f"http://127.0.0.1:{self.web}/ready"), "the portal does not begin"
        return {"LAMSACH_TOKEN": str(token)}

    def office(self, word: str) -> dict[str, Any]:
        """Ask the portal's side."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.chaos.office", word],
            env={**os.environ, **self.office_environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    # Load

    def load(self) -> None:
        """Some lines into the file and over TCP; now and then the file is rotated."""
        if not self.log.exists():
            self.writer.write(1)
        self.writer.write(self.rng.randrange(800))
        if self.rng.random() < 0.1 and self.collector.alive and self.ready():
            time.sleep(0.5)  # a file that was rotated away before it was ever seen cannot be known
            self.writer.rotate()
            self.writer.write(1)
        first = self.account.sent_tcp
        count = send(self.tcp, first, self.rng.randrange(1, 400))
        self.spans.append((time.monotonic(), first, first + count))
        self.account.sent_tcp += count

    def ready(self) -> bool:
        """Whether the collector takes lines in."""
        return wait_for(f"http://127.0.0.1:{self.metrics}/ready", PATIENCE_S)

    # Mishaps

    def mishaps(self) -> dict[str, Callable[[], None]]:
        """Everything that may go wrong here."""
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

    def kill_collector(self) -> None:
        self.kills.append(time.monotonic())
        self.collector.end(signal.SIGKILL)
        self.collector.start()
        self.ready()

    def restart_collector(self) -> None:
        self.account.check(self.collector.end() == 0, "the collector did not end as it should")
        self.collector.start()
        self.ready()

    def skew_clock(self) -> None:
        """The collector's clock jumps, also back to the right time; that it did is seen in the answers it gives."""
        skew = self.rng.choice([name for name in SKEWS_S if name != self.collector.skew])
        self.collector.skew = skew
        self.restart_collector()
        off = self.collector_clock_s() - time.time()
        self.account.check(abs(off - SKEWS_S[skew]) < PATIENCE_S, "the collector's clock did not jump")

    def collector_clock_s(self) -> float:
        """The time that the collector believes it is, in seconds since 1970."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/health", timeout=PATIENCE_S) as answer:
            return parsedate_to_datetime(answer.headers["Date"]).timestamp()

    def fill_disk(self) -> None:
        self.disk.fill()
        until = time.monotonic() + 2
        while time.monotonic() < until:
            self.writer.write(50)
            time.sleep(0.1)
        self.disk.empty()
        self.ready()

    def cut_segment(self) -> None:
        """A segment is cut off: that is seen, and the copy is put back."""
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
        words = ["retro", "--archive", str(self.place), "-i", str(self.folder / "list.txt")]
        child = Child(words, self.folder / "retro.txt", self.environment)
        child.start()
        time.sleep(self.rng.random() * 1.5)
        child.end(signal.SIGKILL)

    def kill_portal(self) -> None:
        assert self.portal is not None
        self.portal.end(signal.SIGKILL)
        self.portal.start()
        self.account.check(wait_for(f"http://127.0.0.1:{self.web}/ready"), "the portal does not come back")

    def stop_postgres(self) -> None:
        assert self.postgres is not None
        self.postgres.stop(self.rng.choice(("fast", "immediate")))
        time.sleep(self.rng.random() * 2)
        self.postgres.start()
        self.account.check(wait_for(f"http://127.0.0.1:{self.web}/ready"), "the portal does not come back")

    # The run

    def run(self, seconds: float, first: Sequence[str] = ()) -> Account:
        """Load and mishaps for so long, then the account. `first`: mishaps that come before the others, in any case."""
        begun = time.monotonic()
        self.collector.start()
        try:
            self.account.check(self.ready(), "the collector does not begin")
            self.writer.write(1)
            time.sleep(1)
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
        """A retro-hunt while lines come in."""
        with contextlib.suppress(LamsachError):
            retro(Archive(str(self.place)), Request([""], [str(self.folder / "list.txt")], threads=1))
            self.account.retro_runs += 1

    def settle(self) -> None:
        """End the collector as it should be ended, and count."""
        self.collector.skew = ""
        self.disk.empty()
        self.ready()
        time.sleep(SETTLED_S)
        self.restart_collector()
        time.sleep(SETTLED_S)
        if self.portal is not None:
            self.account.portal = self.office("count")
            self.account.check(not self.account.portal["live_twice"], "a live sighting is there twice")
            self.account.check(not self.account.portal["failed_jobs"], "a job of the portal failed")
        self.account.check(self.collector.end() == 0, "the collector did not end as it should")
        if self.portal is not None:
            self.account.portal |= {"list": self.office("list")}
        self.count()

    def count(self) -> None:
        """Sent = archived = found."""
        account, archive = self.account, Archive(str(self.place))
        account.check(verify(archive).problems == [], "the archive is not whole")
        kept = self._kept(archive, "*fw.log", "file")
        account.written, account.archived_of_file = self.writer.written, len(kept)
        account.check(
            kept == list(range(account.written)), "lines of the file are missing, doubled or in disorder"
        )
        tcp = self._kept(archive, "syslog-tcp*", "tcp")
        account.archived_tcp = len(tcp)
        account.check(len(tcp) == len(set(tcp)), "messages are there twice")
        certain = {
            number
            for at, first, end in self.spans
            if not any(0 <= kill - at < TAKEN_S for kill in self.kills)
            for number in range(first, end)
        }
        account.certain_tcp = len(certain)
        account.check(certain <= set(tcp), "acknowledged messages are missing")
        account.planted = sum(number % EVERY == 0 for number in [*kept, *tcp])
        findings, _, _ = retro(archive, Request([""], [str(self.folder / "list.txt")]))
        account.found = sum(item.count for item in findings.sightings)
        account.check(account.found == account.planted, "not everything that is listed was found")
        if self.portal is not None:
            of_list = account.portal["list"].get("365", {})
            account.check(of_list.get("events") == account.planted, "the portal's run found something else")
            account.check(account.portal["live"] <= account.planted, "more live sightings than lines")

    def _kept(self, archive: Archive, pattern: str, kind: str) -> list[int]:
        shape = re.compile(rf"app: {kind} (\d+) ")
        found: list[int] = []
        for item in export(archive, self.folder / "out" / kind, pattern=pattern):
            found += [
                int(match[1]) for match in map(shape.search, item.path.read_text().splitlines()) if match
            ]
        return found

    def close(self) -> None:
        """End what still runs."""
        for child in (self.collector, self.portal):
            if child is not None and child.alive:
                child.end(signal.SIGTERM)
        if self.postgres is not None:
            with contextlib.suppress(AssertionError):
                self.postgres.stop()
        self.disk.close()
