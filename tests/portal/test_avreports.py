"""Malware reports in the portal: plan, preview, delivery to a stand-in centre, audit, retention."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from lamsach.channels.avreport.delivery import NOTHING
from lamsach.channels.avreport.model import pseudonym
from lamsach.channels.xml_signature import verify
from lamsach.errors import InputError
from lamsach.model import Role
from lamsach.portal.audit.models import Entry
from lamsach.portal.avreports import reports
from lamsach.portal.avreports.models import AvReport, Plan, State
from lamsach.portal.cases.models import Case, CaseState
from lamsach.portal.edxml.secrets import lock_key
from lamsach.portal.exchange.hooks import PAUSES
from lamsach.portal.findings.identities import unit_key
from lamsach.portal.fleet.models import Look
from tests.channels.centre import Centre, centre, fits
from tests.channels.edxml_samples import signer
from tests.channels.sample_bundles import file_found, scan

from .bundles import Contact, day, device, findings, hand_in
from .conftest import Cast
from .edxml_exchange import key_file
from .samples import dispatch

OWN = signer("Don vi A")
ONE, TWO = "mac:02:00:00:00:00:01", "mac:02:00:00:00:00:02"


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Centre]:
    """Stand-in of the centre, reachable and with a trusted certificate."""
    with centre(tmp_path, OWN) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        settings.OUTGOING_NETWORKS = (ip_network("127.0.0.1/32"),)
        yield server


@pytest.fixture
def campaign(cast: Cast, tmp_path: Path) -> Any:
    """Campaign for which the room submitted a hunt and a scan."""
    found = dispatch(cast).campaign
    contacts = [
        Contact(ONE, {day(-2): 3, day(-1): 2}),
        Contact(ONE, {day(-40): 1}, "old.example"),
        Contact(TWO, {day(-2): 4}, "blocked.example", blocked=4),
        Contact(TWO, {day(-2): 4}, "inbound.example", role=Role.INBOUND),
        Contact("unattributed:10.9.9.9", {day(-2): 4}),
    ]
    devices = [
        device(ONE, name="PC-01"),
        device(TWO, name="PC-02", ip="10.1.2.4"),
        device("unattributed:10.9.9.9", ip="10.9.9.9"),
    ]
    hand_in(cast, found, findings(devices, contacts, [("FW-A", day(-2)), ("FW-A", day(-1))]))
    path = scan(tmp_path / "scan.zip", timezone.now() - timedelta(days=30), [file_found(1)], checks=["files"])
    hand_in(cast, found, __import__("io").BytesIO(path.read_bytes()))
    return found


def plan(cast: Cast, **changes: Any) -> Plan:
    plan_, _ = Plan.objects.update_or_create(unit=cast.first, defaults={"organ_id": "H37.DN.001", **changes})
    if not plan_.key:
        plan_.key, plan_.signer = lock_key(key_file("Don vi A"), "mat khau")
        plan_.save()
    return plan_


def days(first: int, last: int) -> tuple[datetime, datetime]:
    begin, end = (
        timezone.make_aware(datetime.combine(day(number), datetime.min.time()))
        for number in (first, last + 1)
    )
    return begin, end


def text_of(report: AvReport) -> str:
    return reports.document_of(report).decode()


def test_the_report_contains_hunts_and_scans(cast: Cast, campaign: Any) -> None:
    report = reports.make(plan(cast, naming="names"), *days(-2, -1), cast.people["officer"])
    text = text_of(report)
    assert fits(text.encode())
    assert verify(text.encode(), OWN.certificates).verdict == "valid"
    assert re.findall(r"<TargetIP>([^<]*)", text) == ["bot-c2.xyz", "blocked.example"]
    assert re.findall(r"<MalwareName>([^<]*)", text) == ["Botnet Ví Dụ"]
    assert 'name="PC-01"' in text
    assert (report.machines, report.unattributed) == (2, 1)
    assert "Vulnerability" in report.absent
    assert report.warnings == []
    today = reports.make(plan(cast), *days(-2, 0), cast.people["officer"])
    known = text_of(today)
    assert "old.example" in known, "seen before the period, and handed in during it"
    assert "<MalwareName>XMRig miner" in known
    assert "<OSName>Windows 10" in known


def test_no_finding_is_not_reported_and_nothing_searched_is_no_report(cast: Cast, campaign: Any) -> None:
    Case.objects.filter(device__name="PC-01").update(state=CaseState.FALSE_ALARM)
    report = reports.make(plan(cast), *days(-2, -1), cast.people["officer"])
    assert re.findall(r"<TargetIP>([^<]*)", text_of(report)) == ["blocked.example"]
    with pytest.raises(InputError, match="No log of the period"):
        reports.make(plan(cast), *days(-90, -80), cast.people["officer"])
    partly = reports.make(plan(cast), *days(-6, -1), cast.people["officer"])
    assert any("no log" in sentence for sentence in partly.warnings)


def test_pseudonyms_depend_on_the_unit_and_counts_name_no_machine(cast: Cast, campaign: Any) -> None:
    hidden = text_of(reports.make(plan(cast, naming="pseudonyms"), *days(-2, -1)))
    assert f'name="{pseudonym(unit_key(cast.first.pk), "pc-01")}"' in hidden
    counts = text_of(reports.make(plan(cast, naming="counts"), *days(-2, -1)))
    for text in (hidden, counts):
        assert not re.search(r"PC-0|pc-0|10\.1\.2|02:00:00", text)


def test_machines_that_were_not_scanned_for_long_are_counted(cast: Cast, campaign: Any) -> None:
    assert Look.objects.exists()
    report = reports.make(plan(cast), *days(-2, 0))
    assert "<NumberMachineNotUpdateOn15Day>0<" in text_of(report)
    Look.objects.update(received=timezone.now() - timedelta(days=16, hours=24))
    assert "<NumberMachineNotUpdateOn15Day>1<" in text_of(reports.make(plan(cast), *days(-2, 0)))


def test_nothing_leaves_unless_the_unit_decided_so(cast: Cast, campaign: Any, receiver: Centre) -> None:
    plan(cast, url=receiver.url)
    assert (reports.run_plans(), reports.deliver()) == (0, 0)
    reports.make(plan(cast), *days(-2, -1))
    assert reports.deliver() == 0
    assert receiver.requests == []


def test_the_plan_reports_each_period_once_and_reaches_back_over_gaps(
    cast: Cast, campaign: Any, receiver: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = timezone.now().replace(minute=0, second=0, microsecond=0)
    plan(cast, active=True, url=receiver.url, every=24, until=begun - timedelta(days=2))
    assert (reports.run_plans(), reports.run_plans()) == (1, 0)
    assert reports.deliver() == 1
    (report,) = AvReport.objects.all()
    assert (report.until, report.planned, report.state) == (begun, True, State.SENT)
    assert receiver.accepted == {report.sha256: reports.document_of(report)}
    Plan.objects.update(until=begun - timedelta(days=100))
    monkeypatch.setattr(
        reports,
        "gather",
        lambda unit, period: __import__("lamsach.channels.avreport.model", fromlist=["Gathered"]).Gathered(),
    )
    assert reports.run_plans() == 0
    kept = Plan.objects.get()
    assert (kept.until, kept.problem) == (begun - timedelta(days=100), NOTHING)


def test_a_report_is_delivered_once_despite_failures(cast: Cast, campaign: Any, receiver: Centre) -> None:
    kept = plan(cast, url=receiver.url)
    report = reports.make(kept, *days(-2, -1), cast.people["officer"])
    assert reports.make(kept, *days(-2, -1), cast.people["officer"]) == report
    assert reports.hand_on(report, kept, cast.people["officer"])
    assert not reports.hand_on(report, kept, cast.people["officer"])
    receiver.plan = [500, 0, 503]
    for number in range(3):
        assert reports.deliver() == 0
        assert reports.deliver() == 0, "not before its time"
        report.refresh_from_db()
        assert (report.state, report.attempts) == (State.WAITING, number + 1)
        assert report.problem
        assert report.next_attempt - timezone.now() > PAUSES[number] / 2
        AvReport.objects.update(next_attempt=timezone.now())
    assert reports.deliver() == 1
    report.refresh_from_db()
    assert (report.state, report.status, report.problem) == (State.SENT, 200, "")
    assert report.sha256 in report.answer
    assert (len(receiver.accepted), len(receiver.requests)) == (1, 4)
    assert not reports.hand_on(report, kept, cast.people["officer"])
    acts = list(Entry.objects.filter(action__startswith="avreport.").values_list("action", flat=True))
    assert sorted(acts) == ["avreport.made", "avreport.made", "avreport.queued", "avreport.sent"]


def test_a_refusal_and_a_centre_that_stays_silent_are_shown_and_can_be_tried_again(
    cast: Cast, campaign: Any, receiver: Centre
) -> None:
    kept = plan(cast, url=receiver.url)
    report = reports.make(kept, *days(-2, -1), cast.people["officer"])
    reports.hand_on(report, kept, cast.people["officer"])
    receiver.plan = [403]
    reports.deliver()
    page = cast.client("officer").get(f"/office/malware-reports/{report.pk}/").content.decode()
    assert "The centre refused the report." in page
    assert "Đang bảo trì" in page
    assert "Send this report to the centre" in page
    assert reports.hand_on(report, kept, cast.people["officer"])
    AvReport.objects.update(attempts=len(PAUSES))
    receiver.plan = [500]
    reports.deliver()
    report.refresh_from_db()
    assert report.state == State.GIVEN_UP


def test_without_an_address_the_report_is_written_to_the_folder(cast: Cast, campaign: Any) -> None:
    kept = plan(cast)
    report = reports.make(kept, *days(-2, -1))
    reports.hand_on(report, kept)
    assert reports.deliver() == 1
    (path,) = reports.folder_of(cast.first).glob("*.xml")
    assert path.read_bytes() == reports.document_of(report)
    assert path.is_relative_to(Path(django_settings.DATA))
    report.refresh_from_db()
    assert report.state == State.WRITTEN


def test_a_file_that_was_changed_is_not_sent(cast: Cast, campaign: Any, receiver: Centre) -> None:
    kept = plan(cast, url=receiver.url)
    report = reports.make(kept, *days(-2, -1))
    default_storage.delete(report.path)
    default_storage.save(report.path, ContentFile(b"<other/>"))
    reports.hand_on(report, kept)
    assert reports.deliver() == 0
    assert receiver.requests == []


def test_the_way_through_the_pages(cast: Cast, campaign: Any, receiver: Centre) -> None:
    client, page = cast.client("officer"), f"/office/malware-reports/units/{cast.first.pk}/"
    assert "reports nothing by itself" in client.get(page).content.decode()
    form = {"naming": "pseudonyms", "every": "24", "organ_id": "H37.DN.001", "url": receiver.url}

    def saved(**changes: Any) -> str:
        return client.post(page, {**form, **changes}, follow=True).content.decode()

    key = {"key_file": SimpleUploadedFile("a.p12", key_file("Don vi A")), "key_password": "wrong"}
    assert "cannot be opened with this password" in saved(**key)
    assert "may not write to this address" in saved(url="http://10.0.0.1/")
    assert not Plan.objects.exists()
    saved(**{"key_file-clear": "on"})
    assert Plan.objects.get().key == ""
    Plan.objects.all().delete()
    said = saved(
        key_file=SimpleUploadedFile("a.p12", key_file("Don vi A")), key_password="mat khau", active="on"
    )
    assert "CN=Don vi A" in said
    assert "reports every day; machines are named by pseudonyms" in said
    kept = Plan.objects.get()
    assert "mat khau" not in json.dumps(
        [kept.key, *map(str, Entry.objects.values_list("details", flat=True))]
    )
    assert Entry.objects.filter(action="avreport.plan_changed").count() == 2
    wrong = client.post(page + "preview/", {"since": day(-1).isoformat(), "until": day(-2).isoformat()})
    assert "would end before it begins" in wrong.content.decode()
    empty = client.post(
        page + "preview/", {"since": day(-99).isoformat(), "until": day(-98).isoformat()}, follow=True
    )
    assert "No log of the period was searched" in empty.content.decode()
    answer = client.post(page + "preview/", {"since": day(-2).isoformat(), "until": day(-1).isoformat()})
    report = AvReport.objects.get()
    assert answer["Location"] == f"/office/malware-reports/{report.pk}/"
    shown = client.get(answer["Location"]).content.decode()
    document = reports.document_of(report)
    assert document.decode() in unescape(shown), "every byte"
    assert client.get(answer["Location"] + "file/").content == document
    assert receiver.requests == []
    client.post(answer["Location"])
    assert reports.deliver() == 1
    assert receiver.requests == [document], "what was shown is what left"
    assert "The centre has it" in client.get(answer["Location"]).content.decode()
    acts = set(Entry.objects.filter(action__startswith="avreport.").values_list("action", flat=True))
    assert acts == {
        f"avreport.{act}" for act in ("plan_changed", "made", "viewed", "exported", "queued", "sent")
    }
    saved(forget_key="on")
    assert Plan.objects.get().key == ""
    assert "The centre has it" in client.get("/office/malware-reports/").content.decode()


def test_only_the_unit_itself_reads_its_reports(cast: Cast, campaign: Any) -> None:
    report = reports.make(plan(cast, naming="names"), *days(-2, -1))
    for name, status in (("coordinator", 403), ("stranger", 404), ("reader", 404)):
        for path in (f"{report.pk}/", f"{report.pk}/file/", f"units/{cast.first.pk}/"):
            assert cast.client(name).get(f"/office/malware-reports/{path}").status_code == status, (
                name,
                path,
            )


def test_the_content_of_a_report_is_erased_in_time_and_its_receipt_stays(cast: Cast, campaign: Any) -> None:
    kept = plan(cast, naming="names")
    report = reports.make(kept, *days(-2, -1))
    reports.hand_on(report, kept)
    reports.deliver()
    assert reports.forget() == 0
    AvReport.objects.update(made=timezone.now() - timedelta(days=91))
    path = report.path
    assert (reports.forget(), reports.forget()) == (1, 0)
    assert not default_storage.exists(path)
    page = cast.client("officer").get(f"/office/malware-reports/{report.pk}/").content.decode()
    assert "erased in time" in page
    assert report.sha256 in page
    assert "Written to the folder" in page
