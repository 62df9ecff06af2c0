"""People and cases: names only by grant, the letter to the machine's user, files, many at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from lamsach.errors import InputError
from lamsach.portal.audit.models import Entry
from lamsach.portal.cases import people
from lamsach.portal.cases.models import Case, Grant, Note
from lamsach.portal.mail.letters import render
from lamsach.portal.mail.models import Letter

from .bundles import ONE, Contact, day, device, findings, hand_in
from .conftest import Cast
from .samples import case as sample_case

pytestmark = pytest.mark.django_db


def test_a_parent_sees_no_names_until_the_unit_grants_it(cast: Cast) -> None:
    case = sample_case(cast)
    above, own = cast.client("coordinator"), cast.client("officer")
    for path in ("/office/cases/", f"/office/cases/{case.pk}/", "/office/cases/export/"):
        hidden = b"".join(above.get(path)).decode()
        assert "PC-01" not in hidden, path
        assert "10.1.2.3" not in hidden, path
        assert case.number in hidden, path
        assert "PC-01" in b"".join(own.get(path)).decode(), path
    assert above.get(f"/office/findings/devices/{case.device_id}/").status_code == 403
    assert 'name="case"' not in above.get("/office/cases/?q=PC-01").content.decode()
    assert 'name="case"' in own.get("/office/cases/?q=PC-01").content.decode()
    grant = {"what": "grant", "to": cast.centre.pk, "days": 3, "reason": "Hỗ trợ"}
    own.post(f"/office/privacy/cases/{case.pk}/", grant)
    assert "PC-01" in above.get(f"/office/cases/{case.pk}/").content.decode()
    Grant.objects.update(until=timezone.now())
    assert "PC-01" not in above.get(f"/office/cases/{case.pk}/").content.decode()
    assert Entry.objects.filter(action="case.viewed").exists()
    assert Entry.objects.filter(action="cases.exported").exists()


def test_many_at_once(cast: Cast, campaign: Any) -> None:
    keys = [f"mac:02:00:00:00:01:{number:02x}" for number in range(5)]
    hand_in(
        cast, campaign, findings([device(key) for key in keys], [Contact(key, {day(-2): 3}) for key in keys])
    )
    numbers = list(Case.objects.values_list("pk", flat=True))
    hand_in(cast, campaign, findings([device(ONE)], [Contact(days={day(-1): 2})]), cast.other)
    other = Case.objects.get(unit=cast.other).pk
    client = cast.client("officer")
    client.post("/office/cases/many/?show=open", {"case": [*numbers, other], "what": "working", "why": ""})
    assert Case.objects.filter(state="working").count() == 5
    assert Case.objects.get(pk=other).state == "new"
    page = client.get("/office/cases/?show=working").content.decode()
    assert page.count('name="case"') == 5
    client.post("/office/cases/many/", {"case": numbers, "what": "cleaned", "why": ""})
    assert not Case.objects.filter(state="cleaned").exists(), "a reason is missing"


def test_the_person_gets_a_letter_and_answers(cast: Cast) -> None:
    case = sample_case(cast)
    client = cast.client("officer")
    form = {"person_name": "Nguyễn Văn Thử", "person_email": "thu@person.example", "write": "1"}
    client.post(f"/office/cases/{case.pk}/person/", form)
    case.refresh_from_db()
    assert case.state == "told"
    letter = Letter.objects.get(kind="machine")
    assert letter.to == "thu@person.example"
    subject, text = render(letter)
    assert case.number in subject
    assert letter.context["address"] in text
    token = letter.context["address"].split("/m/")[1].strip("/")
    anybody = Client()
    page = anybody.get(f"/m/{token}/")
    assert page.status_code == 200
    assert "PC-01" not in page.content.decode(), "a forwarded link reveals no name"
    thanks = anybody.post(f"/m/{token}/", {"what": "ran", "words": "<script>"}, follow=True)
    assert "cases/person_thanks.html" in [template.name for template in thanks.templates]
    note = Note.objects.get()
    assert note.text == people.ANSWERS["ran"]
    case.refresh_from_db()
    assert case.state == "told", "an answer is a note, not a proof"
    shown = client.get(f"/office/cases/{case.pk}/").content.decode()
    assert "&lt;script&gt;" in shown
    assert anybody.get(f"/m/{token}x/").status_code == 404


def test_a_file_is_kept_and_only_the_unit_gets_it(cast: Cast) -> None:
    case = sample_case(cast)
    client = cast.client("officer")
    file = SimpleUploadedFile("bien-ban.pdf", b"%PDF-1.7 x")
    client.post(f"/office/cases/{case.pk}/notes/", {"text": "Biên bản", "file": file})
    note = Note.objects.get()
    got = client.get(f"/office/cases/files/{note.pk}/")
    assert b"".join(got) == b"%PDF-1.7 x"
    assert cast.client("coordinator").get(f"/office/cases/files/{note.pk}/").status_code == 403
    bad = SimpleUploadedFile("a.exe", b"MZ")
    client.post(f"/office/cases/{case.pk}/notes/", {"text": "", "file": bad})
    assert Note.objects.count() == 1


def test_somebody_takes_a_case_on(case: Case, cast: Cast) -> None:
    client = cast.client("officer")
    officer, stranger = cast.people["officer"], cast.people["stranger"]
    client.post(f"/office/cases/{case.pk}/assign/", {"to": officer.pk})
    case.refresh_from_db()
    assert case.assignee == officer
    with translation.override("en"):
        assert Note.objects.get().display_text == "It is handled by Officer now."
    client.post(f"/office/cases/{case.pk}/assign/", {"to": stranger.pk})
    case.refresh_from_db()
    assert case.assignee == officer, "a stranger may not act for the unit"
    assert 'name="case"' in client.get("/office/cases/?mine=1").content.decode()
    client.post("/office/cases/many/", {"case": case.pk, "what": "nobody"})
    case.refresh_from_db()
    assert case.assignee_id is None
    cast.client("coordinator").post("/office/cases/many/", {"case": case.pk, "what": "mine"})
    case.refresh_from_db()
    assert case.assignee == cast.people["coordinator"]


def test_a_person_cannot_be_given_a_case_of_another_branch(case: Case, cast: Cast) -> None:
    request = RequestFactory().get("/")
    request.user = cast.people["officer"]
    with pytest.raises(InputError):
        people.assign(case, cast.people["stranger"], request)
