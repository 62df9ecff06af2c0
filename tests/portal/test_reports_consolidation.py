"""Consolidation of reports: sums, missing and late units, corrections, moves, reports as a figure's basis."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.deadlines import of_unit
from lamsach.portal.campaigns.models import FormDefinition, How, StepKind
from lamsach.portal.reports import drafts
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.content import form_of
from lamsach.portal.reports.figures import Scope
from lamsach.portal.reports.models import Figure, Report, ReportState
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit

from .conftest import Browser, Cast
from .report_steps import fields, frozen, post, send
from .samples import dispatch, report

pytestmark = pytest.mark.django_db


@pytest.mark.one_date
def test_both_values_stay_and_travel_up(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    client = browser("officer")
    missing = post(client, found, "edit", **fields(found, stated_informed=9))
    assert missing.status_code == 200
    assert "needs a reason" in missing.content.decode()
    post(client, found, "edit", **fields(found, stated_informed=9, reason_informed="Theo sổ công văn"))
    figure = Figure.objects.get(report=found, key="informed")
    assert (figure.computed, figure.stated, figure.value) == (0, 9, 9)
    assert (
        "More units have acknowledged than there are"
        in client.get(f"/office/reports/{found.pk}/").content.decode()
    )
    send(client, found)
    post(browser("coordinator"), found, "receive", action="accept")
    address = f"/office/campaigns/{found.campaign_id}/reports/{cast.centre.pk}/consolidated/"
    book = openpyxl.load_workbook(io.BytesIO(browser("coordinator").get(address + "xlsx/").content))
    texts = " ".join(
        str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value
    )
    assert "Dòng 1: số theo hệ thống 0; Theo sổ công văn" in texts
    record = json.loads(client.get(f"/office/reports/{found.pk}/file/json/").content)
    assert (record["figures"][0]["computed"], record["figures"][0]["stated"]) == (0, 9)
    found.refresh_from_db()
    about = record["about"]
    assert (about["unit_code"], about["state"], about["digest"]) == ("G06.12.01", "frozen", found.digest)
    assert client.get(f"/office/reports/{found.pk}/file/odt/").status_code == 404


@pytest.mark.one_date
def test_a_correction_is_a_new_edition_with_difference_and_reason(cast: Cast, browser: Browser) -> None:
    first = frozen(cast)
    client = browser("officer")
    assert post(client, first, "correct", reason=" ").status_code == 302
    assert Report.objects.count() == 1
    post(client, first, "correct", reason="Báo thiếu một phòng")
    assert post(client, first, "correct", reason="Lần nữa").status_code == 409
    second = Report.objects.get(edition=2)
    post(
        client,
        second,
        "edit",
        **fields(second, stated_informed=1, reason_informed="Có văn bản", text_assessment="Mới"),
    )
    page = client.get(f"/office/reports/{second.pk}/").content.decode()
    assert "What this edition changes" in page
    assert "Báo thiếu một phòng" in page
    campaign, form = first.campaign, form_of(first)
    before = consolidate(form, Scope(campaign, cast.centre, tree.today()))
    assert before.sums["informed"] == 0
    send(client, second)
    above = drafts.begin(campaign, cast.centre, cast.people["coordinator"])
    post(browser("coordinator"), above, "step", action="submit")
    post(browser("coordinator"), second, "receive", action="accept")
    above.refresh_from_db()
    after = consolidate(form, Scope(campaign, cast.centre, tree.today()), above)
    assert after.sums["informed"] == 1
    assert [line.unit for line in after.lines if line.changed] == [cast.first]
    assert [line.unit for line in after.corrected] == [cast.first]
    first.refresh_from_db()
    assert first.state == ReportState.FROZEN


def test_missing_and_late_are_named_and_never_guessed(cast: Cast, browser: Browser) -> None:
    found = frozen(cast, scan=SimpleUploadedFile("ky.pdf", b"%PDF-1.7 x"))
    dispatches.take(dispatch(cast).recipients.get(unit=cast.second), StepKind.ACKNOWLEDGED, how=How.PAPER)
    day = of_unit(found.campaign, cast.second.pk).report.day + timedelta(days=1)
    result = consolidate(form_of(found), Scope(found.campaign, cast.centre, day))
    assert [line.unit for line in result.missing] == [cast.second]
    assert [line.unit for line in result.late] == [cast.second]
    assert result.sums["informed"] == 0
    assert [line.board.informed for line in result.lines] == [0, 1]
    address = f"/office/campaigns/{found.campaign_id}/reports/{cast.centre.pk}/consolidated/"
    page = browser("reader").get(address + "html/")
    assert "ĐƠN VỊ CHƯA CÓ BÁO CÁO ĐƯỢC TIẾP NHẬN" in page.content.decode()
    assert "sandbox" in page["Content-Security-Policy"]
    answer = browser("coordinator").get(address + "zip/")
    stream = io.BytesIO(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    with zipfile.ZipFile(stream) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == [
            "don-vi/G06.12.01-lan-1-ky.pdf",
            "don-vi/G06.12.01-lan-1.json",
            "don-vi/G06.12.01-lan-1.pdf",
            "tong-hop.docx",
            "tong-hop.pdf",
            "tong-hop.xlsx",
        ]
        assert archive.read("don-vi/G06.12.01-lan-1-ky.pdf") == b"%PDF-1.7 x"


def test_a_unit_that_moved_between_two_reports_is_named(cast: Cast) -> None:
    sent = dispatch(cast)
    early = tree.today() - timedelta(days=5)
    for unit in Unit.objects.all():
        unit.links_up.update(valid_from=early)
    parts = [
        drafts.begin(sent.campaign, unit, cast.people["authority"], day)
        for unit, day in ((cast.centre, early), (cast.other, tree.today()))
    ]
    tree.move(cast.first, cast.other)
    for made in parts:
        Report.objects.filter(pk=made.pk).update(
            state=ReportState.FROZEN, content={"figures": []}, digest="x"
        )
    result = consolidate(form_of(parts[0]), Scope(sent.campaign, cast.root, tree.today()))
    assert list(result.doubled) == [cast.first]


@pytest.mark.one_date
def test_the_overview_asks_the_same_number_of_queries_for_many_units(cast: Cast, browser: Browser) -> None:
    sent = dispatch(cast)
    client = browser("coordinator")
    address = f"/office/campaigns/{sent.campaign_id}/reports/?unit={cast.centre.pk}"
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        assert client.get(address).status_code == 200
    for number in range(30):
        unit = tree.create(f"G06.12.1{number:02d}", f"Phòng {number}", cast.centre)
        drafts.begin(sent.campaign, unit, cast.people["officer"])
    with CaptureQueriesContext(connection) as many:
        page = client.get(address)
    assert len(page.context["taken"].lines) == 32
    assert len(many) <= len(few) + 1


@pytest.mark.one_date
def test_a_report_basis_row_adds_up_accepted_reports_and_the_units_own(cast: Cast) -> None:
    sent = dispatch(cast)
    definition = json.loads(json.dumps(sent.campaign.form.definition))
    definition["figures"]["rows"][0]["basis"] = "reports"
    sent.campaign.form = FormDefinition.objects.create(name="Thử", version=1, definition=definition)
    sent.campaign.save()
    dispatches.take(sent.recipients.get(unit=cast.first), StepKind.ACKNOWLEDGED, how=How.PAPER)
    dispatches.take(sent.recipients.get(unit=cast.second), StepKind.ACKNOWLEDGED, how=How.PAPER)
    frozen(cast)
    made = drafts.begin(sent.campaign, cast.centre, cast.people["coordinator"])
    assert made.figures.get(key="informed").computed == 2, (
        "the first room's report and the centre itself; the second has not reported"
    )
