"""`lamsach serve` end to end as a process, on SQLite and on PostgreSQL.

Empty database, set-up link, pages, the worker's letter, graceful end, second start.
"""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.poll import until
from tests.ports import free_port

from .postgres import DATABASES, fresh
from .serve_process import MAIN, Served, Visitor, clean_environment

PASSWORD = "mat khau rat dai"


def wait_for(what: Callable[[], Any], served: Served) -> Any:
    """Wait until `what` returns a true value."""
    return until(what, why=served.output)


def connections(url: str) -> int:
    """Count connections of others to the PostgreSQL database."""
    import psycopg

    with psycopg.connect(url) as server:
        question = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
            "pg_backend_pid()"
        )
        row = server.execute(question).fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize("database", DATABASES)
def test_from_an_empty_database_to_a_letter_and_back_to_rest(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = fresh(request.getfixturevalue("postgresql")) if database == "postgresql" else ""
    served = Served(tmp_path / "data", DATABASE_URL=url)
    try:
        served.wait()
        link = served.set_up_link()
        assert link is not None, served.output()
        visitor = Visitor(served.address)
        home = visitor.post(
            link,
            unit_name="Bộ Minh họa",
            code="Z09",
            name="Quản trị",
            email="quantri@demo.example",
            password=PASSWORD,
        )
        assert (visitor.status, visitor.url) == (200, f"{served.address}/office/")
        assert "Quản trị" in home
        Visitor(served.address).get(link)
        again = Visitor(served.address)
        again.get(link)
        assert again.status == 404, "the link works once"
        assert "Bộ Minh họa" in visitor.get("/office/units/")
        visitor.post(
            "/office/people/invite/", email="moi@person.example", name="M", unit="Z09", role="officer"
        )
        outbox = tmp_path / "data/outbox"  # in the morning there is the daily letter too
        wait_for(
            lambda: [one for one in outbox.glob("*.eml") if b"moi@person.example" in one.read_bytes()],
            served,
        )
        assert (tmp_path / "data/lamsach.sqlite3").exists() is (database == "sqlite")
        refuses_what_is_too_large(served)
        children = psutil.Process(served.process.pid).children(recursive=True)
        assert any("lamsach.portal.worker" in child.cmdline() for child in children)
    finally:
        status = served.end()
    assert status == 0, served.output()
    assert psutil.wait_procs(children, timeout=30)[1] == []
    assert "Traceback" not in served.output(), served.output()
    if url:
        wait_for(lambda: connections(url) == 0, served)
    starts_again(served, url, link)


def starts_again(before: Served, url: str, link: str) -> None:
    """Check that a second start on the same data works and offers no further set-up."""
    served = Served(before.folder, DATABASE_URL=url)
    try:
        served.wait()
        assert served.set_up_link() is None
        visitor = Visitor(served.address)
        visitor.post("/accounts/login/", login="quantri@demo.example", password=PASSWORD)
        assert visitor.url == f"{served.address}/office/"
        visitor.get(served.address + link[link.index("/accounts/") :])
        assert visitor.status == 404
    finally:
        assert served.end() == 0


def refuses_what_is_too_large(served: Served) -> None:
    """Check that uploads of 200 MB, stated or not, are refused early and the portal continues."""
    place = served.address.removeprefix("http://")
    for headers in ({"Content-Length": "200000000"}, {"Transfer-Encoding": "chunked"}):
        connection = http.client.HTTPConnection(place, timeout=30)
        connection.putrequest("POST", "/help/")
        for name, value in {"Content-Type": "multipart/form-data; boundary=x", **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        if "Transfer-Encoding" in headers:
            connection.send(b"5\r\nhello\r\n0\r\n\r\n")
        assert connection.getresponse().status in (400, 403, 411, 413), headers
        connection.close()
    assert Visitor(served.address).get("/alive") == "ok\n"


def failed_start(more: Sequence[str] = (), **settings: str) -> str:
    """Output of `lamsach serve` when it cannot start and ends by itself."""
    command = [
        sys.executable,
        *MAIN,
        "serve",
        "--port",
        str(free_port()),
        "--data",
        settings.pop("data"),
        *more,
    ]
    ran = subprocess.run(
        command, env=clean_environment(**settings), capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode in (2, 5, 6), ran.stderr
    return ran.stderr


def test_a_database_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    output = failed_start(
        data=str(tmp_path / "data"),
        DATABASE_URL=f"postgres://a:secret@127.0.0.1:{free_port()}/lamsach",
        LANG="C",
    )
    assert "Traceback" not in output
    assert "secret" not in output
    assert len(output.strip().splitlines()) == 1, output


def test_without_the_library_for_postgresql_it_is_said_what_to_install(tmp_path: Path) -> None:
    blocked = tmp_path / "psycopg"
    blocked.mkdir()
    for name in ("psycopg", "psycopg2"):
        (blocked / f"{name}.py").write_text("raise ImportError('not installed')")
    output = failed_start(
        data=str(tmp_path / "data"), DATABASE_URL="postgres://a@127.0.0.1/lamsach", PYTHONPATH=str(blocked)
    )
    assert re.search(r"lamsach\[postgres\]", output), output
    assert len(output.strip().splitlines()) == 1, output
