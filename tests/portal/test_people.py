"""Set-up, invitations, second factor, idle lock, sessions, language, headers, limits, audit trail."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.portal.accounts import invitations, setup
from lamsach.portal.accounts.models import Invitation, User
from lamsach.portal.accounts.tasks import lock_idle
from lamsach.portal.audit.models import Entry
from lamsach.portal.base import links
from lamsach.portal.base.roles import Role
from lamsach.portal.mail.letters import render
from lamsach.portal.mail.models import Letter
from lamsach.portal.units.models import Membership, Unit

from .conftest import Browser, Cast

pytestmark = pytest.mark.django_db


def test_the_set_up_link_works_once(client: Client) -> None:
    old, token = setup.new_token(), setup.new_token()
    assert client.get(f"/accounts/set-up/{old}/").status_code == 404
    data = {
        "unit_name": "Bộ Thử nghiệm",
        "code": "000.00.00.g06",
        "name": "Quản trị",
        "email": "Admin@Person.example",
        "password": "mat khau rat dai",
    }
    assert client.post(f"/accounts/set-up/{token}/", {**data, "password": "ngan"}).status_code == 200
    assert client.post(f"/accounts/set-up/{token}/", data)["Location"] == "/office/"
    assert client.get("/office/").status_code == 200
    assert client.get(f"/accounts/set-up/{token}/").status_code == 404
    assert Unit.objects.get().code == "G06"
    assert User.objects.get().email == "admin@person.example"
    assert not setup.needed()


def test_an_invitation_is_accepted_once(cast: Cast, browser: Browser, client: Client) -> None:
    page = browser("coordinator").post(
        "/office/people/invite/", {"email": "Moi@person.example", "unit": "G06.12.01", "role": "officer"}
    )
    assert page.status_code == 302
    letter = Letter.objects.get(kind="invitation")
    _, text = render(letter)
    token = re.search(r"http://[^/]+(/accounts/invitation/\S+)", text)
    assert token is not None
    data = {"name": "Người Mới", "password": "mat khau rat dai"}
    assert client.post(token[1], data)["Location"] == "/office/"
    assert Client().get(token[1]).status_code == 404
    assert Membership.objects.get(user__email="moi@person.example").unit == cast.first


@pytest.mark.parametrize(
    ("who", "unit", "role"),
    [
        ("coordinator", "G06.13", "officer"),
        ("coordinator", "G06.12", "administrator"),
        ("coordinator", "G06.12", "authority"),
    ],
)
def test_nobody_grants_more_than_their_own(
    who: str, unit: str, role: str, cast: Cast, browser: Browser
) -> None:
    data = {"email": "x@person.example", "unit": unit, "role": role}
    assert browser(who).post("/office/people/invite/", data).status_code == 200
    assert Invitation.objects.count() == 0


def test_a_coordinator_cannot_lock_an_administrator_of_the_same_unit(cast: Cast, browser: Browser) -> None:
    boss = cast.person("boss", cast.centre, Role.ADMINISTRATOR)
    assert browser("coordinator").post(f"/office/people/{boss.pk}/lock/").status_code == 403
    assert User.objects.get(pk=boss.pk).is_active


def log_in(client: Client, email: str) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": "mat khau rat dai"})


def test_locking_ends_the_sessions(cast: Cast, browser: Browser) -> None:
    officer = Client()
    assert log_in(officer, "officer@person.example")["Location"] == "/office/"
    assert officer.get("/office/").status_code == 200
    browser("coordinator").post(f"/office/people/{cast.people['officer'].pk}/lock/")
    assert officer.get("/office/").status_code == 302
    assert "inactive" in log_in(Client(), "officer@person.example")["Location"]


def test_every_session_can_be_ended(cast: Cast, browser: Browser) -> None:
    officer = Client()
    log_in(officer, "officer@person.example")
    officer.get("/office/")
    browser("coordinator").post(f"/office/people/{cast.people['officer'].pk}/end-sessions/")
    assert officer.get("/office/").status_code == 302


def test_own_sessions_are_listed_and_others_of_them_ended(cast: Cast, browser: Browser) -> None:
    here, elsewhere = browser("officer"), Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux) Firefox/140.0")
    elsewhere.force_login(
        cast.people["officer"], backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    for client in (here, elsewhere):
        assert client.get("/office/").status_code == 200
    page = here.get("/accounts/sessions/").content.decode()
    assert "Firefox" in page
    assert "/accounts/sessions/" in here.get("/accounts/me/").content.decode(), "a way leads there"
    here.post("/accounts/sessions/")
    assert elsewhere.get("/office/").status_code == 302
    assert here.get("/office/").status_code == 200


def test_idle_accounts_are_locked(cast: Cast) -> None:
    long_ago = timezone.now() - timedelta(days=46)
    User.objects.filter(email="officer@person.example").update(last_seen=long_ago)
    assert "inactive" in log_in(Client(), "officer@person.example")["Location"]
    User.objects.filter(email="reader@person.example").update(created=long_ago)
    assert lock_idle() == 1
    assert set(User.objects.filter(is_active=False).values_list("name", flat=True)) == {"Officer", "Reader"}


def test_the_second_factor_is_compulsory_above_officer(cast: Cast, browser: Browser, settings: Any) -> None:
    settings.MFA_REQUIRED = True
    for who, wanted in (("coordinator", 302), ("authority", 302), ("administrator", 302), ("officer", 200)):
        assert browser(who).get("/office/").status_code == wanted, who
    Authenticator.objects.create(user=cast.people["coordinator"], type="totp", data={"secret": "x"})
    assert browser("coordinator").get("/office/").status_code == 200


def test_the_first_administrator_sets_up_the_second_factor(client: Client, settings: Any) -> None:
    """Set-up link, set-up of an authenticator app, and a second log-in with its code."""
    settings.MFA_REQUIRED = True
    data = {
        "unit_name": "Bộ",
        "code": "G06",
        "name": "Q",
        "email": "q@person.example",
        "password": "mat khau rat dai",
    }
    client.post(f"/accounts/set-up/{setup.new_token()}/", data)
    page = client.get("/office/", follow=True)
    assert page.redirect_chain[-1][0].startswith("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    done = client.post("/accounts/2fa/totp/activate/", {"code": totp(secret)}, follow=True)
    assert "/accounts/2fa/recovery-codes/" in done.redirect_chain[-1][0], done.content.decode()
    assert client.get("/office/").status_code == 200
    again = Client()
    page = again.post("/accounts/login/", {"login": "q@person.example", "password": "mat khau rat dai"})
    assert page["Location"] == "/accounts/2fa/authenticate/"
    assert again.get("/office/").status_code == 302
    cache.clear()
    again.post(page["Location"], {"code": totp(secret)})
    assert again.get("/office/").status_code == 200


def test_a_recovery_code_opens_once_when_the_telephone_is_lost(cast: Cast) -> None:
    client = Client()
    credentials = {"login": "coordinator@person.example", "password": "mat khau rat dai"}
    client.post("/accounts/login/", credentials)
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    client.post("/accounts/2fa/totp/activate/", {"code": totp(secret)})
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert len(set(codes)) == 10
    for code, opens in ((codes[0], True), (codes[0], False), (codes[1], True)):
        cache.clear()
        other = Client()
        asked = other.post("/accounts/login/", credentials)
        other.post(asked["Location"], {"code": code})
        assert (other.get("/office/").status_code == 200) is opens
    left = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert set(left) == set(codes[2:])


def test_the_password_is_required_again_except_for_the_first_second_factor(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": "coordinator@person.example", "password": "mat khau rat dai"})
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    monkeypatch.setattr("lamsach.portal.accounts.adapter._FRESH_S", 0.0)
    asked = client.get("/accounts/2fa/totp/activate/")
    assert asked["Location"].startswith("/accounts/reauthenticate/"), "the session was left open"
    monkeypatch.undo()
    kept = Authenticator.objects.create(user=cast.people["coordinator"], type="totp", data={"secret": "x"})
    Authenticator.objects.filter(pk=kept.pk).update(created_at=timezone.now() - timedelta(days=1))
    asked = client.get("/accounts/2fa/webauthn/add/")
    assert "reauthenticate" in asked["Location"], "one who has a second factor adds none without it"


def totp(secret: str) -> str:
    """Compute the current code of an authenticator app (RFC 6238)."""
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_too_many_wrong_passwords_stop(cast: Cast) -> None:
    client = Client()
    data = {"login": "officer@person.example", "password": "wrong"}
    pages = [client.post("/accounts/login/", data).content.decode() for _ in range(8)]
    assert "Đăng nhập sai quá nhiều lần" in pages[-1]
    assert log_in(client, "officer@person.example").status_code == 200


@pytest.mark.parametrize("path", ["signup", "email", "phone"])
def test_sign_up_is_closed(path: str, client: Client) -> None:
    assert client.get(f"/accounts/{path}/").status_code == 404


def test_vietnamese_first_english_by_choice(client: Client) -> None:
    page = client.get("/accounts/login/", headers={"accept-language": "en"})
    assert page["Content-Language"] == "vi"
    assert "<h1>Đăng nhập</h1>" in page.content.decode()
    client.post("/language/", {"language": "en", "next": "/accounts/login/"})
    assert "<h1>Log in</h1>" in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("path", ["/", "/check/", "/help/", "/accounts/login/", "/no-such-page/"])
def test_pages_obey_their_own_policy(path: str, client: Client) -> None:
    page = client.get(path)
    assert "script-src 'self'; style-src 'self'" in page["Content-Security-Policy"]
    text = page.content.decode()
    assert not re.search(
        r"<style|\sstyle=|\son\w+=|<script(?![^>]*(?:src=\"/static/|type=\"application/json\"))", text
    )
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


def test_a_form_without_its_token_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/check/").status_code == 403


def test_an_upload_of_200_megabytes_is_refused_before_it_is_read(cast: Cast, browser: Browser) -> None:
    client = browser("coordinator")
    response = client.generic(
        "POST",
        "/office/units/import/",
        b"x",
        "multipart/form-data; boundary=x",
        headers={"content-length": "200000000"},
    )
    assert response.status_code == 413


def test_the_check_page_is_rate_limited(client: Client) -> None:
    codes = [client.post("/check/").status_code for _ in range(31)]
    assert (codes[0], codes[-1]) == (200, 429)
    assert client.post("/check/", REMOTE_ADDR="192.0.2.9").status_code == 200


def test_forwarded_addresses_count_only_behind_own_proxies(client: Client, settings: Any) -> None:
    def ask() -> str:
        forwarded = {"x-forwarded-for": "203.0.113.5, 198.51.100.7"}
        return client.post("/check/", headers=forwarded).content.decode()

    assert "127.0.0.1" in ask()
    settings.PROXIES = 1
    assert "198.51.100.7" in ask()


def test_the_audit_trail_only_grows(cast: Cast, browser: Browser) -> None:
    client = browser("administrator")
    client.get("/office/people/")
    entry = Entry.objects.latest("pk")
    assert (entry.action, entry.who) == ("people.viewed", "administrator@person.example")
    with pytest.raises(LamsachError):
        entry.save()
    with pytest.raises(LamsachError):
        entry.delete()
    for statement in ("UPDATE audit_entry SET who = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    export = client.get("/office/audit/export/?action=people.viewed")
    lines = b"".join(export.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert [json.loads(line)["action"] for line in lines] == ["people.viewed"]
    assert client.get("/office/audit/?from=nonsense&to=2022-13-45").status_code == 200


def test_tokens_are_bound_to_their_purpose() -> None:
    token = links.sign(invitations.PURPOSE, "abc")
    assert links.read(invitations.PURPOSE, token) == "abc"
    assert links.read("answer", token) is None
    assert links.read(invitations.PURPOSE, token + "x") is None
