"""Accounts that nobody uses are locked; an administrator or coordinator unlocks them."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from lamsach.portal.accounts.models import User
from lamsach.portal.audit.trail import record


def lock(user: User) -> None:
    """Lock one account and end its sessions (a session of an inactive account is not accepted)."""
    user.is_active = False
    user.locked = timezone.now()
    user.save(update_fields=["is_active", "locked"])
    record(None, "account.locked", user, reason="idle")


def lock_idle() -> int:
    """Lock every account that was not used for the set number of days; how many were."""
    limit = timezone.now() - timedelta(days=settings.IDLE_DAYS)
    idle = User.objects.filter(is_active=True).filter(
        Q(last_seen__lt=limit) | Q(last_seen=None, created__lt=limit)
    )
    users = list(idle)
    for user in users:
        lock(user)
    return len(users)
