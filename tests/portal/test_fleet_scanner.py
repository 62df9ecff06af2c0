"""Issued scanners: content, access, rights of the token, and the way from the download to the case."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db.transaction import on_commit
from django.test import Client
from django.urls import reverse

from lamsach.errors import InputError
from lamsach.portal.audit.models import Entry
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.cases.models import Case
from lamsach.portal.exchange import unit_keys
from lamsach.portal.findings import intake
from lamsach.portal.fleet import scanners
from lamsach.portal.fleet.models import Handout, Look
from lamsach.portal.fleet.scanners import programs
from tests.scanner.planted import EICAR

from . import bundles
from .confirmation import confirmed
from .conftest import Browser, Cast
from .scanner_samples import catalogued, plain, take, unpacked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("listed")]
ROOT = Path(__file__).parents[2]


def test_an_officer_downloads_a_scanner(
    cast: Cast, campaign: Campaign, browser: Browser, tmp_path: Path
) -> None:
    tool = catalogued(plain())
    officer = browser("officer")
    page = officer.get(f"/office/fleet/{campaign.pk}/scanner/").content.decode()
    assert "Take Lamsach" in page
    assert "phu-luc.txt" in page
    assert (
        reverse("fleet:scanner", args=[campaign.pk])
        in officer.get(f"/office/fleet/{campaign.pk}/").content.decode()
    )
    carried = unpacked(take(officer, campaign, tool), tmp_path)
    (listed,) = carried.lists
    assert Path(listed).read_bytes() == b"evil.example.com\n203.0.113.9\n"
    terms = carried.terms
    assert terms.portal.endswith(f"/api/campaigns/{campaign.pk}")
    assert (terms.unit, terms.campaign) == (cast.first.name, campaign.name)
    assert terms.expires.startswith(campaign.ends.isoformat())
    made = Handout.objects.get()
    assert (made.unit, made.sha256, made.signer) == (cast.first, tool.sha256, carried.signer)
    assert made.digest == hashlib.sha256(terms.word.encode()).hexdigest()
    entry = Entry.objects.filter(action="fleet.scanner_taken").get()
    assert terms.word not in str(entry.details)
    assert "Lamsach" in officer.get(f"/office/fleet/{campaign.pk}/scanner/").content.decode()


def test_the_leading_units_key_signs_if_present(
    cast: Cast, campaign: Campaign, browser: Browser, tmp_path: Path
) -> None:
    key = unit_keys.renew(cast.centre, cast.people["coordinator"])
    carried = unpacked(take(browser("officer"), campaign, catalogued(plain())), tmp_path)
    assert carried.signer == key.fingerprint
    assert unit_keys.current(cast.first) is None


@pytest.mark.parametrize("fits", [True, False])
def test_a_program_for_a_single_key(
    cast: Cast, campaign: Campaign, browser: Browser, tmp_path: Path, fits: bool
) -> None:
    raw = (
        unit_keys.opened(unit_keys.renew(cast.centre, cast.people["coordinator"]))
        .public_key()
        .public_bytes_raw()
        .hex()
    )
    tool = catalogued(plain(key=(raw if fits else "ab" * 32).encode()))
    page = browser("officer").get(f"/office/fleet/{campaign.pk}/scanner/").content.decode()
    assert ("Take Lamsach" in page) is fits
    if fits:
        take(browser("officer"), campaign, tool)
    else:
        answer = browser("officer").post(f"/office/fleet/{campaign.pk}/scanner/", {"program": tool.pk})
        assert answer.status_code == 302
        assert not Handout.objects.exists()


def test_the_same_inputs_give_the_same_bytes(
    cast: Cast, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogued(plain())
    (program,) = programs()
    now = scanners.timezone.now()
    monkeypatch.setattr(scanners.timezone, "now", lambda: now)
    monkeypatch.setattr(scanners, "nonce", lambda: "a")
    monkeypatch.setattr(scanners, "digest_of", lambda _: f"{Handout.objects.count():064d}")
    made = [scanners.issue(program, campaign, cast.first, cast.people["officer"])[1] for _ in range(2)]
    assert len({b"".join(filled.pieces()) for filled in made}) == 1


@pytest.mark.parametrize(
    ("who", "query", "status"),
    [
        ("officer", "", 200),
        ("officer", "?unit=second", 404),
        ("coordinator", "?unit=first", 403),
        ("coordinator", "", 200),
        ("reader", "", 404),
        ("helper", "", 404),
        ("stranger", "", 404),
    ],
)
def test_scanners_are_issued_to_members_only(
    cast: Cast, campaign: Campaign, browser: Browser, who: str, query: str, status: int
) -> None:
    for name in ("first", "second"):
        query = query.replace(name, str(getattr(cast, name).pk))
    assert browser(who).get(f"/office/fleet/{campaign.pk}/scanner/{query}").status_code == status


def test_no_scanner_for_a_closed_campaign(cast: Cast, campaign: Campaign, browser: Browser) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.CLOSED)
    assert browser("officer").get(f"/office/fleet/{campaign.pk}/scanner/").status_code == 404


def test_without_https_a_scanner_does_not_report(
    cast: Cast, campaign: Campaign, browser: Browser, settings: Any, tmp_path: Path
) -> None:
    settings.PUBLIC_URL = "http://portal.example"
    page = browser("officer").get(f"/office/fleet/{campaign.pk}/scanner/").content.decode()
    assert "results are saved and carried" in page
    terms = unpacked(take(browser("officer"), campaign, catalogued(plain())), tmp_path).terms
    assert (terms.portal, terms.word) == ("", "")


@pytest.fixture
def word(cast: Cast, campaign: Campaign) -> str:
    """Issue a scanner for the first room and return its token."""
    catalogued(plain())
    (program,) = programs()
    made, filled = scanners.issue(program, campaign, cast.first, cast.people["officer"])
    filled.close()
    return made.token


SCAN = json.dumps({"host": "PC-01", "finished": "2026-11-01T08:00:00+07:00", "mode": "quick"})


def call(word: str, method: str, path: str, data: Any = "", kind: str = "application/json") -> Any:
    """Send a request to the program interface with a scanner's token."""
    return Client().generic(method, f"/api{path}", data, kind, headers={"Authorization": f"Bearer {word}"})


