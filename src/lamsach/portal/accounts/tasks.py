"""Periodic tasks of accounts."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone

from lamsach.portal.accounts.models import User
from lamsach.portal.audit.trail import record
from lamsach.portal.base import shared_cache
from lamsach.portal.jobs.queue import regular


@regular("accounts.sessions", timedelta(hours=24))
def clear_sessions() -> None:
    """Delete expired sessions."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()


regular("accounts.cache", timedelta(minutes=10))(shared_cache.forget)


def lock(user: User) -> None:
    """Lock an account; the sessions of an inactive account are rejected."""
    user.is_active = False
    user.locked = timezone.now()
    user.save(update_fields=["is_active", "locked"])
    record(None, "account.locked", user, reason="idle")


@regular("accounts.idle", timedelta(hours=6))
def lock_idle() -> int:
    """Lock every account that was idle for IDLE_DAYS; return the count."""
    limit = timezone.now() - timedelta(days=settings.IDLE_DAYS)
    idle = User.objects.filter(is_active=True).filter(
        Q(last_seen__lt=limit) | Q(last_seen=None, created__lt=limit)
    )
    users = list(idle)
    for user in users:
        lock(user)
    return len(users)
