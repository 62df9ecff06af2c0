"""Locks of the running processes, so that no backup is restored beneath one of them.

Each process that serves pages or runs jobs holds a shared lock on a file in the data folder for its lifetime,
and on PostgreSQL an advisory lock too; a restore takes both exclusively. The system and the database release
the locks when their holder ends, however it ends, so none goes stale. The database notices a vanished machine
within a minute.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamsach.errors import UsageError
from lamsach.i18n import mark
from lamsach.portal.database import database, stated
from lamsach.portal.options import Options
from lamsach.results.atomic import write_for_owner_only
from lamsach.runtime.extras import missing_extra

if TYPE_CHECKING:
    import psycopg

LOCK = "at-work.lock"
"""The lock file in the data folder; always empty."""
_KEY = 0x6C616D73617277
_AGAIN_S, _CHECK_S = 0.5, 5.0
"""Retry interval for a lock held by another; check interval of the connection that holds ours."""
_NOTICED = (
    "SET tcp_keepalives_idle = 20",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
)
_HELD: list[int] = []
logger = logging.getLogger("lamsach.portal.at_work")


def hold(data: Path, described: dict[str, Any], *, wait: bool = True) -> None:
    """Hold the shared locks until the process ends, and create files readable by the owner only.

    While a backup is being restored, wait; with `wait=False` raise UsageError. An unreachable database is no
    obstacle: a thread retries its lock.
    """
    write_for_owner_only()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    waiting = _Waiting(wait)
    while (locked := _shared(data)) is None:
        waiting.once_more(str(data))
    _HELD.append(locked)
    if not described["ENGINE"].endswith("postgresql"):
        return
    try:
        import psycopg
    except ImportError:
        return  # Django is about to say so
    lock = _ServerLock(described)
    with contextlib.suppress(psycopg.Error):
        while not lock.acquire():
            waiting.once_more(described["NAME"])
    threading.Thread(target=lock.maintain, name="at work", daemon=True).start()


def hold_configured() -> None:
    """Hold the data named by the environment, before the settings are read: a restore may change it."""
    options = Options()
    data = Path(options.text("LAMSACH_DATA")).absolute()
    hold(data, database(options.text("DATABASE_URL"), data))


class _Waiting:
    """Wait for the end of a restore, or refuse to."""

    def __init__(self, allowed: bool) -> None:
        self._allowed, self._said = allowed, False

    def once_more(self, where: str) -> None:
        """Sleep for the retry interval; UsageError when waiting is not allowed."""
        if not self._allowed:
            raise UsageError(
                mark("A backup is being put in place here."), where, mark("Start again when it is done.")
            )
        if not self._said:
            logger.warning("%s: a backup is being put in place; waiting for its end", where)
        self._said = True
        time.sleep(_AGAIN_S)


def _shared(data: Path) -> int | None:
    """Open and lock the file shared; None while it is locked exclusively or after the folder was moved."""
    try:
        descriptor = os.open(data / LOCK, os.O_RDONLY | os.O_CREAT, 0o644)
    except FileNotFoundError:
        return None
    if _flocked(descriptor, exclusive=False) and _is_at(descriptor, data / LOCK):
        return descriptor
    os.close(descriptor)
    return None


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _flocked(descriptor: int, *, exclusive: bool) -> bool:
    if os.name != "posix":
        return True  # a folder with open files cannot be moved on Windows
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as problem:  # a file system that knows no locks
        logger.warning("%s: no locks on this file system, running processes are unknown: %s", LOCK, problem)
    return True


@contextmanager
def lock_folder(data: Path) -> Iterator[None]:
    """Lock every process out of the data folder; UsageError while one holds it. Leaves no empty folder."""
    if os.name != "posix":
        yield
        return
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = data / LOCK
    existed = path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _flocked(descriptor, exclusive=True):
            raise _still_runs(str(data))
        try:
            yield
        finally:
            if not existed and _is_at(descriptor, path):
                path.unlink()
                with contextlib.suppress(OSError):
                    data.rmdir()
    finally:
        os.close(descriptor)


@contextmanager
def lock_database(described: dict[str, Any]) -> Iterator[None]:
    """Lock every process on any machine out of the PostgreSQL database; UsageError while one holds it."""
    try:
        import psycopg
    except ImportError as problem:
        raise missing_extra("psycopg") from problem
    try:
        connection = _connect(described)
    except psycopg.Error as problem:
        raise no_answer(problem) from problem
    with closing(connection):
        if not _asked(connection, "SELECT pg_try_advisory_lock(%s)"):
            raise _still_runs(", ".join(_holders(connection)) or described["NAME"])
        yield


def _still_runs(where: str) -> UsageError:
    return UsageError(
        mark("The portal still runs on this data."),
        where,
        mark("Stop it first, and every worker, on each machine: what they write now would be lost."),
    )


def no_answer(problem: Exception) -> UsageError:
    """Error for a database that does not answer."""
    return UsageError(
        mark("The database does not answer."),
        " ".join(str(problem).split())[:300],
        mark("See whether it runs, and whether DATABASE_URL is right."),
    )


def _connect(described: dict[str, Any]) -> psycopg.Connection[Any]:
    """Open a separate connection to the database of Django's description."""
    import psycopg

    ours = {"connect_timeout": 10, "application_name": f"lamsach {os.getpid()} {platform.node()}"}
    return psycopg.connect(autocommit=True, **{**ours, **described["OPTIONS"], **stated(described)})


def _asked(connection: psycopg.Connection[Any], lock: str) -> bool:
    row = connection.execute(lock.encode(), [_KEY]).fetchone()
    return row == (True,)


def _holders(connection: psycopg.Connection[Any]) -> list[str]:
    """Up to five lock holders, as program, process id and machine."""
    rows = connection.execute(
        "SELECT DISTINCT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND granted AND classid = %s AND objid = %s AND objsubid = 1"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1 LIMIT 5",
        [_KEY >> 32, _KEY & 0xFFFFFFFF],
    )
    return [name for (name,) in rows if name]


class _ServerLock:
    """The advisory lock and the connection that holds it."""

    def __init__(self, described: dict[str, Any]) -> None:
        self._described = described
        self._connection: psycopg.Connection[Any] | None = None
        self._held = False

    def acquire(self) -> bool:
        """Return whether the lock is held, reconnecting if needed. Raises psycopg.Error without database."""
        import psycopg

        try:
            if self._connection is None:
                self._connection = _connect(self._described)
                for setting in _NOTICED:
                    self._connection.execute(setting.encode())
            if self._held:
                self._connection.execute(b"SELECT 1")
            else:
                self._held = _asked(self._connection, "SELECT pg_try_advisory_lock_shared(%s)")
        except psycopg.Error:
            if self._connection is not None:
                self._connection.close()
            self._connection, self._held = None, False
            raise
        return self._held

    def maintain(self) -> None:
        """Hold the lock forever, checking its connection."""
        import psycopg

        while True:
            time.sleep(_CHECK_S)
            with contextlib.suppress(psycopg.Error):
                self.acquire()
