"""A private PostgreSQL cluster in a temporary folder, for the time of a test. The server refuses to run as root: then it runs as the user `postgres`."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.ports import free_port
from tests.programs import missing


def programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl`; None without a server."""
    found = shutil.which("pg_ctl")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


def require_postgresql() -> Path:
    """That folder, with `pg_dump` too; without it the test ends as for any program that is missing."""
    found = programs()
    return found if found is not None and (found / "pg_dump").exists() else missing("PostgreSQL")


def _as_user() -> list[str]:
    if os.geteuid() != 0:
        return []
    account = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


@contextmanager
def cluster(bin_folder: Path) -> Iterator[str]:
    """Start a cluster; its address as for DATABASE_URL."""
    with tempfile.TemporaryDirectory(prefix="lamsach-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        user = _as_user()
        if user:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
        folder.chmod(0o700)
        port = free_port()
        data = str(folder / "data")
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}

        def run(*command: str) -> None:
            done = subprocess.run(
                [*user, *command], cwd="/", env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr

        run(str(bin_folder / "initdb"), "-D", data, "-U", "lamsach", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        log = str(folder / "log")
        run(str(bin_folder / "pg_ctl"), "-D", data, "-l", log, "-w", "-o", options, "start")
        try:
            yield f"postgres://lamsach@127.0.0.1:{port}/postgres"
        finally:
            run(str(bin_folder / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")


def fresh(address: str, name: str = "", template: str = "template1") -> str:
    """A new database in the cluster, empty or a copy of another; its address."""
    import psycopg

    name = name or f"t{uuid4().hex}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return address.rpartition("/")[0] + f"/{name}"
