"""From the authority's rows to cases: one case per device from any list, trace or hunt, else a question."""

from __future__ import annotations

import io
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lamsach.portal.audit.models import Entry
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import Case, CaseSeverity, CaseState, Clarification
from lamsach.portal.findings.models import Bundle, Device, EvidenceLine, Sighting, Way
from lamsach.portal.jobs.models import Job, JobState
from lamsach.portal.privacy import erasure, holds, person
from lamsach.portal.traces import files
from lamsach.portal.traces.models import Trace, TraceRow
from tests.trace.unit_logs import PUBLIC, START, fortigate, make_unit

from .bundles import Contact, device, findings, hand_in, work
from .conftest import Cast

pytestmark = pytest.mark.django_db
FAR = "198.51.100.77"


@pytest.fixture
def client(cast: Cast) -> Client:
    return cast.client("officer")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    make_unit(tmp_path)
    return tmp_path


def traced(client: Client, cast: Cast, campaign: Campaign | None, unit: Path) -> Trace:
    """Run a trace of the officer."""
    values: dict[str, Any] = {"unit": cast.first.pk, "answers": "Công văn số 12/CQA"}
    if campaign is not None:
        values["campaign"] = campaign.pk
    assert client.post("/office/findings/traces/", values).status_code == 302
    made = Trace.objects.latest("pk")
    upload = {
        field: [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]
        for field, paths in (
            ("logs", sorted((unit / "logs").iterdir())),
            ("lists", [unit / "list.csv"]),
            ("inventory", [unit / "machines.csv"]),
        )
    }
    client.post(address(made), upload)
    client.post(address(made), {"what": "begin"})
    work()
    made.refresh_from_db()
    assert made.problem == ""
    return made


def address(trace: Trace) -> str:
    return f"/office/findings/traces/{trace.pk}/"


def asked() -> list[tuple[str, int]]:
    return [(str(row.device), row.count) for row in Clarification.objects.filter(answered=None)]


def test_explained_rows_make_cases_and_others_a_question(
    client: Client, cast: Cast, campaign: Campaign, unit: Path
) -> None:
    made = traced(client, cast, campaign, unit)
    cases = list(Case.objects.filter(campaign=campaign).order_by("pk"))
    assert (made.listed, made.explained, len(cases)) == (8, 6, 6)
    assert {case.device.name for case in cases} == {f"PC-{n:02d}" for n in range(6)}
    assert {(case.state, case.severity, case.threat) for case in cases} == {
        (CaseState.NEW, CaseSeverity.MEDIUM, "Mirai")
    }
    assert asked() == [(PUBLIC, 2)]
    seen = Sighting.objects.exclude(device__key__startswith="unattributed:")
    assert set(seen.values_list("indicator", "source", "role", "count", "passed")) == {
        (FAR, "FG1", "outbound", 1, 1)
    }, "the NAT record says where the contact went and whose log shows it"
    lines = EvidenceLine.objects.filter(device=cases[0].device_id)
    assert {line.file.split("-")[-1] for line in lines} == {"list.csv", "fw.log", "dhcpd.log"}
    row = lines.get(file__endswith="list.csv")
    assert row.text.startswith(f"{PUBLIC} 2000")
    assert Bundle.objects.get().way == Way.TRACE
    assert made.bundle == Bundle.objects.get()


def test_the_page_links_rows_to_cases(client: Client, cast: Cast, campaign: Campaign, unit: Path) -> None:
    made = traced(client, cast, campaign, unit)
    case = Case.objects.get(device__name="PC-03")
    text = client.get(address(made)).content.decode()
    assert "names 8, 6 can be explained" in text
    assert "Machines with a case in the campaign: 6." in text
    assert f'href="/office/cases/{case.pk}/"' in text
    assert case.number in text
    assert "not with this port" in text
    assert Entry.objects.filter(action="trace.viewed").exists()
    cast.people["officer"].language = "vi"
    cast.people["officer"].save()
    text = client.get(address(made)).content.decode()
    assert "Cơ quan chức năng nêu 8, giải thích được 6" in text
    assert "Số máy có hồ sơ xử lý trong chiến dịch: 6." in text
    shown = client.get(f"/office/cases/{case.pk}/").content.decode()
    assert f"{PUBLIC} 20003" in shown, "the row is the case's evidence"
    assert "list.csv" in shown


def test_the_letter_states_the_cases(client: Client, cast: Cast, campaign: Campaign, unit: Path) -> None:
    made = traced(client, cast, campaign, unit)
    answer = client.get(f"{address(made)}documents/docx/")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    text = zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()
    assert "Đơn vị đã lập hồ sơ xử lý cho 6 máy" in text
    assert "PC-0" not in text


def test_an_existing_case_is_reused(client: Client, cast: Cast, campaign: Campaign, unit: Path) -> None:
    known = device("mac:02:00:00:00:00:03", name="PC-03", ip="10.1.0.14")
    hand_in(cast, campaign, findings([known], [Contact("mac:02:00:00:00:00:03", {START.date(): 1})]))
    before = Case.objects.get()
    traced(client, cast, campaign, unit)
    assert Case.objects.count() == 6
    after = Case.objects.get(device__name="PC-03")
    assert (after.pk, after.indicators, after.severity) == (before.pk, 2, CaseSeverity.HIGH)


