"""Audit of authentication: log-ins, factors, passwords; never a secret or an unknown e-mail."""

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
    """Audit a log-in with its authentication methods."""
    record(
        request,
        "login.done",
        user,
        user=user,
        kinds=[str(step.get("method", "")) for step in get_authentication_records(request, user)][-5:],
    )


def login_failed(request: HttpRequest, email: str) -> None:
    """Audit a failed log-in; an unknown e-mail is not stored, since it may be a mistyped password."""
    known = User.objects.filter(email__iexact=email).first() if email else None
    record(request, "login.failed", known, user=known, known=known is not None)


def locked_out(request: HttpRequest) -> None:
    """Audit a lock-out after too many attempts, once per address and `_WINDOW_S`."""
    if not exceeded("noted-lock-out", client_address(request), 1, _WINDOW_S):
        record(request, "login.locked_out")


@receiver(user_logged_out)
def logged_out(request: HttpRequest, user: Any, **_: Any) -> None:
    """Audit a log-out by the user."""
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
"""Signals by audited act: set up, removed, new recovery codes, used, wrong code or key."""
for _act, _signal in FACTORS.items():
    _signal.connect(partial(_factor, action=_act), weak=False, dispatch_uid=_act)


@receiver([account.password_changed, account.password_set])
def password_changed(request: HttpRequest, user: Any, **_: Any) -> None:
    """Audit a change by the person, who knew the old password."""
    record(request, "password.changed", user, user=user)


@receiver(account.password_reset)
def password_reset(request: HttpRequest, user: Any, **_: Any) -> None:
    """Audit a reset by the link of a letter."""
    record(request, "password.reset", user, user=user)


def reset_asked(request: HttpRequest, user: Any, *, sent: bool) -> None:
    """Audit a requested password-reset letter; not `sent` when over the limit."""
    record(request, "password.reset_asked", user, user=user, held=not sent)
