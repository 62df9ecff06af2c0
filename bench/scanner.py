"""The scanner compared with YARA-X itself and clamscan, over one tree.

YARA-X has the same rules and as many processes, and reads each file in full.

    python -m bench.scanner /usr [--jobs 2] [--without clamscan] [--loki /tmp/peer/bin/python]

Each runs alone, the tree in the file cache as far as it fits. YARA-X searches every file by every rule; the
scanner by those that could match the file's kind. clamscan has our rules as its whole database (its own needs
a download), so that it does the same work; it opens archives as well. Speed is the tree's bytes by wall time;
findings in archives are counted separately, since YARA-X alone does not open them. `--loki`: also Loki's
method, by a Python with yara-python; see `bench.scanner_loki`. THOR Lite is in no registry and closed; its
method by file is the same.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.measure import Run, run

CHUNK_FILES = 64
LIMIT_S = 3600


def main() -> None:
    """Run the installed programs and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--without", action="append", default=[], choices=("yara-x", "clamscan"))
    parser.add_argument("--loki", type=Path, metavar="PYTHON", help="a Python with yara-python")
    parser.add_argument("--yara-x", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.yara_x:
        yara_x_alone(args.folder, args.jobs)
        return
    total = sum(read_once(path) for path in files(args.folder))
    print(f"{args.folder}: {total / 1e6:.0f} MB, {args.jobs} processes")
    base = show("yara-x alone", measured(_yara(args)), total, None) if "yara-x" not in args.without else None
    show("lamsach scan", measured(_lamsach(args)), total, base)
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.yar"
        rules.write_text(rule_text())
        for name, command in _peers(args, rules).items():
            show(name, measured(command), total, base)


def _peers(args: argparse.Namespace, rules: Path) -> dict[str, list[str]]:
    """Return the other installed programs, with our rules."""
    peers = {}
    if shutil.which("clamscan") and "clamscan" not in args.without:
        options = ["-r", "-i", "-d", str(rules.parent), "--quiet"]
        peers["clamscan"] = ["clamscan", *options, str(args.folder)]
    if args.loki is not None:
        method = str(Path(__file__).with_name("scanner_loki.py"))
        peers["Loki's method"] = [str(args.loki), method, str(args.folder), str(rules)]
    return peers


def _yara(args: argparse.Namespace) -> list[str]:
    return [sys.executable, "-m", "bench.scanner", "--yara-x", str(args.folder), "--jobs", str(args.jobs)]


def _lamsach(args: argparse.Namespace) -> list[str]:
    command = [str(Path(sys.executable).with_name("lamsach")), "scan", str(args.folder)]
    return [*command, "--jobs", str(args.jobs), "--quiet", "--stats", "--no-nice"]


def show(name: str, result: tuple[Run, int], total: int, base: Run | None) -> Run:
    """Print one line of the table.

    Shares are YARA-X's time by this one's: by wall clock, and by processor time, which other programs disturb
    less.
    """
    ran, peak = result
    stats = ran.json_line("stderr")
    more = (
        f", {int(str(stats['unpacked_bytes'])) / 1e6:.0f} MB from archives"
        if "unpacked_bytes" in stats
        else ""
    )
    shares = (
        (
            f", {base.wall_s / ran.wall_s:.0%} of YARA-X by the clock, {base.cpu_s / ran.cpu_s:.0%} by "
            "processor time"
        )
        if base
        else ""
    )
    speed = (
        f"{ran.wall_s:7.1f} s {ran.cpu_s:7.1f} s of processor {total / 1e6 / ran.wall_s:6.0f} MB/s "
        f"{peak / 1e6:5.0f} MB of memory"
    )
    if "left_out" in stats:
        more = f", {stats['rules']} rules, {stats['left_out']} not taken, {stats['found']} files found"
    print(f"{name:14} {speed}{shares}{more}, status {ran.status}", flush=True)
    return ran


def measured(command: list[str]) -> tuple[Run, int]:
    """Run a command; return the run, and the peak memory of it and its children together."""
    peak, finished = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not finished.wait(0.2):
            peak = max(peak, memory_of_children())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        ran = run(command, LIMIT_S)
    finally:
        finished.set()
        thread.join()
    return ran, max(peak, ran.peak_bytes)


def memory_of_children() -> int:
    """Return the private and shared memory (PSS, a shared page by its share) of all descendants."""
    import psutil

    total = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            total += int(process.memory_full_info().pss)
    return total


def files(folder: Path) -> Iterator[Path]:
    """Yield the ordinary files below the folder, links not followed."""
    for folder_path, _, names in os.walk(folder):
        for name in names:
            path = Path(folder_path) / name
            if path.is_file() and not path.is_symlink():
                yield path


def rule_text() -> str:
    """Return all our rules for files, as one text."""
    from lamsach.scanner.rules import rule_sources

    return rule_sources().texts[0][1]


def read_once(path: Path) -> int:
    """Read a file into the cache; return its size in bytes."""
    size = 0
    with suppress(OSError), path.open("rb", buffering=0) as stream:
        while piece := stream.read(1 << 22):
            size += len(piece)
    return size


_scanner: Any = None


def _begin() -> None:
    global _scanner
    import yara_x

    compiler = yara_x.Compiler()
    compiler.add_source(rule_text())
    _scanner = yara_x.Scanner(compiler.build())


def _scan(paths: list[str]) -> int:
    found = 0
    for path in paths:
        with suppress(Exception):
            found += bool(_scanner.scan_file(path).matching_rules)
    return found


def yara_x_alone(folder: Path, jobs: int) -> None:
    """Run YARA-X with worker processes, each with its own scanner."""
    start = time.perf_counter()
    chunk: list[str] = []
    chunks = [chunk]
    for path in files(folder):
        if len(chunk) >= CHUNK_FILES:
            chunk = []
            chunks.append(chunk)
        chunk.append(str(path))
    with get_context("spawn").Pool(jobs, _begin) as pool:
        found = sum(pool.imap_unordered(_scan, chunks))
    sys.stderr.write(json.dumps({"found": found, "seconds": round(time.perf_counter() - start, 2)}) + "\n")


if __name__ == "__main__":
    main()
