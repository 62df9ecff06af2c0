"""Data of earlier versions, read by this one.

Archives (`data/archive-*`), findings bundles (`data/findings-*`), portals' databases and backups
(`data/*-5*`, whose schema was made by the migrations that the baseline replaces).

Fixtures never change: a version with another format adds its own with the next number. `portal-1` and
`portal-4` lack some of the migrations that the baseline replaces, and are rejected with a message.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from lamsach.archive.archive import Archive, writing
from lamsach.archive.export import export
from lamsach.archive.intake import fill
from lamsach.archive.retention import holds, reindex
from lamsach.archive.retro import retro
from lamsach.archive.verification import verify
from lamsach.investigate import Request
from lamsach.logs.opening.inputs import find_logs
from lamsach.results.bundle import read_bundle
from tests.portal.postgres import cluster, require_postgresql
from tests.portal.serve_process import MAIN, clean_environment
from tests.ports import free_port

DATA = Path(__file__).parent / "data"
ARCHIVES = sorted(path.name for path in DATA.glob("archive-*.tar.gz"))
BUNDLES = sorted(path.name for path in DATA.glob("findings-*.zip"))
REFUSED = ["portal-1.tar.gz", "portal-4.tar.gz"]
PORTALS = sorted({path.name for path in DATA.glob("portal-*.tar.gz")} - {*REFUSED})
BACKUPS = sorted(path.name for path in DATA.glob("backup-*.zip"))


def unpacked(name: str, folder: Path) -> Path:
    with tarfile.open(DATA / name) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_opens(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = unpacked(name, tmp_path)
    monkeypatch.chdir(folder)
    archive = Archive(str(folder / "archive"))
    assert verify(archive).problems == []
    assert [item.name for item in holds(archive)] == ["case"]
    findings, _, _ = retro(archive, Request([""], ["list.txt"]))
    assert sum(item.count for item in findings.sightings) == 8
    with writing(archive) as writer:
        reindex(writer)  # filters of another version cannot be asked: all was opened
    findings, _, plan = retro(archive, Request([""], ["list.txt"]))
    assert sum(item.count for item in findings.sightings) == 8
    assert plan.opened < plan.segments
    written = (folder / "fw.log").read_bytes()
    assert next(iter(export(archive, folder / "out"))).path.read_bytes() == written
    assert sum(row.lines for row in findings.coverage) == written.count(b"\n")
    (folder / "more.log").write_bytes(written[:20_000])
    with writing(archive) as writer:  # and is gone on with
        done = list(fill(writer, find_logs(["fw.log", "more.log"])))
    assert [item.segments for item in done if not item.known]
    assert verify(archive).problems == []


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_opens(name: str) -> None:
    bundle = read_bundle(DATA / name)
    assert (len(bundle.devices), len(bundle.sightings)) == (8, 8)


ASK = """
import json, django
django.setup()
from lamsach.portal.schema import bring_up_to_date
bring_up_to_date()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
left = executor.migration_plan(executor.loader.graph.leaf_nodes())
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.findings.models import Bundle, Device, Part, Sighting
from lamsach.portal.units.models import Membership
print(
    json.dumps(
        {
            "left": len(left),
            "campaigns": Campaign.objects.count(),
            "devices": Device.objects.count(),
            "sightings": Sighting.objects.count(),
            "parts": sum(part.day == part.sighting.day for part in Part.objects.all()),
            "bundles": list(Bundle.objects.values_list("state", flat=True)),
            "roles": list(Membership.objects.values_list("role", flat=True)),
        }
    )
)
"""


def opens(data: Path, address: str = "") -> None:
    """Migrate the portal in the folder and check its contents."""
    environment = {
        **os.environ,
        "LAMSACH_DATA": str(data),
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "lamsach.portal.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "left": 0,
        "campaigns": 1,
        "devices": 8,
        "sightings": 8,
        "parts": 8,
        "bundles": ["imported"],
        "roles": ["officer"],
    }


@pytest.mark.parametrize("name", PORTALS)
def test_a_portals_database_opens(name: str, tmp_path: Path) -> None:
    opens(unpacked(name, tmp_path) / "data")


@pytest.mark.parametrize("name", REFUSED)
def test_a_database_from_before_the_first_schema_is_refused_and_kept(name: str, tmp_path: Path) -> None:
    data = unpacked(name, tmp_path) / "data"
    before = (data / "lamsach.sqlite3").read_bytes()
    done = subprocess.run(
        [sys.executable, *MAIN, "serve", "--data", str(data), "--port", str(free_port())],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    assert "phiên bản phát triển trước bản phát hành đầu tiên" in done.stderr
    assert (data / "lamsach.sqlite3").read_bytes() == before


@pytest.mark.parametrize("name", BACKUPS)
def test_a_portals_backup_opens(name: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        address = ""
        if "postgresql" in name:
            address = stack.enter_context(cluster(require_postgresql()))
        restore = [sys.executable, *MAIN, "restore", str(DATA / name), "--data", str(tmp_path / "data")]
        environment = clean_environment(DATABASE_URL=address)
        done = subprocess.run(restore, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        opens(tmp_path / "data", address)
