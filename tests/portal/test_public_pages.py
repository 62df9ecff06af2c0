"""Public pages: check of a visitor's machine, tools and downloads, contact."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from lamsach.portal.campaigns.models import IndicatorList
from lamsach.portal.campaigns.tasks import read_uploaded_list
from lamsach.portal.cases.models import Case
from lamsach.portal.findings.models import Device
from lamsach.portal.jobs import queue as jobs
from lamsach.portal.jobs.models import Job, JobState
from lamsach.portal.public import systems
from lamsach.portal.public.models import Download, Tool
from lamsach.portal.public.views import has_open_case
from lamsach.portal.units.models import Unit

from .conftest import Browser, Cast
from .samples import dispatch, indicator_list
from .test_supported_systems import IPHONE, WINDOWS_7, WINDOWS_10

pytestmark = pytest.mark.django_db


@pytest.mark.one_date
def test_the_check_requests_and_uses_the_client_hint(client: Client) -> None:
    assert client.get("/check/")["Accept-CH"] == systems.PLATFORM_HINT
    headers = {"user-agent": WINDOWS_10, "sec-ch-ua-platform-version": '"19.0.0"'}
    page = client.post("/check/", headers=headers).content.decode()
    assert "Windows 11 24H2, 25H2" in page
    assert "tính đến ngày 30/11/2026" in page
    unknown = client.post("/check/", headers={"user-agent": WINDOWS_10}).content.decode()
    assert re.search(r"Windows 10 Home, Pro</th>.{0,200}14/10/2025", unknown), (
        "what it may be, each with its last day"
    )


@pytest.mark.one_date
@pytest.mark.parametrize("agent", [WINDOWS_7, IPHONE])
@pytest.mark.parametrize("address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.9", "100.64.3.4", "::1", "fe80::1", "fd00::5", "::ffff:10.1.2.3",
     "0.0.0.0"])  # fmt: skip
def test_the_check_states_the_limits_of_private_addresses(
    address: str, agent: str, cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lamsach.portal.public.views.is_listed", lambda address: True)
    page = client.post("/check/", REMOTE_ADDR=address, HTTP_USER_AGENT=agent).content.decode()
    assert "Địa chỉ này không cho biết được điều gì về máy của bạn." in page
    assert "cán bộ công nghệ thông tin" in page
    assert ("hãy mở trang này trên máy tính" in page) is (agent == IPHONE)
    for wrong in ("dấu hiệu tốt", "nằm trong danh sách", "answer-good", "answer-bad"):
        assert wrong not in page


@pytest.mark.one_date
def test_on_a_phone_the_check_advises_to_open_it_on_the_computer(cast: Cast, client: Client) -> None:
    campaign = dispatch(cast).campaign
    IndicatorList.objects.create(
        campaign=campaign, name="ds.txt", path="x", size=1, sha256="0", read=timezone.now()
    )
    before = client.get("/check/", HTTP_USER_AGENT=IPHONE).content.decode()
    after = client.post("/check/", HTTP_USER_AGENT=IPHONE, REMOTE_ADDR="192.0.2.8").content.decode()
    for page in (before, after):
        assert "http://testserver/check/" in page
        assert "dấu hiệu tốt" not in page
    assert "không nói lên điều gì về máy tính của bạn" in after
    on_pc = client.post("/check/", HTTP_USER_AGENT=WINDOWS_7, REMOTE_ADDR="192.0.2.8").content.decode()
    assert "dấu hiệu tốt" in on_pc
    assert "điện thoại" not in on_pc


@pytest.mark.one_date
def test_the_check_reveals_only_whether_the_address_is_listed(cast: Cast, client: Client) -> None:
    campaign = dispatch(cast).campaign
    nothing = client.post("/check/", REMOTE_ADDR="192.0.2.8").content.decode()
    assert "Hiện chưa có danh sách" in nothing
    list_ = indicator_list(campaign, b"192.0.2.7\n", "ds.txt")
    jobs.FUNCTIONS["campaigns.read_list"] = read_uploaded_list
    jobs.enqueue("campaigns.read_list", list_id=list_.pk)
    assert jobs.run_next()
    assert Job.objects.get().state == JobState.DONE
    yes = client.post("/check/", REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT=WINDOWS_7).content.decode()
    no = client.post("/check/", REMOTE_ADDR="192.0.2.8").content.decode()
    assert "Có, địa chỉ của bạn nằm trong danh sách." in yes
    assert "không còn được hỗ trợ" in yes
    assert "Không, địa chỉ của bạn không nằm trong danh sách." in no


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("address", "state", "yes"),
    [
        ("192.0.2.9", "new", True),
        ("::ffff:192.0.2.9", "new", True),
        ("192.0.2.9", "verified", False),
        ("192.0.2.10", "new", False),
        ("10.1.2.3", "new", False),
        ("nonsense", "new", False),
    ],
)
def test_the_check_includes_open_cases(address: str, state: str, yes: bool, cast: Cast) -> None:
    campaign = dispatch(cast).campaign
    for number, ip in enumerate(("192.0.2.9", "10.1.2.3")):
        device = Device.objects.create(unit=cast.first, key=f"mac:{number}", ip=ip)
        Case.objects.create(
            campaign=campaign,
            unit=cast.first,
            device=device,
            state=state,
            since=timezone.localdate(),
            severity=1,
            due=timezone.now(),
        )
    assert has_open_case(address) is yes


@pytest.mark.one_date
def test_the_check_works_without_the_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "is_installed", lambda name: False)
    assert not has_open_case("192.0.2.9")


@pytest.mark.one_date
def test_downloads_are_counted_anonymously(cast: Cast, browser: Browser, client: Client) -> None:
    file = SimpleUploadedFile("cong-cu.zip", b"PK\x03\x04 tool")
    data = {
        "name": "Công cụ",
        "publisher": "Cục",
        "licence": "Miễn phí",
        "systems": "Windows 10",
        "file": file,
    }
    assert browser("authority").post("/office/tools/", data).status_code == 302
    tool = Tool.objects.get()
    assert tool.size == 9
    assert tool.sha256 in client.get("/clean/").content.decode()
    for _ in range(3):
        page = client.get(f"/tools/{tool.pk}/")
        assert b"".join(page.streaming_content) == b"PK\x03\x04 tool"  # type: ignore[attr-defined]
    assert Download.objects.get().count == 3


@pytest.mark.one_date
def test_concurrent_edits_of_a_tool_conflict(cast: Cast, browser: Browser) -> None:
    tool = Tool.objects.create(name="A", publisher="B", licence="C", systems="D", link="https://a.example")
    data = {
        "name": "A2",
        "publisher": "B",
        "licence": "C",
        "systems": "D",
        "link": "https://a.example",
        "version": 1,
    }
    assert browser("authority").post(f"/office/tools/{tool.pk}/", data).status_code == 302
    assert (
        browser("administrator").post(f"/office/tools/{tool.pk}/", {**data, "name": "A3"}).status_code == 409
    )
    assert Tool.objects.get().name == "A2"


@pytest.mark.one_date
@pytest.mark.parametrize(
    "path", ["/", "/danger/", "/check/", "/clean/", "/help/", "/three-questions/", "/office/"]
)
def test_the_contact_is_on_every_page(path: str, cast: Cast, browser: Browser, client: Client) -> None:
    dispatch(cast)
    contact = {
        "contact_name": "Trần Đầu Mối",
        "contact_phone": "024 0000 0000",
        "email": "hotro@unit.example",
    }
    Unit.objects.update(**contact)
    page = (browser("officer") if path == "/office/" else client).get(path).content.decode()
    foot = page[page.index("<footer") :]
    assert all(word in foot for word in contact.values())
