"""A private PostgreSQL cluster in a temporary folder, for the duration of a test.

The server refuses to run as root: then it runs as the user `postgres`.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.ports import free_port
from tests.programs import missing

from .template import locked_shelf

KEPT = 3
"""Number of clusters cached for the next run."""
QUICK = "-c jit=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
"""Settings for tests, whose data are few and expendable; benchmarks use the server's own."""

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)]
"""Parameters of tests that hold on both databases: `make test` runs them on the first."""


def programs() -> Path | None:
    """Folder with `initdb` and `pg_ctl`; None without a server."""
    found = shutil.which("pg_ctl")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


def require_postgresql() -> Path:
    """That folder, with `pg_dump`; without it the test fails as for any missing program."""
    found = programs()
    return found if found is not None and (found / "pg_dump").exists() else missing("PostgreSQL")


def _as_user() -> list[str]:
    if os.geteuid() != 0:
        return []
    account = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


def _run(*command: str) -> None:
    done = subprocess.run(
        [*_as_user(), *command],
        cwd="/",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _own_folder() -> Iterator[Path]:
    """A folder writable by the server's user."""
    with tempfile.TemporaryDirectory(prefix="lamsach-pg-", ignore_cleanup_errors=True) as name:
        if _as_user():
            account = pwd.getpwnam("postgres")
            os.chown(name, account.pw_uid, account.pw_gid)
        Path(name).chmod(0o700)
        yield Path(name)


@contextmanager
def _started(bin_folder: Path, folder: Path, how_it_stops: str, more: str = "") -> Iterator[str]:
    """Start the server on the data in this folder; yields its address."""
    port = free_port()
    control = [str(bin_folder / "pg_ctl"), "-D", str(folder / "data")]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off {more}"
    _run(*control, "-l", str(folder / "log"), "-w", "-o", options, "start")
    try:
        yield f"postgres://lamsach@127.0.0.1:{port}/postgres"
    finally:
        _run(*control, "-m", how_it_stops, "-w", "stop")


def _cached(bin_folder: Path, holds: str, fill: Callable[[str], object]) -> Path:
    """Data of a stopped cluster, filled by `fill`, cached by PostgreSQL version and by what it `holds`."""
    ran = subprocess.run([bin_folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    digest = hashlib.sha256(f"{bin_folder} {ran.stdout} {holds}".encode()).hexdigest()[:24]
    with locked_shelf() as shelf:
        data = shelf / f"postgresql-{digest}"
        if not data.exists():
            for old in sorted(shelf.glob("postgresql-*"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
                shutil.rmtree(old)
            with _own_folder() as folder:
                options = ("-U", "lamsach", "-A", "trust", "-E", "UTF8", "--no-sync")
                _run(str(bin_folder / "initdb"), "-D", str(folder / "data"), *options)
                with _started(bin_folder, folder, "fast") as address:
                    fill(address)
                part = data.with_name("part")
                shutil.rmtree(part, ignore_errors=True)
                subprocess.run(["cp", "-a", folder / "data", part], check=True)
            part.rename(data)
        return data


@contextmanager
def cluster(
    bin_folder: Path, holds: str = "", fill: Callable[[str], object] = lambda address: None, more: str = ""
) -> Iterator[str]:
    """Start a cluster filled by `fill` with what it `holds`; yields its address as for DATABASE_URL.

    `more`: options of the server, such as QUICK.
    """
    cached = _cached(bin_folder, holds, fill)
    with _own_folder() as folder:
        subprocess.run(["cp", "-a", cached, folder / "data"], check=True)
        with _started(bin_folder, folder, "immediate", more) as address:
            yield address


def fresh(address: str, name: str = "", template: str = "template1") -> str:
    """A new database in the cluster, empty or a copy of another; yields its address."""
    import psycopg

    name = name or f"t{uuid4().hex}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return address.rpartition("/")[0] + f"/{name}"
