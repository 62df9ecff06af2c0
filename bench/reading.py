"""Measure how fast whole logs are read into a Parquet table, as `lamsach logs read -o` does.

In MB of log for each second of one core.

    .venv/bin/python -m bench.reading [FILES...] [--size MB] [--cases FOLDER]

Without files the six logs of `bench.generate` are read (made if missing) and those of `bench.reading_lines`
and `bench.reading_evtx`; `--products NAMES` reads only these of the latter two. `--cases` reads, for each
format, the raw lines of the accuracy cases in a folder (see `bench.accuracy`), repeated up to 8 MB. Binary
logs (EVTX, pcap, NetFlow) are compared with the library's own rate over the same file. Each file is read in
this process by one thread; the figure is processor time, the best of three readings; ours and the library's
alternate.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.generate import make_list, make_log
from bench.lines import FORMATS
from bench.reading_evtx import EVENT_LOGS, write_event_log
from bench.reading_lines import LINES, write_log
from bench.tables import Table
from lamsach.logs.events.tables import TableWriter
from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.reading.tables import read_tables

REPEATED_BYTES = 8_000_000


def read(path: Path) -> int:
    """Read a log into a table in memory; return the number of events."""
    writer = TableWriter(io.BytesIO())
    rows = 0
    for log in find_logs([str(path)]):
        for batch in read_tables(log):
            rows += batch.num_rows
            writer.write(batch)
    writer.close()
    return rows


def seconds_of(works: Sequence[Callable[[], int]], times: int = 3) -> list[tuple[float, int]]:
    """Return the processor time of each work's quickest run, and its result; they take turns."""
    best, results = [float("inf")] * len(works), [0] * len(works)
    for _ in range(times):
        for index, work in enumerate(works):
            start = time.process_time()
            results[index] = work()
            best[index] = min(best[index], time.process_time() - start)
    return list(zip(best, results, strict=True))


def bare_evtx(path: Path) -> int:
    """Read every record as JSON with the EVTX library alone."""
    import evtx

    return sum(1 for _ in evtx.PyEvtxParser(str(path)).records_json())


def bare_pcap(path: Path) -> int:
    """Parse every packet's headers with dpkt alone; zero if the library is not installed."""
    try:
        import dpkt
    except ImportError:
        return 0
    with path.open("rb") as file:
        return sum(1 for _, data in dpkt.pcap.Reader(file) if dpkt.ethernet.Ethernet(data))


BARE: dict[str, Callable[[Path], int]] = {".evtx": bare_evtx, ".pcap": bare_pcap}


def repeated_cases(folder: Path, target: Path) -> Iterator[Path]:
    """Yield for each format a file of its cases' lines, repeated."""
    for cases in sorted(folder.glob("*.jsonl")):
        read_cases = [json.loads(line) for line in cases.read_text("utf-8").splitlines() if line.strip()]
        lines = [line for case in read_cases if case.get("encoding") == "text" for line in case["raw"]]
        if not lines:
            continue
        text = "".join(f"{line}\n" for line in lines)
        path = target / f"{cases.stem}.log"
        path.write_text(text * (REPEATED_BYTES // len(text) + 1), "utf-8", "replace")
        yield path


def written(folder: Path, name: str, size_mb: int) -> Path:
    """Return a product's log of `size_mb` MB, made unless it exists."""
    return (write_event_log if name in EVENT_LOGS else write_log)(folder, name, size_mb)


def measured(path: Path) -> tuple[object, ...]:
    """Return a row of the table.

    Name, MB per second, microseconds per event, events, the library's own microseconds, and the ratio of our
    rate to the library's.
    """
    size = path.stat().st_size
    bare = BARE.get(path.suffix)
    works = [lambda: read(path), *([lambda: bare(path)] if bare else [])]
    (seconds, rows), *peer = seconds_of(works, 3 if size < 100_000_000 else 1)
    pace = seconds / max(rows, 1) * 1e6
    if not peer or not peer[0][1]:
        return path.stem, size / seconds / 1e6, pace, rows, "", ""
    library = peer[0][0]
    return path.stem, size / seconds / 1e6, pace, rows, library / peer[0][1] * 1e6, library / seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--size", type=int, default=200, help="size of each generated log in MB")
    parser.add_argument("--folder", type=Path, default=Path("bench-out"))
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--products", nargs="*", choices=sorted([*LINES, *EVENT_LOGS]))
    options = parser.parse_args()
    table = Table("log", "MB/s", "us an event", "events", "library us", "of the library's pace")
    rates: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        files: list[Path] = list(options.files)
        if options.cases:
            files += repeated_cases(options.cases, Path(scratch))
        if not files and options.products is None:
            listed = make_list(options.folder, 1_000_000)
            files = [Path(make_log(options.folder, name, options.size, listed).path) for name in FORMATS]
            options.products = [*LINES, *EVENT_LOGS]
        files += [written(options.folder, name, options.size) for name in options.products or ()]
        for path in files:
            row = measured(path)
            print(row[0], f"{row[1]:.1f}", file=sys.stderr, flush=True)
            if path.suffix not in BARE:
                rates.append(row[1])
            table.row(*row)
    table.print("Reading whole logs into a table, one core")
    if rates:
        print(f"median of {len(rates)} logs: {statistics.median(rates):.1f} MB/s")


if __name__ == "__main__":
    main()
