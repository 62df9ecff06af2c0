"""The last day before the deadline: 20,000 units, 2,000 users at once for ten minutes, and readers of the public page, through `lamsach serve` on PostgreSQL, all on this machine.

python -m bench.deadline                                          half an hour: the search for the rate, then ten minutes at it
python -m bench.deadline --units 2000 --users 200 --minutes 1     shorter
python -m bench.deadline --rate 20 --public 200                   at a stated rate, without the search
python -m bench.deadline --record docs/benchmarks.md              the tables go into this page

Users look at the first page, acknowledge, upload a bundle of 5 MB, begin, correct, submit, approve and send their report; one in ten leads units and looks at home, board, the late
and the unit page. One form in twenty is pressed twice at once. The rate is the highest at which 95 of 100 pages come within 300 ms and what is sent is taken within a second, without
an error. At the end what users were told is compared with what the portal holds. The load comes from this process, which shares the processors.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench.deadline_load import PUBLIC, SENDING, Crowd, Measured, Sockets, Told, differences
from bench.reports import clean_environment

PAGE_S, SENDING_S, MEMORY_MB = 0.3, 1.0, 350
BUNDLE_BYTES = 5_000_000
STEP_S, NARROWER = 20.0, 3
"""How long a rate is tried, and how often the range between one that holds and one that does not is halved."""
LEAST_RATE, MOST_RATE = 2.0, 512.0
BUSY = 0.7
"""How busy processors may be on paper."""


@dataclass(slots=True)
class Processes:
    """The portal's processes and the database's, and the processor seconds that they have used."""

    web: list[psutil.Process]
    worker: list[psutil.Process]
    database: list[psutil.Process]
    peak_mb: float = 0.0

    @staticmethod
    def of(server: int, address: str) -> Processes:
        """Those that work for `lamsach serve`, and for the database at this address."""
        whole = [psutil.Process(server), *psutil.Process(server).children(recursive=True)]
        worker = [one for one in whole if "lamsach.portal.worker" in " ".join(one.cmdline())]
        inner = [child for one in worker for child in one.children(recursive=True)]
        port = str(urlsplit(address).port)
        masters = [one for one in psutil.process_iter(["cmdline"]) if _is_database(one.info["cmdline"], port)]
        return Processes([one for one in whole if one not in (*worker, *inner)], worker, masters)

    def seconds(self) -> tuple[float, float, float]:
        """Processor seconds of web, worker and database up to now."""
        web = sum(sum(one.cpu_times()[:2]) for one in self.web if one.is_running())
        return web, _used(self.worker), _used(self.database)

    def watch(self) -> None:
        """Note the largest resident memory of one web process."""
        sizes = [size for one in self.web if (size := _resident(one))]
        self.peak_mb = max(self.peak_mb, *(size / 1e6 for size in sizes), 0.0)


def _is_database(command: list[str] | None, port: str) -> bool:
    return bool(command) and "postgres" in command[0] and port in command  # type: ignore[index]


def _used(processes: list[psutil.Process]) -> float:
    """Of processes and those that they started; of the ended ones their parents know."""
    total = 0.0
    for one in processes:
        for each in (one, *one.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(each.cpu_times()[: 4 if each == one else 2])
    return total


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


@contextmanager
def serving(folder: Path, database: str, processes: int) -> Iterator[tuple[int, int]]:
    """`lamsach serve` on a free port of loopback; the port, and the process."""
    from tests.ports import free_port

    port = free_port()
    lamsach = [sys.executable, "-c", "from lamsach.cli import main; main()", "serve"]
    command = [*lamsach, "--data", str(folder), "--port", str(port)]
    if processes > 1:
        command += ["--processes", str(processes)]
    with (folder.parent / "serve.log").open("w") as log:
        process = subprocess.Popen(command, env=clean_environment(database), stdout=log, stderr=log)
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
    """Whether `lamsach serve` can have several."""
    command = [sys.executable, "-c", "from lamsach.cli import main; main()", "serve", "--help"]
    ran = subprocess.run(command, env=clean_environment(""), capture_output=True, text=True, check=False)
    return "--processes" in ran.stdout


def in_portal(folder: Path, database: str, *arguments: str) -> Any:
    """What `bench.deadline_fill` prints."""
    command = [sys.executable, "-m", "bench.deadline_fill", str(folder), *arguments]
    ran = subprocess.run(
        command, env=clean_environment(database), capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(ran.stderr[-3000:])
    return json.loads(ran.stdout)


@dataclass(slots=True)
class Result:
    """What a whole run found."""

    rate: float
    public_rate: float
    seconds: float
    measured: Measured
    tried: list[tuple[float, bool]]
    costs: dict[str, tuple[float, float]]
    """Processor milliseconds of web and database for one of each kind."""
    worker_ms: float
    """Of the worker, for one upload and for one report together."""
    busy: tuple[float, float, float, float]
    """Processor seconds in the run: web, worker, database, the load's own."""
    peak_mb: float
    processes: int
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether the goals hold."""
        return good(self.measured) and not self.wrong and self.peak_mb <= MEMORY_MB


def good(found: Measured) -> bool:
    """Whether the goals of time hold, nobody was missing, and nothing failed."""
    pages = max(found.p95_s(), found.p95_s(public=True))
    return pages <= PAGE_S and found.p95_s(sending=True) <= SENDING_S and not (found.wrong or found.crowded)


async def _costs(crowd: Crowd, processes: Processes) -> dict[str, tuple[float, float]]:
    """What each kind costs when it is alone: officers through their story, leaders at their pages, the public page by hundreds."""
    spent: dict[str, list[tuple[float, float]]] = {}

    async def one(kind: str, times: int, act: Any) -> str:
        web, _, database = processes.seconds()
        for _ in range(times):
            kind = await act() or kind
        after = processes.seconds()
        found = spent.setdefault(kind, [])
        found.append((1000 * (after[0] - web) / times, 1000 * (after[2] - database) / times))
        return kind

    for person in crowd.alone:
        for _ in range(8):
            await one("", 1, lambda person=person: crowd.act(person, time.monotonic()))
    for person in crowd.leaders[:20]:
        for _ in range(4):
            await one("", 1, lambda person=person: crowd.act(person, time.monotonic()))
    await one(PUBLIC, 300, lambda: crowd._reader(time.monotonic()))
    return {
        kind: (sum(web for web, _ in found) / len(found), sum(db for _, db in found) / len(found))
        for kind, found in spent.items()
    }  # fmt: skip


async def _search(
    crowd: Crowd, public_rate: float, seconds: float, wrong: list[str]
) -> tuple[float, list[tuple[float, bool]]]:
    """The highest rate that holds: doubled until one does not, then halved between."""
    tried: list[tuple[float, bool]] = []

    async def holds(rate: float) -> bool:
        found = await crowd.drive(rate, public_rate, seconds)
        wrong.extend(found.wrong)
        tried.append((rate, good(found)))
        print(f"{rate:.1f} a second: {_line(found)}", file=sys.stderr, flush=True)
        return tried[-1][1]

    low, high = 0.0, LEAST_RATE
    while high <= MOST_RATE and await holds(high):
        low, high = high, high * 2
    for _ in range(NARROWER):
        middle = (low + high) / 2
        low, high = (middle, high) if await holds(middle) else (low, middle)
    return low, tried


def _line(found: Measured) -> str:
    p95 = (found.p95_s(), found.p95_s(sending=True), found.p95_s(public=True))
    pages, sending, public = (f"{1000 * one:.0f}" for one in p95)
    return f"pages {pages} ms, sending {sending} ms, public {public} ms, {len(found.wrong)} errors {found.wrong[:1]}, nobody free {found.crowded} times"


async def load(
    port: int, place: dict[str, Any], bundle: bytes, processes: Processes, wanted: argparse.Namespace
) -> tuple[Result, Told]:
    """The costs, the search, and the long run."""
    sockets = Sockets(port, wanted.sockets)
    crowd, wrong = Crowd(sockets, place, bundle), []
    before = processes.seconds()[1]
    costs = await _costs(crowd, processes)
    wrong += crowd.measured.wrong
    rate, tried = wanted.rate, []
    if not rate:
        rate, tried = await _search(crowd, wanted.public, wanted.step, wrong)
        if not rate:
            raise SystemExit(f"not even {LEAST_RATE / 2**NARROWER} a second hold: {tried}")
    watching = asyncio.ensure_future(_watch(processes))
    begin, own = processes.seconds(), time.process_time()
    measured = await crowd.drive(rate, wanted.public, wanted.minutes * 60)
    after, own = processes.seconds(), time.process_time() - own
    watching.cancel()
    sockets.close()
    await _worker_done(processes)
    worker_ms = 1000 * (processes.seconds()[1] - before) / max(1, len(crowd.told.bundles))
    busy = (*(late - early for late, early in zip(after, begin, strict=True)), own)
    found = Result(
        rate, wanted.public, wanted.minutes * 60, measured, tried, costs, worker_ms, busy,  # type: ignore[arg-type]
        processes.peak_mb, wanted.processes, [*wrong, *measured.wrong],
    )  # fmt: skip
    return found, crowd.told


async def _watch(processes: Processes) -> None:
    while True:
        processes.watch()
        await asyncio.sleep(1)


async def _worker_done(processes: Processes, rests: int = 3) -> None:
    """Wait until the worker has caught up: it uses no more than a tenth of a second in two, three times in a row; at most ten minutes."""
    quiet = 0
    for _ in range(300):
        used = processes.seconds()[1]
        await asyncio.sleep(2)
        quiet = quiet + 1 if processes.seconds()[1] - used < 0.2 else 0
        if quiet == rests:
            return


def run(folder: Path, database: str, wanted: argparse.Namespace) -> Result:
    """Fill, serve, load, and take account."""
    place = in_portal(folder, database, str(wanted.units), str(wanted.users), str(wanted.bundle))
    bundle = (folder / "bundle.zip").read_bytes()
    with serving(folder, database, wanted.processes) as (port, server):
        processes = Processes.of(server, database)
        found, told = asyncio.run(load(port, place, bundle, processes, wanted))
    found.wrong += differences(told, in_portal(folder, database))
    return found


def table(found: Result, wanted: argparse.Namespace) -> str:
    """The figures as tables."""
    own = found.busy[3] / found.seconds
    tried = [f"{rate:.1f} {'yes' if held else 'no'}" for rate, held in found.tried]
    rows = [
        f"{date.today():%d %B %Y}. {os.cpu_count()} cores {_cpu()}, Python {platform.python_version()}, PostgreSQL, load average before: {wanted.before:.1f}. "
        f"`python -m bench.deadline --units {wanted.units} --users {wanted.users} --minutes {wanted.minutes:g} --public {wanted.public:g}`, {found.processes} web processes. "
        f"Goals {'held' if found.holds else 'NOT held'} at {found.rate:.1f} acts of users and {found.public_rate:g} public pages a second; "
        f"{len(found.wrong)} errors, losses or doubles {found.wrong[:2] or ''}; at most {found.peak_mb:.0f} MB a web process (goal {MEMORY_MB}). "
        f"The load itself used {own:.2f} of the cores. Rates tried: {', '.join(tried) or 'none'}.",
        "",
        "| kind | requests | p50 ms | p95 ms | goal ms | alone: web ms | database ms |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for kind in sorted({*found.measured.times, *found.costs}, key=lambda one: (one in SENDING, one)):
        times = found.measured.times.get(kind, [])
        ranked = sorted(times) or [float("nan")]
        p50, p95 = (1000 * ranked[min(int(len(ranked) * share), len(ranked) - 1)] for share in (0.5, 0.95))
        web, base = found.costs.get(kind, (float("nan"), float("nan")))
        goal = 1000 * (SENDING_S if kind in SENDING else PAGE_S)
        rows.append(
            f"| {kind} | {len(times)} | {p50:.0f} | {p95:.0f} | {goal:.0f} | {web:.1f} | {base:.1f} |"
        )
    web, worker, base, _ = (one / found.seconds for one in found.busy)
    mean = mean_ms(found)
    rows += [
        "",
        f"In the run web processes used {web:.2f}, the worker {worker:.2f} and the database {base:.2f} cores. An act of a user costs {mean:.0f} ms of the processors on average "
        f"(web, database and {found.worker_ms:.0f} ms of the worker for each upload), a public page {sum(found.costs.get(PUBLIC, (0, 0))):.2f} ms. On paper, with processors busy for {BUSY:.0%}:",
        "",
        f"| cores | acts of users a second beside {found.public_rate:g} public pages | reports (8 acts each) an hour |",
        "|--:|--:|--:|",
    ]
    for cores in (2, 16, 64):
        rate = on_paper(found, cores)
        rows.append(f"| {cores} | {rate:.0f} | {rate * 3600 / 8:,.0f} |")
    return "\n".join(rows).replace("nan", "–")


def mean_ms(found: Result) -> float:
    """Processor milliseconds of one act of a user in the run's mix, the worker's with it."""
    acts = {kind: len(times) for kind, times in found.measured.times.items() if kind != PUBLIC}
    spent = sum(number * sum(found.costs.get(kind, (0, 0))) for kind, number in acts.items())
    return (spent + acts.get("upload 5 MB", 0) * found.worker_ms) / max(1, sum(acts.values()))


def on_paper(found: Result, cores: int) -> float:
    """Acts of users a second that so many cores carry beside the public page."""
    free_ms = 1000 * cores * BUSY - found.public_rate * sum(found.costs.get(PUBLIC, (0, 0)))
    return max(0.0, free_ms / max(mean_ms(found), 0.001))


def _cpu() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def record(file: Path, text: str) -> None:
    """Put the tables between the page's marks."""
    page = file.read_text("utf-8")
    marks = re.compile("(<!-- begin deadline -->\n).*?(\n<!-- end deadline -->)", re.DOTALL)
    file.write_text(marks.sub(lambda found: found[1] + text + found[2], page), "utf-8")


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--units", type=int, default=20_000)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument(
        "--processes", type=int, default=4, help="web processes; 1 where serve has no such option"
    )
    parser.add_argument("--rate", type=float, default=0, help="acts of users a second; 0: find it")
    parser.add_argument("--public", type=float, default=500, help="public pages a second")
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
