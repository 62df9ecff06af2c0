"""Gzip and zstd inputs: the hunt's rate beside that of the bare decompressor."""

from __future__ import annotations

import gzip
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import measure
from bench.generate import Log
from bench.tables import Table

BUFFER = 1 << 20


def compress(log: Path, suffix: str) -> Path:
    """The log as `.gz` (level 6) or `.zst` (level 3), made once."""
    path = log.with_name(log.name + suffix)
    if path.exists():
        return path
    partial = path.with_name(path.name + ".partial")
    if suffix == ".gz":
        with log.open("rb") as source, gzip.GzipFile(partial, "wb", compresslevel=6) as out:
            while block := source.read(BUFFER):
                out.write(block)
    else:
        import zstandard

        with log.open("rb") as source, partial.open("wb") as target:
            zstandard.ZstdCompressor(level=3).copy_stream(source, target)
    partial.rename(path)
    return path


def bare(path: Path) -> float:
    """Seconds that the decompressor alone needs for the file."""
    buffer = bytearray(BUFFER)
    start = time.perf_counter()
    if path.suffix == ".gz":
        from isal import igzip

        with igzip.open(path, "rb") as stream:
            while stream.readinto(buffer):
                pass
    else:
        import zstandard

        with path.open("rb") as source, zstandard.ZstdDecompressor().stream_reader(source) as reader:
            while reader.readinto(buffer):
                pass
    return time.perf_counter() - start


def compressed_table(
    logs: Sequence[Log], list_path: Path, repeat: int, hunt_s: Callable[[Path, Path, int], float]
) -> None:
    """Rates in GB of decompressed log a second."""
    table = Table("format", "input", "bare GB/s", "1 thread GB/s", "2 threads GB/s", "2 threads : bare")
    shares: dict[str, list[float]] = {".gz": [], ".zst": []}
    for log in logs:
        for suffix in shares:
            path = compress(Path(log.path), suffix)
            measure.read_into_page_cache(path)
            middle = statistics.median
            alone = middle(float(_bare_in_a_process(path)) for _ in range(repeat))
            one, two = (middle(hunt_s(path, list_path, threads) for _ in range(repeat)) for threads in (1, 2))
            gigabytes = log.size_bytes / 1e9
            shares[suffix].append(alone / two)
            table.row(
                log.name,
                suffix[1:],
                gigabytes / alone,
                gigabytes / one,
                gigabytes / two,
                f"{alone / two:.0%}",
            )
    for suffix, values in shares.items():
        table.row("median", suffix[1:], "", "", "", f"{statistics.median(values):.0%}")
    table.print("Compressed input, beside the decompressor alone (isal for gzip, zstandard for zstd)")


def _bare_in_a_process(path: Path) -> str:
    code = f"from pathlib import Path; from bench.compressed import bare; print(bare(Path({str(path)!r})))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
