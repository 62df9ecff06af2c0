"""Gzip and zstd inputs: the hunt's rate, and the possible rate of two processors."""

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
    """Return the log as `.gz` (level 6) or `.zst` (level 3), made once."""
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
    """Return the seconds that the decompressor alone needs for the file."""
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


def perfect(bare: float, search: float) -> float:
    """Return the rate of two processors sharing decompression (at rate `bare`) and search without loss.

    One stream is decompressed by one of them.
    """
    return min(bare, 2 * bare * search / (bare + search))


def compressed_table(
    logs: Sequence[Log], list_path: Path, repeat: int, hunt_s: Callable[[Path, Path, int], float]
) -> None:
    """Print rates in GB of decompressed log per second."""
    columns = (
        "bare GB/s",
        "plain, 1 thread GB/s",
        "1 thread GB/s",
        "2 threads GB/s",
        "perfect GB/s",
        "reached",
    )
    table = Table("format", "input", *columns)
    shares: dict[str, list[float]] = {".gz": [], ".zst": []}
    middle = statistics.median
    for log in logs:
        plain, gigabytes = Path(log.path), log.size_bytes / 1e9
        for suffix in shares:
            path = compress(plain, suffix)
            measure.read_into_page_cache(path)
            runs = [
                (float(_bare_in_a_process(path)), *(hunt_s(*one) for one in _in_turn(plain, path, list_path)))
                for _ in range(repeat)
            ]
            bare_, search, one, two = (gigabytes / middle(values) for values in zip(*runs, strict=True))
            best = perfect(bare_, search)
            shares[suffix].append(two / best)
            table.row(log.name, suffix[1:], bare_, search, one, two, best, f"{two / best:.0%}")
    for suffix, values in shares.items():
        table.row("median", suffix[1:], *[""] * 5, f"{middle(values):.0%}")
    table.print("Compressed input and the limit of two processors")


def _in_turn(plain: Path, packed: Path, list_path: Path) -> list[tuple[Path, Path, int]]:
    return [(plain, list_path, 1), (packed, list_path, 1), (packed, list_path, 2)]


def _bare_in_a_process(path: Path) -> str:
    code = f"from pathlib import Path; from bench.compressed import bare; print(bare(Path({str(path)!r})))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
