"""Authentication in the audit trail: log-ins, factors, passwords; no secret, no unknown address."""

from __future__ import annotations

from functools import partial
from typing import Any

from allauth.account import signals as account
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from lamsach.portal.accounts.models import User
from lamsach.portal.audit.trail import record
from lamsach.portal.base.ratelimit import client_address, exceeded

_WINDOW_S = 300


@receiver(account.user_logged_in)
def logged_in(request: HttpRequest, user: Any, **_: Any) -> None:
    """Somebody is in; by which steps."""
    record(
        request,
        "login.done",
        user,
        user=user,
        kinds=[str(step.get("method", "")) for step in get_authentication_records(request, user)][-5:],
    )


def login_failed(request: HttpRequest, email: str) -> None:
    """Note a failed log-in; the input of an unknown account is not kept, it may be a password."""
    known = User.objects.filter(email__iexact=email).first() if email else None
    record(request, "login.failed", known, user=known, known=known is not None)


def locked_out(request: HttpRequest) -> None:
    """Too many attempts; noted once in five minutes for an address."""
    if not exceeded("noted-lock-out", client_address(request), 1, _WINDOW_S):
        record(request, "login.locked_out")


@receiver(user_logged_out)
def logged_out(request: HttpRequest, user: Any, **_: Any) -> None:
    """Somebody left by themselves."""
    if user is not None:
        record(request, "login.ended", user, user=user)


def _factor(request: HttpRequest, user: Any, authenticator: Any = None, *, action: str, **_: Any) -> None:
    record(request, action, user, user=user, kind=str(getattr(authenticator, "type", "")))


FACTORS = {
    "factor.added": mfa.authenticator_added,
    "factor.removed": mfa.authenticator_removed,
    "factor.renewed": mfa.authenticator_reset,
    "factor.shown": mfa.authenticator_used,
    "factor.refused": mfa.authentication_failed,
}
"""The acts about a second factor: set up, taken away, new recovery codes, shown, a wrong code or key."""
for _act, _signal in FACTORS.items():
    _signal.connect(partial(_factor, action=_act), weak=False, dispatch_uid=_act)


@receiver([account.password_changed, account.password_set])
def password_changed(request: HttpRequest, user: Any, **_: Any) -> None:
    """By the person, who knew the old one."""
    record(request, "password.changed", user, user=user)


@receiver(account.password_reset)
def password_reset(request: HttpRequest, user: Any, **_: Any) -> None:
    """By the link of a letter."""
    record(request, "password.reset", user, user=user)


def reset_asked(request: HttpRequest, user: Any, *, sent: bool) -> None:
    """Somebody asked for a letter with which the account's password can be changed."""
    record(request, "password.reset_asked", user, user=user, held=not sent)
