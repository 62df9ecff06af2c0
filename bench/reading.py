"""How fast whole logs are read into a Parquet table, as `lamsach logs read -o` does: MB of log for each second of one core.

    .venv/bin/python -m bench.reading [FILES...] [--size MB] [--cases FOLDER]

Without files the six logs of `bench.generate` are read (made when they are not there) and those of `bench.reading_lines`; `--products NAMES` reads only these of the
latter. `--cases` reads, for each format, the raw lines of the accuracy
cases in a folder (see `bench.accuracy`), repeated until there are 8 MB. Binary logs (EVTX, pcap, NetFlow) are compared with the bare library's pace over the same file.
Each file is read in this process by one thread; what is counted is processor time, the best of three readings, after one that warms up.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.generate import make_list, make_log
from bench.lines import FORMATS
from bench.reading_lines import LINES, write_log
from bench.tables import Table
from lamsach.logs.event_tables import TableWriter
from lamsach.logs.opening import find_logs
from lamsach.logs.tables import read_tables

REPEATED_BYTES = 8_000_000


def read(path: Path) -> int:
    """Read a log into a table in memory; how many events it gave."""
    writer = TableWriter(io.BytesIO())
    rows = 0
    for log in find_logs([str(path)]):
        for batch in read_tables(log):
            rows += batch.num_rows
            writer.write(batch)
    writer.close()
    return rows


def seconds_of(work: Callable[[], int], times: int = 3) -> tuple[float, int]:
    """The processor time of the quickest run, and what the work gave."""
    best, given = float("inf"), 0
    for _ in range(times):
        begun = time.process_time()
        given = work()
        best = min(best, time.process_time() - begun)
    return best, given


def bare_evtx(path: Path) -> int:
    """What the EVTX library alone does: every record as JSON."""
    import evtx

    return sum(1 for _ in evtx.PyEvtxParser(str(path)).records_json())


def bare_pcap(path: Path) -> int:
    """What dpkt alone does: every packet's headers taken apart. Zero when the library is not installed."""
    try:
        import dpkt
    except ImportError:
        return 0
    with path.open("rb") as file:
        return sum(1 for _, data in dpkt.pcap.Reader(file) if dpkt.ethernet.Ethernet(data))


BARE: dict[str, Callable[[Path], int]] = {".evtx": bare_evtx, ".pcap": bare_pcap}


def repeated_cases(folder: Path, target: Path) -> Iterator[Path]:
    """For each format a file of its cases' lines, often enough."""
    for cases in sorted(folder.glob("*.jsonl")):
        read_cases = [json.loads(line) for line in cases.read_text("utf-8").splitlines() if line.strip()]
        lines = [line for case in read_cases if case.get("encoding") == "text" for line in case["raw"]]
        if not lines:
            continue
        text = "".join(f"{line}\n" for line in lines)
        path = target / f"{cases.stem}.log"
        path.write_text(text * (REPEATED_BYTES // len(text) + 1), "utf-8", "replace")
        yield path


def measured(path: Path) -> tuple[str, float, float, int, object]:
    """A row of the table: name, MB a second, microseconds an event, events, and the pace compared with the bare library's."""
    size = path.stat().st_size
    seconds, rows = seconds_of(lambda: read(path), 3 if size < 100_000_000 else 1)
    bare = BARE.get(path.suffix)
    alone = seconds_of(lambda: bare(path)) if bare else (0.0, 0)
    compared = alone[0] / seconds if alone[1] else ""
    return path.stem, size / seconds / 1e6, seconds / max(rows, 1) * 1e6, rows, compared


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--size", type=int, default=200, help="size of each generated log in MB")
    parser.add_argument("--folder", type=Path, default=Path("bench-out"))
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--products", nargs="*", choices=sorted(LINES))
    options = parser.parse_args()
    table = Table("log", "MB/s", "us an event", "events", "of the library's pace")
    rates: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        files: list[Path] = list(options.files)
        if options.cases:
            files += repeated_cases(options.cases, Path(scratch))
        if not files and options.products is None:
            listed = make_list(options.folder, 1_000_000)
            files = [Path(make_log(options.folder, name, options.size, listed).path) for name in FORMATS]
            options.products = list(LINES)
        files += [write_log(options.folder, name, options.size) for name in options.products or ()]
        for path in files:
            row = measured(path)
            print(row[0], f"{row[1]:.1f}", file=sys.stderr, flush=True)
            if path.suffix not in BARE:
                rates.append(row[1])
            table.row(*row)
    table.print("Reading whole logs into a table, one core")
    print(f"median of {len(rates)} logs: {statistics.median(rates):.1f} MB/s")


if __name__ == "__main__":
    main()