def test_a_scanner_reports_for_its_unit(cast: Cast, campaign: Campaign, word: str) -> None:
    assert call(word, "POST", f"/campaigns/{campaign.pk}/scans", SCAN).json()["taken"]
    assert Look.objects.get().unit == cast.first
    assert Handout.objects.get().last_used is not None


def test_a_scanners_token_does_nothing_else(cast: Cast, campaign: Campaign, word: str) -> None:
    paths = ("/units", "/campaigns", "/dispatches", "/lists", f"/campaigns/{campaign.pk}/scans")
    assert {path: call(word, "GET", path).status_code for path in paths} == dict.fromkeys(paths, 401)
    other = Campaign.objects.create(
        name="Khác", owner=cast.first, starts=campaign.starts, ends=campaign.ends,
        report_due=campaign.ends, form=campaign.form,
    )  # fmt: skip
    assert call(word, "POST", f"/campaigns/{other.pk}/scans", SCAN).status_code == 404
    assert call("scan_wrong", "post", f"/campaigns/{campaign.pk}/scans", SCAN).status_code == 401


def test_a_scanners_token_submits_no_hunts(cast: Cast, campaign: Campaign, word: str) -> None:
    data = bundles.packed(bundles.findings([bundles.device("name:pc")], [])).getvalue()
    path = f"/campaigns/{campaign.pk}/findings/{hashlib.sha256(data).hexdigest()}?offset=0&size={len(data)}"
    answer = call(word, "PUT", path, data, "application/octet-stream")
    assert answer.status_code == 422
    assert "nothing else" in answer.json()["problem"]


