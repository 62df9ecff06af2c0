"""The portal's tests once more on a real PostgreSQL, and backup and restore there."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from . import on_postgresql
from .conftest import TEMPLATE
from .postgres import fresh, require_postgresql
from .template import furnish

GROUPS = 2
"""So many processes of pytest one after the other.

One for all would keep a worker longer than all other tests last.
"""


@pytest.mark.long
@pytest.mark.parametrize("group", range(GROUPS))
def test_the_portal_on_postgresql(group: int, postgresql: str) -> None:
    ran = on_postgresql.run(postgresql, on_postgresql.PARTS[group::GROUPS])
    assert ran.returncode == 0, ran.stdout[-6000:]


def test_what_is_left_out_on_postgresql_is_there() -> None:
    """A row that names no test any more goes: its test has another name now, and runs."""
    text = {name: (Path(__file__).parent / name).read_text("utf-8") for name in on_postgresql.PARTS}
    for row in on_postgresql.left_out():
        file, _, test = row.partition("::")
        assert not row or f"def {test.partition('[')[0]}(" in text[file], row
    assert not any(row.startswith(on_postgresql.WHOLE) for row in on_postgresql.left_out())


TYPES = {"id": "bigint", "unit_id": "bigint", "name": "varchar", "data": "jsonb"}


@pytest.mark.parametrize(
    ("statement", "same", "other"),
    [
        (
            'SELECT "a"."id", "a"."name" FROM "a" WHERE "a"."id" = %s',
            'SELECT "b"."unit_id" FROM "b" WHERE "b"."unit_id" = %s',
            'SELECT "a"."id", "a"."name" FROM "a" WHERE "a"."name" = %s',
        ),
        (
            'SELECT "a"."id" FROM "a" WHERE "a"."id" IN (%s, %s, %s)',
            'SELECT "a"."id" FROM "a" WHERE "a"."id" IN (%s, %s)',
            'SELECT "a"."id" FROM "a" WHERE "a"."id" NOT IN (%s, %s)',
        ),
        (
            'SELECT "a"."id" FROM "a" INNER JOIN "b" T4 ON (T4."id" = "a"."id") WHERE T4."name" = %s',
            'SELECT "a"."id" FROM "a" INNER JOIN "c" U0 ON (U0."unit_id" = "a"."id") WHERE U0."name" = %s',
            'SELECT "a"."id" FROM "a" LEFT OUTER JOIN "b" T4 ON (T4."id" = "a"."id") WHERE T4."name" = %s',
        ),
        (
            'SELECT "a"."id" FROM "a" WHERE "a"."id" = %s ORDER BY "a"."id" ASC',
            'SELECT "b"."id" FROM "b" WHERE "b"."id" = %s ORDER BY "b"."unit_id" ASC',
            'SELECT "a"."id" FROM "a" WHERE "a"."id" = %s ORDER BY "a"."id" ASC FOR UPDATE',
        ),
        (
            'SELECT "a"."id" FROM "a"',
            'SELECT "a"."data", "a"."id" FROM "a"',
            'SELECT DISTINCT "a"."id" FROM "a"',
        ),
        (
            'SELECT MAX("a"."id") AS "x" FROM "a"',
            'SELECT MAX("a"."unit_id") AS "y" FROM "a"',
            'SELECT MAX("a"."name") AS "x" FROM "a"',
        ),
        (
            'UPDATE "a" SET "name" = %s WHERE "a"."id" = %s',
            'UPDATE "b" SET "name" = %s, "data" = NULL WHERE "b"."id" = %s',
            'UPDATE "a" SET "name" = UPPER("a"."name") WHERE "a"."id" = %s',
        ),
        (
            'INSERT INTO "a" ("name") VALUES (%s), (%s)',
            'INSERT INTO "b" ("id", "data") VALUES (%s, %s) RETURNING "b"."id"',
            'INSERT INTO "a" ("name") VALUES (%s) ON CONFLICT DO NOTHING',
        ),
    ],
)
def test_a_statements_form_is_its_types_and_words(statement: str, same: str, other: str) -> None:
    found = on_postgresql.form(statement, TYPES)
    assert found == on_postgresql.form(same, TYPES)
    assert found != on_postgresql.form(other, TYPES)


def test_enough_tests_ask_in_every_form() -> None:
    forms = {"a": {"1", "2"}, "b": {"2"}, "c": {"1", "2", "3"}, "d[x]": {"4"}, "d[y]": {"4"}, "e": set[str]()}
    seconds = {"a": 1.0, "b": 0.1, "c": 9.0, "d[x]": 0.2, "d[y]": 0.1, "e": 0.1}
    chosen = on_postgresql.enough(forms, seconds, {"b"})
    assert chosen == {"b", "c", "d[y]"}
    assert on_postgresql.table(set(forms), chosen) == ["a", "d[x]", "e"]


FILL = """
import sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from lamsach.portal.units import tree
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
tree.create("G06", "Cơ quan", None)
default_storage.save("files/ab/abc", ContentFile(b"kept"))
"""
LATER = "UPDATE units_unit SET code = 'G07'"


def portal(url: str, *command: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAMSACH_")}
    ran = subprocess.run(
        [sys.executable, *command],
        env={**environment, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran.stdout


def ask(url: str, data: Path, statement: str) -> list[tuple[str]]:
    """Change or read the database beside the portal."""
    if url:
        import psycopg

        with psycopg.connect(url) as server:
            done = server.execute(statement)  # type: ignore[call-overload]
            return done.fetchall() if done.description else []
    with closing(sqlite3.connect(data / "lamsach.sqlite3")) as file, file:
        return file.execute(statement).fetchall()


def round_trip(url: str, folder: Path) -> None:
    data, file = folder / "data", folder / "backup.zip"
    furnish(data)
    command = ["-c", "from lamsach.cli import main; main()"]
    portal(url, "-c", FILL, str(data))
    portal(url, *command, "backup", str(file), "--data", str(data))
    ask(url, data, LATER)
    portal(url, *command, "restore", str(file), "--data", str(data))
    assert ask(url, data, "SELECT code FROM units_unit") == [("G06",)]
    assert (data / "uploads/files/ab/abc").read_bytes() == b"kept"
    assert [path.name[:11] for path in folder.glob("data.*")] == ["data.before"]
    assert file.stat().st_mode & 0o077 == 0


def test_backup_and_restore_on_sqlite(tmp_path: Path) -> None:
    round_trip("", tmp_path)


@pytest.mark.long
def test_backup_and_restore_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    require_postgresql()
    round_trip(fresh(postgresql, template=TEMPLATE), tmp_path)
