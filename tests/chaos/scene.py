"""Scene of a chaos run: a folder with a collector under load, optionally a portal on PostgreSQL."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
import urllib.request
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from tests.chaos.account import Account
from tests.chaos.world import PATIENCE_S, PLANTED, Child, Disk, Postgres, Writer, send, wait_for
from tests.ports import free_port

_LINES = re.compile(r'^lamsach_source_lines_total\{source="([^"]*)",kind="\w+"\} (\S+)$', re.MULTILINE)
TCP_SOURCE = "syslog-tcp/127.0.0.1"


class Scene:
    """Collector's environment in a folder. `portal`: with portal and PostgreSQL."""

    def __init__(self, folder: Path, seed: int, *, portal: bool = True) -> None:
        self.rng = random.Random(seed)
        self.account = Account()
        self.folder = folder
        self.disk = Disk(folder / "disk")
        self.place = self.disk.folder / "archive"
        self.log = folder / "fw.log"
        self.listed = folder / "list.txt"
        self.writer = Writer(self.log, self.rng)
        self.tcp, self.metrics, self.web = free_port(), free_port(), free_port()
        self.listed.write_text(f"{PLANTED}\n")
        self.life: list[range] = []
        """Messages sent since the collector's last kill."""
        self.missed = 0
        """Messages lost by a kill, according to the collector's count."""
        self.postgres: Postgres | None = None
        self.portal: Child | None = None
        environment: dict[str, str] = {}
        if portal:
            environment |= self._office()
        self.environment = environment
        words = ["collect", "--archive", str(self.place), "--host", "127.0.0.1", "--seal", "1"]
        words += ["--syslog-tcp", str(self.tcp), "--metrics", str(self.metrics), "--follow", str(self.log)]
        words += ["-i", str(self.listed), "--log-json"]
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
        """Run a command of the portal's side."""
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

    def load(self) -> None:
        """Write some lines to the file and over TCP; sometimes rotate the file."""
        if not self.log.exists():
            self.writer.write(1)
        self.writer.write(self.rng.randrange(800))
        if self.rng.random() < 0.1:
            self.writer.rotate()
            self.writer.write(1)
        self.account.written = self.writer.written
        self.send(self.rng.randrange(1, 400))

    def send(self, count: int) -> None:
        """Send messages over TCP.

        The number of a message that the system rejected is not reused: it may have arrived.
        """
        first = self.account.sent_tcp
        sent = send(self.tcp, first, count)
        self.life.append(range(first, first + sent))
        self.account.sent_tcp = first + sent + (sent < count)

    def ready(self) -> bool:
        """Return whether the collector accepts lines."""
        return wait_for(f"http://127.0.0.1:{self.metrics}/ready", self.collector)

    def counted(self, source: str) -> int:
        """Return the number of lines of a source that the collector has counted, over all runs."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=PATIENCE_S) as answer:
            text = answer.read().decode()
        return next((int(float(lines)) for name, lines in _LINES.findall(text) if name == source), 0)

    def wait_until_counted(self, source: str, lines: int) -> bool:
        """Wait until the collector has counted so many lines of the source; false after a timeout."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self.collector.alive:
            try:
                if self.counted(source) >= lines:
                    return True
            except OSError:
                pass  # it is busy
            time.sleep(0.1)
        return False

    def collector_clock_s(self) -> float:
        """Return the collector's time in seconds since 1970."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/health", timeout=PATIENCE_S) as answer:
            return parsedate_to_datetime(answer.headers["Date"]).timestamp()

    def end_life(self, certain: list[range]) -> None:
        """End the collector's life: record the messages that are certain to be in the archive."""
        for span in certain:
            self.account.certain.update(span)
        self.life.clear()
