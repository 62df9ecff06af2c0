"""Adapters of allauth: no sign-up, idle accounts are locked, password resets are rate-limited."""

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
"""Password-reset letters per window: to one account, and to all."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Log-in by password or passkey."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: accounts are created by invitation."""
        return False

    def pre_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse | None:
        """Reject and lock an account that was idle for more than IDLE_DAYS."""
        before = user.last_seen or user.created
        if before < timezone.now() - timedelta(days=settings.IDLE_DAYS):
            lock(user)
            return redirect("account_inactive")
        response: HttpResponse | None = super().pre_login(request, user, **options)
        return response

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Return False for setting up the first second factor within `_FRESH_S` of the log-in."""
        request = self.request
        user = request.user
        records = get_authentication_records(request, user)
        logged_in = records[-1]["at"] if records else 0.0
        if app.endswith("mfa") and time.time() - logged_in < _FRESH_S:
            since = datetime.fromtimestamp(records[0]["at"], UTC)
            return bool(Authenticator.objects.filter(user=user, created_at__lt=since).exists())
        return bool(super().is_reauthentication_required(app=app, **options))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Audit the failed log-in."""
        events.login_failed(request, str(credentials.get("email") or ""))

    def validation_error(self, code: str, *args: Any) -> Any:
        """Return the library's error; a lock-out, by password or code, is audited."""
        if code == "too_many_login_attempts":
            events.locked_out(self.request)
        return super().validation_error(code, *args)

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Send the letter within the limits per account and in total, which protect the shared mail queue."""
        sent = not (
            exceeded("reset", f"account-{user.pk}", MOST_RESETS_OF_ONE, RESETS_WINDOW_S)
            or exceeded("reset", "all", MOST_RESETS, RESETS_WINDOW_S)
        )
        if sent:
            super().send_password_reset_mail(user, email, context)
        if sent or not exceeded("noted-reset", f"account-{user.pk}", 1, RESETS_WINDOW_S):
            events.reset_asked(self.request, user, sent=sent)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Build the link of the letter on PUBLIC_URL where it is set, not on the request's host."""
        url = str(super().get_reset_password_from_key_url(key))
        return settings.PUBLIC_URL + urlsplit(url).path if settings.PUBLIC_URL else url

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client address behind our own proxies."""
        return client_address(request)


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Log-in by OpenID Connect, only for people who already have an account here."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Return False: accounts are created by invitation."""
        return False
