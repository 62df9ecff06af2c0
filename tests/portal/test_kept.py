"""Public pages that are rendered once for many visitors: the same for all but the word of their forms, and never a page of somebody who is logged in."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.public import kept

from .conftest import Cast
from .samples import dispatch


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pages are kept for a minute; the list's first value is the clock."""
    clock = [1000.0]
    monkeypatch.setattr(settings, "PUBLIC_PAGE_S", 60.0)
    monkeypatch.setattr(kept.time, "monotonic", lambda: clock[0])
    return clock


def plain(page: str) -> str:
    """The page without the words of its forms."""
    return re.sub(r'(name="csrfmiddlewaretoken" value=")\w+', r"\1", page)


def test_many_visitors_cost_one_render_until_its_time_is_over(cast: Cast, minute: list[float]) -> None:
    found = dispatch(cast).campaign
    client = Client(enforce_csrf_checks=True)
    first = client.get("/")
    assert found.name in first.content.decode()
    client.cookies.clear()
    with CaptureQueriesContext(connection) as captured:
        second = client.get("/")
    assert len(captured) == 0
    assert plain(second.content.decode()) == plain(first.content.decode())
    assert {name: value for name, value in second.headers.items() if name != "Content-Length"} == {
        name: value for name, value in first.headers.items() if name != "Content-Length"
    }
    Campaign.objects.filter(pk=found.pk).update(name="Chiến dịch khác")
    assert found.name in client.get("/").content.decode()
    minute[0] += 61
    assert "Chiến dịch khác" in client.get("/").content.decode()


def test_each_visitor_has_an_own_word_that_is_taken(cast: Cast, minute: list[float]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/danger/")
    secrets = set()
    for _ in range(3):
        client.cookies.clear()
        page = client.get("/danger/").content.decode()
        secrets.add(client.cookies[settings.CSRF_COOKIE_NAME].value)
        word = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
        answer = client.post(
            "/language/", {"language": "en", "next": "/danger/", "csrfmiddlewaretoken": word}
        )
        assert answer.status_code == 302
    assert len(secrets) == 3


def test_who_is_logged_in_or_reads_another_language_has_their_own_page(
    cast: Cast, minute: list[float]
) -> None:
    officer = cast.client("officer")
    assert "Officer" in officer.get("/").content.decode()
    client = Client()
    assert "Officer" not in client.get("/").content.decode()
    assert 'lang="vi"' in client.get("/").content.decode()
    assert "Officer" in officer.get("/").content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert '<html lang="en">' in client.get("/").content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "vi"
    assert '<html lang="vi">' in client.get("/").content.decode()
