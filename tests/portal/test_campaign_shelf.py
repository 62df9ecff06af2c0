"""A campaign's materials and tools, withdrawn statements, inner deadlines, merges in a sheet's preview."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from lamsach.portal.base import links
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.deadlines import of_unit
from lamsach.portal.campaigns.models import Campaign, How, Material, Recipient, Step, StepKind
from lamsach.portal.campaigns.tally import counts
from lamsach.portal.mail.models import BadAddress
from lamsach.portal.public.models import Tool
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit, UnitImport

from .confirmation import asked, confirmed
from .conftest import Browser, Cast
from .samples import campaign, dispatch

pytestmark = pytest.mark.django_db


@pytest.mark.one_date
def test_a_material_is_seen_by_units_and_in_public_only_when_it_says_so(
    cast: Cast, browser: Browser, client: Client
) -> None:
    found = dispatch(cast).campaign
    coordinator, address = browser("coordinator"), f"/office/campaigns/{found.pk}/materials/"
    for title, public in (("Hướng dẫn", ""), ("Tờ rơi", "on")):
        file = SimpleUploadedFile("a.pdf", b"%PDF-1.7 " + title.encode())
        coordinator.post(address, {"title": title, "file": file, "public": public})
    inner, open_ = Material.objects.order_by("pk")
    assert browser("officer").get(f"/office/materials/{inner.pk}/").status_code == 200
    assert browser("stranger").get(f"/office/materials/{inner.pk}/").status_code == 404
    assert browser("officer").post(address, {"title": "x"}).status_code == 403
    assert [client.get(f"/materials/{m.pk}/").status_code for m in (inner, open_)] == [404, 200]
    assert "Tờ rơi" in client.get("/clean/").content.decode()
    withdraw = f"/office/materials/{open_.pk}/withdraw/"
    text, data = asked(coordinator, withdraw)
    assert "Tờ rơi" in text
    assert client.get(f"/materials/{open_.pk}/").status_code == 200, "nothing happens before it is confirmed"
    coordinator.post(withdraw, data)
    assert client.get(f"/materials/{open_.pk}/").status_code == 404
    assert withdraw in coordinator.get(address).content.decode(), "it can be restored"
    assert browser("officer").post(withdraw, {"what": "back"}).status_code == 404
    coordinator.post(withdraw, {"what": "back"})
    assert client.get(f"/materials/{open_.pk}/").status_code == 200


@pytest.mark.one_date
def test_a_material_of_another_kind_is_refused(cast: Cast, browser: Browser) -> None:
    found = dispatch(cast).campaign
    file = SimpleUploadedFile("a.exe", b"MZ")
    page = browser("coordinator").post(
        f"/office/campaigns/{found.pk}/materials/", {"title": "x", "file": file}
    )
    assert page.status_code == 200
    assert not Material.objects.exists()


@pytest.mark.one_date
def test_the_public_page_shows_the_tools_of_the_campaign(
    cast: Cast, browser: Browser, client: Client
) -> None:
    found = dispatch(cast).campaign
    first, second = (
        Tool.objects.create(name=name, publisher="B", licence="C", systems="D", link="https://a.example")
        for name in ("Công cụ Một", "Công cụ Hai")
    )
    assert "Công cụ Hai" in client.get("/clean/").content.decode()
    browser("coordinator").post(
        f"/office/campaigns/{found.pk}/materials/", {"what": "tools", "tools": [first.pk]}
    )
    page = client.get("/clean/").content.decode()
    assert ("Công cụ Một" in page, "Công cụ Hai" in page) == (True, False)
    assert second.pk


@pytest.mark.one_date
def test_a_statement_is_taken_back_with_its_reason(cast: Cast, browser: Browser) -> None:
    found = dispatch(cast).campaign
    copy = Recipient.objects.get(unit=cast.first)
    dispatches.take(copy, StepKind.DEPLOYED, how=How.PAPER, day=tree.today() - timedelta(days=3))
    officer, address = browser("officer"), f"/office/answers/{copy.pk}/"
    assert "Take the statement back" in officer.get(address).content.decode()
    officer.post(f"{address}take-back/", {"reason": " "})
    assert counts(found, cast.centre.pk).deployed == 1
    officer.post(f"{address}take-back/", {"reason": "Chưa rà quét hết"})
    officer.post(f"{address}take-back/", {"reason": "Lần hai"})
    after = counts(found, cast.centre.pk)
    assert (after.deployed, after.informed) == (0, 1)
    assert list(Step.objects.filter(kind=StepKind.WITHDRAWN).values_list("note", "who")) == [
        ("Chưa rà quét hết", str(cast.people["officer"]))
    ]
    assert "Chưa rà quét hết" in browser("coordinator").get(address).content.decode()
    copy.refresh_from_db()
    today = tree.today()
    dispatches.take(copy, StepKind.DEPLOYED, how=How.PORTAL, day=today)
    assert counts(found, cast.centre.pk).deployed == 1
    assert counts(found, cast.centre.pk, today - timedelta(days=1)).deployed == 0


@pytest.mark.one_date
def test_a_statement_by_another_dispatch_still_stands(cast: Cast) -> None:
    first = Recipient.objects.get(dispatch=dispatch(cast), unit=cast.first)
    second = Recipient.objects.get(dispatch=dispatch(cast), unit=cast.first)
    for copy, days in ((first, 5), (second, 2)):
        dispatches.take(copy, StepKind.DEPLOYED, how=How.PAPER, day=tree.today() - timedelta(days=days))
    dispatches.take_back(first, None, how=How.PAPER, reason="x")
    found = first.dispatch.campaign
    assert counts(found, cast.centre.pk, tree.today() - timedelta(days=3)).deployed == 0
    assert counts(found, cast.centre.pk).deployed == 1


def write(browser: Browser, who: str, found: Campaign, issuer: int, days: int) -> bool:
    day = tree.today()
    data = {
        "issuer": issuer,
        "day": day.isoformat(),
        "subject": "x",
        "deadline": (day + timedelta(days=days)).isoformat(),
        "once": links.nonce(),
    }
    return browser(who).post(f"/office/campaigns/{found.pk}/dispatches/new/", data).status_code == 302


@pytest.mark.parametrize(("days", "taken"), [(-1, False), (29, True), (30, True), (31, False)])
def test_a_dispatch_is_due_by_the_day_of_the_reports(
    days: int, taken: bool, cast: Cast, browser: Browser
) -> None:
    assert write(browser, "coordinator", campaign(cast), cast.centre.pk, days) is taken


@pytest.mark.parametrize(("days", "taken"), [(19, True), (20, False), (25, False)])
def test_a_unit_that_was_sent_one_gives_its_own_an_earlier_day(
    days: int, taken: bool, cast: Cast, browser: Browser
) -> None:
    assert write(browser, "officer", dispatch(cast).campaign, cast.first.pk, days) is taken


def test_a_campaigns_new_day_asks_for_whom_it_holds(cast: Cast, browser: Browser) -> None:
    found = dispatch(cast).campaign
    day, client = tree.today(), browser("coordinator")
    before = of_unit(found, cast.first.pk).report.day
    data = {
        "name": "Tên mới",
        "owner": cast.centre.pk,
        "starts": found.starts.isoformat(),
        "ends": found.ends.isoformat(),
        "report_due": (day + timedelta(days=10)).isoformat(),
        "version": found.version,
    }
    answer = client.post(f"/office/campaigns/{found.pk}/edit/", data)
    found.refresh_from_db()
    assert found.name == "Tên mới"
    assert of_unit(found, cast.first.pk).report.day == before, "nothing moves before its scope is chosen"
    assert (day + timedelta(days=10)).isoformat() in client.get(answer["Location"]).content.decode()
    move = {"report": data["report_due"], "scope": "all", "reason": "Theo chỉ đạo", "letters": "on"}
    page = confirmed(client, answer["Location"], move)
    assert page.status_code == 302
    assert {one.day for one in of_unit(found, cast.first.pk)} == {day + timedelta(days=10)}
    found.refresh_from_db()
    assert found.report_due == day + timedelta(days=10)


@pytest.mark.one_date
def test_the_preview_names_merges(cast: Cast, browser: Browser) -> None:
    day = tree.today()
    sheet = (
        "Mã;Tên;Mã cấp trên;Ngày giải thể;Mã kế thừa\n"
        f"G06.12.01;;;{day:%d/%m/%Y};G06.12.03\nG06.12.02;;;{day:%d/%m/%Y};G06.12.03\n"
        "G06.12.03;Phòng Mới;G06.12;;\n"
    )
    coordinator = browser("coordinator")
    file = SimpleUploadedFile("a.csv", sheet.encode())
    coordinator.post("/office/units/import/", {"file": file})
    saved = UnitImport.objects.get()
    assert saved.errors == []
    page = coordinator.get(f"/office/units/import/{saved.pk}/?kind=merged").content.decode()
    assert page.count("merged into G06.12.03 Phòng Mới") == 2
    assert 'aria-current="true"><b>2</b> merged' in page


@pytest.mark.one_date
def test_the_board_names_whom_to_call(cast: Cast, browser: Browser) -> None:
    found = dispatch(cast).campaign
    now = timezone.now()
    BadAddress.objects.create(address="mot@unit.example", since=now, last=now, permanent=True)
    Unit.objects.filter(pk=cast.first.pk).update(email="Mot@unit.example")
    address = f"/office/campaigns/{found.pk}/board/?state=unreachable&unit={cast.centre.pk}"
    coordinator = browser("coordinator")
    page = coordinator.get(address).content.decode()
    assert ("Phòng Một" in page, "Phòng Hai" in page) == (True, False)
    Unit.objects.filter(pk=cast.second.pk).update(email="")
    assert "Phòng Hai" in coordinator.get(address).content.decode()
    dispatches.take(Recipient.objects.get(unit=cast.second), StepKind.ACKNOWLEDGED, how=How.PAPER)
    assert "Phòng Hai" not in coordinator.get(address).content.decode()
