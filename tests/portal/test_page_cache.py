"""Cache of public pages: shared except for CSRF tokens, and never with a log-in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.public import page_cache
from lamsach.portal.public.page_cache import CachedPages

from .conftest import Cast
from .samples import dispatch


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Cache pages for a minute; the list's first value is the clock."""
    clock = [1000.0]
    monkeypatch.setattr(settings, "PUBLIC_PAGE_S", 60.0)
    monkeypatch.setattr(page_cache.time, "monotonic", lambda: clock[0])
    return clock


class Site:
    """Site behind `CachedPages`, called as by `front`, with the visitor's cookies."""

    def __init__(self) -> None:
        self._pages = CachedPages(get_wsgi_application())
        self.cookies: dict[str, str] = {}
        self.rendered = 0
        """Count of pages rendered by Django."""

    def get(self, path: str, host: str = "localhost", **headers: str) -> Answer:
        """Request a page."""
        environ = {**RequestFactory().get(path).environ, "HTTP_HOST": host, **headers}
        if self.cookies:
            environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        began: list[Any] = []
        if (found := self._pages.ready(environ)) is not None:
            return Answer("200 OK", sorted((n.decode(), v.decode()) for n, v in found[0]), found[1].decode())
        self.rendered += 1
        body = b"".join(self._pages(environ, lambda *head: began.extend(head)))
        return Answer(began[0], sorted((name.lower(), value) for name, value in began[1]), body.decode())


@dataclass(frozen=True)
class Answer:
    """Answer to a visitor."""

    status: str
    headers: list[tuple[str, str]]
    body: str

    @property
    def cookie(self) -> str:
        """CSRF secret of the visitor's cookie, or ""."""
        found = [value for name, value in self.headers if name == "set-cookie"]
        return SimpleCookie(found[0])[settings.CSRF_COOKIE_NAME].value if found else ""

    @property
    def plain(self) -> tuple[str, list[tuple[str, str]], str]:
        """Content without cookie and token."""
        headers = [
            (name, re.sub(r"(csrftoken=)\w+(.*expires=)[^;]+", r"\1\2", value))
            for name, value in self.headers
            if name != "content-length"
        ]
        return self.status, headers, re.sub(r'(name="csrfmiddlewaretoken" value=")\w+', r"\1", self.body)

    @property
    def word(self) -> str:
        """CSRF token of the page's form."""
        return re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', self.body)[0]


def test_many_visitors_cost_one_render_until_its_time_is_over(cast: Cast, minute: list[float]) -> None:
    found, site = dispatch(cast).campaign, Site()
    first = site.get("/")
    assert found.name in first.body
    with CaptureQueriesContext(connection) as captured:
        second = site.get("/")
    assert (len(captured), site.rendered) == (0, 1)
    assert second.plain == first.plain
    for one in (first, second):
        assert dict(one.headers)["content-length"] == str(len(one.body.encode()))
    Campaign.objects.filter(pk=found.pk).update(name="Chiến dịch khác")
    assert found.name in site.get("/").body
    minute[0] += 61
    assert "Chiến dịch khác" in site.get("/").body


def test_each_visitor_has_an_own_word_that_is_taken(cast: Cast, minute: list[float]) -> None:
    site, secrets, words = Site(), set(), set()
    for _ in range(4):
        site.cookies = {}
        first = site.get("/danger/")
        site.cookies = {settings.CSRF_COOKIE_NAME: first.cookie}
        again = [site.get("/danger/") for _ in range(3)]
        assert [one.cookie for one in again] == [first.cookie] * 3
        secrets.add(first.cookie)
        for one in (first, *again):
            words.add(one.word)
            client = Client(enforce_csrf_checks=True)
            client.cookies[settings.CSRF_COOKIE_NAME] = first.cookie
            form = {"language": "en", "next": "/danger/", "csrfmiddlewaretoken": one.word}
            assert client.post("/language/", form).status_code == 302
    assert (len(secrets), len(words), site.rendered) == (4, 5, 1)


def test_who_is_logged_in_or_reads_another_language_has_their_own_page(
    cast: Cast, minute: list[float]
) -> None:
    site, officer = Site(), cast.client("officer").cookies[settings.SESSION_COOKIE_NAME].value
    for _ in range(2):
        site.cookies = {settings.SESSION_COOKIE_NAME: officer}
        assert "Officer" in site.get("/").body
        site.cookies = {}
        page = site.get("/").body
        assert "Officer" not in page
        assert '<html lang="vi">' in page
        for code in ("en", "vi"):
            site.cookies = {settings.LANGUAGE_COOKIE_NAME: code}
            assert f'<html lang="{code}">' in site.get("/").body
    assert site.rendered == 5  # the officer's twice


@pytest.mark.parametrize(
    "headers",
    [
        {"QUERY_STRING": "a=b"},
        {"REQUEST_METHOD": "HEAD"},
        {"CONTENT_LENGTH": "5"},
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"HTTP_COOKIE": "messages=x"},
        {"HTTP_COOKIE": "csrftoken=short"},
        {"HTTP_COOKIE": 'a="\\101"'},
    ],
)
def test_unusual_requests_are_answered_by_the_site(
    cast: Cast, minute: list[float], headers: dict[str, str]
) -> None:
    site = Site()
    site.get("/")
    site.get("/", **headers)
    site.get("/", **headers)
    assert site.rendered == 3


def test_a_host_that_is_not_ours_is_never_answered(cast: Cast, minute: list[float]) -> None:
    site = Site()
    for _ in range(2):
        assert site.get("/").status == "200 OK"
        assert site.get("/", "evil.example").status == "400 Bad Request"
    for number in range(200):
        site.get("/", f"localhost:{number}")
    assert len(site._pages._pages) <= 64
