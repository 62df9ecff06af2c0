"""The compared programs.

The hunt by its command line, DuckDB, Polars and ripgrep, each in a process of its own.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import measure
from bench.generate import Log

LAMSACH = str(Path(sys.executable).with_name("lamsach"))
OK = (0, 1, 3)
"""Exit statuses of a complete hunt: found, nothing found, nothing found but blind."""


@dataclass(frozen=True)
class Timing:
    """Seconds of the search and of the whole process, matched lines, peak memory.

    `note` is the reason for missing figures.
    """

    search_s: float = float("nan")
    whole_s: float = float("nan")
    lines: int | None = None
    peak_bytes: int = 0
    note: str = ""


def lamsach(log: Path, list_path: Path, threads: int, environment: dict[str, str] | None = None) -> Timing:
    """Time one hunt by the command line."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.jsonl"
        command = [
            LAMSACH,
            "hunt",
            str(log),
            "-i",
            str(list_path),
            "--threads",
            str(threads),
            "--stats",
            "-o",
            str(out),
        ]
        result = measure.run(command, environment=environment)
        if result.status not in OK or not out.exists():
            return Timing(note=f"exit status {result.status}: {result.stderr.strip()[-300:]}")
        seconds = float(str(result.json_line("stderr")["seconds"]))
        return Timing(seconds, result.wall_s, _matches(out), result.peak_bytes)


def _matches(out: Path) -> int:
    """Return the events in the sightings of a hunt's JSON lines; a planted line is one event."""
    total = 0
    for line in out.read_text("utf-8").splitlines():
        record = json.loads(line)
        if record.get("record", record.get("kind")) == "sighting" or (
            "indicator" in record and "count" in record
        ):
            total += record["count"]
    return total


def peer(name: str, log: Log, list_path: Path, limit_s: float) -> Timing:
    """Time DuckDB or Polars, in a process of its own, with two threads."""
    command = [
        sys.executable,
        "-m",
        "bench.peers",
        name,
        log.name,
        log.path,
        str(list_path),
        "--threads",
        "2",
    ]
    result = measure.run(command, limit_s)
    if result.status is None:
        return Timing(note=f"stopped after {limit_s:.0f} s")
    if result.status != 0:
        return Timing(note=result.stderr.strip().splitlines()[-1][:100])
    answer = result.json_line("stdout")
    return Timing(float(str(answer["seconds"])), result.wall_s, int(str(answer["lines"])), result.peak_bytes)


RG_REPEATS = 5


def ripgrep(log: Log, list_path: Path, limit_s: float) -> Timing:
    """Time `rg -c -F -f`, which uses one thread for one file.

    It supports no networks and ignores label boundaries and case.\n\nIt does not report the time to read the
    list. So it also searches the log several times over, which adds only searches; processor time is
    compared, which other work on the machine disturbs least.
    """
    program = shutil.which("rg")
    if program is None:
        return Timing(note="not installed")
    command = [program, "--no-config", "-j1", "-c", "-I", "-F", "-f", str(list_path)]
    once = measure.run([*command, log.path], limit_s)
    several = measure.run([*command, *[log.path] * RG_REPEATS], limit_s)
    if once.status is None or several.status is None:
        return Timing(note=f"stopped after {limit_s:.0f} s")
    search_s = (several.cpu_s - once.cpu_s) / (RG_REPEATS - 1)
    return Timing(search_s, once.wall_s, int(once.stdout.strip() or 0), once.peak_bytes)


def best(repeat: int, once: Callable[[], Timing]) -> Timing:
    """Return the run with the median search time of several."""
    runs = [once() for _ in range(repeat)]
    failed = [item for item in runs if item.note]
    if failed:
        return failed[0]
    return sorted(runs, key=lambda item: item.search_s)[len(runs) // 2]
