"""Life of a report: drafted, overruled, approved, sent, returned, accepted, corrected, consolidated."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lamsach.portal.audit.models import Entry
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.deadlines import escalation_day, of_unit, reminder_days
from lamsach.portal.campaigns.models import CampaignState, FormDefinition, How, StepKind
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.mail.letters import message, render
from lamsach.portal.mail.models import Letter
from lamsach.portal.reports import drafts, tasks
from lamsach.portal.reports.consolidation import consolidate, is_late
from lamsach.portal.reports.content import digest_of, form_of, is_intact, scope_of
from lamsach.portal.reports.figures import Scope
from lamsach.portal.reports.letters import remind_by_schedule
from lamsach.portal.reports.models import Extension, Figure, Report, ReportState
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit

from .conftest import Cast
from .samples import dispatch, report
from .samples import due as move_to

pytestmark = pytest.mark.django_db
assert tasks, "the worker's functions are registered"
Browser = Callable[[str], Client]


def post(client: Client, found: Report, what: str, **data: Any) -> Any:
    found.refresh_from_db()
    return client.post(f"/office/reports/{found.pk}/{what}/", {"version": found.version, **data})


def fields(found: Report, **changes: Any) -> dict[str, Any]:
    """The draft's form as submitted by a browser."""
    found.refresh_from_db()
    data: dict[str, Any] = {
        "version": found.version,
        "itself": "on",
        "text_assessment": found.texts["assessment"],
    }
    data["text_proposals"] = found.texts["proposals"]
    for figure in found.figures.all():
        data[f"reason_{figure.key}"] = figure.reason
        if figure.stated is not None:
            data[f"stated_{figure.key}"] = figure.stated
    return {**data, **changes}


def work() -> None:
    """Run the worker's waiting jobs."""
    while run_next():
        pass


def frozen(cast: Cast, unit: Unit | None = None, scan: Any = None) -> Report:
    """An accepted report of a room."""
    found = drafts.begin(dispatch(cast).campaign, unit or cast.first, cast.people["officer"])
    client, above = cast.client("administrator"), cast.client("coordinator")
    assert post(client, found, "step", action="submit").status_code == 302
    post(client, found, "step", action="approve", signer="Nguyễn Văn Thử", position="Trưởng phòng")
    if scan is not None:
        post(client, found, "scan", file=scan)
    post(client, found, "step", action="send")
    post(above, found, "receive", action="accept")
    found.refresh_from_db()
    assert found.state == ReportState.FROZEN
    return found


@pytest.mark.one_date
def test_the_draft_has_the_boards_numbers_and_a_text(cast: Cast) -> None:
    sent = dispatch(cast)
    dispatches.take(sent.recipients.get(unit=cast.first), StepKind.DEPLOYED, how=How.PAPER)
    made = drafts.begin(sent.campaign, cast.centre, cast.people["coordinator"])
    assert {f.key: f.computed for f in made.figures.all()} == {"informed": 2, "deployed": 1}
    assert "2/3 đơn vị, tổ chức nhận được thông tin" in made.texts["assessment"]
    assert drafts.begin(sent.campaign, cast.centre, cast.people["coordinator"]) == made


@pytest.mark.one_date
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
    for action in ("submit", "approve", "send"):
        post(client, found, "step", action=action, signer="B")
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
def test_a_stated_number_equal_to_the_computed_one_is_not_overruled(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    post(browser("officer"), found, "edit", **fields(found, stated_informed=0, reason_informed="x"))
    assert Figure.objects.get(report=found, key="informed").stated is None


@pytest.mark.one_date
def test_why_lists_just_what_was_counted(cast: Cast, browser: Browser) -> None:
    sent = dispatch(cast)
    for unit in (cast.first, cast.second):
        dispatches.take(sent.recipients.get(unit=unit), StepKind.ACKNOWLEDGED, how=How.PAPER)
    made = drafts.begin(sent.campaign, cast.centre, cast.people["coordinator"])
    page = browser("coordinator").get(f"/office/reports/{made.pk}/why/informed/")
    assert page.context["page"].paginator.count == made.figures.get(key="informed").computed == 3
    assert "Phòng Một" in page.content.decode()
    assert browser("coordinator").get(f"/office/reports/{made.pk}/why/nothing/").status_code == 404


@pytest.mark.one_date
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


@pytest.mark.one_date
def test_the_database_refuses_to_change_what_is_frozen(cast: Cast) -> None:
    found = frozen(cast)
    changes: list[dict[str, Any]] = [{"texts": {}}, {"state": "draft"}, {"digest": "x"}]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            Report.objects.filter(pk=found.pk).update(**change)
    assert found.digest == digest_of(found.content or {})


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
    for action in ("submit", "approve", "send"):
        post(client, second, "step", action=action, signer="A")
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
    parts = []
    for unit, day in ((cast.centre, early), (cast.other, tree.today())):
        made = drafts.begin(sent.campaign, unit, cast.people["authority"], day)
        parts.append(made)
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
    with CaptureQueriesContext(
        connection,
    ) as few:
        assert client.get(address).status_code == 200
    for number in range(30):
        unit = tree.create(f"G06.12.1{number:02d}", f"Phòng {number}", cast.centre)
        drafts.begin(sent.campaign, unit, cast.people["officer"])
    with CaptureQueriesContext(connection) as many:
        page = client.get(address)
    assert len(page.context["taken"].lines) == 32
    assert len(many) <= len(few) + 1


def test_a_later_deadline_is_asked_for_and_granted(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    until = tree.today() + timedelta(days=50)
    assert post(browser("officer"), found, "extension", until="2001-01-01", reason="x").status_code == 302
    assert not Extension.objects.exists()
    post(browser("officer"), found, "extension", until=until.isoformat(), reason="Chờ nhật ký")
    extension = Extension.objects.get()
    assert (
        browser("officer").post(f"/office/extensions/{extension.pk}/", {"granted": "yes"}).status_code == 403
    )
    browser("coordinator").post(f"/office/extensions/{extension.pk}/", {"granted": "yes"})
    browser("coordinator").post(f"/office/extensions/{extension.pk}/", {"granted": "no"})
    deadline = of_unit(found.campaign, cast.first.pk).report
    assert (deadline.day, deadline.move.reason, deadline.move.by) == (
        until,
        "Chờ nhật ký",
        cast.people["coordinator"],
    )
    assert f"{until:%d/%m/%Y}" in render(Letter.objects.get(kind="deadline_moved"))[1]


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (
            date(2022, 9, 26),
            {date(2022, 9, 19): 7, date(2022, 9, 23): 1, date(2022, 9, 26): 0, date(2022, 9, 27): -1},
        ),
        (date(2026, 5, 4), {date(2026, 4, 29): 1, date(2026, 5, 4): 0, date(2026, 5, 5): -1}),
    ],
)
def test_reminders_fall_on_working_days(due: date, expected: dict[date, int]) -> None:
    days = reminder_days(due)
    assert expected.items() <= days.items()
    assert all(day.weekday() < 5 for day in days)


