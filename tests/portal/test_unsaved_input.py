"""Typed input survives an ended session, a log-in in a second tab, and a concurrent change."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lamsach.portal.cases.models import Note

from . import samples
from .confirmation import asked
from .conftest import Cast
from .test_access_walk import filled

pytestmark = pytest.mark.django_db
HERE = "http://testserver"
PROSE = 'Máy đã được cài lại,\nngười dùng đã đổi "mật khẩu" <b>ngay</b>'


class Browser:
    """A browser with cookies and referrers, whose forms require their CSRF token."""

    def __init__(self, cast: Cast) -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"origin": HERE})
        self.client.force_login(
            cast.people["officer"], backend="allauth.account.auth_backends.AuthenticationBackend"
        )

    def token(self, path: str) -> str:
        """The hidden CSRF token of a page."""
        return hidden(self.client.get(path).content.decode())["csrfmiddlewaretoken"]

    def send(self, path: str, page: str, token: str, **fields: Any) -> Any:
        """Submit a form of a page."""
        return self.client.post(
            path, {"csrfmiddlewaretoken": token, **fields}, headers={"referer": HERE + page}
        )

    def log_in_elsewhere(self) -> None:
        """Log in again, in another tab, after the session has ended."""
        end_sessions()
        token = self.token("/accounts/login/")
        fields = {"login": "officer@person.example", "password": "mat khau rat dai"}
        assert self.send("/accounts/login/", "/accounts/login/", token, **fields).status_code == 302


def hidden(page: str) -> dict[str, str]:
    """Hidden fields of a page, as a browser reads them."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found if name != "next"}


def end_sessions() -> None:
    Session.objects.all().delete()


def test_a_note_survives_the_end_of_the_session(cast: Cast) -> None:
    case, browser = samples.case(cast), Browser(cast)
    page, path = f"/office/cases/{case.pk}/", f"/office/cases/{case.pk}/notes/"
    token = browser.token(page)
    end_sessions()
    over = browser.send(path, page, token, text=PROSE)
    assert over.status_code == 403
    assert over["Cache-Control"] == "no-store"
    text = over.content.decode()
    assert html.escape(PROSE) in text
    assert f"?next={page.replace('/', '%2F')}" in text, (
        "the log-in leads back to the page, not to the form's address"
    )
    assert not Note.objects.exists()
    browser.log_in_elsewhere()
    fields = hidden(text)
    assert fields.pop("text") == PROSE
    old = browser.send(path, path, fields["csrfmiddlewaretoken"], text=PROSE)
    assert old.status_code == 403, "the log-in changed the token"
    fresh = hidden(old.content.decode())
    assert browser.send(path, path, fresh["csrfmiddlewaretoken"], text=fresh["text"]).status_code == 302
    assert Note.objects.get().text.split() == PROSE.split()


def test_a_log_in_in_another_tab_loses_nothing(cast: Cast) -> None:
    case, browser = samples.case(cast), Browser(cast)
    page, path = f"/office/cases/{case.pk}/", f"/office/cases/{case.pk}/notes/"
    token = browser.token(page)
    browser.log_in_elsewhere()
    old = browser.send(path, page, token, text=PROSE)
    fresh = hidden(old.content.decode())
    assert browser.send(path, path, fresh["csrfmiddlewaretoken"], text=fresh["text"]).status_code == 302
    assert Note.objects.count() == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_what_another_site_sends_is_not_shown(origin: str, cast: Cast) -> None:
    case, browser = samples.case(cast), Browser(cast)
    client = Client(enforce_csrf_checks=True, headers={"origin": origin} if origin else {})
    client.cookies = browser.client.cookies
    response = client.post(f"/office/cases/{case.pk}/notes/", {"text": "Hãy gọi số này"})
    assert response.status_code == 403
    assert "Hãy gọi số này" not in response.content.decode()


def test_a_session_that_ended_shows_nothing_that_another_site_sends(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True, headers={"origin": "https://evil.example"})
    response = client.post("/office/cases/1/notes/", {"text": "Hãy gọi số này"})
    assert "Hãy gọi số này" not in response.content.decode()


def test_files_are_named_and_passwords_forgotten(cast: Cast) -> None:
    browser = Browser(cast)
    token = browser.token("/office/")
    end_sessions()
    file = SimpleUploadedFile("khóa.p12", b"x")
    text = browser.send(
        "/office/reports/1/sign/", "/office/reports/1/", token, key=file, password="bi mat", why="Ký lại"
    ).content.decode()
    assert "khóa.p12" in text
    assert "Ký lại" in text
    assert "bi mat" not in text
    assert "why" not in hidden(text), "a form without its file is not resubmitted"


def test_whoever_was_slower_sees_what_they_had_typed(cast: Cast) -> None:
    found, client = samples.dispatch(cast, sent=False), cast.client("coordinator")
    page = client.get(f"/office/dispatches/{found.pk}/edit/")
    data = {name: str(value) for name, value in page.context["form"].initial.items()}
    data |= {
        "once": found.once,
        "version": "0",
        "body": PROSE,
        "day": f"{found.day}",
        "deadline": f"{found.deadline}",
    }
    assert client.post(f"/office/dispatches/{found.pk}/edit/", data).status_code in (302, 409)
    late = client.post(f"/office/dispatches/{found.pk}/edit/", {**data, "version": "77"})
    assert late.status_code == 409
    assert html.escape(PROSE) in late.content.decode()


