"""Log-in pages and letters of the library speak as the portal does, in English too.

They name the coordinator, not "us", and nobody is asked to sign up.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from lamsach.portal.catalogue_vi.libraries import ENGLISH

from .conftest import Cast
from .test_people import totp
from .test_texts import ALLAUTH, SHOWN, in_templates

FORMS = {
    "Email", "Email address", "Current Password", "New Password", "New Password (again)",
    "Forgot your password?", "Incorrect password.", "Passwordless",
    ("Enabling passwordless operation allows you to sign in using just this key, but imposes additional "
     "requirements such as biometrics or PIN protection."),
    "Please type your current password.", "Enter a valid email address.",
    "This account is currently inactive.", "The email address and/or password you specified are not correct.",
    "Too many failed login attempts. Try again later.",
}  # fmt: skip
"""Texts in the library's forms, not in its pages."""
THEIR_WORDS = re.compile(
    r"contact us|\bwe\b|Hello from|Thank you for|sign (in|up|out)|\bemail\b|Bad Token|Reset My", re.IGNORECASE
)


@pytest.fixture
def english() -> Client:
    """The browser of somebody who chose English."""
    client = Client()
    client.post("/language/", {"language": "en"})
    return client


def words(page: Any) -> str:
    """Return the words that a person reads on a page."""
    body = page.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def letter(found: list[EmailMessage]) -> str:
    assert len(found) == 1
    return re.sub(r"https?://\S+", "", f"{found[0].subject}\n{found[0].body}")


def test_each_text_is_one_of_the_library() -> None:
    theirs = {text for name in SHOWN for _, text in in_templates(ALLAUTH / "templates" / name)}
    assert sorted(set(ENGLISH) - theirs - FORMS) == []
    ours = [text.replace("%(email)s", "") for text in ENGLISH.values()]
    assert [text for text in ours if THEIR_WORDS.search(text) or "!" in text] == []


@pytest.mark.django_db
def test_the_pages_for_a_new_password(english: Client, cast: Cast, mailoutbox: list[EmailMessage]) -> None:
    asked = words(english.get("/accounts/password/reset/"))
    assert "New password Give your e-mail address." in asked
    done = words(english.post("/accounts/password/reset/", {"email": "officer@person.example"}, follow=True))
    assert "ask your unit's coordinator" in done.replace("&#x27;", "'")
    link = re.search(r"https?://[^/]+(/accounts/\S+)", str(mailoutbox[0].body))
    assert link
    form = words(english.get(link[1], follow=True))
    assert "New password again" in form
    unusable = words(english.get("/accounts/password/reset/key/1-wrong/", follow=True))
    assert "The link does not work" in unusable
    for page in (asked, done, form, unusable):
        assert not THEIR_WORDS.search(page), page


@pytest.mark.django_db
def test_the_letter_with_the_link(english: Client, cast: Cast, mailoutbox: list[EmailMessage]) -> None:
    english.post("/accounts/password/reset/", {"email": "officer@person.example"})
    text = letter(mailoutbox)
    assert "A link for a new password" in text
    assert "Open this address to set the new password:" in text
    assert not THEIR_WORDS.search(text), text


@pytest.mark.django_db
def test_who_changes_the_password_is_told_in_our_words(english: Client, cast: Cast) -> None:
    login = {"login": "officer@person.example", "password": "mat khau rat dai"}
    english.post("/accounts/login/", login)
    old, new = login["password"], "mot mat khau khac han"
    page = english.post(
        "/accounts/password/change/", {"oldpassword": old, "password1": new, "password2": new}, follow=True
    )
    text = " ".join(page.content.decode().split())
    assert "The password is changed." in text
    assert not THEIR_WORDS.search(words(page)), words(page)


@pytest.mark.django_db
def test_pages_of_the_second_factor_are_headed_as_the_others(english: Client, cast: Cast) -> None:
    """A sentence's capitals, not a title's; and errors of a form are in our words."""
    login = {"login": "officer@person.example", "password": "mat khau rat dai"}
    english.post("/accounts/login/", login)
    paths = ["", "totp/activate/", "webauthn/", "webauthn/add/"]
    shown = [english.get(f"/accounts/2fa/{path}") for path in paths]
    secret = shown[1].context["form"].secret
    english.post("/accounts/2fa/totp/activate/", {"code": totp(secret)})
    more = ["", "totp/deactivate/", "recovery-codes/", "recovery-codes/generate/"]
    shown += [english.get(f"/accounts/2fa/{path}") for path in more]
    shown += [english.get("/accounts/sessions/"), english.get("/accounts/reauthenticate/")]
    for page in shown:
        assert page.status_code == 200, page.wsgi_request.path
        body = page_body(page)
        heads = re.findall(r"<(?:h[12]|th)\b[^>]*>(.*?)</", body, re.DOTALL)
        assert heads, page.wsgi_request.path
        assert [head for head in heads if re.search(r"\w [A-Z][a-z]", head.strip())] == []
        assert not THEIR_WORDS.search(words(page)), words(page)
    wrong = english.post("/accounts/password/reset/", {"email": "nobody"})
    assert "Enter a valid e-mail address." in words(wrong)


@pytest.mark.django_db
def test_the_button_that_goes_on_is_the_loud_one(cast: Cast, mailoutbox: list[EmailMessage]) -> None:
    """The library's button that goes on is the prominent one, not the one that gives up.

    The last page leads on.
    """
    client = Client()
    client.post("/accounts/password/reset/", {"email": "officer@person.example"})
    link = re.search(r"https?://[^/]+(/accounts/\S+)", str(mailoutbox[0].body))
    assert link
    page = client.get(link[1], follow=True).content.decode()
    assert re.findall(r'class="btn (btn-\w+)"', page) == ["btn-primary", "btn-secondary"]
    assert 'href="/accounts/login/"' in page_body(client.get("/accounts/password/reset/key/done/"))
    asked = page_body(client.get("/accounts/password/reset/"))
    assert re.findall(r'class="btn (btn-\w+)"', asked) == ["btn-primary"]


def page_body(page: Any) -> str:
    return str(page.content.decode().partition("<main")[2].partition("</main>")[0])
