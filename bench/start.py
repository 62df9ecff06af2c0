"""What a command costs before and around its work: the least processor time of several runs of each, in milliseconds.

python -m bench.start [--runs 9] [--python .venv/bin/python]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = (
    "--version", "--complete hunt --le", "--help", "hunt --help", "hnut", "hunt --colour", "logs detect LOG", "indicators check evil.example -i LIST", "hunt LOG -i LIST", "hunt LOG -i LIST -o HTML",
)  # fmt: skip
LINE = "2026-03-01T10:00:00+07:00 dns1 named[812]: client @0x7f31 192.0.2.1#53011 (www.evil.example): query: www.evil.example IN A +E(0)K (192.0.2.9)\n"


def measured(command: list[str], runs: int) -> tuple[float, float]:
    """The least processor time and the least time of these runs, in seconds; the first, which fills caches, does not count."""
    best, quickest = float("inf"), float("inf")
    for run in range(runs + 1):
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        if run:
            best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            quickest = min(quickest, took)
    return best, quickest


def main() -> None:
    """Print a row for each command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log, listed = Path(folder) / "a.log", Path(folder) / "list.txt"
        log.write_text(LINE)
        listed.write_text("evil.example\n")
        os.environ["LAMSACH_CACHE"] = f"{folder}/cache"
        places = {"LOG": str(log), "LIST": str(listed), "HTML": f"{folder}/report.html"}
        print("| command | processor time, ms | time, ms |\n|---|---:|---:|")
        for words in COMMANDS:
            typed = [places.get(word, word) for word in words.split()]
            processor, wall = measured([options.python, "-m", "lamsach", *typed], options.runs)
            print(f"| `lamsach {words}` | {processor * 1000:.0f} | {wall * 1000:.0f} |", flush=True)


if __name__ == "__main__":
    main()
