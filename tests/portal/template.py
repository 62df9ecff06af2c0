"""A database with the current schema, created once and copied for each test that needs a portal.

The SQLite copy is cached between runs in the temporary folder, under a name that changes with every migration
of ours or of the libraries.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path

PORTAL = Path(__file__).parents[2] / "src/lamsach/portal"
LIBRARIES = ("django", "django-allauth")
KEPT = 16
"""Number of files cached for the next run, since each branch tested may have its own."""
_START = """
import sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
"""
_UP_TO_DATE = """
from lamsach.portal.schema import bring_up_to_date
bring_up_to_date()
"""
LAY_OUT = _START + _UP_TO_DATE
STEP_BY_STEP = (
    _START
    + """
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
"""
    + _UP_TO_DATE
)
"""By all migrations in order, for which Django takes ten seconds."""


def migrate(folder: Path, address: str = "", script: str = LAY_OUT) -> None:
    """Migrate the database of a data folder (or of a PostgreSQL address) to the current schema."""
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_"))}
    command = [sys.executable, "-c", script, str(folder)]
    ran = subprocess.run(
        command, env={**clean, "DATABASE_URL": address}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-3000:]


def schema() -> str:
    """Digest of all migrations and trigger definitions."""
    digest = hashlib.sha256()
    for path in sorted(PORTAL.glob("*/migrations/*.py")):
        digest.update(path.relative_to(PORTAL).as_posix().encode() + path.read_bytes())
    for name in ("settings.py", "schema.py", "units/counters.py", "units/facts.py", "findings/months.py"):
        digest.update((PORTAL / name).read_bytes())
    digest.update(" ".join(version(name) for name in LIBRARIES).encode())
    return digest.hexdigest()[:24]


@contextmanager
def locked_shelf() -> Iterator[Path]:
    """The cache folder, locked for one process at a time."""
    shelf = Path(tempfile.gettempdir()) / f"lamsach-test-{os.getuid()}"
    shelf.mkdir(mode=0o700, exist_ok=True)
    assert shelf.stat().st_uid == os.getuid(), f"{shelf} is somebody else's"
    with (shelf / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield shelf


def template(script: str = LAY_OUT) -> Path:
    """The SQLite file with the current schema and only the rows of the migrations."""
    with locked_shelf() as shelf:
        kind = "" if script == LAY_OUT else "-" + hashlib.sha256(script.encode()).hexdigest()[:8]
        file = shelf / f"{schema()}{kind}.sqlite3"
        if not file.exists():
            for old in sorted(shelf.glob("*.sqlite3"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
                old.unlink()
            with tempfile.TemporaryDirectory() as name:
                migrate(Path(name), script=script)
                with closing(sqlite3.connect(Path(name) / "lamsach.sqlite3")) as source:
                    source.execute("VACUUM INTO ?", (str(Path(name) / "whole"),))
                shutil.move(Path(name) / "whole", file.with_suffix(".part"))
                file.with_suffix(".part").replace(file)
    return file


def furnish(folder: Path) -> None:
    """Create a data folder whose database has the current schema."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(template(), folder / "lamsach.sqlite3")


def pour(name: str) -> sqlite3.Connection:
    """Fill the in-memory database of that address; it lives as long as the returned connection."""
    connection = sqlite3.connect(name, uri=True, check_same_thread=False)
    with closing(sqlite3.connect(template())) as source:
        source.backup(connection)
    return connection
