"""Several web processes and workers on one PostgreSQL: shared state, supervision, upgrades."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from lamsach.portal.base.once import exclusive
from lamsach.portal.processes import LONGEST_PAUSE_S, Child
from lamsach.portal.secret import secret_key
from lamsach.runtime.signals import give_sign
from tests.poll import until

from .conftest import TEMPLATE
from .postgres import fresh
from .serve_process import Served, Visitor, clean_environment
from .test_serve import failed_start


class Clock:
    """A stopped clock, advanced by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("lamsach.portal.processes.time.monotonic", lambda: self.now)


class FakeProcess:
    """A child process that lives until ended or killed."""

    def __init__(self, signs: int = -1) -> None:
        self.pid, self.status, self.signs = 0, None, signs

    def poll(self) -> int | None:
        return self.status

    def terminate(self) -> None: ...

    def kill(self) -> None:
        self.status = -9


def test_a_child_that_dies_is_started_again_and_ever_later_while_it_dies_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, starts = Clock(monkeypatch), []

    def start(_signs: int) -> Any:
        starts.append(clock.now)
        return FakeProcess()

    child = Child("x", start)
    for lived, pauses in (
        (30.0, [0.0]),
        (0.5, [1.0, 2.0, 4.0, 8.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S]),
        (30.0, [0.0]),
    ):
        for pause in pauses:
            clock.now += lived
            child.process.status = -9  # type: ignore[union-attr]
            died, rest = clock.now, child.look()
            if pause:
                assert rest == pause
                assert child.process is None
                clock.now += pause
                child.look()
            assert starts[-1] == died + pause, (lived, pause)
            assert child.process is not None


@pytest.mark.skipif(os.name != "posix", reason="no such pipes there")
def test_a_child_that_gives_no_sign_of_life_is_killed_and_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    child = Child("x", FakeProcess, 8.0)  # type: ignore[arg-type]

    def process() -> FakeProcess:
        return child.process  # type: ignore[return-value]

    first = process()
    for _ in range(20):
        give_sign(first.signs)
        assert child.look() == 2.0
        clock.now += 2.0
    child.look()
    clock.now += 3600.0  # the whole system was suspended
    child.look()
    give_sign(first.signs)
    for silent in range(5):
        assert first.status is None, silent
        clock.now += 2.0
        child.look()
        assert child.look() <= 2.0, "frequent checks are no silence"
    assert first.status == -9
    child.look()
    assert process() is not first
    for _ in range(4):
        clock.now += 2.0
        assert process().status is None
        child.look()
    assert process().status == -9, "a process that never gave a sign is killed too"
    child = Child("y", FakeProcess)  # type: ignore[arg-type]
    clock.now += 1e6
    child.look()
    assert (process().signs, process().status) == (-1, None)


@contextmanager
def occupied(name: str) -> Iterator[None]:
    """Hold the lock `name` in another thread."""
    begun, end = threading.Event(), threading.Event()

    def hold() -> None:
        with exclusive(name):
            begun.set()
            end.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    yield
    end.set()
    thread.join()


@pytest.mark.django_db
def test_one_at_a_time_is_at_a_name() -> None:
    with occupied("a"):
        with exclusive("a", 0.0) as locked:
            assert not locked
        with exclusive("b", 0.0) as locked:
            assert locked
    with exclusive("a", 0.0) as locked:
        assert locked


def test_starts_at_once_agree_on_one_secret_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_key(tmp_path), range(24)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


def test_several_processes_on_sqlite_are_refused(tmp_path: Path) -> None:
    for options, reason in (
        ("--processes 2", "SQLite"),
        ("--workers 2", "SQLite"),
        ("--processes 0 --workers 0", "Nothing"),
    ):
        output = failed_start(options.split(), data=str(tmp_path / "data"), LANG="en_US.UTF-8")
        assert reason in output, output
        assert len(output.strip().splitlines()) == 1
    assert not (tmp_path / "data").exists()


CACHE = """
import json, sys, threading
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.core.cache import cache
from django.db import connection
from lamsach.portal.base.ratelimit import exceeded
from lamsach.portal.base.shared_cache import SharedCache, forget
assert isinstance(cache._connections[cache._alias], SharedCache)
def shared():
    from django.db import connections
    got.append([exceeded("test", "192.0.2.1", 20, 60), cache.add("one", [1])])
    connections.close_all()
got = []
threads = [threading.Thread(target=shared) for _ in range(30)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps([sum(row[0] for row in got), sum(row[1] for row in got), cache.get("one")]))
cache.set("secret", "a word that is shown once")
with connection.cursor() as cursor:
    cursor.execute("SELECT string_agg(value, ' ') FROM base_remembered")
    print(json.dumps("shown" in cursor.fetchone()[0]))
    cursor.execute("UPDATE base_remembered SET expires = statement_timestamp() - interval '1 second'")
gone = [
    cache.get("one", 7),
    cache.touch("one"),
    cache.delete("one"),
    cache.add("one", None, None),
    cache.get("one", 7),
]
try:
    cache.incr("one")
except ValueError:
    gone.append("no count")
forget()
cache.set("count", 3)
print(
    json.dumps(
        [*gone, cache.incr("count", 2), cache.touch("count", 5), cache.delete("count"), cache.get("count")]
    )
)
cache.set("x" * 500, 1)
cursor = connection.cursor()
cursor.execute("SELECT count(*), count(*) FILTER (WHERE expires IS NULL) FROM base_remembered")
print(json.dumps([cursor.fetchone(), cache.get("x" * 500)]))
cache.clear()
print(json.dumps(cache.get("one", 7)))
"""


