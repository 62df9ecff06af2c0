"""A bundle filled by the portal, under Wine.

It reports with its own token, and refuses a changed list.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from lamsach.errors import ExitStatus
from lamsach.indicators.releases.seal import load_private_key, make_key
from lamsach.scanner.campaign import Terms, signed

from .portals import TOKEN, Portal
from .wine import Wine

pytestmark = pytest.mark.wine
LISTED = b"evil.example.com\n"


@pytest.fixture
def filled(scanner_bundle: Path, portal: Portal, tmp_path: Path) -> Path:
    """The bundle with a campaign inside, next to the shared one without."""
    folder = tmp_path / "Bộ công cụ"
    (folder / "campaign").mkdir(parents=True)
    for name in ("python", "lib"):
        (folder / name).symlink_to(scanner_bundle / name)
    shutil.copytree(scanner_bundle / "app", folder / "app")
    terms = Terms(portal=portal.home, word=TOKEN, unit="Phòng Một")
    own = signed(
        {"01-danh sách.txt": hashlib.sha256(LISTED).hexdigest()}, load_private_key(make_key()[0], ""), terms
    )
    for name, data in {**own, "01-danh sách.txt": LISTED}.items():
        (folder / "campaign" / name).write_bytes(data)
    return folder


@pytest.fixture
def scanner(wine: Wine, filled: Path, monkeypatch: pytest.MonkeyPatch) -> Wine:
    """The filled scanner on a machine without the unit's token.

    It does not use the proxies planted there by other tests.
    """
    wine_scanner = Wine(wine.prefix, filled)
    wine_scanner.variables.pop("LAMSACH_TOKEN", None)
    wine_scanner.variables["NO_PROXY"] = "127.0.0.1"
    return wine_scanner


def test_it_reports_with_its_own_token(scanner: Wine, portal: Portal) -> None:
    ran = scanner.scanner("scan", "--quick", "--quiet", "--no-memory")
    assert ran.stdout.strip().endswith("sent=1"), ran.stdout + ran.stderr
    (summary,) = portal.summaries
    assert summary["mode"] == "quick"
    assert f"malicious={summary['malicious']} " in ran.stdout


def test_a_changed_list_is_refused(scanner: Wine, filled: Path, portal: Portal) -> None:
    with (filled / "campaign/01-danh sách.txt").open("ab") as listed:
        listed.write(b"bank.example.com\n")
    ran = scanner.scanner("scan", "--quick", "--quiet")
    assert ran.returncode == ExitStatus.INPUT
    assert ran.stdout == ""
    assert not portal.summaries
