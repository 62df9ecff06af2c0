"""Life of a report: drafted, overruled, approved, signed, sent, returned, accepted, frozen."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction

from lamsach.letters.docx_ import to_docx
from lamsach.letters.form import Figure as FormFigure
from lamsach.letters.form import Filled
from lamsach.letters.layout import blank
from lamsach.portal.audit.models import Entry
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.models import How, StepKind
from lamsach.portal.mail.letters import message, render
from lamsach.portal.mail.models import Letter
from lamsach.portal.reports import drafts
from lamsach.portal.reports.content import digest_of, form_of, is_intact
from lamsach.portal.reports.models import Figure, Report, ReportState
from lamsach.portal.units import tree

from .bundles import work
from .conftest import Browser, Cast
from .report_steps import fields, frozen, post
from .samples import dispatch, report

pytestmark = pytest.mark.django_db


def test_the_draft_has_the_boards_numbers_and_a_text(cast: Cast) -> None:
    sent = dispatch(cast)
    dispatches.take(sent.recipients.get(unit=cast.first), StepKind.DEPLOYED, how=How.PAPER)
    made = drafts.begin(sent.campaign, cast.centre, cast.people["coordinator"])
    assert {f.key: f.computed for f in made.figures.all()} == {"informed": 2, "deployed": 1}
    assert "2/3 đơn vị, tổ chức nhận được thông tin" in made.texts["assessment"]
    assert drafts.begin(sent.campaign, cast.centre, cast.people["coordinator"]) == made


def test_the_whole_way_in_the_browser(cast: Cast, browser: Browser) -> None:
    sent = dispatch(cast, number="05/CNTT")
    officer, coordinator = browser("officer"), browser("coordinator")
    address = f"/office/campaigns/{sent.campaign_id}/reports/{cast.first.pk}/"
    assert "Make the draft" in officer.get(address).content.decode()
    place = officer.post(address)["Location"]
    assert officer.post(address)["Location"] == place
    found = Report.objects.get()
    changed = fields(
        found, stated_deployed=1, reason_deployed="Báo trên giấy", text_assessment="Đã làm.", signer="A"
    )
    assert post(officer, found, "edit", **changed).status_code == 302
    assert post(officer, found, "step", action="send").status_code == 409
    post(officer, found, "step", action="submit")
    assert post(officer, found, "edit", **changed).status_code == 409
    post(officer, found, "step", action="return", reason="Sai số")
    assert Report.objects.get().state == ReportState.RETURNED
    post(officer, found, "step", action="submit")
    post(officer, found, "step", action="approve", signer="Nguyễn Văn Thử", position="Trưởng phòng")
    assert post(officer, found, "scan", file=SimpleUploadedFile("ky.pdf", b"%PDF-1.7 x")).status_code == 302
    post(officer, found, "step", action="send")
    work()
    assert post(officer, found, "receive", action="accept").status_code == 403
    post(coordinator, found, "receive", action="refuse", reason="Thiếu biên bản")
    assert Report.objects.get().state == ReportState.RETURNED
    for action in ("submit", "approve", "send"):
        post(officer, found, "step", action=action)
    work()
    post(coordinator, found, "receive", action="accept")
    found.refresh_from_db()
    assert (found.state, found.signer, is_intact(found)) == (ReportState.FROZEN, "Nguyễn Văn Thử", True)
    assert [step.action for step in found.steps.all()] == [
        "submit", "return", "submit", "approve", "send", "refuse", "submit", "approve", "send", "accept",
    ]  # fmt: skip
    kinds = list(Letter.objects.filter(kind__startswith="report").order_by("pk").values_list("kind", "to"))
    assert kinds == [
        ("report_sent", "a@unit.example"),
        ("report_returned", "mot@unit.example"),
        ("report_sent", "a@unit.example"),
        ("report_accepted", "mot@unit.example"),
    ]
    parts = list(message(Letter.objects.filter(kind="report_sent").latest("pk")).iter_attachments())
    assert [str(part.get_filename()).rpartition(".")[2] for part in parts] == ["pdf", "docx", "json", "pdf"]
    assert json.loads(parts[2].get_content())["texts"]["assessment"] == "Đã làm."
    assert "Thiếu biên bản" in render(Letter.objects.get(kind="report_returned"))[1]
    acts = set(Entry.objects.filter(object_type="reports.report").values_list("action", flat=True))
    assert acts >= {"report.begun", "report.overruled", "report.submit", "report.accept", "report.scanned"}


def test_a_stated_number_equal_to_the_computed_one_is_not_overruled(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    post(browser("officer"), found, "edit", **fields(found, stated_informed=0, reason_informed="x"))
    assert Figure.objects.get(report=found, key="informed").stated is None


def test_why_lists_just_what_was_counted(cast: Cast, browser: Browser) -> None:
    sent = dispatch(cast)
    for unit in (cast.first, cast.second):
        dispatches.take(sent.recipients.get(unit=unit), StepKind.ACKNOWLEDGED, how=How.PAPER)
    made = drafts.begin(sent.campaign, cast.centre, cast.people["coordinator"])
    page = browser("coordinator").get(f"/office/reports/{made.pk}/why/informed/")
    assert page.context["page"].paginator.count == made.figures.get(key="informed").computed == 3
    assert "Phòng Một" in page.content.decode()
    assert browser("coordinator").get(f"/office/reports/{made.pk}/why/nothing/").status_code == 404


def test_two_at_once_the_second_is_told(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    officer, coordinator = browser("officer"), browser("coordinator")
    data = fields(found)
    assert (
        officer.post(f"/office/reports/{found.pk}/edit/", {**data, "text_assessment": "Một"}).status_code
        == 302
    )
    assert (
        coordinator.post(f"/office/reports/{found.pk}/edit/", {**data, "text_assessment": "Hai"}).status_code
        == 409
    )
    found.refresh_from_db()
    assert found.texts["assessment"] == "Một"
    post(officer, found, "step", action="submit")
    found.refresh_from_db()
    step = {"version": found.version, "action": "approve", "signer": "A"}
    assert officer.post(f"/office/reports/{found.pk}/step/", step).status_code == 302
    assert officer.post(f"/office/reports/{found.pk}/step/", step).status_code == 409
    post(officer, found, "step", action="send")
    found.refresh_from_db()
    take = {"version": found.version, "action": "accept"}
    assert coordinator.post(f"/office/reports/{found.pk}/receive/", take).status_code == 302
    assert (
        browser("authority")
        .post(f"/office/reports/{found.pk}/receive/", {**take, "action": "refuse", "reason": "x"})
        .status_code
        == 409
    )
    assert found.steps.filter(action="accept").count() == 1


def test_the_database_refuses_to_change_what_is_frozen(cast: Cast) -> None:
    found = frozen(cast)
    changes: list[dict[str, Any]] = [{"texts": {}}, {"state": "draft"}, {"digest": "x"}]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            Report.objects.filter(pk=found.pk).update(**change)
    assert found.digest == digest_of(found.content or {})


def test_hostile_names_are_inert(cast: Cast, browser: Browser) -> None:
    evil = "=cmd|'/c calc'!A1 <script>alert(1)</script> #panic()"
    tree.rename(cast.first, evil)
    found = report(cast)
    client = browser("officer")
    for address in (
        f"/office/reports/{found.pk}/",
        f"/office/reports/{found.pk}/edit/",
        f"/office/reports/{found.pk}/file/html/",
    ):
        assert "<script>alert" not in client.get(address).content.decode()
    assert client.get(f"/office/reports/{found.pk}/file/pdf/").content.startswith(b"%PDF-")
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/office/reports/{found.pk}/file/xlsx/").content))
    assert [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"] == []
    name = client.get(f"/office/reports/{found.pk}/file/docx/")["Content-Disposition"]
    assert name == f'attachment; filename="bao-cao-{cast.first.code}-lan-1.docx"'


def test_the_approved_report_is_signed_with_a_key_file(cast: Cast, browser: Browser) -> None:
    pytest.importorskip("pyhanko")
    from tests.letters.test_signature import key_file

    found = report(cast)
    client = browser("officer")

    def key() -> SimpleUploadedFile:
        return SimpleUploadedFile("khoa.p12", key_file())

    assert post(client, found, "sign", key=key(), password="mat khau").status_code == 409
    post(client, found, "step", action="submit")
    post(client, found, "step", action="approve", signer="A")
    page = client.get(f"/office/reports/{found.pk}/").content.decode()
    assert '<label for="id_reason">Reason</label>' in page, "no report is returned without a reason"
    assert "It replaces the signed document" not in page
    post(client, found, "sign", key=key(), password="sai")
    found.refresh_from_db()
    assert found.scan_path == ""
    post(client, found, "sign", key=key(), password="mat khau")
    got = b"".join(client.get(f"/office/reports/{found.pk}/scan/").streaming_content)  # type: ignore[attr-defined]
    assert b"/ByteRange" in got
    again = client.get(f"/office/reports/{found.pk}/").content.decode()
    assert again.count("It replaces the signed document that is there.") == 2
    assert "mat khau" not in str(list(Entry.objects.values_list("details", flat=True)))


def test_a_form_filled_in_by_hand_is_shown_before_it_is_kept(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    form = form_of(found)
    filled = Filled(
        form, {"assessment": "Đã làm <b>xong"}, {"informed": FormFigure(7), "deployed": FormFigure(0)}
    )
    client = browser("coordinator")

    def sent(content: bytes) -> str:
        file = SimpleUploadedFile("phu-luc.docx", content)
        return client.post(f"/office/reports/{found.pk}/read/", {"file": file}, follow=True).content.decode()

    page = sent(to_docx(blank(filled)))
    assert 'value="7"' in page
    assert "From the form that was sent in: phu-luc.docx" in page
    assert "Đã làm &lt;b&gt;xong" in page
    assert Figure.objects.get(report=found, key="informed").stated is None
    assert "no DOCX or XLSX that can be read" in sent(b"PK\x03\x04 broken")
    assert "content does not fit its name" in sent(b"MZ")
    post(browser("officer"), found, "step", action="submit")
    assert client.post(f"/office/reports/{found.pk}/read/", {}).status_code == 409
