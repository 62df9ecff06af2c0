"""The same search by DuckDB and by Polars, each by the best plan known for it, as a program of its own.

    python -m bench.peers duckdb|polars FORMAT LOG LIST --threads N

prints one JSON object: `lines` (matching lines) and `seconds` (of the search alone, without imports and
loading of the list). Both read only the columns that can hold the contacted name, address, URL or hash; they
prove less than the hunt, never more. `python -m bench.peers prepare LIST` makes DuckDB's tables of the list
and Polars' columns, which is not timed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

SQL = Path(__file__).parent / "sql"


def database_of(list_path: Path) -> Path:
    """Return DuckDB's file for a list."""
    return list_path.with_suffix(".duckdb")


def prepare(list_path: Path) -> None:
    """Write the list as DuckDB tables and as Parquet files for Polars, next to it."""
    import duckdb
    import polars as pl

    from bench.generate import read_list

    database = database_of(list_path)
    if not database.exists():
        partial = database.with_suffix(".partial")
        with duckdb.connect(str(partial)) as connection:
            connection.execute((SQL / "macros.sql").read_text("ascii"))
            connection.execute(f"SET VARIABLE list = '{list_path}'")
            connection.execute((SQL / "setup.sql").read_text("ascii"))
        partial.rename(database)
    if not parquet_of(list_path, "url").exists():
        for kind, values in read_list(list_path).items():
            pl.DataFrame({"value": values}).write_parquet(parquet_of(list_path, kind))


def parquet_of(list_path: Path, kind: str) -> Path:
    """Return Polars' file for one kind of indicator."""
    return list_path.with_suffix(f".{kind}.parquet")


def query_of(name: str) -> str:
    """Return the SQL for a format: its reading, and the counting named by its first line."""
    text = (SQL / f"{name}.sql").read_text("ascii")
    first, _, reading = text.partition("\n")
    return reading + (SQL / f"{first.removeprefix('-- count: ')}.sql").read_text("ascii")


def run_duckdb(name: str, log: Path, list_path: Path, threads: int) -> tuple[int, float]:
    """Return matching lines and seconds."""
    import duckdb

    with duckdb.connect(
        str(database_of(list_path)), read_only=True, config={"threads": threads}
    ) as connection:
        connection.execute(f"SET VARIABLE log = '{log}'")
        start = time.perf_counter()
        row = connection.execute(query_of(name)).fetchone()
        return (row[0] if row else 0), time.perf_counter() - start


def run_polars(name: str, log: Path, list_path: Path, threads: int) -> tuple[int, float]:
    """Return matching lines and seconds. The number of threads is fixed before the import."""
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl

    from bench.peers_polars import count

    kinds = ("domain", "address", "network", "hash", "url")
    values = {kind: pl.read_parquet(parquet_of(list_path, kind))["value"] for kind in kinds}
    start = time.perf_counter()
    return count(name, str(log), values), time.perf_counter() - start


PEERS: dict[str, Callable[[str, Path, Path, int], tuple[int, float]]] = {
    "duckdb": run_duckdb,
    "polars": run_polars,
}


def main(arguments: list[str]) -> None:
    """See the module."""
    if arguments[0] == "prepare":
        prepare(Path(arguments[1]))
        return
    peer, name, log, list_path = arguments[:4]
    threads = int(arguments[5]) if arguments[4:5] == ["--threads"] else 2
    lines, seconds = PEERS[peer](name, Path(log), Path(list_path), threads)
    print(json.dumps({"lines": lines, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1:])
