"""Issued scanners: content, access, rights of the token, and the way from the download to the case."""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.transaction import on_commit
from django.test import Client
from django.urls import reverse

from lamsach.errors import InputError, UnreadableError
from lamsach.portal.audit.models import Entry
from lamsach.portal.base.uploads import store
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.cases.models import Case
from lamsach.portal.exchange import unit_keys
from lamsach.portal.findings import intake
from lamsach.portal.fleet import scanners
from lamsach.portal.fleet.filled_zip import add_files
from lamsach.portal.fleet.models import Handout, Look
from lamsach.portal.fleet.scanners import program_of, programs
from lamsach.portal.public.models import Tool
from lamsach.scanner.campaign import Carried, read_campaign
from tests.scanner.planted import EICAR

from . import bundles, samples
from .confirmation import confirmed
from .conftest import Browser, Cast
from .samples import indicator_list

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
ENTRY = b'PUBLIC_KEY = "%s"\n'


@pytest.fixture
def campaign(cast: Cast) -> Campaign:
    found: Campaign = samples.dispatch(cast).campaign
    Campaign.objects.filter(pk=found.pk).update(state=CampaignState.RUNNING)
    found.refresh_from_db()
    indicator_list(found, b"evil.example.com\n203.0.113.9\n", "phu-luc.txt", count=2)
    return found


def plain(inside: str = "lamsach-scanner-1/", key: bytes = b"", **more: bytes) -> bytes:
    """Make a small bundle like the packaging's."""
    files = {"app/lamsach_scanner.py": ENTRY % key, "Lamsach.exe": b"MZ", "lib/tên.txt": b"x" * 999}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**files, **more}.items():
            archive.writestr(inside + name, data)
    return stream.getvalue()


def catalogued(data: bytes, name: str = "lamsach-scanner-1-windows.zip") -> Tool:
    """Add a file to the tool catalogue."""
    stored = store(SimpleUploadedFile(name, data), ("zip", "pyz", "pdf"))
    return Tool.objects.create(
        name="Lamsach", publisher="p", licence="l", systems="Windows 10", file_name=stored.name,
        path=stored.path, size=stored.size, sha256=stored.sha256, hidden=True,
    )  # fmt: skip


def take(client: Client, campaign: Campaign, tool: Tool) -> bytes:
    """Download a scanner by the button."""
    answer: Any = client.post(f"/office/fleet/{campaign.pk}/scanner/", {"program": tool.pk})
    assert answer.status_code == 200
    data = b"".join(answer.streaming_content)
    assert int(answer["Content-Length"]) == len(data)
    return data


def unpacked(data: bytes, folder: Path, inside: str = "lamsach-scanner-1/") -> Carried:
    """Read the campaign's files in an issued scanner."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    return read_campaign(folder / inside / "campaign")


# the zip


@pytest.mark.parametrize("before", [b"", b"#!/usr/bin/env python3\n"])
def test_only_new_members_are_written(before: bytes, tmp_path: Path) -> None:
    base = before + plain()
    filled = add_files(io.BytesIO(base), [("campaign/một", 3, io.BytesIO(b"abc")), ("b", 0, io.BytesIO())])
    size, data = filled.size, b"".join(filled.pieces())
    assert size == len(data)
    with zipfile.ZipFile(io.BytesIO(base)) as old, zipfile.ZipFile(io.BytesIO(data)) as new:
        assert data[: old.start_dir] == base[: old.start_dir]
        assert new.testzip() is None
        assert new.namelist() == [*old.namelist(), "campaign/một", "b"]
        assert {name: new.read(name) for name in old.namelist()} == {n: old.read(n) for n in old.namelist()}
        assert [info.external_attr for info in new.infolist()[-2:]] == [0o644 << 16] * 2
    (tmp_path / "a.zip").write_bytes(data)
    if before == b"":
        ran = subprocess.run(["unzip", "-tq", str(tmp_path / "a.zip")], capture_output=True, check=False)
        assert ran.returncode == 0, ran.stdout
    second = add_files(io.BytesIO(base), [("campaign/một", 3, io.BytesIO(b"abc")), ("b", 0, io.BytesIO())])
    assert b"".join(second.pieces()) == data


def test_a_large_bundle_needs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("lib/large", "w") as member:
        for _ in range(40):
            member.write(bytes(1 << 20))
    (tmp_path / "list").write_bytes(os.urandom(3 << 20))
    tracemalloc.start()
    try:
        filled = add_files(path.open("rb"), [("list", 3 << 20, (tmp_path / "list").open("rb"))])
        assert sum(len(piece) for piece in filled.pieces()) == filled_size(path, tmp_path / "list")
        assert tracemalloc.get_traced_memory()[1] < 9 << 20
    finally:
        tracemalloc.stop()


def filled_size(path: Path, listed: Path) -> int:
    """Return the size of the same zip, written conventionally."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.write(listed, "list")
    return path.stat().st_size


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"text" * 100, plain()[:-30]])
def test_a_damaged_bundle_is_refused(data: bytes) -> None:
    base = io.BytesIO(data)
    with pytest.raises(UnreadableError):
        add_files(base, [])
    assert base.closed


def test_an_aborted_download_closes_everything() -> None:
    base = io.BytesIO(plain())
    pieces = add_files(base, [("a", 1, io.BytesIO(b"a"))]).pieces()
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert base.closed


