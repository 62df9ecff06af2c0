"""Hunts from the browser: logs in pieces or by form, search in the worker, result, deletion of logs."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from lamsach.portal.audit.models import Entry
from lamsach.portal.base.uploads import store
from lamsach.portal.campaigns.models import IndicatorList
from lamsach.portal.cases.models import Case
from lamsach.portal.findings.models import Bundle, Hunt, HuntFile
from lamsach.portal.findings.tasks import forget
from lamsach.portal.jobs import queue
from lamsach.portal.jobs.models import Job, JobState
from lamsach.results import write
from tests.cli.test_hunt_nat import FAR, ZEEK, firewall, outside

from .bundles import work
from .conftest import Cast
from .samples import dispatch, indicator_list

pytestmark = pytest.mark.django_db
LINE = (
    'date=2022-09-{day:02d} time=10:15:30 devname="FW-A" devid="FG1" eventtime=1662000000 tz="+0700" '
    'logid="0000000013" '
    'type="traffic" subtype="forward" level="notice" vd="root" srcip=10.1.2.3 srcport=50000 srcintf="lan" '
    'dstip={target} dstport=443 dstintf="wan" action="accept" policyid=1 service="HTTPS" sentbyte=1 '
    "rcvdbyte=1\n"
)
LOG = "".join(
    LINE.format(day=1 + number % 9, target="203.0.113.66" if number % 50 == 0 else "198.51.100.7")
    for number in range(400)
).encode()


@pytest.fixture
def ready(cast: Cast) -> Hunt:
    """Create a hunt of the first room, and a campaign with a list."""
    campaign = dispatch(cast).campaign
    indicator_list(campaign, b"203.0.113.66\nbot-c2.xyz\n", "list.txt")
    client = cast.client("officer")
    answer = client.post("/office/findings/hunts/", {"campaign": campaign.pk, "unit": cast.first.pk})
    assert answer.status_code == 302
    return Hunt.objects.get()


@pytest.fixture
def client(cast: Cast) -> Client:
    return cast.client("officer")


def address(hunt: Hunt) -> str:
    return f"/office/findings/hunts/{hunt.pk}/"


def folder(hunt: Hunt) -> Path:
    """Return the folder of a hunt's logs."""
    return Path(settings.DATA) / "hunts" / str(hunt.pk)


def logs(hunt: Hunt) -> list[Path]:
    return sorted(folder(hunt).glob("*"))


def test_from_the_form_to_the_result(ready: Hunt, client: Client) -> None:
    page = client.get(address(ready)).content.decode()
    assert 'value="begin"' not in page
    client.post(
        address(ready), {"logs": [SimpleUploadedFile("fw.log", LOG), SimpleUploadedFile("b.log", b"x\n")]}
    )
    assert HuntFile.objects.filter(received__gt=0).count() == 2
    client.post(address(ready), {"what": "begin"})
    client.post(address(ready), {"what": "begin"})
    assert Job.objects.filter(name="findings.hunt").count() == 1
    work()
    ready.refresh_from_db()
    assert (ready.devices, ready.bundle.state) == (1, "imported")  # type: ignore[union-attr]
    assert Case.objects.get().severity == 1
    assert logs(ready) == []
    assert ready.logs_deleted is not None
    assert Entry.objects.filter(action="hunt.logs_deleted").exists()
    shown = client.get(f"{address(ready)}result/")
    assert b"10.1.2.3" in shown.content
    assert b"fw.log" in shown.content
    assert str(folder(ready).parent).encode() not in shown.content, (
        "the server's folders are nobody's business"
    )
    assert "sandbox" in shown["Content-Security-Policy"]
    assert "'unsafe-inline'" not in shown["Content-Security-Policy"]
    assert "sha256-" in shown["Content-Security-Policy"]
    assert client.get(address(ready)).status_code == 200


