"""Public pages for visitors without a session: rendered once a second in each process, however many ask for them.

All visitors see the same but for the word against forgery in the forms, which is put in for each. So what is published shows a second later at the latest.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import reverse

Handler = Callable[[HttpRequest], HttpResponse]
PAGES = ("public:campaign", "public:danger", "public:clean")
_WORD = re.compile(rb'(?<=name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}(?=")')


@cache
def _paths() -> frozenset[str]:
    return frozenset(reverse(name) for name in PAGES)


def kept_pages(get_response: Handler) -> Handler:
    """Answer with the page as it was rendered within the last `PUBLIC_PAGE_S` seconds. Behind the middleware of the word, before that of the person."""
    pages: dict[tuple[str, str | None], tuple[float, list[bytes], dict[str, str]]] = {}
    codes = {code for code, _ in settings.LANGUAGES}
    own = (settings.SESSION_COOKIE_NAME, CookieStorage.cookie_name)

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method != "GET" or request.path not in _paths() or request.META.get("QUERY_STRING"):
            return get_response(request)
        if not settings.PUBLIC_PAGE_S or any(name in request.COOKIES for name in own):
            return get_response(request)
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        key = request.path, chosen if chosen in codes else None
        until, pieces, headers = pages.get(key, (0.0, [], {}))
        if time.monotonic() < until:
            return HttpResponse(get_token(request).encode().join(pieces), headers=headers)
        response = get_response(request)
        if response.status_code == 200 and not response.streaming and not response.cookies:
            until = time.monotonic() + settings.PUBLIC_PAGE_S
            pages[key] = until, _WORD.split(response.content), dict(response.headers)
        return response

    return middleware
