"""Processor time and memory to ask a log store for a list, and a hunt over the same lines as a file.

Usual FortiGate lines, some of which hold a listed value.

`python -m bench.stores clickhouse` runs ClickHouse's engine (chdb) in a process of its own, `opensearch` the
tests' stand-in (a program in Python: its own time says nothing of a server's). `victorialogs --url
http://127.0.0.1:9428 --pid N` fills a VictoriaLogs that runs there and is empty.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil

from lamsach.investigate import Request, investigate
from lamsach.stores.retro import open_store, retro
from tests.archive.builders import firewall_line

BEGIN = datetime(2022, 9, 1, tzinfo=UTC)
HITS = 100
Lines = Iterator[tuple[datetime, str]]


def values(count: int, rng: random.Random) -> list[str]:
    """Names and addresses, half and half."""
    names = [
        f"{rng.randbytes(5).hex()}-{rng.choice(('cdn', 'mail', 'update'))}.example" for _ in range(count // 2)
    ]
    return names + [
        str(f"198.{18 + rng.randrange(2)}.{rng.randrange(256)}.{rng.randrange(1, 255)}")
        for _ in range(count - len(names))
    ]


def lines(count: int, listed: list[str]) -> Lines:
    """Lines of 30 days in order of time."""
    rng = random.Random(2)
    chosen = set(rng.sample(range(count), HITS))
    for number in range(count):
        moment = BEGIN + timedelta(seconds=number * 30 * 86400 // count)
        host, there = f"n{rng.randrange(5000)}.example.org", f"192.0.2.{rng.randrange(1, 255)}"
        if number in chosen:
            host = rng.choice(listed[: len(listed) // 2])
        yield (
            moment,
            firewall_line(
                moment, f"10.{rng.randrange(4)}.{rng.randrange(250)}.{rng.randrange(1, 250)}", there, host
            ),
        )


def clickhouse(count: int, listed: list[str], folder: Path) -> Any:
    from tests.stores.clickhouse_server import ClickHouseServer

    server = ClickHouseServer(folder / "data")
    rows = folder / "rows.jsonl"
    with rows.open("w") as file:
        for moment, line in lines(count, listed):
            file.write(json.dumps({"timestamp": f"{moment:%Y-%m-%d %H:%M:%S}", "message": line}) + "\n")
    server.run(f"INSERT INTO logs SELECT timestamp, message FROM file('{rows}', JSONEachRow)")
    rows.unlink()
    return server


def opensearch(count: int, listed: list[str], folder: Path) -> Any:
    from tests.stores.opensearch_server import OpenSearchStandIn

    return OpenSearchStandIn(
        [("fw", {"@timestamp": moment.isoformat(), "message": line}) for moment, line in lines(count, listed)]
    )


def serve(kind: str, count: int, listed: list[str], folder: Path, tell: Any) -> None:
    """Fill a store of a kind in this process, and serve it until the pipe ends."""
    from tests.stores.loopback_server import served

    with served({"clickhouse": clickhouse, "opensearch": opensearch}[kind](count, listed, folder)) as web:
        tell.send(f"{kind}+{web.url}/{'logs' if kind == 'clickhouse' else 'fw'}")
        tell.recv()


@contextmanager
def started(given: argparse.Namespace, listed: list[str], folder: Path) -> Iterator[tuple[str, int]]:
    """A filled store: address and process."""
    if given.kind == "victorialogs":
        fill(given.url, lines(given.lines, listed), given.lines)
        yield f"victorialogs+{given.url}", given.pid
        return
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=serve, args=(given.kind, given.lines, listed, folder, theirs))
    process.start()
    yield mine.recv(), process.pid or 0
    mine.send(None)
    process.join()


def _counted(url: str) -> bytes:
    query = urllib.parse.urlencode({"query": "* | stats count() n"})
    answer: bytes = urllib.request.urlopen(f"{url}/select/logsql/query?{query}").read()
    return answer


def fill(url: str, rows: Lines, count: int) -> None:
    """Send lines to a VictoriaLogs, and wait until it has them."""
    part: list[str] = []

    def send() -> None:
        sent = urllib.request.Request(
            f"{url}/insert/jsonline?_stream_fields=file",
            "\n".join(part).encode(),
            {"Content-Type": "application/stream+json"},
        )
        urllib.request.urlopen(sent).read()
        part.clear()

    for moment, line in rows:
        part.append(
            json.dumps({"_time": moment.isoformat(timespec="milliseconds"), "_msg": line, "file": "fw"})
        )
        if len(part) == 20_000:
            send()
    if part:
        send()
    while f'"n":"{count}"'.encode() not in _counted(url):
        time.sleep(0.5)


class Measured:
    """Seconds of the processor here and in the store, and by the clock."""

    def __init__(self, name: str, pid: int = 0) -> None:
        self._name, self._store = name, psutil.Process(pid) if pid else None

    def _times(self) -> list[float]:
        there = sum(self._store.cpu_times()[:2]) if self._store else 0.0
        return [time.process_time(), there, time.perf_counter()]

    def __enter__(self) -> None:
        self._begun = self._times()

    def __exit__(self, *_: object) -> None:
        here, there, clock = (end - begin for begin, end in zip(self._begun, self._times(), strict=True))
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        store = f", store {there:.1f} s, {self._store.memory_info().rss >> 20} MB now" if self._store else ""
        print(
            f"{self._name}: here {here:.1f} s, at most {largest} MB{store}; {clock:.1f} s by the clock",
            flush=True,
        )


def ask(given: argparse.Namespace, listed: list[str], folder: Path) -> list[Any]:
    """Ask the store both ways, and hunt over the file: who met what, each time."""
    path, log = folder / "list.txt", folder / "fw.log"
    path.write_text("\n".join(listed) + "\n")
    found = []
    with started(given, listed, folder) as (address, pid):
        for whole in given.whole:
            with Measured(f"{given.kind} whole={whole}", pid):
                result, _, plan = retro(open_store(address), Request([], [str(path)]), whole=whole)
            print(
                f"  {plan.given:,} of {plan.documents:,} documents given, unread {len(result.unread)}",
                flush=True,
            )
            found.append(result)
    with log.open("w") as file:
        file.writelines(f"{line}\n" for _, line in lines(given.lines, listed))
    with Measured("files"):
        found.append(investigate(Request([str(log)], [str(path)]))[0])
    return [
        sorted((one.device, one.indicator, one.count, one.first, one.last) for one in each.sightings)
        for each in found
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("clickhouse", "victorialogs", "opensearch"))
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--values", type=int, default=3000)
    parser.add_argument("--url", default="")
    parser.add_argument("--pid", type=int, default=0, help="the process that answers there")
    parser.add_argument("--asked", dest="whole", action="store_const", const=(False,), default=(False, True))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        *asked, files = ask(given, values(given.values, random.Random(1)), Path(folder))
    print(f"{sum(one[2] for one in files)} contacts; equal: {all(one == files for one in asked)}", flush=True)


if __name__ == "__main__":
    main()
