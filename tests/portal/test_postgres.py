"""The portal's tests once more on a real PostgreSQL, and backup and restore there."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import TEMPLATE
from .postgres import fresh, require_postgresql
from .template import furnish

HERE = Path(__file__).parent
PARTS = (
    "test_units.py",
    "test_people.py",
    "test_campaigns.py",
    "test_campaign_shelf.py",
    "test_awareness.py",
    "test_reaching.py",
    "test_support.py",
    "test_mail.py",
    "test_mail_pace.py",
    "test_claims.py",
    "test_questions_erased.py",
    "test_incoming.py",
    "test_api.py",
    "test_findings.py",
    "test_fleet.py",
    "test_cases.py",
    "test_cases_evidence.py",
    "test_cases_handling.py",
    "test_cases_dashboard.py",
    "test_reports.py",
    "test_reports_carried.py",
    "test_reports_once.py",
    "test_reports_received.py",
    "test_lists.py",
    "test_lists_taxii.py",
    "test_lists_outlets.py",
    "test_exchange.py",
    "test_exchange_exports.py",
    "test_exchange_outgoing.py",
    "test_exchange_upward.py",
    "test_privacy.py",
    "test_traces_cases.py",
    "test_hostile_parameters.py",
    "test_unsent.py",
)
GROUPS = 3
"""So many processes of pytest one after the other: one for all would keep a worker longer than all other tests last."""


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_portal_on_postgresql(group: int, postgresql: str) -> None:
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_", "DJANGO_"))}
    parts = [str(HERE / part) for part in PARTS[group::GROUPS]]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *parts],
        env={**clean, "LAMSACH_TEST_POSTGRES": postgresql},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:]


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


def test_backup_and_restore_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    require_postgresql()
    round_trip(fresh(postgresql, template=TEMPLATE), tmp_path)
