"""Processor time and memory of a list's search in a log store, and of a hunt over the same lines.

Usual FortiGate lines, some of which hold a listed value.

`python -m bench.stores clickhouse` runs ClickHouse's engine (chdb) in a process of its own, `opensearch` the
tests' stand-in (a program in Python, whose time is unlike a server's). `victorialogs --url
http://127.0.0.1:9428 --pid N` fills a running, empty VictoriaLogs.
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
    """Return names and addresses, half and half."""
    names = [
        f"{rng.randbytes(5).hex()}-{rng.choice(('cdn', 'mail', 'update'))}.example" for _ in range(count // 2)
    ]
    return names + [
        str(f"198.{18 + rng.randrange(2)}.{rng.randrange(256)}.{rng.randrange(1, 255)}")
        for _ in range(count - len(names))
    ]


def lines(count: int, listed: list[str]) -> Lines:
    """Yield lines of 30 days in order of time."""
    rng = random.Random(2)
    chosen = set(rng.sample(range(count), HITS))
    for number in range(count):
        moment = BEGIN + timedelta(seconds=number * 30 * 86400 // count)
        host, address = f"n{rng.randrange(5000)}.example.org", f"192.0.2.{rng.randrange(1, 255)}"
        if number in chosen:
            host = rng.choice(listed[: len(listed) // 2])
        yield (
            moment,
            firewall_line(
                moment, f"10.{rng.randrange(4)}.{rng.randrange(250)}.{rng.randrange(1, 250)}", address, host
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


def serve(kind: str, count: int, listed: list[str], folder: Path, pipe: Any) -> None:
    """Fill a store of a kind in this process, and serve it until the pipe ends."""
    from tests.stores.loopback_server import served

    with served({"clickhouse": clickhouse, "opensearch": opensearch}[kind](count, listed, folder)) as web:
        pipe.send(f"{kind}+{web.url}/{'logs' if kind == 'clickhouse' else 'fw'}")
        pipe.recv()


@contextmanager
def started(options: argparse.Namespace, listed: list[str], folder: Path) -> Iterator[tuple[str, int]]:
    """Yield a filled store: address and process."""
    if options.kind == "victorialogs":
        fill(options.url, lines(options.lines, listed), options.lines)
        yield f"victorialogs+{options.url}", options.pid
        return
    context = get_context("spawn")
    parent, child = context.Pipe()
    process = context.Process(target=serve, args=(options.kind, options.lines, listed, folder, child))
    process.start()
    yield parent.recv(), process.pid or 0
    parent.send(None)
    process.join()


def _counted(url: str) -> bytes:
    query = urllib.parse.urlencode({"query": "* | stats count() n"})
    answer: bytes = urllib.request.urlopen(f"{url}/select/logsql/query?{query}").read()
    return answer


def fill(url: str, rows: Lines, count: int) -> None:
    """Send lines to a VictoriaLogs, and wait until it has stored them."""
    part: list[str] = []

    def send() -> None:
        request = urllib.request.Request(
            f"{url}/insert/jsonline?_stream_fields=file",
            "\n".join(part).encode(),
            {"Content-Type": "application/stream+json"},
        )
        urllib.request.urlopen(request).read()
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
    """Seconds of the processor here and in the store, and of the wall clock."""

    def __init__(self, name: str, pid: int = 0) -> None:
        self._name, self._store = name, psutil.Process(pid) if pid else None

    def _times(self) -> list[float]:
        store_s = sum(self._store.cpu_times()[:2]) if self._store else 0.0
        return [time.process_time(), store_s, time.perf_counter()]

    def __enter__(self) -> None:
        self._begun = self._times()

    def __exit__(self, *_: object) -> None:
        own, used, clock = (end - begin for begin, end in zip(self._begun, self._times(), strict=True))
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        store = f", store {used:.1f} s, {self._store.memory_info().rss >> 20} MB now" if self._store else ""
        print(
            f"{self._name}: here {own:.1f} s, at most {largest} MB{store}; {clock:.1f} s by the clock",
            flush=True,
        )


def searches(options: argparse.Namespace, listed: list[str], folder: Path) -> list[Any]:
    """Search the store in both ways, and hunt over the file; return the contacts of each."""
    path, log = folder / "list.txt", folder / "fw.log"
    path.write_text("\n".join(listed) + "\n")
    found = []
    with started(options, listed, folder) as (address, pid):
        for full in options.whole:
            with Measured(f"{options.kind} whole={full}", pid):
                result, _, plan = retro(open_store(address), Request([], [str(path)]), whole=full)
            print(
                f"  {plan.given:,} of {plan.documents:,} documents given, unread {len(result.unread)}",
                flush=True,
            )
            found.append(result)
    with log.open("w") as file:
        file.writelines(f"{line}\n" for _, line in lines(options.lines, listed))
    with Measured("files"):
        found.append(investigate(Request([str(log)], [str(path)]))[0])
    return [
        sorted((row.device, row.indicator, row.count, row.first, row.last) for row in result.sightings)
        for result in found
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("clickhouse", "victorialogs", "opensearch"))
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--values", type=int, default=3000)
    parser.add_argument("--url", default="")
    parser.add_argument("--pid", type=int, default=0, help="the process that answers there")
    parser.add_argument("--asked", dest="whole", action="store_const", const=(False,), default=(False, True))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        *in_store, files = searches(options, values(options.values, random.Random(1)), Path(folder))
    equal = all(contacts == files for contacts in in_store)
    print(f"{sum(row[2] for row in files)} contacts; equal: {equal}", flush=True)


if __name__ == "__main__":
    main()
