"""Awareness, support, working time, the public check, jobs, backup."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import UnreadableError
from lamsach.portal import backup
from lamsach.portal.awareness import letters
from lamsach.portal.awareness.models import Notice, Person
from lamsach.portal.base import links
from lamsach.portal.base.uploads import keep
from lamsach.portal.base.working_time import add_working_hours, is_working_day
from lamsach.portal.campaigns.models import IndicatorList
from lamsach.portal.campaigns.tasks import read_uploaded_list
from lamsach.portal.cases.models import Case
from lamsach.portal.findings.models import Device
from lamsach.portal.jobs import queue as jobs
from lamsach.portal.jobs.models import Clock, Job, JobState
from lamsach.portal.mail.models import Letter
from lamsach.portal.public import systems
from lamsach.portal.public.models import Download, Tool
from lamsach.portal.public.systems import browser as browser_of
from lamsach.portal.public.systems import system as system_of
from lamsach.portal.public.views import has_open_case
from lamsach.portal.support import desk
from lamsach.portal.support.models import Message, Question
from lamsach.portal.units.models import Unit
from tests.rows import each_row

from .confirmation import asked
from .conftest import Cast
from .dead_leases import LONG_AGO
from .samples import dispatch, question

Browser = Callable[[str], Client]


@pytest.mark.one_date
def test_days_on_which_offices_are_closed(settings: Any) -> None:
    settings.DAYS_OFF = settings.WORKING_DAYS = frozenset()
    closed = {
        2022: "01-03 01-31 02-04 04-11 05-02 05-03 09-01 09-02",
        2024: "02-08 02-14 04-18 04-29",
        2025: "01-27 01-31 04-07 05-02",
        2026: "02-16 02-20 04-27 08-31 09-01 11-24",
        2027: "02-04 02-10 11-24",
    }
    opened = {2022: "09-05 11-24", 2024: "05-04", 2025: "04-26 11-24", 2026: "02-23 08-22 11-25"}
    for is_open, table in ((False, closed), (True, opened)):
        days = [date.fromisoformat(f"{year}-{day}") for year, row in table.items() for day in row.split()]
        assert [day for day in days if is_working_day(day) is not is_open] == []


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (datetime(2022, 9, 26, 8, 0), 8, datetime(2022, 9, 26, 17, 0)),
        (datetime(2022, 9, 26, 11, 30), 1, datetime(2022, 9, 26, 13, 30)),
        (datetime(2022, 9, 23, 16, 0), 2, datetime(2022, 9, 26, 9, 0)),
        (datetime(2022, 8, 31, 17, 0), 1, datetime(2022, 9, 5, 9, 0)),
        (datetime(2022, 9, 24, 3, 0), 8, datetime(2022, 9, 26, 17, 0)),
    ],
)
def test_working_hours_pass_over_nights_and_holidays(start: datetime, hours: float, end: datetime) -> None:
    assert add_working_hours(timezone.make_aware(start), hours) == timezone.make_aware(end)


@pytest.mark.one_date
def test_days_that_the_government_moved(settings: Any) -> None:
    settings.DAYS_OFF, settings.WORKING_DAYS = frozenset({date(2022, 9, 26)}), frozenset({date(2022, 10, 1)})
    start = timezone.make_aware(datetime(2022, 9, 23, 17, 0))
    assert add_working_hours(start, 1) == timezone.make_aware(datetime(2022, 9, 27, 9, 0))
    assert add_working_hours(start, 8 * 5) == timezone.make_aware(datetime(2022, 10, 1, 17, 0))


SHEET = (
    "Họ tên;Thư điện tử;Phòng\nTrần A;a@person.example;P1\nLê B;;P2\n;x;\nVõ C;no mail;\n"
    "Trần A;a@person.example;P1\n"
)


@pytest.mark.one_date
@pytest.mark.django_db
def test_people_are_told_once_and_counted_by_their_button(
    cast: Cast, browser: Browser, client: Client
) -> None:
    campaign = dispatch(cast).campaign
    address = f"/office/awareness/{campaign.pk}/{cast.first.pk}/"
    officer = browser("officer")
    for _ in range(2):
        officer.post(address, {"file": SimpleUploadedFile("a.csv", SHEET.encode()), "told": "on"})
    assert list(Person.objects.values_list("name", "email")) == [("Lê B", ""), ("Trần A", "a@person.example")]
    text, data = asked(officer, address, {"what": "tell"})
    assert "goes to 1 people" in text
    assert not Letter.objects.filter(kind="awareness").exists(), "asked, not told"
    for _ in range(2):
        officer.post(address, data)
    assert Letter.objects.filter(kind="awareness").count() == 1
    notice = Notice.objects.get(person__name="Trần A")
    own = f"/n/{links.sign(letters.PURPOSE, notice.nonce)}/"
    client.get(own)
    assert Notice.objects.filter(confirmed__isnull=False).count() == 0, "looking does not count"
    client.post(own, {"what": "read"})
    client.post(own, {"what": "read"})
    signed = Notice.objects.get(person__name="Lê B")
    officer.post(f"/office/awareness/signed/{signed.pk}/")
    assert Notice.objects.filter(confirmed__isnull=False).count() == 2
    counts = browser("coordinator").get("/office/awareness/").content.decode()
    assert "Trần A" not in counts
    assert "G06.12.01" in counts
    assert browser("coordinator").get(address).status_code == 403


@pytest.mark.one_date
@pytest.mark.django_db
def test_erasing_a_person_keeps_the_count(cast: Cast, browser: Browser, client: Client) -> None:
    campaign = dispatch(cast).campaign
    letters.import_people(cast.first, io.BytesIO(SHEET.encode()), "a.csv", cast.people["officer"])
    letters.tell(campaign, cast.first, cast.people["officer"])
    notice = Notice.objects.get(person__name="Trần A")
    browser("officer").post(f"/office/awareness/people/{notice.person_id}/erase/")
    assert not Person.objects.filter(name="Trần A").exists()
    assert Notice.objects.filter(campaign=campaign).count() == 2
    assert client.get(f"/n/{links.sign(letters.PURPOSE, notice.nonce)}/").status_code == 404


@pytest.mark.one_date
@pytest.mark.django_db
def test_unsubscribing_stops_reminders(cast: Cast, client: Client) -> None:
    campaign = dispatch(cast).campaign
    letters.import_people(cast.first, io.BytesIO(SHEET.encode()), "a.csv", cast.people["officer"])
    letters.tell(campaign, cast.first, cast.people["officer"])
    notice = Notice.objects.get(person__name="Trần A")
    client.post(f"/n/{links.sign(letters.PURPOSE, notice.nonce)}/", {"what": "unsubscribe"})
    assert letters.remind(campaign, cast.first, cast.people["officer"]) == 0


@pytest.mark.one_date
@pytest.mark.django_db
def test_a_question_gets_number_answer_and_hand_over(cast: Cast, browser: Browser, client: Client) -> None:
    once = links.nonce()
    data = {
        "subject": "Máy chậm",
        "text": "Giúp tôi",
        "email": "a@person.example",
        "unit_code": "G06.12.01",
        "once": once,
    }
    for _ in range(2):
        assert client.post("/help/", data).status_code == 200
    asked = Question.objects.get()
    assert asked.number.endswith("-00001")
    officer = browser("officer")
    officer.post(f"/office/questions/{asked.pk}/", {"what": "note", "text": "bí mật nội bộ"})
    officer.post(f"/office/questions/{asked.pk}/", {"what": "answer", "text": "Hãy rà quét."})
    asked.refresh_from_db()
    assert (asked.state, asked.first_answer is not None) == ("answered", True)
    mine = desk.address_of(asked).removeprefix("http://127.0.0.1:8000")
    page = client.get(mine).content.decode()
    assert "Hãy rà quét." in page
    assert "bí mật nội bộ" not in page
    client.post(mine, {"text": "Vẫn chậm"})
    officer.post(f"/office/questions/{asked.pk}/", {"what": "up", "text": "Cần cấp trên"})
    asked.refresh_from_db()
    assert (asked.unit, asked.state) == (cast.centre, "open")
    assert officer.get(f"/office/questions/{asked.pk}/").status_code == 404
    assert Message.objects.filter(internal=True).count() == 2


@pytest.mark.django_db
def test_a_late_question_shows_on_the_desk(cast: Cast, browser: Browser) -> None:
    question(cast)
    Question.objects.update(due=timezone.now() - timedelta(minutes=1))
    assert "Máy chậm" in browser("helper").get("/office/questions/?state=late").content.decode()


IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
WINDOWS_7 = "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 Chrome/109.0.0.0 Safari/537.36"
WINDOWS_10 = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("agent", "system", "browser"),
    [
        (WINDOWS_7, ("Windows 7", False), ("Chrome / Edge / Cốc Cốc 109", False)),
        (WINDOWS_10, ("Windows 10 / Windows 11", None), ("Firefox 130", False)),
        (WINDOWS_10.replace("130.0", "133.0"), ("Windows 10 / Windows 11", None), ("Firefox 133", True)),
        (WINDOWS_10.replace("130.0", "140.0"), ("Windows 10 / Windows 11", None), ("Firefox 140 ESR", None)),
        (WINDOWS_7.replace("109", "99999999"), ("Windows 7", False), ("Chrome / Edge / Cốc Cốc", None)),
        (
            "Mozilla/5.0 (Linux; Android 8.1; X) Chrome/130.0",
            ("Android 8", False),
            ("Chrome / Edge / Cốc Cốc 130", True),
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36",
            ("Android", None),
            ("Chrome / Edge / Cốc Cốc 130", True),
        ),
        ("Mozilla/5.0 (Linux; Android 11; Pixel) Mobile", ("Android 11", False), None),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 12_5 like Mac OS X)", ("iOS 12", False), None),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)", ("iOS", None), None),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)", ("iOS 18", True), None),
        (f"{IPHONE} Version/18.6 Safari/604.1", ("iOS 18", True), None),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6)", ("macOS 10.14", False), None),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", ("macOS", None), None),
        ("Mozilla/5.0 (Macintosh; U; PPC Mac OS X 10_4_11)", ("macOS 10.4", False), None),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            ("Linux", None),
            ("Firefox 140 ESR", None),
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) Ubuntu/14.04 Safari/1", ("Ubuntu 14.04 LTS", False), None),
        (
            "Mozilla/5.0 (X11; U; Linux x86_64) Gecko/2009 Red Hat/3.0.15-1.el5_4",
            ("Red Hat Enterprise Linux 5", False),
            None,
        ),
        (
            "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1)",
            ("Windows XP", False),
            ("Internet Explorer", False),
        ),
        ("curl/8", None, None),
        ("Windows NT 99999999999999", None, None),
    ],
)
def test_what_is_still_supported(agent: str, system: Any, browser: Any) -> None:
    def short(found: Any) -> Any:
        return (found.name, found.supported) if found else None

    day = date(2025, 1, 1)
    assert (short(system_of(agent, day)), short(browser_of(agent, day))) == (system, browser)


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("platform", "day", "expected"),
    [
        ('"10.0.0"', date(2025, 10, 14), ("Windows 10 Home, Pro", True)),
        ('"10.0.0"', date(2025, 10, 15), ("Windows 10 Home, Pro", False)),
        ('"14.0.0"', date(2025, 10, 15), ("Windows 11 21H2", False)),
        ('"15.0.0"', date(2025, 10, 15), ("Windows 11 22H2, 23H2", None)),
        ('"15.0.0"', date(2026, 11, 11), ("Windows 11 22H2, 23H2", False)),
        ('"19.0.0"', date(2025, 10, 15), ("Windows 11 24H2, 25H2", True)),
        ('"19.0.0"', date(2026, 10, 14), ("Windows 11 24H2, 25H2", None)),
        ('"20.0.0"', date(2026, 10, 14), ("Windows 10 / Windows 11", None)),
        ('"0.3.0"', date(2025, 10, 15), ("Windows 10 / Windows 11", None)),
        ("<script>", date(2025, 10, 15), ("Windows 10 / Windows 11", None)),
        ("", date(2025, 10, 15), ("Windows 10 / Windows 11", None)),
    ],
)
def test_windows_10_and_11_are_told_apart_by_the_header(
    platform: str, day: date, expected: tuple[str, Any]
) -> None:
    found = system_of(WINDOWS_10, day, platform)
    assert found is not None
    assert (found.name, found.supported) == expected
    older = system_of(WINDOWS_7, day, platform)
    assert older is not None
    assert older.name == "Windows 7"


MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/158.0.0.0 Safari/537.36"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/158.0.0.0 Mobile Safari/537.36"
NOVEMBER_2026 = [
    (WINDOWS_10, '"10.0.0"', "Windows 10 Home, Pro", False),
    (WINDOWS_10, '"14.0.0"', "Windows 11 21H2", False),
    (WINDOWS_10, '"15.0.0"', "Windows 11 22H2, 23H2", False),
    (WINDOWS_10, '"19.0.0"', "Windows 11 24H2, 25H2", None),
    ("Mozilla/5.0 (Windows NT 6.3; Win64; x64)", "", "Windows 8.1 / Windows Server 2012 R2", False),
    (MAC, '"13.7.8"', "macOS 13", False),
    (MAC, '"14.8.3"', "macOS 14", None),
    (MAC, '"15.7.3"', "macOS 15", True),
    (MAC, '"26.2.0"', "macOS 26", True),
    (MAC, '"27.0.0"', "macOS 27", True),
    (MAC, '"28.0.0"', "macOS", None),
    (ANDROID, '"12.0.0"', "Android 12", False),
    (ANDROID, '"13.0.0"', "Android 13", None),
    (ANDROID, '"14.0.0"', "Android 14", True),
    (ANDROID, '"16.0.0"', "Android 16", True),
    (ANDROID, '"17.0.0"', "Android 17", True),
    (f"{IPHONE} Version/26.1 Safari/604.1", "", "iOS 26", None),
    (f"{IPHONE} Version/27.0 Safari/604.1", "", "iOS 27", True),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 14_8 like Mac OS X)", "", "iOS 14", False),
    ("Mozilla/5.0 (X11; Linux x86_64) Ubuntu/22.04 Safari/1", "", "Ubuntu 22.04 LTS", True),
    ("Mozilla/5.0 (X11; Linux x86_64) Ubuntu/25.10 Safari/1", "", "Ubuntu 25.10", False),
    ("Mozilla/5.0 (X11; Linux x86_64) Ubuntu/26.04 Safari/1", "", "Ubuntu 26.04 LTS", True),
]


@each_row("row", NOVEMBER_2026)
def test_the_table_knows_what_is_current_in_november_2026(row: tuple[str, str, str, bool | None]) -> None:
    agent, platform, name, supported = row
    found = system_of(agent, date(2026, 11, 30), platform)
    assert found is not None
    assert (found.name, found.supported) == (name, supported)


def test_what_a_windows_may_be_is_told_with_its_last_days() -> None:
    windows_10 = system_of(WINDOWS_10, date(2026, 11, 30), '"10.0.0"')
    windows_11 = system_of(WINDOWS_10, date(2026, 11, 30), '"19.0.0"')
    assert windows_10 is not None and windows_11 is not None  # noqa: PT018
    assert (windows_10.until, windows_10.extended) == (date(2025, 10, 14), date(2028, 10, 10))
    assert dict(windows_11.others) == {
        "Windows 11 24H2 Home, Pro": date(2026, 10, 13),
        "Windows 11 24H2 Enterprise, Education": date(2027, 10, 12),
        "Windows 11 25H2 Home, Pro": date(2027, 10, 12),
        "Windows 11 25H2 Enterprise, Education": date(2028, 10, 10),
    }


@pytest.mark.one_date
def test_every_fact_has_its_day_and_its_source() -> None:
    for family, facts in systems._facts().items():
        date.fromisoformat(facts["as_of"])
        assert facts["source"].startswith("https://"), family
        for entry in (*facts["versions"].values(), *facts.get("builds", {}).values()):
            assert entry.get("latest", entry.get("until", "")) >= entry.get("until", "")
            assert not ("until" in entry and "released" in entry), entry
            ends = [one["until"] for one in entry.get("editions", [entry] if "until" in entry else [])]
            assert not ends or entry["until"] == min(ends), entry
            assert "editions" not in entry or entry["latest"] == max(ends), entry


@pytest.mark.one_date
def test_a_version_is_supported_until_its_last_day_and_never_after() -> None:
    seen = 0
    for family, facts in systems._facts().items():
        for version, entry in {**facts["versions"], **facts.get("builds", {})}.items():
            kept = timedelta(days=facts.get("least_days", 0))
            last = date.fromisoformat(entry.get("until") or entry.get("released") or facts["as_of"])
            last += kept if "released" in entry else timedelta()
            latest = date.fromisoformat(entry["latest"]) if "latest" in entry else last
            on = [
                systems._judged(family, version, day).supported
                for day in (last, last + timedelta(days=1), latest + timedelta(days=1), date(2100, 1, 1))
            ]
            assert on[0] is (True if "until" in entry or "released" in entry else None), entry
            assert True not in on[1:], entry
            assert (on[2] is False) is ("until" in entry), entry
            seen += 1
    assert seen > 40


@pytest.mark.one_date
@given(
    days=st.integers(0, 5000),
    family=st.sampled_from(sorted(systems._facts())),
    version=st.from_regex(r"\A[0-9]{1,6}(\.[0-9]{1,4})?\Z"),
)
def test_no_version_becomes_supported_again(days: int, family: str, version: str) -> None:
    day = date(2020, 1, 1) + timedelta(days=days)
    today = systems._judged(family, version, day).supported
    later = systems._judged(family, version, day + timedelta(days=900)).supported
    assert later is not True or today is True
    if today is False:
        assert later is False


@pytest.mark.one_date
@pytest.mark.django_db
def test_the_check_asks_for_the_header_and_uses_it(client: Client) -> None:
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
@pytest.mark.django_db
@pytest.mark.parametrize("agent", [WINDOWS_7, IPHONE])
@pytest.mark.parametrize("address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.9", "100.64.3.4", "::1", "fe80::1", "fd00::5", "::ffff:10.1.2.3",
     "0.0.0.0"])  # fmt: skip
def test_the_check_says_what_it_cannot_know_from_inside_a_network(
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
@pytest.mark.django_db
def test_on_a_phone_the_check_says_to_open_it_on_the_computer(cast: Cast, client: Client) -> None:
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
@pytest.mark.django_db
def test_check_my_machine_says_yes_or_no_and_never_whose(cast: Cast, client: Client) -> None:
    campaign = dispatch(cast).campaign
    nothing = client.post("/check/", REMOTE_ADDR="192.0.2.8").content.decode()
    assert "Hiện chưa có danh sách" in nothing
    kept = keep(SimpleUploadedFile("ds.txt", b"192.0.2.7\n"))
    made = IndicatorList.objects.create(
        campaign=campaign, name=kept.name, path=kept.path, size=kept.size, sha256=kept.sha256
    )
    jobs.FUNCTIONS["campaigns.read_list"] = read_uploaded_list
    jobs.enqueue("campaigns.read_list", list_id=made.pk)
    assert jobs.run_next()
    assert Job.objects.get().state == JobState.DONE
    yes = client.post("/check/", REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT=WINDOWS_7).content.decode()
    no = client.post("/check/", REMOTE_ADDR="192.0.2.8").content.decode()
    assert "Có, địa chỉ của bạn nằm trong danh sách." in yes
    assert "không còn được hỗ trợ" in yes
    assert "Không, địa chỉ của bạn không nằm trong danh sách." in no


@pytest.mark.one_date
@pytest.mark.django_db
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
def test_the_check_asks_the_open_cases_too(address: str, state: str, yes: bool, cast: Cast) -> None:
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
@pytest.mark.django_db
def test_the_check_works_without_the_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "is_installed", lambda name: False)
    assert not has_open_case("192.0.2.9")


@pytest.mark.one_date
@pytest.mark.django_db
def test_downloads_are_counted_without_who(cast: Cast, browser: Browser, client: Client) -> None:
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
@pytest.mark.django_db
def test_two_who_edit_a_tool_at_once(cast: Cast, browser: Browser) -> None:
    made = Tool.objects.create(name="A", publisher="B", licence="C", systems="D", link="https://a.example")
    data = {
        "name": "A2",
        "publisher": "B",
        "licence": "C",
        "systems": "D",
        "link": "https://a.example",
        "version": 1,
    }
    assert browser("authority").post(f"/office/tools/{made.pk}/", data).status_code == 302
    assert (
        browser("administrator").post(f"/office/tools/{made.pk}/", {**data, "name": "A3"}).status_code == 409
    )
    assert Tool.objects.get().name == "A2"


@pytest.mark.one_date
@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/danger/", "/check/", "/clean/", "/help/", "/three-questions/", "/office/"]
)
def test_the_contact_stands_on_every_page(path: str, cast: Cast, browser: Browser, client: Client) -> None:
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


@pytest.mark.one_date
@pytest.mark.django_db
def test_a_job_whose_worker_died_is_taken_up_again() -> None:
    seen: list[int] = []
    jobs.FUNCTIONS["test.count"] = lambda progress, n: seen.append(n)
    made = jobs.enqueue("test.count", n=1)
    Job.objects.update(state=JobState.RUNNING, lease_until=LONG_AGO)
    assert jobs.run_next()
    assert (seen, Job.objects.get(pk=made.pk).state) == ([1], JobState.DONE)


@pytest.mark.one_date
@pytest.mark.django_db
def test_a_job_can_be_cancelled_and_a_broken_one_ends_alone() -> None:
    def slow(progress: Any) -> None:
        Job.objects.update(cancel_wanted=True)
        progress.step(1)

    def broken(progress: Any) -> None:
        raise ValueError("x")

    jobs.FUNCTIONS.update({"test.slow": slow, "test.broken": broken})
    jobs.enqueue("test.broken")
    jobs.enqueue("test.slow")
    assert jobs.run_next()
    assert jobs.run_next()
    assert not jobs.run_next()
    assert list(Job.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "cancelled"]


@pytest.mark.django_db
def test_regular_tasks_run_once_a_period_and_survive_a_clock_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs: list[int] = []
    monkeypatch.setattr(jobs, "REGULAR", [("test.tick", timedelta(hours=1), lambda: runs.append(1))])
    jobs.run_regular()
    jobs.run_regular()
    assert len(runs) == 1
    Clock.objects.update(last=timezone.now() + timedelta(days=30))
    jobs.run_regular()
    assert len(runs) == 2


@pytest.mark.one_date
def test_a_damaged_backup_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "lamsach.sqlite3").write_text("old")
    file = tmp_path / "b.zip"
    for names in ({"secret-key": "0" * 64}, {"../out": "0" * 64}):
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, "x")
            archive.writestr("manifest.json", json.dumps({"schema": 1, "files": names}))
        with pytest.raises(Exception, match="backup"):
            backup.restore(file, data)
    whole = bytearray(file.read_bytes())
    place = whole.rfind(b"PK\x01\x02")  # the manifest's row of the directory
    for offset, value in (
        (6, 0xFF),
        (8, 0x01),
        (10, 0x63),
    ):  # a version to come, a password, an unknown packing
        damaged = bytearray(whole)
        damaged[place + offset] = value
        file.write_bytes(damaged)
        with pytest.raises(UnreadableError):
            backup.restore(file, data)
    file.write_bytes(b"no zip")
    with pytest.raises(UnreadableError):
        backup.restore(file, data)
    assert (data / "lamsach.sqlite3").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("data")] == ["data"]
