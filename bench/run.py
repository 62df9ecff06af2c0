"""Speed and memory of the hunt, against other programs (`make bench`).

On the same files, list, machine and run. Asserts nothing about time.

    python -m bench.run [--size MB] [--parts speed,share,compressed,start,memory] [--formats NAMES]
        [--repeat N] [--before CHECKOUT] [--ten-million] [--big MB]

Rates are in GB (10^9 bytes) of log per second. "search" is the program's own figure once it has started;
"whole" is from start to end of the process, with the compiled list in the cache. Files are in the page cache.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from bench import measure
from bench.compressed import compressed_table
from bench.generate import Log, make_list, make_log
from bench.lines import FORMATS
from bench.programs import Timing, best, lamsach, peer, ripgrep
from bench.share import share
from bench.start import start
from bench.tables import Table, recorded


@dataclass(frozen=True)
class Comparison:
    """One format's timings."""

    log: Log
    one: Timing
    two: Timing
    peers: tuple[Timing, ...]

    @property
    def ratio(self) -> float:
        """Return the factor by which the quickest peer is slower."""
        return (
            min(
                (item.search_s for item in self.peers if not item.note and item.search_s > 0),
                default=float("nan"),
            )
            / self.two.search_s
        )

    @property
    def whole_ratio(self) -> float:
        """Return the same for the whole process."""
        return (
            min((item.whole_s for item in self.peers if not item.note), default=float("nan"))
            / self.two.whole_s
        )

    def rate(self, timing: Timing) -> float:
        """Return GB of log per second."""
        return self.log.size_bytes / 1e9 / timing.search_s


def compare(log: Log, list_path: Path, repeat: int, limit_s: float) -> Comparison:
    """Measure every program on one log."""
    path = Path(log.path)
    measure.read_into_page_cache(path)
    hunts = [best(repeat, partial(lamsach, path, list_path, threads)) for threads in (1, 2)]
    for hunt in hunts:
        if hunt.note:
            print(f"{log.name}: lamsach: {hunt.note}", file=sys.stderr)
    peers = (
        ripgrep(log, list_path, limit_s),
        best(repeat, partial(peer, "duckdb", log, list_path, limit_s)),
        best(repeat, partial(peer, "polars", log, list_path, limit_s)),
    )
    return Comparison(log, hunts[0], hunts[1], peers)


def speed(logs: Sequence[Log], list_path: Path, repeat: int, limit_s: float) -> None:
    """Print the rate by format with one and two threads, and the peers' times."""
    results = [compare(log, list_path, repeat, limit_s) for log in logs]
    middle = statistics.median

    rates = Table(
        "format", "1 thread GB/s", "2 threads GB/s", "2 : 1", "whole s", "peak MB", "lines found / planted"
    )
    for item in results:
        gain = item.one.search_s / item.two.search_s
        found = f"{item.two.lines} / {item.log.hits}"
        rates.row(
            item.log.name,
            item.rate(item.one),
            item.rate(item.two),
            gain,
            item.two.whole_s,
            item.two.peak_bytes / 1e6,
            found,
        )
    rates.row(
        "median",
        middle(item.rate(item.one) for item in results),
        middle(item.rate(item.two) for item in results),
        middle(item.one.search_s / item.two.search_s for item in results),
        *("", "", ""),
    )
    rates.print("Speed of the search by format")

    search = Table("format", "lamsach s", "rg -F -f s", "DuckDB s", "Polars s", "best peer : lamsach")
    whole = Table("format", "lamsach s", "rg -F -f s", "DuckDB s", "Polars s", "best peer : lamsach")
    lines = Table("format", "planted", "lamsach", "rg -F -f", "DuckDB", "Polars")
    for item in results:
        search.row(
            item.log.name, item.two.search_s, *(peer.note or peer.search_s for peer in item.peers), item.ratio
        )
        whole.row(
            item.log.name,
            item.two.whole_s,
            *(peer.note or peer.whole_s for peer in item.peers),
            item.whole_ratio,
        )
        lines.row(
            item.log.name, item.log.hits, item.two.lines, *(peer.note or peer.lines for peer in item.peers)
        )
    search.row("median", *[""] * 4, middle(item.ratio for item in results))
    whole.row("median", *[""] * 4, middle(item.whole_ratio for item in results))
    search.print("Seconds of the search alone")
    whole.print("Seconds of the whole process")
    lines.print("Matching lines found by each program")


