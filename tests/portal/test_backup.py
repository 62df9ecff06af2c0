"""Backups created while rows and files are written.

A restore is complete and of a single moment, on both databases; a backup of the other database changes
nothing.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lamsach.errors import UnreadableError
from lamsach.portal import backup
from tests.poll import until

from .conftest import TEMPLATE
from .postgres import DATABASES, fresh, require_postgresql
from .serve_process import MAIN, clean_environment
from .template import furnish
from .test_workers import rows

TOTAL = 1_000_000
WRITE = f"""
import hashlib, os, sys
from pathlib import Path
from lamsach.portal.server import start
folder = Path(sys.argv[1])
start(folder)
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from lamsach.portal.jobs.models import Clock
from lamsach.portal.public.models import Tool
for name, turns in (("test.a", {TOTAL}), ("test.b", 0)):
    Clock.objects.create(name=name, attempts=turns, last=timezone.now())
erased = (folder.parent / "erased").open("a")
number = 0
while not (folder.parent / "stop").exists():
    number += 1
    with transaction.atomic():
        Clock.objects.filter(name="test.a").update(attempts=F("attempts") - 1)
        Clock.objects.filter(name="test.b").update(attempts=F("attempts") + 1)
    content = os.urandom(2000)
    digest = hashlib.sha256(content).hexdigest()
    path = default_storage.save(f"files/{{digest[:2]}}/{{digest}}", ContentFile(content))
    Tool.objects.create(
        name=f"T{{number}}", publisher="P", licence="L", systems="S", path=path, size=2000, sha256=digest
    )
    if number % 3 == 0:
        old = Tool.objects.order_by("pk")[0]
        old.delete()
        erased.write(old.sha256 + chr(10))
        erased.flush()
        default_storage.delete(old.path)
"""


def lamsach(url: str, *command: str, status: int = 0) -> str:
    """Run a command of the product; returns its output."""
    ran = subprocess.run(
        [sys.executable, *MAIN, *command],
        env=clean_environment(DATABASE_URL=url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == status, ran.stderr[-3000:]
    assert "Traceback" not in ran.stderr
    return ran.stderr


def turns(url: str, data: Path) -> dict[str, int]:
    """Read the two rows between which the writer moves amounts."""
    return dict(rows(url, data, "SELECT name, attempts FROM jobs_clock WHERE name LIKE 'test.%'"))


@contextmanager
def writer(url: str, data: Path) -> Iterator[Callable[[], int]]:
    """A process that writes continuously; yields its number of rounds."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(data)], env=clean_environment(DATABASE_URL=url)
    )

    def rounds() -> int:
        assert process.poll() is None
        return turns(url, data).get("test.b", 0)

    try:
        until(lambda: rounds() >= 20)
        yield rounds
    finally:
        (data.parent / "stop").touch()
        assert process.wait(timeout=60) == 0


def check(url: str, data: Path, erased: set[str]) -> int:
    """Check that a restored portal is of a single moment; returns its number of files."""
    amounts = turns(url, data)
    assert sum(amounts.values()) == TOTAL, "half a transfer"
    tools = rows(url, data, "SELECT sha256, path FROM public_tool")
    assert len(tools) >= amounts["test.b"] - amounts["test.b"] // 3 - 2
    found = 0
    for digest, path in tools:
        file = data / "uploads" / path
        if file.exists():
            assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
            found += 1
        else:
            assert digest in erased, "a file that nobody erased is missing"
    return found


@pytest.mark.parametrize("database", DATABASES)
def test_a_backup_under_load_is_whole(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = empty = ""
    if database == "postgresql":
        require_postgresql()
        cluster = request.getfixturevalue("postgresql")
        url, empty = fresh(cluster, template=TEMPLATE), fresh(cluster)
    data = tmp_path / "data"
    furnish(data)
    files = [tmp_path / f"{number}.zip" for number in range(2)]
    with writer(url, data) as rounds:
        for file in files:
            before = rounds()
            lamsach(url, "backup", str(file), "--data", str(data))
            until(lambda before=before: rounds() > before)
    erased = set((tmp_path / "erased").read_text().split())
    for number, file in enumerate(files):
        target = tmp_path / f"restored{number}"
        lamsach(empty, "restore", str(file), "--data", str(target))
        assert check(empty, target, erased) > 5
        assert (target / "secret-key").read_bytes() == (data / "secret-key").read_bytes()
    refuses_the_other_database(url, files[-1], tmp_path / "restored1")


def refuses_the_other_database(url: str, file: Path, data: Path) -> None:
    """A backup of SQLite for a portal on PostgreSQL, or vice versa, is refused and replaces nothing."""
    before = sorted(path.relative_to(data) for path in data.rglob("*"))
    other = "" if url else "postgres://a@127.0.0.1:9/b"
    assert "DATABASE_URL" in lamsach(other, "restore", str(file), "--data", str(data), status=2)
    assert sorted(path.relative_to(data) for path in data.rglob("*")) == before
    assert not data.with_name(data.name + ".restoring").exists()


def test_a_byte_that_changed_is_found(tmp_path: Path) -> None:
    data, file, broken = tmp_path / "data", tmp_path / "a.zip", tmp_path / "b.zip"
    furnish(data)
    (data / "outbox").mkdir()
    (data / "outbox/letter-1.eml").write_text("a letter that has no other home")
    lamsach("", "backup", str(file), "--data", str(data))
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(broken, "w") as new:
        assert "outbox/letter-1.eml" in old.namelist()
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content[:-1] + b"!" if name.startswith("outbox/") else content)
    assert "letter-1.eml" in lamsach("", "restore", str(broken), "--data", str(data), status=5)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("data")] == ["data"]


def test_a_secret_key_of_the_environment_needs_no_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    furnish(data)
    subprocess.run(
        [sys.executable, *MAIN, "backup", str(tmp_path / "a.zip"), "--data", str(data)],
        env=clean_environment(LAMSACH_SECRET_KEY="x" * 50, DATABASE_URL=""),
        check=True,
    )
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert sorted(archive.namelist()) == ["database.sqlite3", "manifest.json"]


@pytest.mark.one_date
def test_a_damaged_backup_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "lamsach.sqlite3").write_text("old")
    file = tmp_path / "b.zip"
    for names in ({"secret-key": "0" * 64}, {"../out": "0" * 64}):
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, "x")
            archive.writestr("manifest.json", json.dumps({"schema": 1, "files": names}))
        with pytest.raises(Exception, match="backup"):
            backup.restore(file, data)
    whole = bytearray(file.read_bytes())
    place = whole.rfind(b"PK\x01\x02")  # the manifest's row of the directory
    for offset, value in (
        (6, 0xFF),
        (8, 0x01),
        (10, 0x63),
    ):  # a future version, a password, an unknown compression
        damaged = bytearray(whole)
        damaged[place + offset] = value
        file.write_bytes(damaged)
        with pytest.raises(UnreadableError):
            backup.restore(file, data)
    file.write_bytes(b"no zip")
    with pytest.raises(UnreadableError):
        backup.restore(file, data)
    assert (data / "lamsach.sqlite3").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("data")] == ["data"]
