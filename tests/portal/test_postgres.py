"""The portal's tests once more on a real PostgreSQL, and backup and restore there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .postgres import fresh, programs

HERE = Path(__file__).parent
PARTS = (
    "test_campaigns.py",
    "test_units.py",
    "test_mail.py",
    "test_api.py",
    "test_findings.py",
    "test_reports.py",
    "test_exchange.py",
    "test_exchange_exports.py",
    "test_exchange_outgoing.py",
    "test_privacy.py",
)


def test_the_portal_on_postgresql(postgresql: str) -> None:
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            *(str(HERE / part) for part in PARTS),
        ],
        env={**os.environ, "LAMSACH_TEST_POSTGRES": postgresql},
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
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit
if sys.argv[2] == "fill":
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    tree.create("G06", "Cơ quan", None)
    default_storage.save("files/ab/abc", ContentFile(b"kept"))
elif sys.argv[2] == "more":
    tree.create("G07", "Sau khi sao lưu", None)
else:
    print(sorted(Unit.objects.values_list("code", flat=True)), (Path(sys.argv[1]) / "uploads/files/ab/abc").read_bytes())
"""


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


def round_trip(url: str, folder: Path) -> None:
    data, file = folder / "data", folder / "backup.zip"
    command = ["-c", "from lamsach.cli import main; main()"]
    portal(url, "-c", FILL, str(data), "fill")
    portal(url, *command, "backup", str(file), "--data", str(data))
    portal(url, "-c", FILL, str(data), "more")
    portal(url, *command, "restore", str(file), "--data", str(data))
    assert portal(url, "-c", FILL, str(data), "show").strip() == "['G06'] b'kept'"
    assert [path.name[:11] for path in folder.glob("data.*")] == ["data.before"]
    assert file.stat().st_mode & 0o077 == 0


def test_backup_and_restore_on_sqlite(tmp_path: Path) -> None:
    round_trip("", tmp_path)


def test_backup_and_restore_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    if not (programs() or Path("/nowhere") / "x").joinpath("pg_dump").exists():
        pytest.skip("pg_dump is not installed")
    round_trip(fresh(postgresql), tmp_path)
