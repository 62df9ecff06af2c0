"""Reports under load: thousands of units make, submit, approve and send their report in ten minutes.

Over HTTP on loopback; then the roll-up and the coordinator's page at 20,000 units, on PostgreSQL and on
SQLite.

    python -m bench.reports                          2,000 reports in 600 s, then 20,000 units
    python -m bench.reports --reports 50 --seconds 15 --tree 2000
    python -m bench.reports --reports 0              the page alone

PostgreSQL's server is started for the run.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.reports_scripts import CHECK, FILL, TREE

ROOT = Path(__file__).resolve().parents[1]
THREADS = 12


@dataclass
class Load:
    """Seconds of the requests by kind of act, and failures."""

    times: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, seconds: float, problem: str = "") -> None:
        """Record one request."""
        with self.lock:
            self.times.setdefault(what, []).append(seconds)
            if problem:
                self.wrong.append(f"{what}: {problem}")


def clean_environment(database: str) -> dict[str, str]:
    """Return the environment of a portal's process."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("LAMSACH_", "DATABASE_"))}
    if database:
        inherited["DATABASE_URL"] = database
    return {**inherited, "LAMSACH_MFA": "no", "LANG": "C.UTF-8"}


def run(script: str, folder: Path, database: str, *arguments: str) -> Any:
    """Run a script on a portal; return its output."""
    command = [sys.executable, "-c", script, str(folder), *arguments]
    ran = subprocess.run(
        command, env=clean_environment(database), capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(ran.stderr[-3000:])
    return json.loads(ran.stdout)


@contextmanager
def serving(folder: Path, database: str) -> Iterator[int]:
    """Run `lamsach serve` on a free port, web and worker."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        "-c",
        "from lamsach.cli import main; main()",
        "serve",
        "--data",
        str(folder),
        "--port",
        str(port),
    ]
    with (folder.parent / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *command], env=clean_environment(database), stdout=log, stderr=log
        )
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/alive").close()
                    break
                except OSError:
                    time.sleep(0.2)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=60)


def one(port: int, portal: dict[str, Any], number: int, load: Load) -> None:
    """Make, read, submit, approve and send one officer's report."""
    token = "a" * 32
    headers = {
        "Cookie": f"{portal['session']}={portal['sessions'][number]}; {portal['csrf']}={token}",
        "X-CSRFToken": token,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(what: str, method: str, path: str, **data: Any) -> str:
        begin, location = time.perf_counter(), ""
        problem = ""
        try:
            connection.request(method, path, urllib.parse.urlencode(data) if data else "", headers)
            answer = connection.getresponse()
            answer.read()
            location = answer.headers.get("Location") or ""
            if answer.status != (302 if method == "POST" else 200):
                problem = f"status {answer.status} {location}"
        except OSError as error:
            problem = type(error).__name__
        load.note(what, time.perf_counter() - begin, problem)
        return location

    report = ask(
        "make", "POST", f"/office/campaigns/{portal['campaign']}/reports/{portal['units'][number]}/", x="1"
    )
    if not report:
        return
    for version, action in enumerate(("submit", "approve", "send"), 1):
        ask("read", "GET", report)
        ask(action, "POST", f"{report}step/", version=version, action=action, signer="A")
    connection.close()


def load_test(folder: Path, database: str, reports: int, seconds: float) -> tuple[Load, dict[str, Any]]:
    """Send all reports, spread evenly over the time.

    Returns the durations of requests, and the portal's content afterwards.
    """
    data = folder / "data"
    portal = run(FILL, data, database, str(reports))
    load = Load()
    with serving(data, database) as port, ThreadPoolExecutor(THREADS) as pool:
        begin = time.monotonic()
        for number in range(reports):
            time.sleep(max(0.0, begin + number * seconds / reports - time.monotonic()))
            pool.submit(one, port, portal, number, load)
    return load, run(CHECK, data, database)


def request_table(load: Load) -> str:
    """Return a table of the requests."""
    lines = [f"{'':10}{'requests':>10}{'p50 ms':>10}{'p95 ms':>10}{'max ms':>10}"]
    for what, times in load.times.items():
        ranked = sorted(times)
        p95 = ranked[min(int(len(ranked) * 0.95), len(ranked) - 1)]
        lines.append(
            f"{what:10}{len(ranked):10}{statistics.median(ranked) * 1000:10.0f}{p95 * 1000:10.0f}"
            f"{ranked[-1] * 1000:10.0f}"
        )
    return "\n".join([*lines, f"errors: {len(load.wrong)} {load.wrong[:3]}"])


def main() -> None:
    """Measure and print."""
    sys.path.insert(0, str(ROOT))
    from tests.portal.postgres import cluster, programs

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reports", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--tree", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=400, help="of the coordinator's page")
    arguments = parser.parse_args()
    programs_folder = programs()
    if programs_folder is None:
        raise SystemExit("PostgreSQL is not installed")
    with cluster(programs_folder) as database, tempfile.TemporaryDirectory() as name:
        if arguments.reports:
            load, after = load_test(Path(name), database, arguments.reports, arguments.seconds)
            print(request_table(load), after, sep="\n", flush=True)
        if arguments.tree:
            for place, url in (("data", database), ("alone", "")):
                print(
                    run(TREE, Path(name) / place, url, str(arguments.tree), str(arguments.requests)),
                    flush=True,
                )


if __name__ == "__main__":
    main()
