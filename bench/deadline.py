"""The last day before the deadline.

20,000 units, 2,000 users at once for ten minutes, and readers of the public page, through `lamsach serve` on
PostgreSQL, all on this machine.

    python -m bench.deadline                                        filling, costs, the search, ten minutes
    python -m bench.deadline --units 2000 --users 200 --minutes 1   shorter
    python -m bench.deadline --rate 20 --public 200                 at a stated rate, without the search
    python -m bench.deadline --record docs/benchmarks.md            the tables go into this page

Users view the first page, acknowledge, upload a bundle of 5 MB, begin, correct, submit, approve and send
their report; one in ten leads units and views home, board, late list and unit page, one in a hundred those of
the whole country. One form in twenty is submitted twice at once. Each user has an own address, as behind a
proxy. The rate is the highest at which 95 of 100 pages come within 300 ms and submissions are accepted within
a second, without an error; four fifths of it are then held. At the end the answers to users are compared with
the portal's tables. The load comes from this process, which shares the processors.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench.deadline_load import PUBLIC, Confirmed, Crowd, Measured, Person, differences
from bench.deadline_sockets import Sockets
from bench.deadline_table import Cost, Result, good, record, table
from bench.reports import clean_environment

BUNDLE_BYTES = 5_000_000
BEGUN_S = time.monotonic()
STEP_S, NARROWER = 15.0, 2
"""Length of a trial, and the number of times that the range between a good and a bad rate is halved."""
LEAST_RATE, MOST_RATE = 4.0, 512.0
WARM = 10
"""Number of users who act before costs are measured, so that every process has loaded its modules."""
PARTS = 5
"""Fractions of users to try with all readers, one less each time, where even few users do not hold."""
READERS_ALONE = 300
"""Views of the public page per second while its cost is measured."""
WORKED = ("upload 5 MB", "send")
"""Acts that leave work to the worker."""


@dataclass(slots=True)
class Processes:
    """The processes of portal and database, and their used processor seconds."""

    web: list[psutil.Process]
    worker: list[psutil.Process]
    database: list[psutil.Process]
    address: str
    peak_mb: float = 0.0

    @staticmethod
    def of(server: int, address: str) -> Processes:
        """Return the processes of `lamsach serve`, and of the database at this address."""
        family = [psutil.Process(server), *psutil.Process(server).children(recursive=True)]
        worker = [process for process in family if "lamsach.portal.worker" in " ".join(process.cmdline())]
        inner = [child for process in worker for child in process.children(recursive=True)]
        port = str(urlsplit(address).port)
        masters = [p for p in psutil.process_iter(["cmdline"]) if _is_database(p.info["cmdline"], port)]
        return Processes([p for p in family if p not in (*worker, *inner)], worker, masters, address)

    def seconds(self) -> Cost:
        """Return the processor seconds of web, worker and database so far."""
        web = sum(sum(process.cpu_times()[:2]) for process in self.web if process.is_running())
        return web, _used(self.worker), _used(self.database)

    def jobs(self) -> int:
        """Return the number of waiting and running jobs."""
        import psycopg

        with psycopg.connect(self.address) as connection:
            found = connection.execute(
                "SELECT count(*) FROM jobs_job WHERE state NOT IN ('done', 'failed', 'cancelled')"
            )
            return int((found.fetchone() or (0,))[0])

    def watch(self) -> None:
        """Record the largest resident memory of one web process."""
        sizes = [size for process in self.web if (size := _resident(process))]
        self.peak_mb = max(self.peak_mb, *(size / 1e6 for size in sizes), 0.0)


def _is_database(command: list[str] | None, port: str) -> bool:
    return bool(command and "postgres" in command[0] and port in command)


def _used(processes: list[psutil.Process]) -> float:
    """Return the processor time of processes and their children; ended children count with parents."""
    total = 0.0
    for process in processes:
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(member.cpu_times()[: 4 if member == process else 2])
    return total


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


@contextmanager
def serving(folder: Path, database: str, processes: int) -> Iterator[tuple[int, int]]:
    """Run `lamsach serve` on a free loopback port; yield the port and the process id."""
    from tests.ports import free_port

    port = free_port()
    lamsach = [sys.executable, "-c", "from lamsach.cli import main; main()", "serve"]
    command = [*lamsach, "--data", str(folder), "--port", str(port)]
    if processes > 1:
        command += ["--processes", str(processes)]
    with (folder.parent / "serve.log").open("w") as log:
        process = subprocess.Popen(
            command, env={**clean_environment(database), "LAMSACH_PROXIES": "1"}, stdout=log, stderr=log
        )
        try:
            _answers(port, process)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(timeout=60)


def _answers(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the portal answers."""
    import urllib.request

    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/alive", timeout=5).close()
            return
        except OSError:
            if process.poll() is not None:
                raise SystemExit("lamsach serve ended") from None
            time.sleep(0.2)
    raise SystemExit("lamsach serve does not answer")