# scanners in the catalogue


@pytest.mark.parametrize(
    ("data", "name", "found"),
    [
        (plain(), "a.zip", ("lamsach-scanner-1/", True)),
        (b"#!/usr/bin/env python3.13\n" + plain(""), "a.pyz", ("", True)),
        (plain(key=b"ab" * 32), "a.zip", ("lamsach-scanner-1/", True)),
        (plain(key=b"@PUBLIC_KEY@"), "a.zip", None),
        (plain("a/b/"), "a.zip", None),
        (plain(**{"campaign/key": b""}), "a.zip", None),
        (b"PK\x03\x04" + b"x" * 99, "a.zip", None),
        (b"%PDF-1.7", "a.pdf", None),
    ],
)
def test_a_scanner_is_recognized_by_content(data: bytes, name: str, found: Any) -> None:
    program = program_of(catalogued(data, name))
    assert (program and (program.inside, program.windows)) == found


def test_the_catalogue_accepts_the_single_file(browser: Browser) -> None:
    fields = {"name": "Lamsach", "publisher": "p", "licence": "l", "systems": "Linux", "purpose": ""}
    for data in (b"#!/usr/bin/env python3.13\n" + plain(""), b"MZ"):
        file = SimpleUploadedFile("lamsach.pyz", data)
        browser("administrator").post("/office/tools/", {**fields, "file": file, "size": "", "sha256": ""})
    assert [program.tool.file_name for program in programs()] == ["lamsach.pyz"]
    assert Tool.objects.count() == 1


# issuing


def test_the_public_page_marks_scanners_without_lists(cast: Cast) -> None:
    client = cast.client("officer")
    for data, text in ((plain(), True), (b"PK\x03\x04 another program", False)):
        tool = catalogued(data)
        Tool.objects.filter(pk=tool.pk).update(hidden=False)
        page = client.get("/clean/").content.decode()
        assert tool.sha256 in page
        assert ("none of the campaign" in page) is text
        tool.delete()


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
    monkeypatch.setattr(scanners, "new_token", lambda: ("scan_a", f"{Handout.objects.count():064d}"))
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


# rights of the token


@pytest.fixture
def word(cast: Cast, campaign: Campaign) -> str:
    """Issue a scanner for the first room and return its token."""
    catalogued(plain())
    (program,) = programs()
    made, filled = scanners.issue(program, campaign, cast.first, cast.people["officer"])
    filled.close()
    fresh, digest = scanners.new_token()
    Handout.objects.filter(pk=made.handout.pk).update(digest=digest)
    return fresh


SCAN = {"host": "PC-01", "finished": "2026-11-01T08:00:00+07:00", "mode": "quick"}


def call(word: str, method: str, path: str, data: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {word}"}
    options = {"content_type": "application/json"} if method == "post" else {}
    return getattr(Client(), method)(f"/api{path}", data, headers=headers, **options)


def test_a_scanner_reports_for_its_unit(cast: Cast, campaign: Campaign, word: str) -> None:
    assert call(word, "post", f"/campaigns/{campaign.pk}/scans", SCAN).json()["taken"]
    assert Look.objects.get().unit == cast.first
    assert Handout.objects.get().last_used is not None


def test_a_scanners_token_does_nothing_else(cast: Cast, campaign: Campaign, word: str) -> None:
    paths = ("/units", "/campaigns", "/dispatches", "/lists", f"/campaigns/{campaign.pk}/scans")
    assert {path: call(word, "get", path).status_code for path in paths} == dict.fromkeys(paths, 401)
    other = Campaign.objects.create(
        name="Khác", owner=cast.first, starts=campaign.starts, ends=campaign.ends,
        report_due=campaign.ends, form=campaign.form,
    )  # fmt: skip
    assert call(word, "post", f"/campaigns/{other.pk}/scans", SCAN).status_code == 404
    assert call("scan_wrong", "post", f"/campaigns/{campaign.pk}/scans", SCAN).status_code == 401


def test_a_scanners_token_submits_no_hunts(cast: Cast, campaign: Campaign, word: str) -> None:
    data = bundles.packed(bundles.findings([bundles.device("name:pc")], [])).getvalue()
    path = f"/campaigns/{campaign.pk}/findings/{hashlib.sha256(data).hexdigest()}?offset=0&size={len(data)}"
    headers = {"Authorization": f"Bearer {word}"}
    answer = Client().put(f"/api{path}", data, content_type="application/octet-stream", headers=headers)
    assert answer.status_code == 422
    assert "nothing else" in answer.json()["problem"]


def test_a_revoked_scanner_is_refused(cast: Cast, campaign: Campaign, word: str, browser: Browser) -> None:
    made = Handout.objects.get()
    address = f"/office/fleet/{campaign.pk}/scanner/"
    for number in ("0", "x", str(made.pk + 1)):
        assert browser("officer").post(address, {"revoke": number}).status_code == 404
    assert browser("coordinator").post(address, {"revoke": made.pk}).status_code == 404  # another unit
    assert confirmed(browser("officer"), address, {"revoke": made.pk}).status_code == 302
    assert call(word, "post", f"/campaigns/{campaign.pk}/scans", SCAN).status_code == 401
    assert "revoked" in browser("officer").get(address).content.decode()
    assert Entry.objects.filter(action="fleet.scanner_revoked").count() == 1


# from the download to the case


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
