"""`DATABASE_URL` also applies to PostgreSQL's programs in backup and restore; no secret is in arguments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import UsageError
from lamsach.portal.backup import _replay
from lamsach.portal.database import client_environment, database

from .serve_process import MAIN, clean_environment
from .template import furnish

URL = (
    "postgres://u%40x:wor%2Fd@db.example:6543/name?sslmode=verify-full&sslrootcert=/etc/ca.pem&"
    "connect_timeout=7"
    "&target_session_attrs=read-write&keepalives=1&client_encoding=LATIN1&options=-c%20search_path%3Da"
)
SAID = """#!{python}
import json, os, sys
record = {{"argv": sys.argv, "pg": {{n: v for n, v in os.environ.items() if n.startswith("PG")}}}}
with open({log!r}, "a") as file:
    file.write(json.dumps(record) + chr(10))
for word in sys.argv:
    if word.startswith("--file=") and word != "--file=-":
        open(word.removeprefix("--file="), "w").write("a dump")
if "psql" in sys.argv[0]:
    sys.stdin.buffer.read()
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fake PostgreSQL programs, first in the path; file in which they record their calls."""
    folder, log = tmp_path / "bin", tmp_path / "calls"
    folder.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        (folder / name).write_text(SAID.format(python=sys.executable, log=str(log)))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return log


def calls(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def matches_url(call: dict[str, Any]) -> None:
    """Check that a call connects as DATABASE_URL states."""
    pg = call["pg"]
    assert (pg["PGHOST"], pg["PGPORT"], pg["PGUSER"], pg["PGDATABASE"]) == (
        "db.example",
        "6543",
        "u@x",
        "name",
    )
    assert (pg["PGSSLMODE"], pg["PGSSLROOTCERT"]) == ("verify-full", "/etc/ca.pem")
    assert (pg["PGCONNECT_TIMEOUT"], pg["PGTARGETSESSIONATTRS"]) == ("7", "read-write")
    assert pg["PGPASSWORD"] == "wor/d"
    assert not any("wor/d" in word for word in call["argv"])


def test_connections_are_reused(tmp_path: Path) -> None:
    assert {database(url, tmp_path)["CONN_MAX_AGE"] for url in ("", URL)} == {60}


def test_backup_and_restore_connect_as_the_portal_does(programs: Path, tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "a.zip"
    furnish(data)
    ran = subprocess.run(
        [sys.executable, *MAIN, "backup", str(file), "--data", str(data)],
        env=clean_environment(DATABASE_URL=URL),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    (dump,) = calls(programs)
    matches_url(dump)
    with zipfile.ZipFile(file) as archive:
        assert archive.read("database.dump") == b"a dump"
    programs.unlink()
    _replay(tmp_path / "none.dump", database(URL, data))
    read, write = sorted(calls(programs), key=lambda call: call["argv"][0])
    matches_url(read)
    matches_url(write)


def test_options_of_the_session_stand_beside_ours() -> None:
    assert client_environment(database(URL, Path()))["PGOPTIONS"] == "-c search_path=a -c lock_timeout=30s"
    plain = client_environment(database("postgres://a@h/b", Path()))
    assert plain["PGOPTIONS"].startswith("-c jit=off ")
    assert plain["PGOPTIONS"].endswith(" -c lock_timeout=30s")


def test_a_dump_keeps_the_encoding_of_the_database() -> None:
    assert "PGCLIENTENCODING" not in client_environment(database(URL, Path()))


def test_what_the_address_itself_says_goes_before_its_options() -> None:
    environment = client_environment(database("postgres://a:p@h/b?user=c&password=d&port=5", Path()))
    assert (environment["PGUSER"], environment["PGPASSWORD"], environment["PGPORT"]) == ("a", "p", "5")
    assert client_environment(database("postgres:///b?password=d", Path()))["PGPASSWORD"] == "d"


@pytest.mark.parametrize(
    "url",
    ["mysql://a@h/b", "postgres://a@h/", "postgres://a@h:99999/b", "postgres://a@h:x/b", "postgres://[::1/b"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        database(url, Path())
