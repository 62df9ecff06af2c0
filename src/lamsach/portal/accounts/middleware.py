"""What holds for everybody who is logged in: the second factor where it is compulsory, and when they were last here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.accounts.models import User

_SEEN_EVERY = timedelta(hours=1)


def account_rules(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Send people without a compulsory second factor to set one up; note when a person was last here."""

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
