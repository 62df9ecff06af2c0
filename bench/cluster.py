"""Weak scaling of the hunt on Dask distributed.

One worker process on a log, two on a log twice as long, and one process without a cluster.

    python -m bench.cluster [--size MB] [--list FILE] [--times N]

Prints seconds of wall clock and of all processors. On a busy machine the wall clock means little: compare the
processors' seconds then.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.retro import lines_of_a_day
from lamsach.cluster.search import Cluster
from lamsach.investigate import Request, investigate


def make(folder: Path, size_mb: int) -> list[Path]:
    """Write two logs of this size."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(1)
    names = [f"n{n}.example.org" for n in range(20_000)]
    day = (
        "\n".join(lines_of_a_day(rng, "fortigate", datetime(2022, 9, 1, tzinfo=UTC), names)).encode() + b"\n"
    )
    paths = [folder / f"{number}-{size_mb}.log" for number in range(2)]
    for path in paths:
        if not path.exists():
            with path.open("wb") as file:
                for _ in range(max(1, size_mb * 1_000_000 // len(day))):
                    file.write(day)
    return paths


def used() -> float:
    """Return the processor seconds of this process and its children."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def main() -> None:
    """Measure and print one JSON object per measurement."""
    from distributed import LocalCluster

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1000, help="MB for each worker")
    parser.add_argument("--folder", type=Path, default=Path("bench-out/cluster"))
    parser.add_argument("--list", type=Path, help="indicators; else 100,000 names that do not occur")
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    paths = make(options.folder, options.size)
    listed = options.list or options.folder / "list.txt"
    if options.list is None:
        listed.write_text("\n".join(f"bad{n}.planted-{n % 97}.example.net" for n in range(100_000)) + "\n")
    for workers in (0, 1, 2):
        logs = [str(path) for path in paths[: max(1, workers)]]
        request = Request(logs, [str(listed)], threads=1)
        if not workers:
            measure("one process", logs, options.times, lambda r=request: investigate(r))  # type: ignore[misc]
            continue
        with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster:
            maker = Cluster(cluster.scheduler_address, request.lists)
            measure(
                f"{workers} workers",
                logs,
                options.times,
                lambda r=request, m=maker: investigate(r, searcher=m),  # type: ignore[misc]
            )


def measure(what: str, logs: list[str], times: int, run: object) -> None:
    """Print the best of several runs."""
    size = sum(Path(log).stat().st_size for log in logs)
    best: tuple[float, float] | None = None
    for _ in range(times + 1):  # the first run fills caches
        start, before = time.perf_counter(), used()
        run()  # type: ignore[operator]
        found = (time.perf_counter() - start, used() - before)
        best = found if best is None else min(best, found)
    assert best is not None
    print(
        json.dumps(
            {
                "what": what,
                "MB": round(size / 1e6),
                "seconds": round(best[0], 2),
                "MB/s": round(size / best[0] / 1e6),
                "processor_s": round(best[1], 2),
                "MB/s a core": round(size / best[1] / 1e6),
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
