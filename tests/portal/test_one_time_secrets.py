"""Secrets that a page shows once: two clicks create one, and the second click's page shows it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.test import Client

from lamsach.portal.accounts import invitations, setup
from lamsach.portal.accounts.models import Invitation, User
from lamsach.portal.api.models import Token
from lamsach.portal.audit.models import Entry
from lamsach.portal.base import links, once
from lamsach.portal.base.once import accepts_once, make_once
from lamsach.portal.exchange import hooks
from lamsach.portal.exchange.models import Delivery, OwnKey, Webhook
from lamsach.portal.fleet.models import Handout
from lamsach.portal.lists.models import Outlet

from . import list_samples, samples
from .confirmation import confirmed
from .conftest import Cast
from .scanner_samples import catalogued, plain
from .test_once import APART, in_thread, sending
from .test_unsaved_input import hidden

HERE = "http://testserver"
PASSWORD = "mat khau rat dai"
URL = "https://siem.unit.example/x"


class Presser:
    """A browser whose forms carry the CSRF token of their page."""

    def __init__(self, cast: Cast, name: str) -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"origin": HERE})
        self.client.force_login(
            cast.people[name], backend="allauth.account.auth_backends.AuthenticationBackend"
        )

    def token(self, page: str) -> str:
        """Read the CSRF token of the page, opened anew."""
        return hidden(self.client.get(page).content.decode())["csrfmiddlewaretoken"]

    def press(self, page: str, path: str = "", **fields: Any) -> list[Any]:
        """Responses to two clicks on one button."""
        data = {"csrfmiddlewaretoken": self.token(page), **fields}
        return [self.client.post(path or page, data, headers={"referer": HERE + page}) for _ in range(2)]


def shown(answers: list[Any], pattern: str) -> set[str]:
    """Secrets on the pages; each must show one."""
    found = [re.findall(pattern, answer.content.decode()) for answer in answers]
    assert all(len(secrets) == 1 for secrets in found), found
    return {secrets[0] for secrets in found}


@pytest.mark.django_db
def test_a_token_is_made_once_and_shown_by_both_answers(cast: Cast) -> None:
    browser, page = Presser(cast, "coordinator"), f"/office/units/{cast.first.pk}/tokens/"
    assert len(shown(browser.press(page, name="SIEM"), r"lamsach_[\w-]{30,}")) == 1
    assert Token.objects.count() == 1
    assert Entry.objects.filter(action="token.issued").count() == 1
    browser.press(page, name="SIEM")
    assert Token.objects.count() == 2, "a newly opened page is another submission"


@pytest.mark.django_db
def test_a_token_that_was_refused_is_asked_for_again(cast: Cast) -> None:
    browser, page = Presser(cast, "coordinator"), f"/office/units/{cast.first.pk}/tokens/"
    for answer in browser.press(page, name=""):
        assert "is-invalid" in answer.content.decode()
    assert not Token.objects.exists()


@pytest.mark.django_db
def test_a_webhook_is_made_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamsach.portal.exchange.outbound.check", lambda url: None)
    browser, page = Presser(cast, "coordinator"), "/office/exchange/webhooks/"
    answers = browser.press(page, unit=cast.centre.pk, url=URL)
    assert len(shown(answers, r"whsec_[\w+/=]+")) == 1
    assert Webhook.objects.count() == 1


@pytest.mark.django_db
def test_a_secret_is_replaced_once_so_that_the_one_before_still_signs(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lamsach.portal.exchange.outbound.check", lambda url: None)
    hook, before = hooks.make(cast.centre, URL, cast.people["coordinator"])
    browser, page = Presser(cast, "coordinator"), f"/office/exchange/webhooks/{hook.pk}/"
    (now,) = shown(browser.press(page, what="renew"), r"whsec_[\w+/=]+")
    hook.refresh_from_db()
    assert hooks._valid(hook) == [now, before]
    browser.press(page, what="ping")
    assert Delivery.objects.count() == 1


@pytest.mark.django_db
def test_an_outlet_is_made_once(cast: Cast) -> None:
    entry = list_samples.kept_list(cast)
    browser, page = Presser(cast, "coordinator"), f"/office/blocklists/{entry.pk}/"
    fields = {"name": "fw01", "writer": "edl", "tlp": "amber", "confidence": 0, "part": 1000}
    answers = browser.press(page, f"{page}outlets/", **fields)
    assert len(shown(answers, r"out_[\w-]{20,}")) == 1
    assert Outlet.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("listed")
def test_a_scanner_is_created_once_with_one_token(cast: Cast, campaign: Any) -> None:
    tool, browser, page = (
        catalogued(plain()),
        Presser(cast, "officer"),
        f"/office/fleet/{campaign.pk}/scanner/",
    )
    answers = browser.press(page, program=tool.pk)
    first, second = (b"".join(answer.streaming_content) for answer in answers)
    assert first == second
    handout = Handout.objects.get()
    confirmed(browser.client, page, {"csrfmiddlewaretoken": browser.token(page), "revoke": handout.pk})
    fields = {"csrfmiddlewaretoken": answers[0].wsgi_request.POST["csrfmiddlewaretoken"], "program": tool.pk}
    again = browser.client.post(page, fields, headers={"referer": HERE + page})
    assert again.status_code == 302, "a revoked scanner is not issued again"
    assert Handout.objects.count() == 1


@pytest.mark.django_db
def test_a_key_is_made_once_and_feedback_counts_once(cast: Cast) -> None:
    browser = Presser(cast, "coordinator")
    page = f"/office/exchange/units/{cast.first.pk}/key/"
    assert {answer["Location"] for answer in browser.press(page)} == {page}
    assert OwnKey.objects.count() == 1
    list_samples.released(cast)
    fields = {"value": "bot-c2.xyz", "kind": "seen", "note": "thấy hôm nay"}
    places = {answer["Location"] for answer in browser.press("/office/blocklists/feedback/", **fields)}
    assert places == {"/office/blocklists/"}
    assert Entry.objects.filter(action="list.feedback").count() == 1


@pytest.mark.django_db
def test_a_persons_consent_is_noted_once_and_erasing_leads_back(cast: Cast) -> None:
    person = samples.notice(cast).person
    assert person is not None
    browser, page = Presser(cast, "officer"), f"/office/awareness/people/{person.pk}/"
    for answer in browser.press(page, what="agree", how="paper", note="phiếu ký"):
        assert answer["Location"] == page
    assert person.consents.count() == 1
    for answer in browser.press(page, f"{page}erase/"):
        assert answer["Location"] == "/office/awareness/"


@pytest.mark.django_db
def test_an_invitation_that_is_accepted_twice_lets_in_twice(cast: Cast) -> None:
    invitation = Invitation(email="moi@person.example", unit=cast.first, role="officer")
    token = links.sign(invitations.PURPOSE, invitations.invite(invitation, cast.people["coordinator"]).nonce)
    assert led_to(f"/accounts/invitation/{token}/", name="Người Mới", password=PASSWORD) == ["/office/"] * 2
    assert User.objects.filter(email="moi@person.example").count() == 1


@pytest.mark.django_db
def test_the_first_administrator_may_press_twice() -> None:
    fields = {
        "unit_name": "Bộ",
        "code": "G06",
        "name": "Q",
        "email": "q@person.example",
        "password": PASSWORD,
    }
    assert led_to(f"/accounts/set-up/{setup.new_token()}/", **fields) == ["/office/"] * 2
    assert User.objects.count() == 1


def led_to(page: str, **fields: str) -> list[str]:
    """Redirects of two simultaneous clicks without a log-in, both with the earlier cookies."""
    client = Client(enforce_csrf_checks=True)
    token = hidden(client.get(page).content.decode())
    cookies, places = dict(client.cookies), []
    for _ in range(2):
        client.cookies.clear()
        client.cookies.update(cookies)
        places.append(client.post(page, {**token, **fields}, headers={"origin": HERE})["Location"])
    return places


@APART
def test_the_second_gets_what_the_first_made_when_it_is_ready() -> None:
    begun, may_end, count = threading.Event(), threading.Event(), []

    def make() -> str:
        begun.set()
        assert may_end.wait(10)
        count.append(1)
        return f"secret {len(count)}"

    @accepts_once
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(make_once(request, make))

    got: list[str] = []
    threads = [in_thread(lambda: got.append(view(sending()).content.decode()))]
    assert begun.wait(10)
    threads += [in_thread(lambda: got.append(view(sending()).content.decode()))]
    may_end.set()
    for thread in threads:
        thread.join(20)
    assert got == ["secret 1", "secret 1"]


@pytest.mark.django_db
def test_a_failed_creation_is_repeated_by_the_next_request() -> None:
    def fail() -> str:
        raise OSError

    with pytest.raises(OSError):
        make_once(sending(), fail)
    assert make_once(sending(), lambda: "secret") == "secret"


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"csrfmiddlewaretoken": ""}, {}])
def test_another_sending_makes_another(fields: dict[str, str]) -> None:
    make: Callable[[], int] = iter(range(9)).__next__
    assert make_once(sending(**fields), make) == 0
    assert make_once(sending(**fields, other="1"), make) == 1


@APART
def test_waiting_too_long_creates_nothing_and_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "_WAIT_S", 0.2)
    inner = sending()
    places: list[str] = []

    @accepts_once
    def view(request: HttpRequest) -> HttpResponse:
        def make() -> str:
            in_thread(lambda: places.append(view(inner)["Location"])).join()
            return ""

        return HttpResponse(make_once(request, make))

    view(sending())
    assert places == ["/y/"]
    (message,) = messages.get_messages(inner)
    assert message.level == messages.ERROR
