"""Results, archive segments and portal uploads are readable by their owner alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lamsach.archive.export import export
from lamsach.letters.output import write as write_letter
from lamsach.letters.unit_report import report_of
from lamsach.results.output import WRITERS, write
from tests.archive.builders import BEGIN, filled, firewall_line
from tests.results.sample import rich_findings

_PORTAL = """
import sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE a (b)")
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
default_storage.save("bundles/ab/abcd", ContentFile(b"x"))
"""


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """Set the usual umask."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """List the entries in a folder that other users may read, write or enter."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.stat().st_mode & 0o077]


def test_every_result_of_a_hunt_and_its_report(tmp_path: Path) -> None:
    for suffix in WRITERS:
        write(rich_findings(), tmp_path / f"result{suffix}")
    _filled, document, _warned = report_of("Đơn vị A", [tmp_path / "result.zip"], today=BEGIN.date())
    write_letter(document, tmp_path / "report.docx")
    assert len(list(tmp_path.iterdir())) == len(WRITERS) + 1
    assert open_to_others(tmp_path) == []


def test_an_archive_and_its_exports(tmp_path: Path) -> None:
    log = tmp_path / "fw.log"
    log.write_text(firewall_line(BEGIN + timedelta(seconds=1), "10.0.0.8", "203.0.113.66") + "\n")
    log.chmod(0o600)
    archive, _done = filled(tmp_path / "kept" / "archive", log)
    assert all(made.problem is None for made in export(archive, tmp_path / "out" / "logs"))
    assert len(list((tmp_path / "kept").rglob("*"))) > 3
    assert list((tmp_path / "out" / "logs").iterdir())
    assert open_to_others(tmp_path) == []


def test_a_portal_in_a_folder_that_everybody_may_enter(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    subprocess.run(
        [sys.executable, "-c", _PORTAL, str(data)], check=True, env={**os.environ, "DATABASE_URL": ""}
    )
    assert (data / "uploads/bundles/ab/abcd").exists()
    assert list(data.glob("*.sqlite3*"))
    assert open_to_others(data) == []
