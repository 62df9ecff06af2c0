"""An empty database created from the models has the schema of the migrations, on both databases."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from .postgres import fresh, require_postgresql
from .serve_process import clean_environment
from .template import migrate

BY_MIGRATIONS = """
import sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from lamsach.portal.schema import bring_up_to_date
bring_up_to_date()
"""
LEFT = """
import sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
print(executor.migration_plan(executor.loader.graph.leaf_nodes()))
"""

TWICE = """
import sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.core import management
from django.db.migrations.recorder import MigrationRecorder
from lamsach.portal.schema import bring_up_to_date
called = []
management.call_command = lambda name, **options: called.append(name)
bring_up_to_date()
print(called)
MigrationRecorder.Migration.objects.filter(app="mail").delete()
bring_up_to_date()
print(called)
"""


def run(script: str, folder: Path, address: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        env=clean_environment(DATABASE_URL=address),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def of_sqlite(folder: Path) -> list[str]:
    """Columns, constraints, indexes and triggers of all tables, regardless of column order."""
    with closing(sqlite3.connect(folder / "lamsach.sqlite3")) as database:
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return sorted(f"{name}: {part.rstrip(') ')}" for name, sql in rows for part in sql.split(", "))


def of_postgresql(address: str) -> list[str]:
    """Lines of the schema dump, regardless of column order.

    Without a table of Django's that is not used here, whose numbers its migrations widen.
    """
    dump = [
        str(require_postgresql() / "pg_dump"),
        "-s",
        "--no-owner",
        "-T",
        "auth_group_permissions*",
        address,
    ]
    done = subprocess.run(dump, capture_output=True, text=True, check=True)
    return sorted(
        line.rstrip(",") for line in done.stdout.splitlines() if not re.match(r"--|\\(un)?restrict", line)
    )


def test_the_laid_out_schema_equals_the_migrated_on_sqlite(tmp_path: Path) -> None:
    laid_out, migrated = tmp_path / "new", tmp_path / "old"
    migrate(laid_out)
    run(BY_MIGRATIONS, migrated)
    assert of_sqlite(laid_out) == of_sqlite(migrated)
    assert run(LEFT, laid_out) == "[]"


@pytest.mark.long
def test_the_laid_out_schema_equals_the_migrated_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    laid_out, migrated = fresh(postgresql), fresh(postgresql)
    migrate(tmp_path, laid_out)
    run(BY_MIGRATIONS, tmp_path, migrated)
    assert of_postgresql(laid_out) == of_postgresql(migrated)
    assert run(LEFT, tmp_path, laid_out) == "[]"


def test_a_failure_in_the_middle_leaves_the_database_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = BY_MIGRATIONS.split("from django.core")[0] + (
        "import importlib\n"
        'module = importlib.import_module("lamsach.portal.reports.migrations.0001_baseline")\n'
        'module._SQLITE = ("CREATE NONSENSE",)\n'
        "from lamsach.portal.schema import bring_up_to_date\n"
        "try:\n    bring_up_to_date()\nexcept Exception:\n    print('failed')\n"
    )
    assert run(broken, tmp_path) == "failed"
    assert of_sqlite(tmp_path) == []
    migrate(tmp_path)
    assert run(LEFT, tmp_path) == "[]"


def test_only_what_is_missing_is_migrated(tmp_path: Path) -> None:
    migrate(tmp_path)
    assert run(TWICE, tmp_path).splitlines() == ["[]", "['migrate']"]