def test_reminders_go_once_and_the_parent_is_told_who_is_late(cast: Cast) -> None:
    sent = dispatch(cast)
    frozen(cast)
    due = of_unit(sent.campaign, cast.second.pk).report.day
    day = max(day for day, distance in reminder_days(due).items() if distance >= 0)
    assert (remind_by_schedule(day), remind_by_schedule(day)) == (1, 0)
    letters = Letter.objects.filter(kind="report_due")
    assert list(letters.values_list("to", flat=True)) == ["hai@unit.example"]
    assert remind_by_schedule(escalation_day(due)) >= 1
    assert "- Phòng Hai" in render(Letter.objects.get(kind="report_late"))[1]
    sent.campaign.state = CampaignState.CLOSED
    sent.campaign.save()
    assert remind_by_schedule(day) == 0


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("due", "told"),
    [
        (date(2026, 11, 24), date(2026, 11, 27)),
        (date(2026, 11, 25), date(2026, 11, 30)),  # a Saturday
        (date(2026, 11, 26), date(2026, 11, 30)),  # a Sunday
        (date(2026, 8, 29), date(2026, 9, 3)),  # the days of the Independence Day
        (date(2027, 2, 2), date(2027, 2, 11)),  # Tết, of whose seven days two are a weekend
    ],
)
def test_the_parent_is_told_on_working_days(due: date, told: date, cast: Cast) -> None:
    sent = dispatch(cast)
    move_to(sent.campaign, due)
    days = [due + timedelta(days=number) for number in range(14)]
    letters = Letter.objects.filter(kind="report_late")
    found = [
        day for day in days if remind_by_schedule(day) and letters.filter(key__endswith=f":{day:%Y%m%d}")
    ]
    assert found == [told]
    assert escalation_day(due) == told


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


@pytest.mark.one_date
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


def test_a_late_report_says_so(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    move_to(found.campaign, timezone.localdate() - timedelta(days=1))
    client = browser("officer")
    post(client, found, "edit", **fields(found, late_reason="Chờ số liệu của phòng"))
    for action in ("submit", "approve", "send"):
        post(client, found, "step", action=action, signer="A")
    found.refresh_from_db()
    assert "sent late" in client.get(f"/office/reports/{found.pk}/").content.decode()
    assert "Chờ số liệu của phòng" in client.get(f"/office/reports/{found.pk}/file/html/").content.decode()
    assert scope_of(found).unit == cast.first


@pytest.mark.one_date
@pytest.mark.parametrize(("clock", "late"), [("16:59", False), ("17:01", True)])
def test_the_day_ends_when_it_ends_in_vietnam(clock: str, late: bool, cast: Cast) -> None:
    """17:00 UTC is midnight in Hanoi (UTC+7 all year), in any time zone of the server."""
    found = report(cast)
    sent = datetime.fromisoformat(f"2022-09-26T{clock}:00+00:00")
    Report.objects.filter(pk=found.pk).update(sent=sent, state=ReportState.SENT)
    found.refresh_from_db()
    assert is_late(found, date(2022, 9, 26), date(2022, 9, 27)) == late


@pytest.mark.one_date
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


def test_the_first_page_says_what_waits(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    move_to(found.campaign, tree.today() + timedelta(days=3))
    assert "Reports that are due" in browser("officer").get("/office/").content.decode()
    assert "Reports to accept: " not in browser("coordinator").get("/office/").content.decode()
    for action in ("submit", "approve", "send"):
        post(browser("officer"), found, "step", action=action, signer="A")
    assert "Reports that are due" not in browser("officer").get("/office/").content.decode()
    assert "Reports to accept: 1" in browser("coordinator").get("/office/").content.decode()


@pytest.mark.one_date
def test_a_form_filled_in_by_hand_is_shown_before_it_is_kept(cast: Cast, browser: Browser) -> None:
    from lamsach.letters.docx_ import to_docx
    from lamsach.letters.form import Figure as FormFigure
    from lamsach.letters.form import Filled
    from lamsach.letters.layout import blank

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
