"""No backup is restored beneath a running process, on both databases; killed processes block nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.errors import UsageError
from lamsach.portal import restore_lock
from lamsach.portal.database import database
from tests.poll import until
from tests.ports import free_port

from .conftest import TEMPLATE
from .postgres import DATABASES, fresh, require_postgresql
from .serve_process import MAIN, Served, clean_environment
from .template import furnish
from .test_backup import lamsach

STILL = VIETNAMESE["The portal still runs on this data."]


@contextmanager
def worker(url: str, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker without a web server, as on a second machine."""
    environment = clean_environment(DATABASE_URL=url, LAMSACH_DATA=str(data))
    process = subprocess.Popen([sys.executable, "-m", "lamsach.portal.worker"], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def is_held(url: str, data: Path) -> bool:
    """Return whether a process holds the folder."""
    described = database(url, data)
    try:
        with ExitStack() as alone:
            alone.enter_context(restore_lock.lock_folder(data))
            if url:
                alone.enter_context(restore_lock.lock_database(described))
    except UsageError:
        return True
    return False


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> str:
    """The database: a file, or one on a server."""
    if request.param == "sqlite":
        return ""
    require_postgresql()
    return fresh(request.getfixturevalue("postgresql"), template=TEMPLATE)


def test_nothing_is_put_in_place_while_the_portal_runs(url: str, tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "a.zip"
    furnish(data)
    portal = Served(data, DATABASE_URL=url)
    portal.wait()
    lamsach(url, "backup", str(file), "--data", str(data))
    output = lamsach(url, "restore", str(file), "--data", str(data), status=2)
    assert STILL in output
    assert not list(tmp_path.glob("data.*before*")), "something was moved"
    assert portal.end() == 0
    lamsach(url, "restore", str(file), "--data", str(data))
    assert list(tmp_path.glob("data.before-*"))


def test_a_worker_alone_is_noticed_and_a_killed_one_is_not(url: str, tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "a.zip"
    furnish(data)
    lamsach(url, "backup", str(file), "--data", str(data))
    elsewhere = tmp_path / "other machine"
    with worker(url, data) as process:
        until(lambda: is_held(url, data))
        if url:  # its database is under work, although this folder is not
            (look := tmp_path / "look").mkdir()
            until(lambda: is_held(url, look))  # it takes the folder first
            output = lamsach(url, "restore", str(file), "--data", str(elsewhere), status=2)
            assert f"lamsach {process.pid} " in output
            assert not elsewhere.exists()
        assert STILL in lamsach(url, "restore", str(file), "--data", str(data), status=2)
    until(lambda: not is_held(url, data))
    lamsach(url, "restore", str(file), "--data", str(data))


def test_no_portal_starts_while_a_backup_is_put_in_place(tmp_path: Path) -> None:
    data = tmp_path / "data"
    furnish(data)
    with restore_lock.lock_folder(data):
        ran = subprocess.run(
            [sys.executable, *MAIN, "serve", "--data", str(data), "--port", str(free_port())],
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 2
    assert VIETNAMESE["A backup is being put in place here."] in ran.stderr


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`hold`, with a lock that ends with the test instead of the process."""
    descriptors: list[int] = []
    monkeypatch.setattr(restore_lock, "_HELD", descriptors)
    monkeypatch.setattr(restore_lock, "_AGAIN_S", 0.01)
    yield restore_lock.hold
    for opened in descriptors:
        os.close(opened)


def test_who_waited_is_at_work_on_the_folder_that_was_put_in_place(
    tmp_path: Path, holding: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "kept").touch()
    waits = threading.Thread(target=holding, args=(data, database("", data)))
    with restore_lock.lock_folder(data):
        waits.start()
        until(lambda: "waiting for its end" in caplog.text)
        assert waits.is_alive()
        data.rename(tmp_path / "before")
        data.mkdir()
    waits.join(timeout=30)
    assert is_held("", data)
    assert not is_held("", tmp_path / "before")


def test_a_look_leaves_nothing_behind(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert not is_held("", data)
    assert not data.exists()
    data.mkdir()
    (data / "kept").touch()
    assert not is_held("", data)
    assert [path.name for path in data.iterdir()] == ["kept"]


def test_a_lost_connection_is_made_anew(postgresql: str, tmp_path: Path) -> None:
    import psycopg

    url = fresh(postgresql)
    lock = restore_lock._ServerLock(database(url, tmp_path))
    assert lock.acquire()
    with psycopg.connect(url, autocommit=True) as server:
        gone: Any = server.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE "
            "'lamsach %' AND datname = current_database()"
        ).fetchall()
    assert gone == [(True,)]
    assert not is_held(url, tmp_path)
    with pytest.raises(psycopg.Error):
        lock.acquire()
    assert lock.acquire()
    assert is_held(url, tmp_path)


def test_a_database_that_is_away_hinders_no_start_and_is_said_by_restore(
    tmp_path: Path, holding: Callable[..., None]
) -> None:
    away = database("postgres://a@127.0.0.1:9/b", tmp_path)
    holding(tmp_path, away)
    with pytest.raises(UsageError, match="does not answer"), restore_lock.lock_database(away):
        pass
