"""The scanner beside YARA-X itself and clamscan, over one tree.

YARA-X has the same rules, as many processes, and reads one file after the other as a whole.

    python -m bench.scanner /usr [--jobs 2] [--without clamscan] [--loki /tmp/peer/bin/python]

Each runs alone, the tree in the file cache as far as it fits. YARA-X searches every file by every rule; the
scanner by those that could match what the file is. clamscan gets our rules as its whole database (its own
needs a download), so that it does the same work; it opens archives as well. Speed is the tree's bytes by wall
time; what came out of archives is told apart, since YARA-X alone does not look into them. `--loki`: also
Loki's method, by a Python that has yara-python; see `bench.scanner_loki`. THOR Lite cannot be had by any
registry and is closed; its method by file is the same.
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
    """Run what is installed and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--without", action="append", default=[], choices=("yara-x", "clamscan"))
    parser.add_argument("--loki", type=Path, metavar="PYTHON", help="a Python with yara-python")
    parser.add_argument("--yara-x", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.yara_x:
        yara_x_alone(wanted.folder, wanted.jobs)
        return
    total = sum(read_once(path) for path in files(wanted.folder))
    print(f"{wanted.folder}: {total / 1e6:.0f} MB, {wanted.jobs} processes")
    base = (
        show("yara-x alone", measured(_yara(wanted)), total, None) if "yara-x" not in wanted.without else None
    )
    show("lamsach scan", measured(_lamsach(wanted)), total, base)
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.yar"
        rules.write_text(rule_text())
        for name, command in _peers(wanted, rules).items():
            show(name, measured(command), total, base)


def _peers(wanted: argparse.Namespace, rules: Path) -> dict[str, list[str]]:
    """The other programs that are here, with our rules."""
    peers = {}
    if shutil.which("clamscan") and "clamscan" not in wanted.without:
        options = ["-r", "-i", "-d", str(rules.parent), "--quiet"]
        peers["clamscan"] = ["clamscan", *options, str(wanted.folder)]
    if wanted.loki is not None:
        method = str(Path(__file__).with_name("scanner_loki.py"))
        peers["Loki's method"] = [str(wanted.loki), method, str(wanted.folder), str(rules)]
    return peers


def _yara(wanted: argparse.Namespace) -> list[str]:
    return [sys.executable, "-m", "bench.scanner", "--yara-x", str(wanted.folder), "--jobs", str(wanted.jobs)]


def _lamsach(wanted: argparse.Namespace) -> list[str]:
    command = [str(Path(sys.executable).with_name("lamsach")), "scan", str(wanted.folder)]
    return [*command, "--jobs", str(wanted.jobs), "--quiet", "--stats", "--no-nice"]


def show(name: str, result: tuple[Run, int], total: int, base: Run | None) -> Run:
    """One line of the table.

    Shares are YARA-X's time by this one's: by the clock, and by processor time, which other programs disturb
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
    """A run, and the most memory that it and its children held together."""
    peak, ended = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.2):
            peak = max(peak, memory_of_children())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        ran = run(command, LIMIT_S)
    finally:
        ended.set()
        thread.join()
    return ran, max(peak, ran.peak_bytes)


def memory_of_children() -> int:
    """The private and shared memory (PSS, a shared page by its share) of all descendants together."""
    import psutil

    total = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            total += int(process.memory_full_info().pss)
    return total


def files(folder: Path) -> Iterator[Path]:
    """The ordinary files below, links not followed."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            if path.is_file() and not path.is_symlink():
                yield path


def rule_text() -> str:
    """All our rules for files, as one text."""
    from lamsach.scanner.rules import rule_sources

    return rule_sources().texts[0][1]


def read_once(path: Path) -> int:
    """Put a file into the cache; its size in bytes."""
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
    """YARA-X with worker processes, each with its own scanner."""
    begun = time.perf_counter()
    chunk: list[str] = []
    chunks = [chunk]
    for path in files(folder):
        if len(chunk) >= CHUNK_FILES:
            chunk = []
            chunks.append(chunk)
        chunk.append(str(path))
    with get_context("spawn").Pool(jobs, _begin) as pool:
        found = sum(pool.imap_unordered(_scan, chunks))
    sys.stderr.write(json.dumps({"found": found, "seconds": round(time.perf_counter() - begun, 2)}) + "\n")


if __name__ == "__main__":
    main()
