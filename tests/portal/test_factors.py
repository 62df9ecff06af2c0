"""Encryption of second factors in the database, also after a change of the secret key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, TOTP, generate_totp_secret
from django.conf import LazySettings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client

from lamsach.errors import InputError
from lamsach.portal.accounts.factors import ActivateForm
from lamsach.portal.base import links
from lamsach.portal.exchange import unit_keys

from .conftest import Cast
from .test_people import totp
from .test_unsaved_input import hidden

pytestmark = pytest.mark.django_db
NEW = "a new secret key that is long enough for anybody"


@pytest.fixture(autouse=True)
def allauth_context(rf: Any) -> Any:
    request = rf.get("/")
    request.session = SessionStore()
    with context.request_context(request):
        yield


def held() -> str:
    """Collect all stored data of second factors."""
    return json.dumps(list(Authenticator.objects.values_list("data", flat=True)))


def log_in(code: str) -> Any:
    """Log the officer in with a code of the second factor; return the last page."""
    client = Client()
    page = {"login": "officer@person.example", "password": "mat khau rat dai"}
    answer = client.post("/accounts/login/", page)
    return client.post(answer["Location"], {"code": code}, follow=True)


def test_the_database_holds_no_secret_and_the_code_works(cast: Cast) -> None:
    secret = generate_totp_secret()
    TOTP.activate(cast.people["officer"], secret)
    codes = RecoveryCodes.activate(cast.people["officer"]).get_unused_codes()
    assert secret not in held()
    assert held().count("locked:") == 2
    assert log_in(totp(secret)).redirect_chain[-1][0].startswith("/office/")
    assert log_in(codes[0]).redirect_chain[-1][0].startswith("/office/")
    assert (
        len(RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes())
        == len(codes) - 1
    )


def test_after_a_change_of_the_secret_key_the_old_key_decrypts(cast: Cast, settings: LazySettings) -> None:
    secret, old = generate_totp_secret(), settings.SECRET_KEY
    TOTP.activate(cast.people["officer"], secret)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [old]
    assert log_in(totp(secret)).redirect_chain[-1][0].startswith("/office/")
    TOTP.activate(cast.people["reader"], secret)
    settings.SECRET_KEY_FALLBACKS = []
    assert TOTP(Authenticator.objects.get(user=cast.people["reader"])).validate_code(totp(secret)), (
        "locked with the new one"
    )


def test_links_and_locked_keys_outlive_a_change_of_the_secret_key(settings: LazySettings) -> None:
    old = settings.SECRET_KEY
    link, locked = links.sign("test.rotation", "7"), unit_keys.lock("a partner's word")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [old]
    assert links.read("test.rotation", link) == "7"
    assert unit_keys.unlock(locked) == "a partner's word"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InputError):
        unit_keys.unlock(locked)


def test_without_the_old_key_log_in_fails_with_the_reason(cast: Cast, settings: LazySettings) -> None:
    secret = generate_totp_secret()
    TOTP.activate(cast.people["officer"], secret)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, []
    page = log_in(totp(secret))
    assert page.status_code == 200
    assert not page.redirect_chain
    assert "Tell the administrator." in page.content.decode() or "quản trị" in page.content.decode()


def test_an_unencrypted_secret_of_an_older_version_is_accepted(cast: Cast) -> None:
    secret = generate_totp_secret()
    Authenticator.objects.create(user=cast.people["officer"], type="totp", data={"secret": secret})
    assert log_in(totp(secret)).redirect_chain[-1][0].startswith("/office/")


class Setting:
    """Officer on the page that sets up a second factor."""

    page = "/accounts/2fa/totp/activate/"

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"origin": "http://testserver"})
        said = {"login": "officer@person.example", "password": "mat khau rat dai"}
        self._post("/accounts/login/", self._word("/accounts/login/"), said)
        self.open()

    def _word(self, path: str) -> str:
        return hidden(self.client.get(path).content.decode())["csrfmiddlewaretoken"]

    def _post(self, path: str, word: str, said: dict[str, str]) -> Any:
        return self.client.post(path, {"csrfmiddlewaretoken": word, **said})

    def open(self) -> None:
        """Open the page, which shows a new secret."""
        shown = self.client.get(self.page)
        self.secret: str = shown.context["form"].secret
        self.word = hidden(shown.content.decode())["csrfmiddlewaretoken"]

    def send(self, code: str) -> Any:
        """Compute the code of the app."""
        return self._post(self.page, self.word, {"code": code})


def sessions() -> str:
    """Collect all stored data of sessions."""
    return json.dumps([session.get_decoded() for session in Session.objects.all()])


def test_a_secret_during_set_up_is_encrypted_too(cast: Cast) -> None:
    setting = Setting()
    assert setting.secret not in sessions()
    assert '"mfa.totp.secret": "locked:' in sessions()
    refused = setting.send("000000")
    assert refused.context["form"].errors["code"]
    assert refused.context["form"].secret == setting.secret, "the same one for another attempt"
    assert setting.secret not in sessions()
    assert setting.send(totp(setting.secret)).status_code == 302
    assert "mfa.totp.secret" not in sessions()
    assert log_in(totp(setting.secret)).redirect_chain[-1][0].startswith("/office/")


def test_a_change_of_the_secret_key_during_set_up_shows_a_new_secret(
    cast: Cast, settings: LazySettings
) -> None:
    setting = Setting()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, []
    form = ActivateForm({"code": "123456"}, user=cast.people["officer"])
    assert form.secret
    context.request.session[SECRET_SESSION_KEY] = setting.client.session.get(SECRET_SESSION_KEY, "locked:x")
    form = ActivateForm({"code": totp(setting.secret)}, user=cast.people["officer"])
    assert form.secret != setting.secret
    assert not form.is_valid()


def test_a_code_that_is_sent_twice_leads_on_to_the_recovery_codes(cast: Cast) -> None:
    setting = Setting()
    code = totp(setting.secret)
    first, second = setting.send(code), setting.send(code)
    assert first["Location"] == second["Location"] == "/accounts/2fa/recovery-codes/"
    assert Authenticator.objects.filter(type="totp").count() == 1