def memory(logs: Sequence[Log], lists: Sequence[Path]) -> None:
    """Print the peak resident memory of the whole process."""
    table = Table("list", "log", "log MB", "peak MB", "whole s")
    for list_path in lists:
        for log in logs:
            lamsach(Path(log.path), list_path, 2)
            timing = lamsach(Path(log.path), list_path, 2)
            table.row(
                list_path.name,
                log.name,
                log.size_bytes / 1e6,
                timing.note or timing.peak_bytes / 1e6,
                timing.whole_s,
            )
    table.print("Memory with two threads, list compiled before")


def machine() -> str:
    """Return the processor, cores and memory, and the measured versions."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text("utf-8").splitlines()
            if line.startswith("model name")
        ]
        model = names[0] if names else model
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    import duckdb
    import numba
    import polars

    versions = (
        f"Python {platform.python_version()}, numba {numba.__version__}, DuckDB {duckdb.__version__}, "
        f"Polars {polars.__version__}"
    )
    grep = measure.run(["rg", "--version"]).stdout.splitlines() if shutil.which("rg") else ["no ripgrep"]
    return f"{os.cpu_count()} cores {model}, {gigabytes:.0f} GB; {versions}, {grep[0]}"


def main() -> None:
    """Run the requested parts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=200, help="size of each log in MB")
    parser.add_argument("--indicators", type=int, default=1_000_000)
    parser.add_argument("--parts", default="speed,compressed,start,memory")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=float, default=600, help="seconds after which a peer is stopped")
    parser.add_argument(
        "--ten-million", action="store_true", help="measure memory with ten million indicators too"
    )
    parser.add_argument(
        "--big", type=int, default=0, metavar="MB", help="measure memory with one log of this size too (5000)"
    )
    parser.add_argument(
        "--before", type=Path, metavar="CHECKOUT", help="part start: measure another checkout in turn"
    )
    parser.add_argument("--folder", type=Path, default=Path("bench-out"))
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="put the tables into this document (docs/benchmarks.md)"
    )
    options = parser.parse_args()
    list_path = make_list(options.folder, options.indicators)
    logs = [make_log(options.folder, name, options.size, list_path) for name in options.formats.split(",")]
    _warm(Path(logs[0].path), list_path)
    runs: dict[str, Callable[[], None]] = {
        "speed": lambda: speed(logs, list_path, options.repeat, options.limit),
        "compressed": lambda: compressed_table(
            logs,
            list_path,
            options.repeat,
            lambda path, listed, threads: lamsach(path, listed, threads).search_s,
        ),
        "share": lambda: share(logs, list_path, options.repeat),
        "start": lambda: start(logs, list_path, options.repeat, options.before),
        "memory": lambda: memory(*_inputs_for_memory(logs[0], list_path, options)),
    }
    for part in options.parts.split(","):
        about = (
            f"{datetime.now():%d %B %Y}, {machine()}. {options.size} MB a log. Load average before: "
            f"{os.getloadavg()[0]:.1f}. Command: `make bench {_arguments()}`."
        )
        print(f"\n{about}", flush=True)
        with recorded(options.record, part, about):
            runs[part]()


def _warm(log: Path, list_path: Path) -> None:
    """Compile the list for the hunt, and make the peers' tables of it; not timed."""
    first = lamsach(log, list_path, 2)
    if first.note:
        print(f"lamsach: {first.note}", file=sys.stderr)
    prepared = measure.run([sys.executable, "-m", "bench.peers", "prepare", str(list_path)])
    if prepared.status:
        print(prepared.stderr, file=sys.stderr)


def _inputs_for_memory(
    log: Log, list_path: Path, options: argparse.Namespace
) -> tuple[list[Log], list[Path]]:
    logs, lists = [log], [list_path]
    if options.big:
        logs.append(make_log(options.folder, log.name, options.big, list_path))
    if options.ten_million:
        lists.append(make_list(options.folder, 10_000_000))
    return logs, lists


def _arguments() -> str:
    """Return the arguments of this run, without `--record` and its value."""
    words = sys.argv[1:]
    if "--record" in words:
        index = words.index("--record")
        words = words[:index] + words[index + 2 :]
    return f"BENCH_ARGS='{' '.join(words)}'" if words else ""


if __name__ == "__main__":
    main()