def has_processes() -> bool:
    """Report whether `lamsach serve` supports several processes."""
    command = [sys.executable, "-c", "from lamsach.cli import main; main()", "serve", "--help"]
    ran = subprocess.run(command, env=clean_environment(""), capture_output=True, text=True, check=False)
    return "--processes" in ran.stdout


def in_portal(folder: Path, database: str, *arguments: str) -> Any:
    """Return the object that `bench.deadline_fill` prints."""
    command = [sys.executable, "-m", "bench.deadline_fill", str(folder), *arguments]
    ran = subprocess.run(
        command, env=clean_environment(database), capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(ran.stderr[-3000:])
    return json.loads(ran.stdout)


async def _costs(crowd: Crowd, processes: Processes) -> dict[str, Cost]:
    """Measure the cost of each kind of user alone.

    Officers go through their report, leaders open their pages, hundreds read the public page.
    """
    spent: dict[str, Cost] = {}

    async def measured(persons: list[Person]) -> None:
        """Measure one act of each person.

        The resulting work of worker and database is included.
        """
        kind, number, before = "", len(persons), processes.seconds()
        for person in persons:
            kind = await crowd.act(person, time.monotonic())
        if kind in WORKED:
            await _worker_done(processes)
        if number:
            spent[kind] = _each(before, processes.seconds(), number)

    for person in crowd.leaders[:WARM]:
        for _ in range(4):
            await crowd.act(person, time.monotonic())
    for _ in range(8):
        await measured(crowd.alone)
    for leaders in crowd.leading():
        for _ in range(4):
            await measured(leaders)
    before = processes.seconds()
    await crowd.readers(READERS_ALONE, 5)
    spent[PUBLIC] = _each(before, processes.seconds(), 5 * READERS_ALONE)
    return spent


def _each(before: Cost, after: Cost, number: int) -> Cost:
    """Return the processor milliseconds of web, worker and database per unit of work."""
    web, worker, database = (
        1000 * (late - early) / number for early, late in zip(before, after, strict=True)
    )
    return web, worker, database


class Search:
    """Search of the highest rate that holds: doubled until one does not, then halved between.

    First the rate of the public page is found, next to a few users.
    """

    def __init__(self, crowd: Crowd, processes: Processes, seconds: float) -> None:
        self._crowd, self._processes, self._seconds = crowd, processes, seconds
        self.tried: list[tuple[float, float, bool]] = []
        self.wrong: list[str] = []

    async def holds(self, rate: float, public_rate: float) -> bool:
        """Try a rate for some seconds; after a failure, wait until the worker has caught up."""
        found = await self._crowd.drive(rate, public_rate, self._seconds)
        self.wrong.extend(found.wrong)
        self.tried.append((rate, public_rate, good(found)))
        say(
            f"{rate:.1f} acts, {public_rate:.0f} public pages a second for {self._seconds:.0f} s: "
            f"{_line(found)}"
        )
        if not good(found):
            await _worker_done(self._processes)
        return good(found)

    async def run(self, public_rate: float) -> tuple[float, float]:
        """Return the rates of users' acts and of public pages; the least rate tried if none holds."""
        for part in range(PARTS, 0, -1):
            rate = public_rate * part / PARTS
            if await self.holds(LEAST_RATE, rate):
                break
        else:
            return LEAST_RATE, rate
        public_rate, low, high = rate, LEAST_RATE, LEAST_RATE * 2
        while high <= MOST_RATE and await self.holds(high, public_rate):
            low, high = high, high * 2
        for _ in range(NARROWER):
            middle = (low + high) / 2
            low, high = (middle, high) if await self.holds(middle, public_rate) else (low, middle)
        return low, public_rate


def say(text: str) -> None:
    """Print the progress of the measurement, with the time since its start."""
    minutes, seconds = divmod(int(time.monotonic() - BEGUN_S), 60)
    print(f"{minutes:2}:{seconds:02} {text}", file=sys.stderr, flush=True)


def _line(found: Measured) -> str:
    p95 = (found.p95_s(), found.p95_s(sending=True), found.p95_s(public=True))
    pages, sending, public = (f"{1000 * one:.0f}" for one in p95)
    return (
        f"p95 of pages {pages} ms, sending {sending} ms, public {public} ms, {len(found.wrong)} errors "
        f"{found.wrong[:1]}, nobody free {found.crowded} times"
    )


async def load(
    port: int, portal: dict[str, Any], bundle: bytes, processes: Processes, wanted: argparse.Namespace
) -> tuple[Result, Confirmed]:
    """Measure the costs, search the rate, and run it for long."""
    sockets = Sockets(port, wanted.sockets)
    crowd = Crowd(sockets, portal, bundle)
    costs = await _costs(crowd, processes)
    say(f"costs alone: {', '.join(f'{kind} {sum(cost):.1f} ms' for kind, cost in costs.items())}")
    early, search = crowd.measured.wrong, Search(crowd, processes, wanted.step)
    rate, public_rate = wanted.rate, wanted.public
    if not rate:
        highest, public_rate = await search.run(public_rate)
        rate = highest * wanted.part
        await _worker_done(processes)
    watching = asyncio.ensure_future(_watch(processes, crowd))
    begin, own = processes.seconds(), time.process_time()
    measured = await crowd.drive(rate, public_rate, wanted.minutes * 60)
    after, own = processes.seconds(), time.process_time() - own
    watching.cancel()
    say(f"held {rate:.1f} acts and {public_rate:.0f} public pages a second: {_line(measured)}")
    sockets.close()
    end = time.monotonic()
    await _worker_done(processes)
    worker_s = time.monotonic() - end
    say(f"the worker had caught up {worker_s:.0f} s later")
    busy = (*(late - early for late, early in zip(after, begin, strict=True)), own)
    found = Result(
        rate, public_rate, wanted.minutes * 60, measured, search.tried, costs, busy,
        worker_s,  # type: ignore[arg-type]
        processes.peak_mb, wanted.processes, [*early, *search.wrong, *measured.wrong],
    )  # fmt: skip
    return found, crowd.confirmed


async def _watch(processes: Processes, crowd: Crowd) -> None:
    """Record the memory each second, and print the state once a minute."""
    for second in itertools.count(1):
        await asyncio.sleep(1)
        processes.watch()
        if second % 60 == 0:
            say(f"{second // 60} min: {_line(crowd.measured)}, at most {processes.peak_mb:.0f} MB a process")


async def _worker_done(processes: Processes) -> None:
    """Wait until no job waits or runs; at most four minutes."""
    for _ in range(240):
        if not await asyncio.to_thread(processes.jobs):
            return
        await asyncio.sleep(1)


def run(folder: Path, database: str, wanted: argparse.Namespace) -> Result:
    """Fill, serve, load, and compare."""
    say(f"filling the portal with {wanted.units:,} units and {wanted.users:,} users")
    portal = in_portal(folder, database, str(wanted.units), str(wanted.users), str(wanted.bundle))
    say("filled; what each kind of request costs alone")
    bundle = (folder / "bundle.zip").read_bytes()
    with serving(folder, database, wanted.processes) as (port, server):
        processes = Processes.of(server, database)
        found, confirmed = asyncio.run(load(port, portal, bundle, processes, wanted))
    found.wrong += differences(confirmed, in_portal(folder, database))
    say(
        f"the portal holds what users were told: {len(confirmed.bundles)} bundles, "
        f"{len(confirmed.sent)} reports, {len(found.wrong)} errors, losses or doubles"
    )
    return found


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--units", type=int, default=20_000)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument(
        "--processes", type=int, default=4, help="web processes; 1 where serve has no such option"
    )
    parser.add_argument("--rate", type=float, default=0, help="acts of users a second; 0: find it")
    parser.add_argument("--public", type=float, default=500, help="public pages a second")
    parser.add_argument(
        "--part", type=float, default=0.8, help="which part of the highest rate found is then held"
    )
    parser.add_argument("--step", type=float, default=STEP_S, help="seconds for which each rate is tried")
    parser.add_argument("--sockets", type=int, default=400, help="connections at most")
    parser.add_argument("--bundle", type=int, default=BUNDLE_BYTES, help="bytes of an uploaded bundle")
    parser.add_argument("--record", type=Path, metavar="PAGE")
    found = parser.parse_args(arguments)
    found.before = os.getloadavg()[0]
    found.processes = found.processes if has_processes() else 1
    return found


def main() -> None:
    """Measure and print the tables."""
    from tests.portal.postgres import cluster, programs

    wanted, place = options(), programs()
    if place is None:
        sys.exit("PostgreSQL is not installed: apt install postgresql")
    with cluster(place) as address, tempfile.TemporaryDirectory() as name:
        text = table(run(Path(name) / "data", address, wanted), wanted)
    print(text)
    if wanted.record:
        record(wanted.record, text)


if __name__ == "__main__":
    main()
