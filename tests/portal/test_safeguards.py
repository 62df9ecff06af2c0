"""Basic attacks: forged forms, spoofed addresses, open redirects, cached pages, half a log-in."""

from __future__ import annotations

import io
import logging
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from lamsach.portal.base import links, ratelimit
from lamsach.portal.base.middleware import plain_cookies
from lamsach.portal.logs import Discreet

from .conftest import Cast
from .test_access_walk import DOORS, OURS, filled, names
from .walk import in_parts, settled, stop, visitors


def every_view(patterns: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """All views, including the libraries'."""
    found: list[tuple[str, Any]] = []
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += every_view(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            found.append((path, pattern.callback))
    return found


SIGNED = {"exchange/"}
"""Requests of a partner's portal, authenticated by signature, without cookies."""


def test_no_page_for_people_takes_forged_forms() -> None:
    """Only views opened by a program's token, never by a cookie, accept forms without a CSRF token."""
    free = [
        path
        for path, view in every_view(get_resolver().url_patterns)
        if getattr(view, "csrf_exempt", False) and not path.startswith("api/")
    ]
    assert free == [*SIGNED]


@pytest.mark.django_db
def test_every_form_is_refused_without_its_word(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(
        cast.people["coordinator"], backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    for path, _ in OURS:
        door = DOORS[path]
        if door is not None and "POST" in door.methods and path not in SIGNED:
            address = re.sub(r"<int:\w+>", "1", re.sub(r"<(?:str|slug):\w+>", "word", path))
            assert client.post("/" + address, {"what": "x"}).status_code == 403, path


WRITES_BY_LOOKING = {"audit_entry", "accounts_user", "django_session", "usersessions_usersession"}
"""The audit trail, and the time of the last visit."""
COUNTED = {
    "office/dispatches/<int:dispatch_id>/": {
        "campaigns_participation",
        "campaigns_recipient",
        "campaigns_step",
    },
    "tools/<int:tool_id>/": {"public_download"},
}
"""Views that count: a unit's opening of its dispatch, downloads of a tool."""


@pytest.mark.django_db
@in_parts
def test_looking_changes_nothing(part: slice, cast: Cast) -> None:
    settled(cast)
    visitor = visitors(cast, ("officer", "coordinator", "administrator"))
    for path in [path for path, _ in OURS if "<str:token>" not in path][part]:
        with stop(path):
            door = DOORS[path]
            if door is None or "GET" not in door.methods:
                continue
            address = filled(path, cast)
            allowed = WRITES_BY_LOOKING | COUNTED.get(path, set())
            for role in ("officer", "coordinator", "administrator"):
                client = visitor(role)
                with CaptureQueriesContext(
                    connection,
                ) as queries:
                    client.get(address)
                changed = {
                    match[1]
                    for query in queries.captured_queries
                    if (match := re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', query["sql"]))
                }
                assert changed <= allowed, (role, changed)


ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "///evil.example",
    "javascript:alert(1)",
    "https:evil.example",
    "\thttps://evil.example",
    "/%09/evil.example",
)


@pytest.mark.django_db
@pytest.mark.parametrize("where", ELSEWHERE)
def test_no_link_of_ours_leads_elsewhere(where: str, cast: Cast) -> None:
    client = Client()
    fields = {"login": "officer@person.example", "password": "mat khau rat dai", "next": where}
    for path in ("/language/", "/accounts/login/", "/accounts/reauthenticate/", "/accounts/logout/"):
        response: Any = client.post(path, {**fields, "language": "en"})
        place = response.headers.get("Location", "/")
        assert place.startswith("/"), (path, place)
        assert not place.startswith(("//", "/\\", "/\t")), (path, place)


@pytest.mark.django_db
def test_a_foreign_host_is_refused(client: Client) -> None:
    assert client.get("/accounts/login/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.django_db
def test_the_link_for_a_new_password_leads_to_our_address(cast: Cast, settings: Any, mailoutbox: Any) -> None:
    settings.PUBLIC_URL = "https://lamsach.example"
    Client(headers={"host": "127.0.0.1:8000"}).post(
        "/accounts/password/reset/", {"email": "officer@person.example"}
    )
    found = re.findall(r"https?://\S+", mailoutbox[0].body)
    assert found
    assert all(address.startswith("https://lamsach.example/accounts/") for address in found)


@pytest.mark.django_db
def test_personal_pages_are_kept_by_no_cache(cast: Cast) -> None:
    officer = cast.client("officer")
    assert officer.get("/office/")["Cache-Control"] == "no-store"
    for path, _ in OURS:
        door = DOORS[path]
        if door is not None and door.kind == "link" and set(names(path)) == {"token"}:
            page = Client().get("/" + path.replace("<str:token>", "made~up"))
            assert page["Cache-Control"] in ("no-store", "private, no-cache"), path
    assert Client().get("/api/cases")["Cache-Control"] == "no-store"


def test_many_visitors_do_not_push_out_the_count_of_one() -> None:
    cache.clear()
    for _ in range(3):
        assert not ratelimit.exceeded("test", "192.0.2.1", 3, 3600)
    for number in range(5000):
        ratelimit.exceeded("test", f"198.51.{number // 250}.{number % 250}", 3, 3600)
    assert ratelimit.exceeded("test", "192.0.2.1", 3, 3600)


def test_whoever_has_one_address_of_a_network_has_them_all() -> None:
    cache.clear()
    assert not ratelimit.exceeded("test", "2001:db8:1:2::1", 1, 3600)
    assert ratelimit.exceeded("test", "2001:db8:1:2:ffff::9", 1, 3600)
    assert not ratelimit.exceeded("test", "2001:db8:1:3::1", 1, 3600)


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("10.0.0.1, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:50123", "192.0.2.7"),
        ("[2001:db8::7]:50123", "2001:db8::7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", "127.0.0.1"),
        ("<script>", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("1" * 5000, "127.0.0.1"),
    ],
)
def test_the_proxy_is_believed_as_far_as_it_names_an_address(
    forwarded: str, expected: str, settings: Any
) -> None:
    settings.PROXIES = 1
    request = RequestFactory().get("/", headers={"x-forwarded-for": forwarded})
    assert ratelimit.client_address(request) == expected


@pytest.mark.django_db
def test_a_cookie_of_backslashes_is_left_out_and_the_others_are_kept() -> None:
    seen: list[dict[str, str]] = []
    hostile, other = 'a="' + "\\" * 400_000 + '"', 'b="1\\"2"'
    request = RequestFactory().get("/", HTTP_COOKIE=f"{hostile}; sessionid=x; {other}")
    plain_cookies(lambda request: seen.append(request.COOKIES) or HttpResponse())(request)
    assert seen == [{"sessionid": "x", "b": '1"2'}]
    assert Client().get("/accounts/login/", HTTP_COOKIE=hostile).status_code == 200


@pytest.mark.parametrize(
    ("connected", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_an_ipv4_visitor_of_an_ipv6_socket_is_himself(connected: str, expected: str) -> None:
    assert ratelimit.client_address(RequestFactory().get("/", REMOTE_ADDR=connected)) == expected


@pytest.mark.django_db
def test_the_log_holds_no_word_that_opens_something(cast: Cast, settings: Any) -> None:
    token = links.sign("answer", links.nonce())
    logger, output = logging.getLogger("django.request"), io.StringIO()
    shown = logging.StreamHandler(output)
    shown.addFilter(Discreet())
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["discreet"]
    logger.addHandler(shown)
    try:
        for path in (f"/r/{token}/", f"/q/{token}/files/1/", f"/accounts/invitation/{token}/"):
            assert Client().get(path).status_code == 404
    finally:
        logger.removeHandler(shown)
    assert output.getvalue().count("/...") == 3
    assert token[:20] not in output.getvalue()


@pytest.mark.django_db
def test_a_host_that_is_none_of_ours_is_one_line_of_the_log() -> None:
    logger, output = logging.getLogger("django.security.DisallowedHost"), io.StringIO()
    shown = logging.StreamHandler(output)
    shown.addFilter(Discreet())
    logger.addHandler(shown)
    try:
        assert Client().get("/", HTTP_HOST="evil.example").status_code == 400
    finally:
        logger.removeHandler(shown)
    assert output.getvalue().count("\n") == 1, output.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/help/?x=%00", "/office/cases/?q=a%00b", "/q/%00/", "/lists/%00/"])
def test_nul_in_an_address_is_refused(path: str, cast: Cast) -> None:
    assert cast.client("officer").get(path).status_code == 400


@pytest.mark.django_db
def test_nul_in_a_form_is_refused(cast: Cast) -> None:
    page = cast.client("officer").post("/office/privacy/person/", {"q": "\x00\x00"})
    assert page.status_code == 400