def test_uploads_in_pieces_resume_after_a_break(ready: Hunt, client: Client) -> None:
    files = f"{address(ready)}files/"
    page = client.post(files, {"name": "../../etc/fw.log", "size": len(LOG)}).json()
    assert page["received"] == 0

    def piece(offset: int, data: bytes) -> Any:
        return client.post(f"{files}{page['file']}/?offset={offset}", data, "application/octet-stream")

    assert piece(0, LOG[:1000]).json()["received"] == 1000
    resumed = piece(0, LOG[:1000])
    assert (resumed.status_code, resumed.json()["received"]) == (409, 1000)
    assert client.post(files, {"name": "../../etc/fw.log", "size": len(LOG)}).json() == {
        "file": page["file"],
        "received": 1000,
    }
    assert piece(1000, LOG).status_code == 409, "more than was announced"
    client.post(address(ready), {"what": "begin"})
    assert not Job.objects.filter(name="findings.hunt").exists(), "half a log proves nothing"
    with logs(ready)[0].open("ab") as file:
        file.write(b"what a killed process left behind")
    assert piece(1000, LOG[1000:]).json()["received"] == len(LOG)
    assert [path.name for path in logs(ready)] == [f"{page['file']}-fw.log"]
    assert hashlib.sha256(logs(ready)[0].read_bytes()).digest() == hashlib.sha256(LOG).digest()
    client.post(address(ready), {"what": "begin"})
    work()
    assert Case.objects.count() == 1


def test_nat_logs_name_the_machines_behind_the_gateway(ready: Hunt, client: Client) -> None:
    """A sensor saw the gateway's address; the gateway's log, by form or in pieces, names the machines."""
    IndicatorList.objects.all().delete()
    indicator_list(ready.campaign, FAR.encode(), "far.txt")
    seen, first, second = (
        ZEEK + outside(40007, 10) + outside(40008, 20),
        firewall("10.0.0.7", 40007),
        firewall("10.0.0.8", 40008),
    )
    client.post(address(ready), {"nat": "yes", "logs": SimpleUploadedFile("fw.log", first.encode())})
    client.post(address(ready), {"what": "begin"})
    assert not Job.objects.filter(name="findings.hunt").exists(), "a NAT log alone is no log to search"
    page = client.post(
        f"{address(ready)}files/", {"name": "fw2.log", "size": len(second), "nat": "yes"}
    ).json()
    client.post(
        f"{address(ready)}files/{page['file']}/?offset=0", second.encode(), "application/octet-stream"
    )
    client.post(address(ready), {"logs": SimpleUploadedFile("conn.log", seen.encode())})
    same = SimpleUploadedFile("fw.log", first.encode())
    client.post(address(ready), {"logs": same})
    assert sorted(HuntFile.objects.values_list("name", "nat")) == [
        ("conn.log", False), ("fw.log", False), ("fw.log", True), ("fw2.log", True)
    ]  # fmt: skip
    assert client.get(address(ready)).content.decode().count("NAT log</span>") == 2
    client.post(address(ready), {"what": "begin"})
    work()
    ready.refresh_from_db()
    assert (ready.problem, ready.devices) == ("", 2)
    shown = client.get(f"{address(ready)}result/").content.decode()
    assert "10.0.0.7" in shown
    assert "10.0.0.8" in shown
    assert "/hunts/" not in shown
    assert not Path(f"{folder(ready)}.nat").exists()
    assert logs(ready) == []


def test_no_output_names_a_folder_of_the_server(
    ready: Hunt, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every output has the uploaded names of logs and lists."""
    written: dict[str, bytes] = {}

    def write_all(findings: Any, path: Path, language: str, reasons: Any) -> None:
        write(findings, path, language, reasons)
        for ending in ("html", "xlsx", "jsonl", "csv", "zip"):
            other = path.with_name(f"other.{ending}")
            write(findings, other, language, reasons)
            written[ending] = b"".join(contents(other))

    monkeypatch.setattr("lamsach.results.write", write_all)
    for fields in (
        {"logs": logs_of_all_sorts()},
        {"nat": "yes", "logs": SimpleUploadedFile("nat.log", b"-\n")},
    ):
        client.post(address(ready), fields)
    client.post(address(ready), {"what": "begin"})
    work()
    bundle = Bundle.objects.get()
    with default_storage.open(bundle.path, "rb") as stream, zipfile.ZipFile(stream) as archive:
        parameters = json.loads(archive.read("manifest.json"))["parameters"]
    assert parameters["logs"] == ["12-fw.log", "broken.gz", "packed.zip"]
    assert (parameters["lists"], parameters["nat"]) == (["list.txt"], ["nat.log"])
    places = (str(settings.DATA), tempfile.gettempdir(), f"hunts/{ready.pk}", f"{ready.pk}.nat")
    assert {
        ending: place for ending, data in written.items() for place in places if place.encode() in data
    } == {}
    assert all(b"12-fw.log" in data for ending, data in written.items() if ending != "csv")


def logs_of_all_sorts() -> list[SimpleUploadedFile]:
    """Return a log with a number in its name, an archive of logs, and an unreadable log."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in/fw-b.log", LOG)
    return [
        SimpleUploadedFile("12-fw.log", LOG),
        SimpleUploadedFile("packed.zip", packed.getvalue()),
        SimpleUploadedFile("broken.gz", b"\x1f\x8b\x08 broken"),
    ]


