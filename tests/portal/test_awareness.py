"""Awareness: import, waves, reminders, confirmations, quiz, erasure, poster and slides."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation

from lamsach.portal.audit.models import Entry
from lamsach.portal.awareness import letters, waves
from lamsach.portal.awareness.forms import QUESTIONS
from lamsach.portal.awareness.models import ConfirmedHow, Notice, Person
from lamsach.portal.base import links
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.mail import delivery
from lamsach.portal.mail.letters import message
from lamsach.portal.mail.models import BadAddress, Letter, LetterState
from lamsach.portal.units import tree

from .confirmation import asked
from .conftest import Browser, Cast
from .samples import dispatch

pytestmark = pytest.mark.django_db


def people(cast: Cast, count: int = 5, without: int = 1) -> Campaign:
    """Create `count` people with e-mail in the first room, and some without."""
    Person.objects.bulk_create(
        [Person(unit=cast.first, name=f"Người {n:03d}", email=f"n{n}@person.example") for n in range(count)]
        + [Person(unit=cast.first, name=f"Không thư {n}") for n in range(without)]
    )
    return dispatch(cast).campaign


def deliver() -> int:
    return delivery.deliver_due(limit=500)


def test_waves_are_sent_one_after_the_other(cast: Cast) -> None:
    campaign = people(cast)
    deliver()
    start = timezone.now() - timedelta(minutes=1)
    notified = letters.notify(campaign, cast.first, cast.people["officer"], size=2, hours=24, start=start)
    assert notified == 6
    assert deliver() == 2
    rows = waves.waves(campaign, cast.first)
    assert [(row["wave"], row["people"], row["sent_count"]) for row in rows] == [
        (1, 3, 2),
        (2, 2, 0),
        (3, 1, 0),
    ]
    assert [row["at"] for row in rows] == [start + timedelta(hours=hours) for hours in (0, 24, 48)]
    assert (waves.stop(campaign, cast.first, cast.people["officer"]), deliver()) == (3, 0)
    assert Letter.objects.filter(state=LetterState.CANCELLED, to="x@invalid").count() == 3
    assert letters.notify(campaign, cast.first, cast.people["officer"]) == 3
    assert deliver() == 3
    assert Notice.objects.filter(sent__isnull=False).count() == 5


@pytest.mark.one_date
def test_a_failed_letter_is_tried_again_and_only_then_counts_as_sent(cast: Cast, settings: Any) -> None:
    campaign = people(cast, 1, 0)
    deliver()
    settings.SMTP_URL = "smtp+plain://127.0.0.1:9"
    letters.notify(campaign, cast.first, cast.people["officer"])
    deliver()
    assert Notice.objects.filter(sent__isnull=False).count() == 0
    settings.SMTP_URL = ""
    Letter.objects.update(next_attempt=timezone.now())
    deliver()
    assert Notice.objects.filter(sent__isnull=False).count() == 1


@pytest.mark.one_date
def test_unreachable_people_are_on_the_sheet(cast: Cast, browser: Browser) -> None:
    campaign = people(cast, 2, 1)
    now = timezone.now()
    BadAddress.objects.create(
        address="n1@person.example", since=now, last=now, permanent=True, status="5.1.1"
    )
    letters.notify(campaign, cast.first, cast.people["officer"])
    assert list(Letter.objects.filter(kind="awareness").values_list("to", flat=True)) == ["n0@person.example"]
    officer = browser("officer")
    sheet = officer.get(f"/office/awareness/{campaign.pk}/{cast.first.pk}/sheet/").content.decode()
    assert ("Người 001" in sheet, "Không thư 0" in sheet, "Người 000" in sheet) == (True, True, False)
    assert "5.1.1" in officer.get(f"/office/awareness/{campaign.pk}/{cast.first.pk}/").content.decode()


def working_noon(monkeypatch: pytest.MonkeyPatch, hour: int = 10) -> None:
    real = timezone.localtime

    def local(value: datetime | None = None, *rest: Any) -> datetime:
        return real(value, *rest) if value else real().replace(hour=hour)

    monkeypatch.setattr(timezone, "localtime", local)
    monkeypatch.setattr(waves, "is_working_day", lambda day: True)


def test_unconfirmed_people_are_reminded_three_times(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = people(cast, 2, 1)
    letters.notify(campaign, cast.first, cast.people["officer"])
    deliver()
    working_noon(monkeypatch)
    assert waves.remind_due() == 0, "too early"
    letters.confirm(Notice.objects.get(person__name="Người 000"), ConfirmedHow.LINK)
    long_ago = timezone.now() - timedelta(days=30)
    Notice.objects.exclude(sent=None).update(sent=long_ago)
    counted = []
    for _ in range(5):
        counted.append(waves.remind_due())
        counted.append(waves.remind_due())
        Notice.objects.exclude(reminded=None).update(reminded=long_ago)
        for letter in Letter.objects.filter(kind="awareness_reminder"):
            Letter.objects.filter(pk=letter.pk).update(key=links.nonce())
    assert counted == [1, 0, 1, 0, 1, 0, 0, 0, 0, 0]
    Notice.objects.update(reminders=0)
    working_noon(monkeypatch, hour=22)
    assert waves.remind_due() == 0, "at night"
    working_noon(monkeypatch)
    Campaign.objects.update(state=CampaignState.CLOSED)
    assert waves.remind_due() == 0, "the campaign is over"


def own_page(cast: Cast) -> str:
    letters.notify(people(cast, 1, 0), cast.first, cast.people["officer"])
    return f"/n/{links.sign(letters.PURPOSE, Notice.objects.get().nonce)}/"


@pytest.mark.one_date
def test_three_right_answers_count_and_a_wrong_one_is_explained(cast: Cast, client: Client) -> None:
    address = own_page(cast)
    right = {f"q{number}": str(question.right) for number, question in enumerate(QUESTIONS)}
    page = client.post(address, {"what": "quiz", **right, "q1": "1"}).content.decode()
    with translation.override("vi"):
        assert str(QUESTIONS[1].why) in page
    client.post(address, {"what": "quiz"})
    assert Notice.objects.get().confirmed is None
    client.post(address, {"what": "quiz", **right})
    assert Notice.objects.values_list("how", flat=True).get() == "quiz"


@pytest.mark.one_date
def test_a_post_that_presses_nothing_does_not_count(cast: Cast, client: Client) -> None:
    address = own_page(cast)
    for method in (client.get, client.head):
        method(address)
    client.post(address)
    assert Notice.objects.get().confirmed is None


@pytest.mark.one_date
def test_a_person_erases_themselves_and_the_letter_forgets_them(cast: Cast, client: Client) -> None:
    address = own_page(cast)
    deliver()
    assert client.post(address, {"what": "erase"}).status_code == 200
    assert (Person.objects.count(), Notice.objects.count()) == (0, 1)
    letter = Letter.objects.get(kind="awareness")
    assert (letter.to, letter.context) == ("erased@erased.invalid", {})
    assert "n0@person.example" not in str(list(Entry.objects.values()))
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(("days", "left"), [(89, 2), (91, 0)])
def test_people_are_erased_some_time_after_their_last_campaign(days: int, left: int, cast: Cast) -> None:
    campaign = people(cast, 1, 1)
    letters.notify(campaign, cast.first, cast.people["officer"])
    Campaign.objects.update(ends=tree.today() - timedelta(days=days))
    waves.erase_due()
    assert (Person.objects.count(), Notice.objects.count()) == (left, 2)


def test_people_without_a_notice_are_erased_too(cast: Cast) -> None:
    people(cast, 2, 0)
    Person.objects.filter(name="Người 000").update(created=timezone.now() - timedelta(days=91))
    assert waves.erase_due() == 1


@pytest.mark.one_date
def test_an_import_requires_that_the_people_are_informed(cast: Cast, browser: Browser) -> None:
    campaign = dispatch(cast).campaign
    file = SimpleUploadedFile("a.csv", "Họ tên;Thư điện tử\nTrần A;a@person.example\n".encode())
    browser("officer").post(f"/office/awareness/{campaign.pk}/{cast.first.pk}/", {"file": file})
    assert Person.objects.count() == 0


@pytest.mark.one_date
def test_progress_by_unit_and_no_name_above(cast: Cast, browser: Browser) -> None:
    campaign = people(cast, 3, 1)
    letters.notify(campaign, cast.first, cast.people["officer"])
    waiting = browser("officer").get(f"/office/awareness/{campaign.pk}/{cast.first.pk}/")
    assert waiting.context["told"] == 1, "only who stands on the sheet, before the letters have gone"
    deliver()
    letters.confirm(Notice.objects.filter(person__name="Người 000").get(), ConfirmedHow.LINK)
    Person.objects.create(unit=cast.second, name="Người 009")
    client = browser("coordinator")
    answer = client.get("/office/awareness/")
    assert "Người 00" not in answer.content.decode()
    figures = {row.unit.code: [part.count for part in row.parts] for row in answer.context["page"]}
    assert figures == {"G06.12.01": [1, 3, 0], "G06.12.02": [0, 0, 1]}
    assert [part.count for part in answer.context["whole"]] == [1, 3, 1]
    Person.objects.all().delete()
    page = client.get(f"/office/awareness/?unit={cast.second.pk}").content.decode()
    assert "no list of people" in page, "not 0 people, of whom all know"
    assert client.get(f"/office/awareness/?unit={cast.other.pk}").status_code == 404


def test_the_letter_in_text_and_html(cast: Cast) -> None:
    own_page(cast)
    letter = message(Letter.objects.get(kind="awareness"))
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Trang này không hỏi mật khẩu." in text.get_content()
    assert html.get_content().count("<li>") == 4
    assert "\n- " in text.get_content()


@pytest.mark.one_date
@pytest.mark.parametrize(("kind", "pages", "size"), [("poster", 1, (595, 842)), ("slides", 6, (958, 539))])
def test_poster_and_slides(kind: str, pages: int, size: tuple[int, int], cast: Cast, client: Client) -> None:
    dispatch(cast)
    for language, title in (("vi", "Phần mềm bẻ khóa"), ("en", "Cracked software")):
        client.post("/language/", {"language": language})
        answer = client.get(f"/materials/{kind}.pdf")
        assert answer["Content-Type"] == "application/pdf"
        read = pypdf.PdfReader(io.BytesIO(answer.content))
        box = read.pages[0].mediabox
        assert (len(read.pages), round(float(box.width)), round(float(box.height))) == (pages, *size)
        assert title in " ".join((read.pages[0].extract_text() or "").split())
    assert client.get("/materials/other.pdf").status_code == 404


SHEET = (
    "Họ tên;Thư điện tử;Phòng\nTrần A;a@person.example;P1\nLê B;;P2\n;x;\nVõ C;no mail;\n"
    "Trần A;a@person.example;P1\n"
)


@pytest.mark.one_date
def test_people_are_notified_once_and_counted_by_their_button(
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
def test_erasing_a_person_preserves_the_count(cast: Cast, browser: Browser, client: Client) -> None:
    campaign = dispatch(cast).campaign
    letters.import_people(cast.first, io.BytesIO(SHEET.encode()), "a.csv", cast.people["officer"])
    letters.notify(campaign, cast.first, cast.people["officer"])
    notice = Notice.objects.get(person__name="Trần A")
    browser("officer").post(f"/office/awareness/people/{notice.person_id}/erase/")
    assert not Person.objects.filter(name="Trần A").exists()
    assert Notice.objects.filter(campaign=campaign).count() == 2
    assert client.get(f"/n/{links.sign(letters.PURPOSE, notice.nonce)}/").status_code == 404


@pytest.mark.one_date
def test_unsubscribing_stops_reminders(cast: Cast, client: Client) -> None:
    campaign = dispatch(cast).campaign
    letters.import_people(cast.first, io.BytesIO(SHEET.encode()), "a.csv", cast.people["officer"])
    letters.notify(campaign, cast.first, cast.people["officer"])
    notice = Notice.objects.get(person__name="Trần A")
    client.post(f"/n/{links.sign(letters.PURPOSE, notice.nonce)}/", {"what": "unsubscribe"})
    assert letters.remind(campaign, cast.first, cast.people["officer"]) == 0
