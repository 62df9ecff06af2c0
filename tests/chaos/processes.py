"""Portal of several processes on one PostgreSQL; one is killed again and again.

Meanwhile many units acknowledge, hand in findings and report, and letters are sent.

At the end: no duplicate letter or case, no lost report, no error page.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import psycopg
from aiosmtpd.controller import Controller

from tests.chaos.crowd import Crowd
from tests.chaos.world import PATIENCE_S, Child, Postgres, wait_for
from tests.poll import came
from tests.ports import free_port

WEBS, WORKERS = 3, 2
WORK = """
import os
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start
start(Path(os.environ["LAMSACH_DATA"]))
from lamsach.portal.jobs import claims
claims.LEASE, claims.RENEW_S, claims.PATIENCE_S = timedelta(seconds=6), 0.5, 2.0
from lamsach.portal.worker import run
run()
"""
"""Worker whose jobs are reassigned seconds after a kill, instead of minutes."""
UNDER_WAY = """
SELECT (SELECT count(*) FROM jobs_job WHERE state IN ('queued', 'running'))
     + (SELECT count(*) FROM mail_letter WHERE state IN ('queued', 'claimed', 'handing'))
"""
Wrong = list[str]


class Box:
    """Letters received by the mail server: count, recipient and kind of each."""

    def __init__(self) -> None:
        self.came: Counter[tuple[str, str]] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Accept a letter."""
        head = envelope.content.split(b"\r\n\r\n", 1)[0].replace(b"\r\n ", b" ").split(b"\r\n")
        name = next((line for line in head if line.lower().startswith(b"message-id:")), b"")
        self.came[envelope.rcpt_tos[0], name.decode()] += 1
        return "250 OK"


class Processes:
    """Run in a folder: `units` units, some at a time; a process is killed every `pause_s` seconds."""

    def __init__(self, folder: Path, seed: int, units: int, at_once: int) -> None:
        self.rng, self.folder, self.units, self._at_once = random.Random(seed), folder, units, at_once
        self.wrong: Wrong = []
        self.mishaps: Counter[str] = Counter()
        self.box, smtp = Box(), free_port()
        self._mail = Controller(self.box, hostname="127.0.0.1", port=smtp)
        self._postgres = Postgres(folder / "pg")
        self._web = free_port()
        self._environment = {
            "DATABASE_URL": self._postgres.address,
            "LAMSACH_DATA": str(folder / "data"),
            "LAMSACH_SMTP_URL": f"smtp+plain://127.0.0.1:{smtp}",
            "LAMSACH_MAIL_PER_MINUTE": "1000000",
            "LAMSACH_PROXIES": "1",
            "LAMSACH_MFA": "no",
        }
        words = ["serve", "--port", str(self._web), "--data", str(folder / "data")]
        words += ["--processes", str(WEBS), "--workers", "0"]
        self._portal = Child(words, folder / "portal.txt", self._environment)
        self._workers: list[subprocess.Popen[bytes] | None] = [None] * WORKERS

    def run(self, pause_s: float, kills: int) -> dict[str, Any]:
        """Run everything, with a minimum of kills; return the portal's final rows."""
        begun = time.monotonic()
        self._mail.start()
        self._postgres.start()
        try:
            place = self._office("crowd", str(self.units), str(self.folder))
            self._portal.start()
            for number in range(WORKERS):
                self._begin_worker(number)
            self._check(wait_for(f"http://127.0.0.1:{self._web}/ready", self._portal), "it does not begin")
            crowd = Crowd(self._web, place, self._at_once)
            crowd.begin()
            while not crowd.over() or self.mishaps.total() < kills:
                came(crowd.over, pause_s)
                if self.rng.random() < 0.6:
                    self._kill_web()
                else:
                    self._kill_worker()
            crowd.end()
            found = self._settled()
            self._account(crowd, found)
        finally:
            self._close()
        found["seconds"] = round(time.monotonic() - begun, 1)
        return {**found, "mishaps": dict(self.mishaps), "wrong": self.wrong}

    def _check(self, good: bool, what: str) -> None:
        if not good:
            self.wrong.append(what)

    def _office(self, word: str, *more: str) -> Any:
        command = [sys.executable, "-m", "tests.chaos.office", word, *more]
        environment = {**os.environ, **self._environment}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    def _begin_worker(self, number: int) -> None:
        with (self.folder / "workers.txt").open("ab") as log:
            self._workers[number] = subprocess.Popen(
                [sys.executable, "-c", WORK], env={**os.environ, **self._environment}, stdout=log, stderr=log
            )

    def _kill_web(self) -> None:
        assert self._portal.process is not None
        webs = psutil.Process(self._portal.process.pid).children()
        if webs:
            os.kill(self.rng.choice(webs).pid, signal.SIGKILL)
            self.mishaps["web process killed"] += 1

    def _kill_worker(self) -> None:
        """Kill the worker like its supervisor, which restarts it immediately."""
        number = self.rng.randrange(WORKERS)
        worker = self._workers[number]
        assert worker is not None
        worker.kill()
        worker.wait()
        self.mishaps["worker killed"] += 1
        self._begin_worker(number)

    def _settled(self) -> dict[str, Any]:
        """Return the portal's rows once nothing is in progress."""
        with psycopg.connect(self._postgres.address, autocommit=True) as database:
            ended = came(lambda: database.execute(UNDER_WAY).fetchone() == (0,), PATIENCE_S, every=0.2)
        self._check(ended, "the work does not come to its end")
        found: dict[str, Any] = self._office("tally")
        return found

    def _account(self, crowd: Crowd, found: dict[str, Any]) -> None:
        for member in crowd.members:
            self.wrong += member.wrong
        killed, units = self.mishaps["worker killed"], self.units
        twice = [letter for letter, times in self.box.came.items() if times > 1]
        self._check(not twice, f"letters came twice: {twice[:5]}")
        letters = found["letters"]
        self._check(set(letters) <= {"sent", "uncertain"}, f"letters: {letters}")
        self._check(letters.get("uncertain", 0) <= killed, f"{letters} with {killed} killed workers")
        self._check(letters.get("sent", 0) <= self.box.came.total(), "a letter that is sent did not come")
        self._check(found["acknowledged"] == units, f"acknowledged: {found['acknowledged']}")
        self._check(found["deploy_links"] == units, f"further links: {found['deploy_links']}")
        self._check(found["bundles"] == {"imported": units}, f"bundles: {found['bundles']}")
        self._check(found["cases"] == [units, units], f"cases, and machines in them: {found['cases']}")
        self._check(found["reports"] == {"sent": units}, f"reports: {found['reports']}")
        self._check(found["reporting"] == units, f"units with a report: {found['reporting']}")
        self._check(
            found["steps"] == dict.fromkeys(("submit", "approve", "send"), units), f"{found['steps']}"
        )
        self._check(not found["failed_jobs"], f"jobs failed: {found['failed_jobs']}")
        found["cuts"] = crowd.total(lambda member: member.cuts)
        found["came"] = self.box.came.total()

    def _close(self) -> None:
        for worker in self._workers:
            if worker is not None:
                worker.terminate()
        status = self._portal.end()
        self._check(status == 0, f"it ends with {status}: {self._portal.log.read_text()[-1500:]}")
        for worker in self._workers:
            if worker is not None:
                worker.wait()
        self._postgres.stop()
        self._mail.stop()
