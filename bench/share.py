"""Measure the hunt's share of the kernel's own rate, and the gain of two threads.

Run as `make bench BENCH_ARGS='--size 1000 --parts share'`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench import measure
from bench.generate import Log
from bench.programs import Timing, best, lamsach
from bench.tables import Table


def kernel_alone(log: Path, list_path: Path) -> float:
    """Time the sieve over a log in memory, cut like the hunt's chunks, without reading and loading."""
    from lamsach.hunt.chunks import CHUNK_BYTES, Pool, cut
    from lamsach.hunt.engine import Sieve
    from lamsach.hunt.sets.lists import cached_folder, load_set
    from lamsach.logs.opening.inputs import find_logs

    folder = cached_folder([str(list_path)])
    compiled = load_set(folder) if folder is not None else None
    if compiled is None:
        raise RuntimeError("hunt with this list once, so that it is compiled")
    (file,) = find_logs([str(log)])
    with file.open() as stream:
        chunks = list(cut(stream, Pool(2 + log.stat().st_size // (CHUNK_BYTES // 2))))
    sieve = Sieve(compiled)
    sieve.search(chunks[0].buffer.array, chunks[0].begin, chunks[0].end)
    start = time.perf_counter()
    for chunk in chunks:
        sieve.search(chunk.buffer.array, chunk.begin, chunk.end)
    return time.perf_counter() - start


def share(logs: Sequence[Log], list_path: Path, repeat: int) -> None:
    """Print the whole process and the search, one and two threads, and the kernel alone on the same bytes."""
    table = Table(
        "format", "kernel alone s", "search s", "whole s", "kernel : whole", "whole, 2 threads s", "2 : 1"
    )
    shares, gains = [], []
    for log in logs:
        path = Path(log.path)
        measure.read_into_page_cache(path)
        code = (
            "from pathlib import Path; from bench.share import kernel_alone; "
            f"print(kernel_alone(Path({str(path)!r}), Path({str(list_path)!r})))"
        )
        alone = statistics.median(
            float(subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout)
            for _ in range(repeat)
        )
        one, two = (_timed(path, list_path, threads, repeat) for threads in (1, 2))
        shares.append(alone / one.whole_s)
        gains.append(one.whole_s / two.whole_s)
        table.row(
            *(log.name, alone, one.note or one.search_s, one.whole_s, f"{shares[-1]:.0%}", two.whole_s),
            gains[-1],
        )
    table.row("median", *[""] * 3, f"{statistics.median(shares):.0%}", "", statistics.median(gains))
    table.print("The hunt and the kernel on the same bytes")


def _timed(log: Path, list_path: Path, threads: int, repeat: int) -> Timing:
    return best(repeat, partial(lamsach, log, list_path, threads))
