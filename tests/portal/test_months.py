"""Partitions of sightings by month on PostgreSQL, made during concurrent reads and writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from lamsach.portal.findings import months

from .conftest import TEMPLATE
from .postgres import fresh, require_postgresql
from .serve_process import clean_environment
from .test_backup import lamsach

START = """
import sys
from datetime import date, datetime, timedelta, UTC
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.core.management import call_command
from django.db import connection
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.findings import months
from lamsach.portal.findings.models import Bundle, Device, Sighting
from lamsach.portal.units import tree
TODAY = date.today()
"""
SEED = (
    START
    + """
def sightings(days, count=2):
    unit = tree.create("G06", "Bộ", None)
    campaign = Campaign.objects.create(
        name="C", owner=unit, starts=TODAY, ends=TODAY, report_due=TODAY, form=default_form()
    )
    device = Device.objects.create(unit=unit, key="name:pc-1", name="PC-1")
    bundle = Bundle.objects.create(
        unit_id=unit.pk,
        campaign_id=campaign.pk,
        kind="hunt",
        way="upload",
        name="a.zip",
        path="a",
        size=1,
        sha256="0" * 64,
    )
    Sighting.objects.bulk_create(
        [
            Sighting(
                campaign=campaign,
                device=device,
                indicator=f"bot-{n}.example",
                indicator_type="domain",
                role="outbound",
                source="FW",
                day=day,
                count=1,
                passed=1,
                last=datetime(2026, 1, 1, tzinfo=UTC),
            )
            for day in days
            for n in range(count)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO findings_part (sighting_id, day, bundle_id, first, last, count, passed) "
            "SELECT id, day, %s, last, last, 1, 1 FROM findings_sighting", [bundle.pk])
"""
)
MIGRATE = START + 'call_command("migrate", interactive=False, verbosity=0)\n'
ARRANGE = START + "print(months.arrange())\n"
LIES = "SELECT tableoid::regclass::text, day::text, count(*) FROM findings_sighting GROUP BY 1, 2 ORDER BY 2"
REST = "findings_sighting_rest"
HELD = (
    "SELECT s.id, s.indicator, s.day::text, p.id, p.day::text FROM findings_sighting s JOIN findings_part p "
    "ON p.sighting_id = s.id ORDER BY 1"
)


def run(address: str, folder: Path, script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        env=clean_environment(DATABASE_URL=address),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def ask(address: str, statement: str) -> list[Any]:
    with psycopg.connect(address) as server:
        done = server.execute(statement)  # type: ignore[call-overload]
        return done.fetchall() if done.description else []


def refuses(address: str, statement: str, error: type[psycopg.Error]) -> None:
    with pytest.raises(error):
        ask(address, statement)


def place(day: str) -> str:
    """Return the table of a day's rows."""
    return f"findings_sighting_{day[:4]}_{day[5:7]}"


def test_keys_and_references_hold(postgresql: str, tmp_path: Path) -> None:
    address = fresh(postgresql, template=TEMPLATE)
    run(address, tmp_path, SEED + "sightings([TODAY - timedelta(days=100), date(2001, 1, 1)])")
    assert {table for table, _, _ in ask(address, LIES)} == {REST}
    assert run(address, tmp_path, ARRANGE) == "0"
    before = ask(address, HELD)
    assert [row[2] == row[4] for row in before] == [True] * 4
    assert {table: count for table, _, count in ask(address, LIES)} == {REST: 2, place(before[0][2]): 2}
    same = (
        "INSERT INTO findings_sighting (campaign_id, device_id, indicator, indicator_type, threat, role, "
        "source, day, count, passed, last) SELECT campaign_id, device_id, indicator, indicator_type, "
        "threat, role, source, day, 0, 0, last FROM findings_sighting"
    )
    part = (
        "INSERT INTO findings_part (sighting_id, bundle_id, first, last, count, passed, day) SELECT {}, "
        "bundle_id, first, last, 1, 1, {} FROM findings_part LIMIT 1"
    )
    refuses(address, same, psycopg.errors.UniqueViolation)
    refuses(address, part.format(999, "'2001-01-01'"), psycopg.errors.ForeignKeyViolation)
    refuses(address, part.format(999, "NULL"), psycopg.errors.NotNullViolation)
    refuses(address, "DELETE FROM findings_sighting", psycopg.errors.ForeignKeyViolation)
    refuses(address, "UPDATE findings_sighting SET device_id = 999", psycopg.errors.ForeignKeyViolation)
    assert ask(address, HELD) == before
    run(
        address,
        tmp_path,
        START + "Sighting.objects.filter(day__gt=date(2002, 1, 1)).delete(); Bundle.objects.all().delete()",
    )
    assert (ask(address, HELD), len(ask(address, LIES))) == ([], 1)


def test_months_wait_for_other_work(postgresql: str, tmp_path: Path) -> None:
    """Months are not made while sightings are written or read, but the next time."""
    address = fresh(postgresql, template=TEMPLATE)
    run(address, tmp_path, SEED + "months.arrange(); sightings([TODAY - timedelta(days=100)])")
    before = ask(address, HELD)
    for held in ("LOCK TABLE findings_sighting IN ROW EXCLUSIVE MODE", "SELECT * FROM findings_sighting"):
        with psycopg.connect(address) as other:
            other.execute(held)
            assert run(address, tmp_path, ARRANGE) == "1"
            assert ask(address, HELD) == before
    assert {table for table, _, _ in ask(address, LIES)} == {REST}
    assert run(address, tmp_path, ARRANGE) == "0"
    assert {table for table, _, _ in ask(address, LIES)} == {place(before[0][2])}
    assert ask(address, HELD) == before


def test_a_backup_is_restored_over_other_months(postgresql: str, tmp_path: Path) -> None:
    require_postgresql()
    address, data, file = fresh(postgresql, template=TEMPLATE), tmp_path / "data", tmp_path / "backup.zip"
    run(address, data, SEED + "sightings([TODAY - timedelta(days=100), date(2001, 1, 1)])\n" + ARRANGE)
    before, lay = ask(address, HELD), ask(address, LIES)
    lamsach(address, "backup", str(file), "--data", str(data))
    run(address, data, START + "months.arrange(TODAY + timedelta(days=400)); Sighting.objects.all().delete()")
    lamsach(address, "restore", str(file), "--data", str(data))
    assert (ask(address, HELD), ask(address, LIES)) == (before, lay)
    run(address, data, MIGRATE)
    other = fresh(postgresql)
    lamsach(other, "restore", str(file), "--data", str(data))
    assert (ask(other, HELD), ask(other, LIES)) == (before, lay)


@pytest.mark.django_db
def test_sqlite_has_one_table() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("on PostgreSQL")
    assert months.arrange() == 0
    months.hold()
    months.analyse()
