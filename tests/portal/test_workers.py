"""Several workers on one database, one of them killed: work runs once, none is lost or delayed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.poll import until
from tests.ports import free_port

from .conftest import TEMPLATE
from .postgres import DATABASES, fresh
from .template import furnish

LETTERS, JOBS, WORKERS = 240, 60, 3
QUEUE = f"""
import sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.jobs.queue import enqueue
queue(
    Draft("plain", f"n{{i}}@unit.example", str(i), {{"subject": "S", "text": "T"}}) for i in range({LETTERS})
)
for n in range(2):
    enqueue("test.long", n=n)
for n in range({JOBS}):
    enqueue("test.short", n=n)
"""
WORK = """
import os, sys, time
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start
folder = Path(sys.argv[1])
start(folder)
from lamsach.portal.jobs import claims, queue
claims.LEASE, claims.RENEW_S, claims.PATIENCE_S = timedelta(seconds=6), 0.5, 2.0
log = os.open(folder / "log", os.O_APPEND | os.O_CREAT | os.O_WRONLY)

def note(*words):
    os.write(log, (" ".join(map(str, [*words, os.getpid()])) + chr(10)).encode())

@queue.job("test.short")
def short(progress, n):
    note("short", n)

@queue.job("test.long", long=True)
def long(progress, n):
    note("begin", n)
    while not (folder / "release").exists():
        time.sleep(0.05)
    note("end", n)

@queue.regular("test.tick", timedelta(seconds=0.2))
def tick():
    note("tick", "begin")
    time.sleep(0.5)  # is slow
    note("tick", "end")

from lamsach.portal.worker import run
run()
"""


class Receiver:
    """A mail server that records the recipients."""

    def __init__(self) -> None:
        self.to: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.to += envelope.rcpt_tos
        return "250 OK"


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, int]]:
    port = free_port()
    handler = Receiver()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


def rows(address: str, folder: Path, query: str) -> list[Any]:
    if address:
        import psycopg

        with psycopg.connect(address) as server:
            return server.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]
    with closing(sqlite3.connect(folder / "lamsach.sqlite3", timeout=20)) as database:
        return database.execute(query).fetchall()


def done_once(lines: list[list[str]], killed: str) -> None:
    """Check that only the killed worker's task is repeated, and no regular task overlaps itself."""
    short = Counter(line[1] for line in lines if line[0] == "short")
    twice = [number for number, times in short.items() if times > 1]
    assert all(next(line[2] for line in lines if line[:2] == ["short", n]) == killed for n in twice)
    assert len(twice) <= 1, "only the killed worker's task is repeated"
    assert Counter(line[1] for line in lines if line[0] == "end") == {"0": 1, "1": 1}
    ticking = ""
    for word, what, pid in lines:
        if word == "tick" and what == "begin":
            assert ticking in ("", killed), "two workers ran one regular task"
            ticking = pid
        elif word == "tick" and ticking == pid:
            ticking = ""


@pytest.mark.parametrize("database", DATABASES)
def test_workers_do_everything_once(
    database: str, tmp_path: Path, receiver: tuple[Receiver, int], request: pytest.FixtureRequest
) -> None:
    address = ""
    if database == "postgresql":
        address = fresh(request.getfixturevalue("postgresql"), template=TEMPLATE)
    furnish(tmp_path)
    got, port = receiver
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_"))}
    environment = {
        **clean,
        "DATABASE_URL": address,
        "LAMSACH_SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
        "LAMSACH_MAIL_PER_MINUTE": "100000",
    }
    subprocess.run([sys.executable, "-c", QUEUE, str(tmp_path)], env=environment, check=True)

    def states(table: str) -> Counter[str]:
        return Counter(state for (state,) in rows(address, tmp_path, f"SELECT state FROM {table}"))

    def log() -> list[list[str]]:
        file = tmp_path / "log"
        return [line.split() for line in file.read_text().splitlines()] if file.exists() else []

    def begun(number: str) -> list[str]:
        return [line[2] for line in log() if line[:2] == ["begin", number]]

    workers = [
        subprocess.Popen([sys.executable, "-c", WORK, str(tmp_path)], env=environment) for _ in range(WORKERS)
    ]
    try:
        until(lambda: begun("0") and begun("1") and len(got.to) > 20)
        (first,) = begun("0")
        victim = next(worker for worker in workers if str(worker.pid) == first)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        until(lambda: len(begun("0")) == 2)
        until(lambda: not set(states("mail_letter")) & {"queued", "claimed", "handing"})
        until(lambda: {line[1] for line in log() if line[0] == "short"} == {str(n) for n in range(JOBS)})
        (tmp_path / "release").touch()
        until(lambda: set(states("jobs_job")) == {"done"})
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(timeout=20)
    assert len(begun("1")) == 1, "a lease is renewed during silent work"
    done_once(log(), first)
    assert max(Counter(got.to).values()) == 1
    sent = states("mail_letter")
    assert sent["sent"] + sent["uncertain"] == LETTERS
    assert sent["sent"] <= len(got.to) <= LETTERS
    assert sent["uncertain"] <= 1


STEP_ON = """
import sys, time
from pathlib import Path
from lamsach.portal.server import start
folder = Path(sys.argv[1])
start(folder)
from lamsach.portal.jobs import queue

@queue.job("test.steps", long=True)
def steps(progress):
    (folder / "begun").touch()
    while not (folder / "release").exists():
        progress.step(1)
        time.sleep(0.05)

if len(sys.argv) > 2:
    queue.enqueue("test.steps")
from lamsach.portal.worker import run
run()
"""


def test_a_job_of_a_worker_that_ends_is_given_back(tmp_path: Path) -> None:
    """Requeued at the end of its current step, without counting as an attempt."""
    furnish(tmp_path)
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_"))}
    command = [sys.executable, "-c", STEP_ON, str(tmp_path)]

    def job() -> Any:
        return rows("", tmp_path, "SELECT state, attempts, lease_until FROM jobs_job")

    for more in (["new"], []):
        worker = subprocess.Popen([*command, *more], env=environment)
        until(lambda: (tmp_path / "begun").exists())
        worker.terminate()
        assert worker.wait(timeout=60) == 0
        assert job() == [("queued", 0, None)]
        (tmp_path / "begun").unlink()
    (tmp_path / "release").touch()
    worker = subprocess.Popen(command, env=environment)
    until(lambda: job()[0][0] == "done")
    worker.terminate()
    assert (worker.wait(timeout=60), job()) == (0, [("done", 1, None)])
