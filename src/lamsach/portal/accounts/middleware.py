"""Middleware for logged-in people: compulsory second factor, last visit, activity of sessions."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.accounts.models import User
from lamsach.portal.base.ratelimit import client_address

_SEEN_EVERY = timedelta(hours=1)
_ACTIVITY_EVERY_S = 60.0
_MOST_SESSIONS = 20_000
_NOTED: dict[tuple[str, str, str], float] = {}
"""Monotonic time of the last note by session, address and user agent."""
Handler = Callable[[HttpRequest], HttpResponse]


def session_activity(get_response: Handler) -> Handler:
    """Note a session's use: once a minute per process, immediately from another address or browser.

    Replaces `UserSessionsMiddleware`, which writes to the database for every page.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        session = request.session.session_key
        if session and request.user.is_authenticated:
            key = session, client_address(request), request.headers.get("User-Agent", "")
            now = time.monotonic()
            if _NOTED.get(key, -_ACTIVITY_EVERY_S) <= now - _ACTIVITY_EVERY_S:
                if len(_NOTED) >= _MOST_SESSIONS:
                    _NOTED.clear()
                UserSession.objects.create_from_request(request)
                _NOTED[key] = now
        return get_response(request)

    return middleware


def account_rules(get_response: Handler) -> Handler:
    """Redirect people who lack a compulsory second factor to its set-up; store the last visit."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User):
            _note(user)
            if user.needs_second_factor and request.path.startswith("/office/") and not is_mfa_enabled(user):
                messages.warning(
                    request, _("Your role needs a second factor at log-in. Set one up now to go on.")
                )
                return redirect(
                    "mfa_activate_totp" if "totp" in settings.MFA_SUPPORTED_TYPES else "mfa_index"
                )
        return get_response(request)

    return middleware


def _note(user: User) -> None:
    now = timezone.now()
    if user.last_seen is None or user.last_seen < now - _SEEN_EVERY:
        User.objects.filter(pk=user.pk).update(last_seen=now)