def test_a_button_without_words_leads_to_the_log_in_and_back_to_its_page(cast: Cast) -> None:
    browser = Browser(cast)
    token = browser.token("/office/")
    end_sessions()
    response = browser.send("/office/dispatches/7/send/", "/office/dispatches/7/?page=2", token)
    assert response["Location"] == "/accounts/login/?next=/office/dispatches/7/%3Fpage%3D2"


@pytest.mark.parametrize("referer", ["https://evil.example/x", "http://testserver//evil.example/", "", "x"])
def test_the_way_back_leads_nowhere_else(referer: str, cast: Cast) -> None:
    response = Client().post("/office/dispatches/7/send/", headers={"referer": referer})
    assert response["Location"] == "/accounts/login/?next=/office/"


def test_the_address_of_a_form_says_so(cast: Cast) -> None:
    client, case = cast.client("officer"), samples.case(cast)
    response = client.get(f"/office/cases/{case.pk}/notes/")
    assert (response.status_code, response["Allow"]) == (405, "POST, HEAD")
    assert "It only takes a form" in response.content.decode()


SILENT = {
    "office/campaigns/<int:campaign_id>/lists/": {},
    "office/dispatches/<int:dispatch_id>/files/": {},
    "office/cases/<int:case_id>/notes/": {"text": "  "},
    "office/cases/<int:case_id>/ticks/": {},
    "office/cases/<int:case_id>/kind/": {"kind": "x"},
    "office/cases/<int:case_id>/assign/": {"to": "x"},
    "office/cases/questions/<int:question_of_machine>/": {"answer": ""},
    "office/campaigns/<int:campaign_id>/machines/rules/": {"quiet_days": "x"},
    "office/reports/<int:report_id>/scan/": {},
}


@pytest.mark.parametrize(("path", "fields"), SILENT.items())
def test_what_was_not_taken_is_said(path: str, fields: dict[str, str], cast: Cast) -> None:
    role = "coordinator" if "campaigns" in path or "dispatches" in path else "officer"
    page = cast.client(role).post(filled(path, cast), fields, follow=True)
    assert page.status_code == 200
    assert "note-error" in page.content.decode()


def test_what_was_typed_stands_in_boxes_of_its_size(cast: Cast) -> None:
    browser = Browser(cast)
    token = browser.token("/office/")
    end_sessions()
    long = "Máy đã được cài lại. " * 40
    text = browser.send(
        "/office/cases/1/notes/", "/office/", token, one="Hà Nội", other=long, code="A-1"
    ).content.decode()
    assert re.findall(r'rows="(\d)" id="typed-\d" readonly aria-label="[^"]+ \((\d)\)"', text) == [
        ("1", "1"),
        ("6", "2"),
    ]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_was_typed_is_called_as_in_the_form(language: str, cast: Cast) -> None:
    report, browser = samples.report(cast), Browser(cast)
    browser.client.cookies["django_language"] = language
    page = f"/office/reports/{report.pk}/edit/"
    token = browser.token(page)
    form = browser.client.get(page).content.decode()
    end_sessions()
    fields = {"place": "Hà Nội", "position": "Vụ trưởng", "text_nothing": "hai từ"}
    text = browser.send(page, page, token, **fields).content.decode()
    shown = re.findall(r'<label for="typed-(\d)">([^<]+)</label>', text)
    assert [number for number, _ in shown] == ["1", "2"]
    assert all(f">{label}" in form for _, label in shown), shown
    assert len(re.findall(r'id="typed-\d" readonly>', text)) == 2
    assert len(re.findall(r"readonly aria-label=", text)) == 1, "an unknown field is numbered"


def test_the_same_list_twice_is_said(cast: Cast) -> None:
    client, found = cast.client("coordinator"), samples.campaign(cast)
    for message in ("The list is being read", "The campaign has this list already"):
        file = SimpleUploadedFile("danh-sach.csv", b"evil.example\n")
        page = client.post(f"/office/campaigns/{found.pk}/lists/", {"file": file}, follow=True)
        assert message in page.content.decode()
    assert found.lists.count() == 1


def test_a_dispatch_goes_out_once_and_never_to_nobody(cast: Cast) -> None:
    client, found = cast.client("coordinator"), samples.dispatch(cast, sent=False)
    type(found).objects.filter(pk=found.pk).update(issuer=cast.first)
    officer = cast.client("officer")
    page = officer.post(f"/office/dispatches/{found.pk}/send/", {"to": "near"}, follow=True)
    assert "There is no unit to send it to" in page.content.decode()
    type(found).objects.filter(pk=found.pk).update(issuer=cast.centre)
    data: dict[str, Any] = {}
    for message in ("The dispatch goes to 2 units", "It does not go out twice"):
        data = data or asked(client, f"/office/dispatches/{found.pk}/send/", {"to": "near"})[1]
        page = client.post(f"/office/dispatches/{found.pk}/send/", data, follow=True)
        assert message in page.content.decode()
