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
from .template import STEP_BY_STEP, furnish, migrate, template

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


def of_sqlite(file: Path) -> list[str]:
    """Columns, constraints, indexes and triggers of all tables, regardless of column order."""
    with closing(sqlite3.connect(file)) as database:
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
    """The models have no part in the schema that is cached: it is the migrations' (`template.py`)."""
    migrate(tmp_path)
    assert of_sqlite(tmp_path / "lamsach.sqlite3") == of_sqlite(template(STEP_BY_STEP))
    assert run(LEFT, tmp_path) == "[]"


@pytest.mark.long
def test_the_laid_out_schema_equals_the_migrated_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    laid_out, migrated = fresh(postgresql), fresh(postgresql)
    migrate(tmp_path, laid_out)
    migrate(tmp_path, migrated, STEP_BY_STEP)
    assert of_postgresql(laid_out) == of_postgresql(migrated)
    assert run(LEFT, tmp_path, laid_out) == "[]"


def test_a_failure_in_the_middle_leaves_the_database_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = STEP_BY_STEP.split("from django.core")[0] + (
        "import importlib\n"
        'module = importlib.import_module("lamsach.portal.reports.migrations.0001_baseline")\n'
        'module._SQLITE = ("CREATE NONSENSE",)\n'
        "from lamsach.portal.schema import bring_up_to_date\n"
        "try:\n    bring_up_to_date()\nexcept Exception:\n    print('failed')\n"
    )
    assert run(broken, tmp_path) == "failed"
    assert of_sqlite(tmp_path / "lamsach.sqlite3") == []
    migrate(tmp_path)
    assert run(LEFT, tmp_path) == "[]"


def test_only_what_is_missing_is_migrated(tmp_path: Path) -> None:
    furnish(tmp_path)
    assert run(TWICE, tmp_path).splitlines() == ["[]", "['migrate']"]