def contents(path: Path) -> list[bytes]:
    """Return a file's content; for an archive that of each member."""
    if not zipfile.is_zipfile(path):
        return [path.read_bytes()]
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()]


def test_logs_can_be_retained(ready: Hunt, client: Client) -> None:
    Hunt.objects.update(keep_logs=True)
    client.post(address(ready), {"logs": SimpleUploadedFile("fw.log", LOG), "what": "begin"})
    work()
    assert len(logs(ready)) == 1
    client.post(address(ready), {"what": "delete"})
    assert logs(ready) == []


def test_a_hunt_can_be_stopped_before_it_runs(ready: Hunt, client: Client) -> None:
    client.post(address(ready), {"logs": SimpleUploadedFile("fw.log", LOG), "what": "begin"})
    client.post(address(ready), {"what": "stop"})
    work()
    assert Job.objects.get(name="findings.hunt").state == JobState.CANCELLED
    assert not Bundle.objects.exists()
    assert logs(ready) == []


def test_a_hunt_can_be_stopped_while_it_runs(
    ready: Hunt, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(address(ready), {"logs": SimpleUploadedFile("fw.log", LOG), "what": "begin"})
    step = queue.Progress.step

    def stopped(self: queue.Progress, done: int, total: int = 0) -> None:
        Job.objects.filter(pk=self.job.pk).update(cancel_wanted=done > 0)
        step(self, done, total)

    monkeypatch.setattr(queue.Progress, "step", stopped)
    work()
    assert Job.objects.get(name="findings.hunt").state == JobState.CANCELLED
    assert not Bundle.objects.exists()
    assert logs(ready) == []


def test_a_hunt_can_run_twice(ready: Hunt, client: Client) -> None:
    client.post(address(ready), {"logs": SimpleUploadedFile("fw.log", LOG), "what": "begin"})
    work()
    Job.objects.filter(name="findings.hunt").update(state=JobState.QUEUED)
    work()
    assert Bundle.objects.count() == 1
    assert Job.objects.get(name="findings.hunt").state == JobState.DONE


def test_an_unreadable_list_is_reported(ready: Hunt, client: Client) -> None:
    stored = store(SimpleUploadedFile("list.pdf", b"%PDF-1.7 broken"))
    IndicatorList.objects.update(name=stored.name, path=stored.path)
    client.post(address(ready), {"logs": SimpleUploadedFile("fw.log", LOG), "what": "begin"})
    work()
    ready.refresh_from_db()
    assert ready.problem
    assert logs(ready) == []
    assert client.get(address(ready)).status_code == 200


@pytest.mark.parametrize(
    "body", [{"name": "a.log", "size": "0"}, {"name": "a.log", "size": "999999999999999"}]
)
def test_impossible_sizes_are_refused(body: dict[str, str], ready: Hunt, client: Client) -> None:
    assert client.post(f"{address(ready)}files/", body).status_code == 409
    assert not HuntFile.objects.exists()


def test_a_piece_needs_the_forms_token(ready: Hunt, cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.people["officer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert strict.post(f"{address(ready)}files/", {"name": "a.log", "size": "5"}).status_code == 403


@pytest.mark.parametrize("role", ["coordinator", "reader", "administrator"])
def test_only_the_unit_itself_sees_its_hunts(role: str, ready: Hunt, cast: Cast) -> None:
    assert cast.client(role).get(address(ready)).status_code in (403, 404)


def test_abandoned_uploads_are_deleted(ready: Hunt, client: Client) -> None:
    client.post(address(ready), {"logs": SimpleUploadedFile("fw.log", LOG)})
    forget()
    assert len(logs(ready)) == 1
    Hunt.objects.update(created=timezone.now() - timedelta(days=8))
    forget()
    assert logs(ready) == []
    client.post(address(ready), {"what": "begin"})
    assert not Job.objects.filter(name="findings.hunt").exists()
