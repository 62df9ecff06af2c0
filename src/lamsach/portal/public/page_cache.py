"""Cache of public pages for visitors without a session, answered without a thread.

Pages differ only in the CSRF token of the forms, which is inserted for each visitor: the secret itself,
without Django's mask against BREACH, since these pages repeat no input. Pages are at most PUBLIC_PAGE_S old.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.http.cookie import parse_cookie
from django.urls import reverse

Headers = list[tuple[bytes, bytes]]
PAGES = ("public:campaign", "public:danger", "public:clean")
_MOST = 64
_OWN = ("Set-Cookie", "Content-Length")
_TOKEN = re.compile(rb'(?<=name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}(?=")')
_SECRET_LETTERS = 32
_SECRET = re.compile(f"[A-Za-z0-9]{{{_SECRET_LETTERS}}}")
_IN_COOKIE = re.compile(rb"(?<==)[A-Za-z0-9]{32}(?=;)")


@cache
def _paths() -> frozenset[str]:
    return frozenset(reverse(name) for name in PAGES)


@dataclass(frozen=True, slots=True)
class _Request:
    """Request for a cacheable page: cache key, and the visitor's CSRF secret."""

    key: tuple[str, ...]
    secret: str


@dataclass(frozen=True, slots=True)
class _Page:
    """Rendered page: the bytes between its tokens, and around the secret in the visitor's cookie."""

    until: float
    headers: Headers
    pieces: list[bytes]
    cookie: list[bytes]


class CachedPages:
    """WSGI application that caches the site's public pages for PUBLIC_PAGE_S seconds."""

    def __init__(self, site: Callable[..., Any]) -> None:
        self._site = site
        self._pages: dict[tuple[str, ...], _Page] = {}

    def ready(self, environ: dict[str, Any]) -> tuple[Headers, bytes] | None:
        """Return headers and body of a cached page, or None."""
        request = _cacheable(environ)
        page = self._pages.get(request.key) if request is not None else None
        if request is None or page is None or time.monotonic() >= page.until:
            return None
        if len(page.pieces) == 1:
            return page.headers, page.pieces[0]
        secret = (request.secret or secrets.token_hex(_SECRET_LETTERS // 2)).encode()
        return [*page.headers, (b"set-cookie", secret.join(page.cookie))], secret.join(page.pieces)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer by the site, and cache the answer if cacheable."""
        request = _cacheable(environ)
        if request is None:
            return self._site(environ, start_response)  # type: ignore[no-any-return]
        start: list[Any] = []
        with closing(self._site(environ, lambda *head: start.extend(head))) as answer:
            body = b"".join(answer)
        page = _page(start[0], start[1], body)
        if page is not None:
            if len(self._pages) >= _MOST:
                self._pages.clear()
            self._pages[request.key] = page
        start_response(*start)
        return [body]


def _cacheable(environ: dict[str, Any]) -> _Request | None:
    """Build the key of all request data that affect the page; None if not cacheable or with a session."""
    if environ["REQUEST_METHOD"] != "GET" or environ["QUERY_STRING"] or not settings.PUBLIC_PAGE_S:
        return None
    cookie_header, path = environ.get("HTTP_COOKIE", ""), environ["PATH_INFO"]
    if (
        path not in _paths()
        or "\\" in cookie_header
        or environ.keys() & {"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"}
    ):
        return None
    cookies = parse_cookie(cookie_header) if cookie_header else {}
    secret = cookies.get(settings.CSRF_COOKIE_NAME, "")
    if settings.SESSION_COOKIE_NAME in cookies or CookieStorage.cookie_name in cookies:
        return None
    if secret and not _SECRET.fullmatch(secret):
        return None
    language = cookies.get(settings.LANGUAGE_COOKIE_NAME, "")
    is_known = any(language == code for code, _ in settings.LANGUAGES)
    origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_X_FORWARDED_PROTO", "")
    return _Request((path, language if is_known else "", *origin), secret)


def _page(status: str, headers: list[tuple[str, str]], body: bytes) -> _Page | None:
    """Split an answer into a cacheable page; None unless 200 and without cookies but the token's."""
    cookies = [value.encode("latin-1") for name, value in headers if name == "Set-Cookie"]
    cookie_parts = [_IN_COOKIE.split(cookie, maxsplit=1) for cookie in cookies]
    are_tokens = [f"{settings.CSRF_COOKIE_NAME}=".encode() == part[0].strip() for part in cookie_parts]
    pieces = _TOKEN.split(body)
    if not status.startswith("200 ") or are_tokens != [True] * (len(pieces) > 1):
        return None
    size = sum(map(len, pieces)) + _SECRET_LETTERS * (len(pieces) - 1)
    page_headers = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in headers if n not in _OWN]
    page_headers.append((b"content-length", b"%d" % size))
    return _Page(
        time.monotonic() + settings.PUBLIC_PAGE_S,
        page_headers,
        pieces,
        cookie_parts[0] if cookie_parts else [],
    )
