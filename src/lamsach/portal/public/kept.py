"""Public pages without a session: rendered once a second a process, answered without a thread.

All visitors see the same but for the word against forgery in the forms, which is put in for each: their
secret itself, without Django's mask, which hides it where compressed pages repeat what an attacker wrote;
these pages repeat nothing. What is published shows a second later at the latest.
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
_WORD = re.compile(rb'(?<=name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}(?=")')
_SECRET_LETTERS = 32
_SECRET = re.compile(f"[A-Za-z0-9]{{{_SECRET_LETTERS}}}")
_IN_COOKIE = re.compile(rb"(?<==)[A-Za-z0-9]{32}(?=;)")


@cache
def _paths() -> frozenset[str]:
    return frozenset(reverse(name) for name in PAGES)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page that may be kept: the key of its answer, and the visitor's secret for the token."""

    key: tuple[str, ...]
    secret: str


@dataclass(frozen=True, slots=True)
class _Page:
    """A rendered page: the bytes between its tokens, and around the secret in each visitor's cookie."""

    until: float
    headers: Headers
    pieces: list[bytes]
    cookie: list[bytes]


class KeptPages:
    """The site as a WSGI application, whose public pages are kept for `PUBLIC_PAGE_S` seconds."""

    def __init__(self, site: Callable[..., Any]) -> None:
        self._site = site
        self._pages: dict[tuple[str, ...], _Page] = {}

    def ready(self, environ: dict[str, Any]) -> tuple[Headers, bytes] | None:
        """Return headers and body of a page that is kept; None when the site has to be asked."""
        asked = _asked(environ)
        page = self._pages.get(asked.key) if asked is not None else None
        if asked is None or page is None or time.monotonic() >= page.until:
            return None
        if len(page.pieces) == 1:
            return page.headers, page.pieces[0]
        secret = (asked.secret or secrets.token_hex(_SECRET_LETTERS // 2)).encode()
        return [*page.headers, (b"set-cookie", secret.join(page.cookie))], secret.join(page.pieces)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer by the site, and keep what every visitor like this one may have."""
        asked = _asked(environ)
        if asked is None:
            return self._site(environ, start_response)  # type: ignore[no-any-return]
        began: list[Any] = []
        with closing(self._site(environ, lambda *head: began.extend(head))) as made:
            body = b"".join(made)
        page = _page(began[0], began[1], body)
        if page is not None:
            if len(self._pages) >= _MOST:
                self._pages.clear()
            self._pages[asked.key] = page
        start_response(*began)
        return [body]


def _asked(environ: dict[str, Any]) -> _Asked | None:
    """Request of a visitor without a session, by all that the site looks at; None when not to be kept."""
    if environ["REQUEST_METHOD"] != "GET" or environ["QUERY_STRING"] or not settings.PUBLIC_PAGE_S:
        return None
    said, path = environ.get("HTTP_COOKIE", ""), environ["PATH_INFO"]
    if path not in _paths() or "\\" in said or environ.keys() & {"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"}:
        return None
    cookies = parse_cookie(said) if said else {}
    secret = cookies.get(settings.CSRF_COOKIE_NAME, "")
    if settings.SESSION_COOKIE_NAME in cookies or CookieStorage.cookie_name in cookies:
        return None
    if secret and not _SECRET.fullmatch(secret):
        return None
    language = cookies.get(settings.LANGUAGE_COOKIE_NAME, "")
    known = any(language == code for code, _ in settings.LANGUAGES)
    place = environ.get("HTTP_HOST", ""), environ.get("HTTP_X_FORWARDED_PROTO", "")
    return _Asked((path, language if known else "", *place), secret)


def _page(status: str, headers: list[tuple[str, str]], body: bytes) -> _Page | None:
    """The page to keep; None for other answers, and for ones that give more than the token's cookie."""
    cookies = [value.encode("latin-1") for name, value in headers if name == "Set-Cookie"]
    around = [_IN_COOKIE.split(one, maxsplit=1) for one in cookies]
    begins = [f"{settings.CSRF_COOKIE_NAME}=".encode() == part[0].strip() for part in around]
    pieces = _WORD.split(body)
    if not status.startswith("200 ") or begins != [True] * (len(pieces) > 1):
        return None
    size = sum(map(len, pieces)) + _SECRET_LETTERS * (len(pieces) - 1)
    kept = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in headers if n not in _OWN]
    kept.append((b"content-length", b"%d" % size))
    return _Page(time.monotonic() + settings.PUBLIC_PAGE_S, kept, pieces, around[0] if around else [])
