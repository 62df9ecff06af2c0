"""The table of settings, its documentation, and strict parsing of values."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from lamsach.errors import UsageError
from lamsach.portal.database import _NO_COMPILING, _NOTICED, database
from lamsach.portal.options import OPTIONS, Options, markdown
from lamsach.portal.secret import secret_key

ROOT = Path(__file__).parents[2]


def test_the_documentation_is_the_table() -> None:
    assert (ROOT / "docs/settings.md").read_text("utf-8").endswith("\n\n" + markdown())


def test_every_setting_is_read_somewhere() -> None:
    source = (ROOT / "src/lamsach/portal/settings.py").read_text("utf-8")
    assert [option.name for option in OPTIONS if f'"{option.name}"' not in source] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("LAMSACH_IDLE_DAYS", "many"), ("LAMSACH_IDLE_DAYS", "-1"), ("LAMSACH_UPLOAD_MB", "٣")],
)
def test_a_wrong_number_is_told(name: str, value: str) -> None:
    with pytest.raises(UsageError) as error:
        Options({name: value}).number(name)
    assert error.value.where == name


def test_days_are_read_strictly() -> None:
    assert Options({"LAMSACH_DAYS_OFF": "2026-11-24, 2027-02-05"}).days("LAMSACH_DAYS_OFF") == {
        date(2026, 11, 24),
        date(2027, 2, 5),
    }
    with pytest.raises(UsageError):
        Options({"LAMSACH_DAYS_OFF": "24/11/2026"}).days("LAMSACH_DAYS_OFF")


@pytest.mark.parametrize(("value", "expected"), [("yes", True), ("ON", True), ("0", False), ("", False)])
def test_a_switch_is_on_off_or_left(value: str, expected: bool) -> None:
    assert Options({"LAMSACH_TLS": value}).switch("LAMSACH_TLS") is expected


def test_a_wrong_switch_is_told() -> None:
    with pytest.raises(UsageError):
        Options({"LAMSACH_TLS": "perhaps"}).switch("LAMSACH_TLS")


def test_a_postgresql_address(tmp_path: Path) -> None:
    made = database("postgres://a:p%40ss@db.example:5433/lam?sslmode=require", tmp_path)
    assert (made["NAME"], made["USER"], made["PASSWORD"]) == ("lam", "a", "p@ss")
    assert (made["HOST"], made["PORT"], made["OPTIONS"]) == (
        "db.example",
        "5433",
        {"options": f"{_NO_COMPILING} {_NOTICED}", "sslmode": "require"},
    )


@pytest.mark.parametrize("url", ["mysql://a/b", "postgres://host", "nonsense"])
def test_another_database_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        database(url, tmp_path)


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    assert len(secret_key(tmp_path)) > 50
    assert secret_key(tmp_path) == secret_key(tmp_path)
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_check_before_deployment_is_clean(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        env={
            "PATH": "/usr/bin:/bin",
            "DJANGO_SETTINGS_MODULE": "lamsach.portal.settings",
            "LAMSACH_DATA": str(tmp_path),
            "LAMSACH_URL": "https://lamsach.example",
            "LAMSACH_TLS": "yes",
            "LAMSACH_PROXIES": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_hunt_does_not_import_django() -> None:
    code = "import sys; import lamsach.cli.hunt_run, lamsach.cli.commands; print('django' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