def test_the_cache_of_all_processes(tmp_path: Path, postgresql: str) -> None:
    address = fresh(postgresql, template=TEMPLATE)
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CACHE, str(tmp_path)],
        env=clean_environment(DATABASE_URL=address),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert [json.loads(line) for line in ran.stdout.splitlines()] == [
        [10, 1, [1]],
        False,
        [7, False, False, True, None, "no count", 5, True, True, None],
        [[2, 1], 1],
        7,
    ]


def everyone(served: Served) -> list[psutil.Process]:
    """Child processes of the command."""
    return psutil.Process(served.process.pid).children()


def workers(served: Served) -> list[psutil.Process]:
    """The workers, separate programs."""
    found = []
    for one in everyone(served):
        with contextlib.suppress(psutil.Error):  # it ends meanwhile
            found += [one] if "lamsach.portal.worker" in one.cmdline() else []
    return found


def webs(served: Served) -> set[int]:
    """The web processes, forks of the command."""
    of_work = {one.pid for one in workers(served)}
    return {one.pid for one in everyone(served)} - of_work


def wait_for_two(served: Served, before: set[int]) -> set[int]:
    """Wait for exactly two new web processes."""

    def fresh_ones() -> set[int]:
        now = webs(served)
        return now if len(now) == 2 and not now & before else set()

    found: set[int] = until(
        fresh_ones, every=0.3, still=lambda: served.process.poll() is None, why=served.output
    )
    return found


class Knocking:
    """Clients that request continuously, on persistent and on new connections."""

    def __init__(self, address: str) -> None:
        self._place, self._stop = address.removeprefix("http://"), threading.Event()
        self.answers: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._run, args=(keep,)) for keep in (True, False)]
        for thread in self._threads:
            thread.start()

    def _run(self, keep: bool) -> None:
        connection = http.client.HTTPConnection(self._place, timeout=60)
        while not self._stop.wait(0.03):
            try:
                connection.request("GET", "/health")
                answer = connection.getresponse()
                answer.read()
                self.answers[str(answer.status)] += 1
            except (OSError, http.client.HTTPException) as problem:
                self.answers[repr(problem)] += 1
                connection.close()
            if not keep:
                connection.close()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def test_processes_are_started_again_share_their_counts_and_become_another_version(
    tmp_path: Path, postgresql: str
) -> None:
    settings = {"DATABASE_URL": fresh(postgresql, template=TEMPLATE), "LAMSACH_SILENT_SECONDS": "8"}
    served = Served(tmp_path / "data", "--processes", "2", **settings)
    try:
        served.wait()
        before = wait_for_two(served, set())
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        killed = wait_for_two(served, before)
        assert limited_after(served) <= 10
        hanging = {min(killed), *(one.pid for one in workers(served))}
        assert len(hanging) == 2
        for pid in hanging:
            os.kill(pid, signal.SIGSTOP)
        until(lambda: not hanging & {one.pid for one in everyone(served)}, every=0.3, why=served.output)
        killed = wait_for_two(served, {min(killed)})
        until(lambda: len(workers(served)) == 1, every=0.3, why=served.output)
        other = failed_start(data=str(tmp_path / "other"), LANG="en_US.UTF-8", **settings)
        assert "The secret key is not that of the other machines" in other
        assert len(other.strip().splitlines()) == 1, other
        knocking = Knocking(served.address)
        served.process.send_signal(signal.SIGUSR2)
        wait_for_two(served, killed)
        knocking.end()
        assert set(knocking.answers) == {"200"}, knocking.answers
    finally:
        assert served.end() == 0, served.output()
    assert "Traceback" not in served.output()


def limited_after(served: Served) -> int:
    """Number of log-ins with a wrong password allowed to one address, over all processes."""
    for number in range(12):
        visitor = Visitor(served.address)
        page = visitor.post("/accounts/login/", login=f"n{number}@person.example", password="wrong")
        if "Đăng nhập sai quá nhiều lần" in page:
            return number
    return 99
