"""Middleware for all requests: security headers, limits of cookies and uploads, log-in, language."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from lamsach import __version__
from lamsach.portal.base.errors import bad_request, came_from, session_over, too_large, typed

Handler = Callable[[HttpRequest], HttpResponse]
_MOST_BACKSLASHES = 100


def content_security_policy() -> str:
    """Content policy of all pages: own files only, nothing inline; forms may lead to the OIDC provider."""
    provider = urlsplit(settings.OIDC_URL)
    targets = f" {provider.scheme}://{provider.netloc}" if provider.netloc else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self'; manifest-src 'self'; form-action 'self'{targets}; base-uri 'none'; "
        "frame-ancestors 'none'; object-src 'none'"
    )


def security_headers(get_response: Handler) -> Handler:
    """Add the Content-Security-Policy and disable browser features that the site never uses."""
    policy = content_security_policy()

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        if _is_personal(request):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def _is_personal(request: HttpRequest) -> bool:
    """Return whether the answer is private: to a logged-in person, or behind a token."""
    user, match = getattr(request, "user", None), request.resolver_match
    door = getattr(match.func, "door", None) if match is not None else None
    by_token = door is not None and door.kind == "link"
    return by_token or request.path.startswith("/api/") or (user is not None and user.is_authenticated)


def plain_cookies(get_response: Handler) -> Handler:
    """Drop cookies with many backslashes, slow to parse in many Pythons (CVE-2024-7592); ours have none."""

    def middleware(request: HttpRequest) -> HttpResponse:
        cookies = request.META.get("HTTP_COOKIE", "")
        if cookies.count("\\") > _MOST_BACKSLASHES:
            accepted = (part for part in cookies.split(";") if part.count("\\") <= _MOST_BACKSLASHES)
            request.META["HTTP_COOKIE"] = ";".join(accepted)
        return get_response(request)

    return middleware


def upload_limit(get_response: Handler) -> Handler:
    """Refuse a body stated to be larger than the limit; `front` has not buffered it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > settings.BODY_LIMIT_BYTES:
            return too_large(request)
        return get_response(request)

    return middleware


class LogInRequired(LoginRequiredMiddleware):
    """Require a log-in on all pages unless exempt; `/api/` authenticates units by token itself."""

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        """Redirect to the log-in, which returns to a page, never to the address of a form."""
        if request.path.startswith("/api/"):
            return None
        response = super().process_view(request, view_func, view_args, view_kwargs)
        if response is None or request.method in ("GET", "HEAD"):
            return response
        return session_over(request) if typed(request) else redirect_to_login(came_from(request))


class Legible:
    """Refuse NUL in an address or field, which databases cannot store; the API validates its bodies."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        """Respond 400 to such a request."""
        fields = [request.GET] if request.path.startswith("/api/") else [request.GET, request.POST]
        values = chain(view_kwargs.values(), *(texts for source in fields for _, texts in source.lists()))
        if any(isinstance(value, str) and "\x00" in value for value in values):
            return bad_request(request)
        return None


def language(get_response: Handler) -> Handler:
    """Use Vietnamese unless the person chose otherwise by cookie or account; ignore the browser's setting."""
    codes = {code for code, _ in settings.LANGUAGES}

    def middleware(request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) or getattr(request.user, "language", "")
        code = chosen if chosen in codes else settings.LANGUAGE_CODE
        with translation.override(code):
            request.LANGUAGE_CODE = code
            response = get_response(request)
            response.headers.setdefault("Content-Language", code)
            return response

    return middleware


def page(request: HttpRequest) -> dict[str, Any]:
    """Template context: roles, languages and version."""
    user = getattr(request, "user", None)
    roles = user.roles if user is not None and user.is_authenticated else frozenset()
    facts = {"oidc": bool(settings.OIDC_URL), "roles": roles, "LANGUAGES": settings.LANGUAGES}
    return {"product_version": __version__, **facts}