def test_a_revoked_scanner_is_refused(cast: Cast, campaign: Campaign, word: str, browser: Browser) -> None:
    made = Handout.objects.get()
    address = f"/office/fleet/{campaign.pk}/scanner/"
    for number in ("0", "x", str(made.pk + 1)):
        assert browser("officer").post(address, {"revoke": number}).status_code == 404
    assert browser("coordinator").post(address, {"revoke": made.pk}).status_code == 404  # another unit
    assert confirmed(browser("officer"), address, {"revoke": made.pk}).status_code == 302
    assert call(word, "POST", f"/campaigns/{campaign.pk}/scans", SCAN).status_code == 401
    assert "revoked" in browser("officer").get(address).content.decode()
    assert Entry.objects.filter(action="fleet.scanner_revoked").count() == 1


def single_file() -> bytes:
    """Build the Linux file like the packaging, but with the libraries of the tests' Python."""
    sys.path.insert(0, str(ROOT / "packaging"))
    try:
        import carried  # type: ignore[import-not-found]
        import sources  # type: ignore[import-not-found]
        import zips  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(ROOT / "packaging"))
    wanted = argparse.Namespace(list=[], portal="", trust=None)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    start = (ROOT / "packaging/start.py").read_text().replace("@PYTHON@", version)
    files = carried.with_campaign(wanted, sources.scanner())
    return f"#!/usr/bin/env python{version}\n".encode() + bytes(
        zips.packed({**files, "__main__.py": start.encode()})
    )


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the unpacked file as a program."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAMSACH_", "DJANGO_"))}
    own = {"LANG": "en_US.UTF-8", "LAMSACH_QUARANTINE": str(folder / "data/quarantine")}
    code = (
        f"import sys; sys.path.insert(0, {str(folder / 'app')!r}); from lamsach_scanner import main; main()"
    )
    command = [sys.executable, "-c", code, "scan", *words]
    return subprocess.run(command, env={**kept, **own}, capture_output=True, text=True, check=False)


@pytest.mark.django_db(transaction=True)
def test_from_the_download_to_the_case(
    live_server: Any,
    cast: Cast,
    campaign: Campaign,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    settings.PUBLIC_URL = live_server.url
    monkeypatch.setattr(
        intake, "enqueue", lambda _kind, _user, bundle_id: on_commit(lambda: intake.import_stored(bundle_id))
    )
    found = bundles.findings(
        [bundles.device("name:pc-01")],
        [bundles.Contact("name:pc-01", {bundles.day(-1): 3})],
    )
    bundles.hand_in(cast, campaign, found)
    case = Case.objects.get()
    program = tmp_path / "program"
    unpacked(
        take(cast.client("officer"), campaign, catalogued(single_file(), "lamsach.pyz")), program, inside=""
    )
    (tmp_path / "disk/etc").mkdir(parents=True)
    (tmp_path / "disk/etc/hosts").write_text("203.0.113.9 update.example\n")
    (tmp_path / "disk/etc/hostname").write_text("PC-01\n")
    (tmp_path / "disk/tmp").mkdir()
    (tmp_path / "disk/tmp/a.com").write_bytes(EICAR)
    ran = run(program, "--quick", "--quiet", "--jobs", "0", "--root", str(tmp_path / "disk"))
    assert ran.stdout.strip().endswith("sent=1"), ran.stdout + ran.stderr
    assert ran.returncode == 0
    note = case.notes.get()
    assert note.details["findings"] == 2, ran.stdout  # the file, and the listed address in the hosts file
    assert note.who == Handout.objects.get().name
    look = Look.objects.get()
    assert (look.malicious, look.unit) == (2, cast.first)
    refused(program, tmp_path)


def refused(program: Path, folder: Path) -> None:
    """A manipulated list stops the scan."""
    with (program / "campaign/01-phu-luc.txt").open("ab") as listed:
        listed.write(b"bank.example.com\n")
    ran = run(program, str(folder / "disk/etc"))
    assert ran.returncode == InputError.exit_status
    assert "was changed after it was signed" in ran.stderr
    assert ran.stdout == ""
