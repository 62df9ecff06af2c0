"""Rules for allauth: no sign-up, locked accounts stay out, e-mail goes through the portal's queue."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from lamsach.portal.accounts import events
from lamsach.portal.accounts.tasks import lock
from lamsach.portal.base.ratelimit import client_address, exceeded

_FRESH_S = 300.0
MOST_RESETS_OF_ONE, MOST_RESETS, RESETS_WINDOW_S = 3, 60, 3600
"""Letters for a forgotten password in an hour: to one account, and to all."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Rules for log-in by password or passkey."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: accounts come by invitation."""
        return False

    def pre_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse | None:
        """Lock an account that nobody used for too long, before it gets in."""
        before = user.last_seen or user.created
        if before < timezone.now() - timedelta(days=settings.IDLE_DAYS):
            lock(user)
            return redirect("account_inactive")
        response: HttpResponse | None = super().pre_login(request, user, **options)
        return response

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Not for the first second factor right after the password: it would be asked twice in a minute."""
        request = self.request
        user = request.user
        records = get_authentication_records(request, user)
        at = records[-1]["at"] if records else 0.0
        if app.endswith("mfa") and time.time() - at < _FRESH_S:
            since = datetime.fromtimestamp(records[0]["at"], UTC)
            return bool(Authenticator.objects.filter(user=user, created_at__lt=since).exists())
        return bool(super().is_reauthentication_required(app=app, **options))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Note it."""
        events.login_failed(request, str(credentials.get("email") or ""))

    def validation_error(self, code: str, *args: Any) -> Any:
        """The library's sentence; a lock-out is noted, by password or code."""
        if code == "too_many_login_attempts":
            events.locked_out(self.request)
        return super().validation_error(code, *args)

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Queue the letter within the limits for one account and for all: others wait in the same queue."""
        sent = not (
            exceeded("reset", f"account-{user.pk}", MOST_RESETS_OF_ONE, RESETS_WINDOW_S)
            or exceeded("reset", "all", MOST_RESETS, RESETS_WINDOW_S)
        )
        if sent:
            super().send_password_reset_mail(user, email, context)
        if sent or not exceeded("noted-reset", f"account-{user.pk}", 1, RESETS_WINDOW_S):
            events.reset_asked(self.request, user, sent=sent)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The address in the letter: at our own host where it is known, not at the request's."""
        made = str(super().get_reset_password_from_key_url(key))
        return settings.PUBLIC_URL + urlsplit(made).path if settings.PUBLIC_URL else made

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address behind our own proxies."""
        return client_address(request)


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Rules for log-in by OpenID Connect: only people who already have an account here."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never: accounts come by invitation."""
        return False
