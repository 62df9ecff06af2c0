"""A bundle with a campaign inside.

It reports by itself, sends findings, warns of an old list, and has a button on its page for sending.
"""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lamsach.cli import main
from lamsach.cli.scan import destination
from lamsach.cli.scan.send import unsent_folder
from lamsach.errors import ExitStatus
from lamsach.scanner.campaign import Carried, Terms

from .planted import EICAR
from .portals import TOKEN, Portal


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, portal: Portal) -> None:
    """A campaign with its own token in the program; no token on the machine."""
    monkeypatch.delenv("LAMSACH_TOKEN")
    terms = Terms(portal=portal.home, word=TOKEN, unit="Phòng Một")
    monkeypatch.setattr(destination, "CARRIED", Carried((), terms))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "disk/tmp").mkdir(parents=True)
    return tmp_path / "disk"


def scan(*words: str) -> int:
    with pytest.raises(SystemExit) as exited:
        main(["scan", "--quiet", "--jobs", "0", *words])
    return int(exited.value.code or 0)


def scan_root(root: Path, *words: str) -> int:
    return scan("--quick", "--root", str(root), *words)


def test_nothing_found_is_one_line(campaign: None, portal: Portal, root: Path) -> None:
    assert scan_root(root) == ExitStatus.NOTHING_FOUND
    assert [summary["malicious"] for summary in portal.summaries] == [0]
    assert not portal.bundles


def test_findings_are_sent_in_full(campaign: None, portal: Portal, root: Path) -> None:
    (root / "tmp/a.com").write_bytes(EICAR)
    assert scan_root(root) == ExitStatus.FOUND
    assert [summary["malicious"] for summary in portal.summaries] == [1]
    (bundle,) = portal.bundles.values()
    with zipfile.ZipFile(io.BytesIO(bytes(bundle))) as archive:
        assert json.loads(archive.read("findings.jsonl"))["level"] == "malicious"


def test_a_waiting_result_is_sent_with_a_scan_that_finds_nothing(
    campaign: None, portal: Portal, root: Path
) -> None:
    unsent_folder().mkdir(parents=True)
    (unsent_folder() / "20260101-000000-aa.zip").write_bytes(b"PK")
    assert scan_root(root) == ExitStatus.NOTHING_FOUND
    assert len(portal.imported) == 1
    assert not list(unsent_folder().iterdir())


@pytest.mark.parametrize(
    ("hostname", "name"),
    [
        ("# a comment\n\nPC-01.unit.example\n", "PC-01.unit.example"),
        (None, ""),
        ("link", ""),
        ("x" * 9000, "x" * 255),
    ],
)
def test_another_disk_is_not_reported_as_this_machine(
    campaign: None, portal: Portal, root: Path, hostname: str | None, name: str
) -> None:
    """A rescue system scans the disk of a machine: the result is that machine's, or nobody's."""
    (root / "etc").mkdir()
    if hostname == "link":
        (root / "etc/hostname").symlink_to("/etc/hostname")
    elif hostname is not None:
        (root / "etc/hostname").write_text(hostname)
    scan_root(root)
    (summary,) = portal.summaries
    assert (summary["host"], summary["macs"]) == (name, [])


@pytest.mark.parametrize("case", ["token", "wrong token", "no word", "paths", "elsewhere", "no portal"])
def test_when_it_reports_by_itself(
    campaign: None, portal: Portal, root: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setattr("lamsach.results.upload.time.sleep", lambda _: None)
    monkeypatch.setattr("lamsach.results.upload.TRIES", 1)
    words: list[str] = []
    if case in ("token", "wrong token"):  # the unit's token has precedence over the bundle's
        monkeypatch.setattr(destination, "CARRIED", Carried((), Terms(portal=portal.home, word="other")))
        monkeypatch.setenv("LAMSACH_TOKEN", TOKEN if case == "token" else "wrong")
    elif case == "no word":
        monkeypatch.setattr(destination, "CARRIED", Carried((), Terms(portal=portal.home)))
    elif case == "no portal":
        monkeypatch.setattr(destination, "CARRIED", Carried((), Terms(word=TOKEN)))
    elif case == "paths":
        words = [str(root / "tmp")]
    elif case == "elsewhere":
        monkeypatch.setenv("LAMSACH_TOKEN", TOKEN)
        words = ["--report", "http://127.0.0.1:1/api/campaigns/1/scans"]
    scan("--root", str(root), *words)
    assert bool(portal.summaries) is (case == "token")


def test_an_address_without_encryption_is_reported_before_the_scan(
    campaign: None, portal: Portal, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = Terms(portal="http://portal.example/api/campaigns/3", word=TOKEN)
    monkeypatch.setattr(destination, "CARRIED", Carried((), terms))
    assert scan_root(root) == ExitStatus.USAGE


@pytest.mark.parametrize(("days", "status"), [(1, ExitStatus.NOTHING_FOUND), (-1, ExitStatus.BLIND)])
def test_an_old_list_is_reported(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    days: int,
    status: int,
) -> None:
    (tmp_path / "01-list.txt").write_text("evil.example.com\n")
    until = datetime.now(UTC) + timedelta(days=days)
    terms = Terms(campaign="C", expires=until.isoformat())
    monkeypatch.setattr(destination, "CARRIED", Carried((str(tmp_path / "01-list.txt"),), terms))
    with pytest.raises(SystemExit) as exited:
        main(["scan", "--jobs", "0", "--quick", "--root", str(root), "-i", str(tmp_path / "01-list.txt")])
    assert exited.value.code == status
    assert ("fetch the bundle again: 1  01-list.txt" in capsys.readouterr().out) is (days < 0)
