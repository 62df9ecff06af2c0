"""Consent and data of each person: informed, given, withdrawn, corrected, exported; the public quiz."""

from __future__ import annotations

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lamsach.portal.audit.models import Entry
from lamsach.portal.awareness import letters
from lamsach.portal.awareness.forms import QUESTIONS
from lamsach.portal.awareness.models import Consent, Notice, Passed, Person
from lamsach.portal.base import links
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.mail.models import Letter, LetterState

from .conftest import Browser, Cast
from .samples import dispatch

pytestmark = pytest.mark.django_db
RIGHT = {f"q{number}": str(asked.right) for number, asked in enumerate(QUESTIONS)}


def told(cast: Cast) -> Campaign:
    """Two notified people of the first room, one without e-mail; their letters are queued."""
    campaign = dispatch(cast).campaign
    sheet = "Họ tên;Thư điện tử\nTrần Thử;thu@person.example\nLê Giấy;\n".encode()
    letters.import_people(cast.first, io.BytesIO(sheet), "a.csv", cast.people["officer"])
    letters.notify(campaign, cast.first, cast.people["officer"])
    return campaign


def page_of(name: str) -> str:
    notice = Notice.objects.get(person__name=name)
    return f"/n/{links.sign(letters.PURPOSE, notice.nonce)}/"


def states(name: str) -> list[tuple[str, str]]:
    return list(Consent.objects.filter(person__name=name).values_list("state", "how"))


def test_the_unit_s_statement_is_recorded_for_each_person(cast: Cast) -> None:
    told(cast)
    assert states("Trần Thử") == states("Lê Giấy") == [("told", "import")]


def test_withdrawal_on_the_personal_page_stops_letters(cast: Cast, client: Client) -> None:
    campaign = told(cast)
    path = page_of("Trần Thử")
    for what in ("agree", "agree", "withdraw"):
        assert client.post(path, {"what": what}).status_code == 200
    assert states("Trần Thử") == [("told", "import"), ("given", "link"), ("withdrawn", "link")]
    assert Letter.objects.get(to="thu@person.example").state == LetterState.CANCELLED
    Notice.objects.update(sent="2022-09-26T00:00:00Z", planned="2022-09-26T00:00:00Z")
    assert letters.remind(campaign, cast.first, cast.people["officer"]) == 0
    Notice.objects.all().delete()
    assert letters.notify(campaign, cast.first, cast.people["officer"]) == 1, "only the other one"
    sheet = (
        cast.client("officer").get(f"/office/awareness/{campaign.pk}/{cast.first.pk}/sheet/").content.decode()
    )
    assert "Lê Giấy" in sheet
    assert "Trần Thử" not in sheet


def test_the_officer_records_corrects_and_hands_out(cast: Cast, browser: Browser) -> None:
    told(cast)
    person = Person.objects.get(name="Lê Giấy")
    path = f"/office/awareness/people/{person.pk}/"
    officer = browser("officer")
    assert officer.post(path, {"what": "agree"}).status_code == 200, "how is asked"
    officer.post(path, {"what": "agree", "how": "paper", "note": "Phiếu số 3"})
    assert states("Lê Giấy")[-1] == ("given", "paper")
    wrong = officer.post(path, {"what": "correct", "name": "Lê Giấy", "email": "THU@person.example"})
    assert "Another person of the unit" in wrong.content.decode()
    officer.post(path, {"what": "correct", "name": "Lê Văn Giấy", "email": "giay@person.example"})
    person.refresh_from_db()
    assert (person.name, person.email) == ("Lê Văn Giấy", "giay@person.example")
    data = json.loads(officer.get(path + "data/").content)
    assert (data["name"], data["unit"], data["consent"][-1]["note"]) == (
        "Lê Văn Giấy",
        "Phòng Một",
        "Phiếu số 3",
    )
    seen = set(Entry.objects.filter(action__startswith="person.").values_list("action", flat=True))
    assert {"person.corrected", "person.data_exported"} <= seen


def test_a_person_reads_and_downloads_their_data(cast: Cast, client: Client) -> None:
    told(cast)
    path = page_of("Trần Thử")
    page = client.get(path).content.decode()
    assert "thu@person.example" in page
    assert json.loads(client.get(path + "data/").content)["email"] == "thu@person.example"
    assert states("Trần Thử") == [("told", "import")], "looking changes nothing"
    client.post(path, {"what": "erase"})
    assert client.get(path + "data/").status_code == 404
    assert not Consent.objects.filter(person__email="thu@person.example").exists()


def test_the_three_questions_without_a_link(cast: Cast, client: Client) -> None:
    campaign = told(cast)
    wrong = client.post("/three-questions/", {**RIGHT, "q0": "0"}).content.decode()
    assert str(QUESTIONS[0].why)[:20] in wrong or "error" in wrong
    assert not Passed.objects.exists()
    for _ in range(2):
        client.post("/three-questions/", RIGHT)
    assert Passed.objects.get(campaign=campaign).count == 2
    assert not Notice.objects.exclude(confirmed=None).exists(), "nobody in particular"
    code = Notice.objects.get(person__name="Lê Giấy").code
    assert client.post("/three-questions/", {**RIGHT, "code": "0000-0000"}).content.decode().count("error")
    typed = letters.shown_code(code).lower().replace("0", "o").replace("1", "l")
    assert "answer-good" in client.post("/three-questions/", {**RIGHT, "code": typed}).content.decode()
    notice = Notice.objects.get(code=code)
    assert (notice.how, notice.confirmed is None) == ("quiz", False)
    assert Passed.objects.get().count == 2


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("7k2m-9qxa", "7K2M9QXA"),
        ("7K2M 9QXA", "7K2M9QXA"),
        ("OIL0-AAAA", "0110AAAA"),
        ("7K2M", None),
        ("U" * 8, None),
    ],
)
def test_codes_as_people_type_them(typed: str, code: str | None) -> None:
    assert letters.canonical_code(typed) == code
    assert code is None or letters.canonical_code(letters.shown_code(code)) == code


def test_a_repeated_import_records_the_statement_once(cast: Cast, browser: Browser) -> None:
    campaign = told(cast)
    data = {
        "file": SimpleUploadedFile("a.csv", "Họ tên;Thư điện tử\nTrần Thử;thu@person.example\n".encode()),
        "told": "on",
    }
    browser("officer").post(f"/office/awareness/{campaign.pk}/{cast.first.pk}/", data)
    assert states("Trần Thử") == [("told", "import")]
