"""How allauth behaves here: nobody signs up by themselves, locked accounts stay out, e-mail goes through the portal's queue."""

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

from lamsach.portal.accounts.idle import lock
from lamsach.portal.base.ratelimit import client_address

_FRESH_S = 300.0


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
        """Not for the first second factor of somebody who has just given their password: it would be asked twice in a minute."""
        request = self.request
        user = request.user
        records = get_authentication_records(request, user)
        at = records[-1]["at"] if records else 0.0
        if app.endswith("mfa") and time.time() - at < _FRESH_S:
            since = datetime.fromtimestamp(records[0]["at"], UTC)
            return bool(Authenticator.objects.filter(user=user, created_at__lt=since).exists())
        return bool(super().is_reauthentication_required(app=app, **options))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The address in the letter. Where it is known, ours, whatever host the request named."""
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
