"""Snapshots of the rows and files written by a fixture, restored fast by plain SQL or COPY."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

COUNTED = {"units_counter", "units_changed"}
"""Tables that the database itself updates when rows are restored."""
Rows = dict[str, list[tuple[object, ...]] | bytes]
"""Rows by table; on PostgreSQL in its text format."""


@dataclass
class Snapshot:
    """Rows by table, files by path, and the fixture's pickled value."""

    rows: Rows
    files: dict[Path, bytes]
    objects: bytes = b""


def take_snapshot(write: Callable[[], object], folder: Path) -> Snapshot:
    """Collect the rows and files added by a function, which may not change existing rows."""
    before, existing = _all_rows(), _all_files(folder)
    write()
    added: Rows = {}
    for table, rows in _all_rows().items():
        old = set(before[table])
        assert old <= set(rows), f"{table}: a row was changed"
        if new := [row for row in rows if row not in old]:
            added[table] = b"".join(new) if connection.vendor == "postgresql" else new
    return Snapshot(added, {path: path.read_bytes() for path in _all_files(folder) - existing})


@transaction.atomic
def restore(snapshot: Snapshot) -> None:
    """Write the rows and files of a snapshot."""
    with connection.cursor() as cursor:
        for table, values in snapshot.rows.items():
            if isinstance(values, bytes):
                with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                    copy.write(values)
            else:
                places = ", ".join(["%s"] * len(values[0]))
                cursor.executemany(f'INSERT INTO "{table}" VALUES ({places})', values)
    for path, content in snapshot.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _all_files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def _all_rows() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    with connection.cursor() as cursor:
        for table in {*connection.introspection.table_names(cursor)} - COUNTED:
            if connection.vendor == "postgresql":
                with cursor.copy(f'COPY (SELECT * FROM "{table}") TO STDOUT') as copy:
                    found[table] = b"".join(copy).splitlines(keepends=True)
            else:
                cursor.execute(f'SELECT * FROM "{table}"')
                found[table] = [tuple(row) for row in cursor.fetchall()]
    return found