def test_the_same_list_again_counts_nothing_twice(
    client: Client, cast: Cast, campaign: Campaign, unit: Path
) -> None:
    first = traced(client, cast, campaign, unit)
    before = sorted(Sighting.objects.values_list("device", "indicator", "day", "count"))
    second = traced(client, cast, campaign, unit)
    assert sorted(Sighting.objects.values_list("device", "indicator", "day", "count")) == before
    assert (Case.objects.count(), Case.objects.filter(severity=CaseSeverity.MEDIUM).count()) == (6, 6)
    assert asked() == [(PUBLIC, 2)]
    assert second.rows.count() == first.rows.count() == 8


def test_a_repeated_job_imports_nothing_new(
    client: Client, cast: Cast, campaign: Campaign, unit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "rmtree", lambda *_args, **_options: None)
    made = traced(client, cast, campaign, unit)
    Trace.objects.filter(pk=made.pk).update(listed=None)  # as if killed just before its end
    Job.objects.filter(name="traces.trace").update(state=JobState.QUEUED)
    work()
    made.refresh_from_db()
    assert (made.listed, Bundle.objects.count(), Case.objects.count(), made.rows.count()) == (8, 1, 6, 8)
    assert asked() == [(PUBLIC, 2)]


def test_a_later_trace_ends_the_question_it_explains(
    client: Client, cast: Cast, campaign: Campaign, unit: Path
) -> None:
    first = traced(client, cast, campaign, unit)
    assert asked() == [(PUBLIC, 2)]
    log = unit / "logs" / "older.log"
    log.write_text(fortigate(START + timedelta(minutes=30), "10.1.0.17", 40006, 40, 90))
    traced(client, cast, campaign, unit)
    assert asked() == [(PUBLIC, 1)]
    assert first.rows.exclude(elsewhere=None).count() == 1
    assert Case.objects.filter(device__name="PC-06").exists()
    assert "Another trace explains it" in client.get(address(first)).content.decode()
    log.write_text(log.read_text() + fortigate(START + timedelta(minutes=35), "10.1.0.18", 40007, 40, 91))
    traced(client, cast, campaign, unit)
    assert asked() == []
    assert not Sighting.objects.filter(device__key__startswith="unattributed:").exists()
    log.unlink()
    traced(client, cast, campaign, unit)
    assert asked() == [], "fewer logs make no question of what is known"
    assert Case.objects.count() == 8


def test_without_a_campaign_it_only_answers(client: Client, cast: Cast, unit: Path) -> None:
    made = traced(client, cast, None, unit)
    assert (made.explained, Case.objects.count(), Device.objects.count()) == (6, 0, 0)
    text = client.get(address(made)).content.decode()
    assert "PC-03" in text
    assert "Machines with a case" not in text


def test_a_deleted_result_leaves_the_cases(
    client: Client, cast: Cast, campaign: Campaign, unit: Path
) -> None:
    made = traced(client, cast, campaign, unit)
    client.post(address(made), {"what": "delete"})
    assert set(made.rows.values_list("ip", "time_text", "document")) == {("", "", "")}
    assert not any(row.named for row in made.rows.all())
    assert "PC-03" not in client.get(address(made)).content.decode()
    assert Case.objects.count() == 6


@pytest.mark.parametrize("term", ["người dùng 3", "PC-03", "02:00:00:00:00:03", "10.1.0.14"])
def test_personal_data_of_a_trace_is_listed_and_erased(
    term: str, client: Client, cast: Cast, campaign: Campaign, unit: Path
) -> None:
    made = traced(client, cast, campaign, unit)
    alone = traced(client, cast, None, unit)
    found = {entry.name: entry for entry in person.search([cast.first.pk], term)}
    assert found["traces"].count == 2, "the one that only answers too"
    assert any(term.casefold() in cell.casefold() for cell in found["traces"].rows[0])
    assert person.search([cast.second.pk], term) == []
    erasure.erase([cast.first.pk], cast.first, term, "Người dùng yêu cầu", cast.people["officer"])
    assert person.search([cast.first.pk], term) == []
    for trace in (made, alone):
        trace.refresh_from_db()
        assert trace.result_deleted is not None
        assert not any(default_storage.exists(files.result_path(trace, kind)) for kind in files.RESULTS)
        assert (trace.listed, trace.explained) == (8, 6)
    assert Case.objects.count() == 6


def test_a_legal_hold_retains_a_trace(client: Client, cast: Cast, campaign: Campaign, unit: Path) -> None:
    made = traced(client, cast, campaign, unit)
    holds.put(cast.first, "Điều tra", cast.people["officer"])
    counts = erasure.erase([cast.first.pk], cast.first, "PC-03", "Yêu cầu", cast.people["officer"])
    assert counts["held"] >= 1
    assert counts["traces"] == 0
    assert TraceRow.objects.filter(trace=made, named__icontains="PC-03").exists()
