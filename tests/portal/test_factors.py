"""Second factors lie locked in the database: a copy of it makes no code, the person's own code still works, also after a change of the secret key."""

from __future__ import annotations

import json
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.apps import apps
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from lamsach.errors import InputError
from lamsach.portal.base import tokens
from lamsach.portal.exchange import secrets

from .conftest import Cast
from .test_people import totp

pytestmark = pytest.mark.django_db
MIGRATION = import_module("lamsach.portal.accounts.migrations.0003_locked_factors")
SEED = "0a" * 40
NEW = "a new secret key that is long enough for anybody"


@pytest.fixture(autouse=True)
def allauth_context(rf: Any) -> Any:
    from allauth.core import context

    with context.request_context(rf.get("/")):
        yield


def held() -> str:
    """All that the database knows of second factors."""
    return json.dumps(list(Authenticator.objects.values_list("data", flat=True)))


def log_in(code: str) -> Any:
    """The officer's log-in with a code of the second factor; the last page."""
    client = Client()
    said = {"login": "officer@person.example", "password": "mat khau rat dai"}
    asked = client.post("/accounts/login/", said)
    return client.post(asked["Location"], {"code": code}, follow=True)


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


def run(step: Any) -> None:
    """A step of the migration, on the database that the tests have."""
    step(apps, SimpleNamespace(connection=connection))


def test_the_migration_locks_what_lay_open_and_back(cast: Cast) -> None:
    secret, officer = generate_totp_secret(), cast.people["officer"]
    open_rows: list[tuple[str, dict[str, Any]]] = [
        ("totp", {"secret": secret}),
        ("recovery_codes", {"seed": SEED, "used_mask": 5, "migrated_codes": ["12345678", "87654321"]}),
        ("webauthn", {"name": "k", "credential": {"id": "x"}}),
    ]
    for kind, data in open_rows:
        Authenticator.objects.create(user=officer, type=kind, data=data)
    for _ in range(2):
        run(MIGRATION._lock)
        assert not [word for word in (secret, SEED, "12345678") if word in held()]
        assert held().count("locked:") == 4, "a second run locks nothing twice"
    assert Authenticator.objects.get(type="recovery_codes").data["used_mask"] == 5
    assert Authenticator.objects.get(type="webauthn").data == open_rows[2][1]
    assert log_in(totp(secret)).redirect_chain[-1][0].startswith("/office/")
    run(MIGRATION._open)
    assert sorted(Authenticator.objects.values_list("type", flat=True)) == sorted(
        kind for kind, _ in open_rows
    )
    for kind, data in open_rows:
        assert Authenticator.objects.get(type=kind).data == data


def test_after_a_change_of_the_secret_key_the_old_one_opens(cast: Cast, settings: LazySettings) -> None:
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
    link, locked = tokens.sign("test.rotation", "7"), secrets.lock("a partner's word")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [old]
    assert tokens.read("test.rotation", link) == "7"
    assert secrets.unlock(locked) == "a partner's word"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InputError):
        secrets.unlock(locked)


def test_without_the_old_key_nobody_gets_in_and_the_page_says_why(cast: Cast, settings: LazySettings) -> None:
    secret = generate_totp_secret()
    TOTP.activate(cast.people["officer"], secret)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, []
    page = log_in(totp(secret))
    assert page.status_code == 200
    assert not page.redirect_chain
    assert "Tell the administrator." in page.content.decode() or "quản trị" in page.content.decode()


def test_a_secret_that_an_older_server_wrote_is_taken(cast: Cast) -> None:
    secret = generate_totp_secret()
    Authenticator.objects.create(user=cast.people["officer"], type="totp", data={"secret": secret})
    assert log_in(totp(secret)).redirect_chain[-1][0].startswith("/office/")
