"""Time the reading and the compiling of a long list, and measure the memory.

    python -m bench.lists [--count N] [--hunt]

The list is that of the other benchmarks (`bench/generate.py`), in a folder that is deleted afterwards.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from bench.generate import make_list


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument(
        "--hunt", action="store_true", help="compile it for the hunt instead of keeping it in columns"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = str(make_list(Path(folder), arguments.count))
        began, processor = time.monotonic(), time.process_time()
        count = compiled(path) if arguments.hunt else read(path)
        seconds, spent = time.monotonic() - began, time.process_time() - processor
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count} values: {seconds:.1f} s, {spent:.1f} s of processor time, {peak_mb} MB at most")


def read(path: str) -> int:
    """Read the list like `lamsach indicators`."""
    from lamsach.indicators.lists import read_lists

    return len(read_lists([path], print).indicators)


def compiled(path: str) -> int:
    """Read the list like the hunt when it has no compiled form."""
    from lamsach.hunt.sets.builder import Builder
    from lamsach.indicators.lists import read_quickly

    builder = Builder()
    builder.extend(read_quickly(path, print))
    return builder.compiled().count


if __name__ == "__main__":
    main()
