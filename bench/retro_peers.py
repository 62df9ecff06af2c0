"""Other programs with the retro-hunt's task over the same days.

Ripgrep over zstd files, and DuckDB over Parquet with bloom filters.

Each gets its files prepared beforehand in its best format, and answers in a process of its own. DuckDB knows
the format and reads one column for the exact name; ripgrep finds the list's values anywhere. The retro-hunt
also knows subdomains, addresses, networks and digests, names the machine and counts coverage.

    python -m bench.retro_peers [--size GB] [--folder DIR]

compares them over days of `bench.retro_scale`.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

NAME = r"""coalesce(nullif(regexp_extract(line, 'hostname="([^"]+)"', 1), ''),
 nullif(regexp_extract(line, 'query: ([^ ]+) IN', 1), ''))"""
"""The name in a line of either kind of log."""
WRITE = f"""
copy (select line, {NAME} as name from read_csv('LOG', columns={{'line': 'varchar'}},
 delim='\x01', quote='', escape='', header=false))
to 'OUT' (format parquet, compression zstd, row_group_size 122880,
 dictionary_size_limit 122880, bloom_filter_false_positive_ratio 0.001)
"""
ASK = """
import duckdb, json, sys
connection = duckdb.connect()
connection.execute("set threads to 2; set enable_progress_bar = false")
names = [line.strip() for line in open(sys.argv[2])]
found = connection.execute(
    f"select line from read_parquet('{sys.argv[1]}/*.parquet') where name in ({','.join('?' * len(names))})",
    names,
)
print(len(found.fetchall()))
"""


def compare(logs: Sequence[Path], listed: Path, folder: Path) -> list[dict[str, object]]:
    """Measure each program: bytes stored, seconds of wall clock and processor, lines found."""
    return [_ripgrep(logs, listed, folder / "zst"), _duckdb(logs, listed, folder / "parquet")]


def _ripgrep(logs: Sequence[Path], listed: Path, folder: Path) -> dict[str, object]:
    what = "rg -z -F -f LIST over zstd -3"
    if not (shutil.which("rg") and shutil.which("zstd")):
        return {"what": what, "note": "rg or zstd is not installed"}
    words = ["zstd", "-q", "-f", "-3"]
    ready = _prepared(logs, folder, ".zst", lambda log, out: _run([*words, str(log), "-o", str(out)]))
    timing, text = _timed(["rg", "-z", "-F", "-f", str(listed), "-c", "-I", "-j", "2", str(folder)], (0, 1))
    return {"what": what, **ready, **timing, "lines": sum(map(int, text.split()))}


def _duckdb(logs: Sequence[Path], listed: Path, folder: Path) -> dict[str, object]:
    what = "DuckDB over Parquet with bloom filters"
    try:
        import duckdb
    except ImportError:
        return {"what": what, "note": "duckdb is not installed"}
    connection = duckdb.connect()

    def write(log: Path, out: Path) -> None:
        connection.execute(WRITE.replace("LOG", str(log)).replace("OUT", str(out)))

    ready = _prepared(logs, folder, ".parquet", write)
    timing, text = _timed([sys.executable, "-c", ASK, str(folder), str(listed)], (0,))
    return {"what": f"{what} ({duckdb.__version__})", **ready, **timing, "lines": int(text)}


def _prepared(
    logs: Sequence[Path], folder: Path, suffix: str, make: Callable[[Path, Path], None]
) -> dict[str, object]:
    folder.mkdir(parents=True, exist_ok=True)
    outputs = {folder / f"{log.name}{suffix}": log for log in logs}
    for stale in set(folder.iterdir()) - set(outputs):
        stale.unlink()
    for out, log in outputs.items():
        if not out.exists():
            make(log, out)
    return {"stored": sum(out.stat().st_size for out in outputs)}


def _run(words: Sequence[str]) -> None:
    subprocess.run(words, check=True)


def _timed(words: Sequence[str], good: Sequence[int]) -> tuple[dict[str, object], str]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode not in good:
        raise RuntimeError(ran.stderr)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(seconds, 2), "processor_s": round(used, 2)}, ran.stdout


def show(logs: Sequence[Path], listed: Path, folder: Path) -> None:
    """Print one JSON object for each."""
    for item in compare(logs, listed, folder):
        print(json.dumps(item), flush=True)


def main() -> None:
    """Make the days and an archive of them, and print one JSON object for each program."""
    from bench import retro, retro_scale
    from lamsach.archive.archive import QUICK_LEVEL, Archive, writing
    from lamsach.archive.intake import fill
    from lamsach.logs.opening.inputs import find_logs

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=float, default=2, help="GB of raw lines")
    parser.add_argument("--folder", type=Path, default=Path("bench-out/retro-peers"))
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    (options.folder / "logs").mkdir(parents=True)
    listed, logs = options.folder / "list.txt", []
    listed.write_text("\n".join(retro_scale.values()) + "\n")
    for name, text in retro_scale.up_to(retro_scale.days(retro_scale.bases()), options.size * 1e9):
        logs.append(options.folder / "logs" / name)
        logs[-1].write_bytes(text)
    archive = Archive(str(options.folder / "archive"), create=True, level=QUICK_LEVEL)
    with writing(archive) as writer:
        for result in fill(writer, find_logs(map(str, logs))):
            assert result.problem is None
    for _twice in range(2):  # the first run makes packs
        retro.ask_alone(options.folder / "archive", listed)
    show(logs, listed, options.folder)


if __name__ == "__main__":
    main()
