"""What every request passes: security headers, the limit of uploads, the language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from lamsach.portal.base.errors import too_large

Handler = Callable[[HttpRequest], HttpResponse]
_FORM_OVERHEAD_BYTES = 1_000_000


def content_security_policy() -> str:
    """The policy of every page: own files only, nothing inline. A form may lead to the OpenID Connect provider, if there is one."""
    provider = urlsplit(settings.OIDC_URL)
    targets = f" {provider.scheme}://{provider.netloc}" if provider.netloc else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self'; manifest-src 'self'; form-action 'self'{targets}; base-uri 'none'; "
        "frame-ancestors 'none'; object-src 'none'"
    )


def security_headers(get_response: Handler) -> Handler:
    """Add the Content-Security-Policy and switch off what the site never uses."""
    policy = content_security_policy()

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def upload_limit(get_response: Handler) -> Handler:
    """Refuse a body that says it is larger than an upload may be, before a byte of it is kept."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > settings.UPLOAD_LIMIT_BYTES + _FORM_OVERHEAD_BYTES:
            return too_large(request)
        return get_response(request)

    return middleware


class LogInRequired(LoginRequiredMiddleware):
    """Every page needs a log-in unless it says otherwise; `/api/` asks for a unit's token itself."""

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        """Send people without a log-in to it."""
        if request.path.startswith("/api/"):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


def language(get_response: Handler) -> Handler:
    """Vietnamese, unless the person chose otherwise (cookie) or has it in the account. The browser's wish is not asked: the house speaks Vietnamese first."""
    known = {code for code, _ in settings.LANGUAGES}

    def middleware(request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) or getattr(request.user, "language", "")
        code = chosen if chosen in known else settings.LANGUAGE_CODE
        with translation.override(code):
            request.LANGUAGE_CODE = code
            response = get_response(request)
            response.headers.setdefault("Content-Language", code)
            return response

    return middleware
