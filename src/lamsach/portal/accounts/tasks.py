"""Regular tasks about people."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from lamsach.portal.accounts.idle import lock_idle
from lamsach.portal.base import shared_cache
from lamsach.portal.jobs.queue import regular


@regular("accounts.idle", timedelta(hours=6))
def lock_idle_accounts() -> None:
    """Lock accounts that nobody used for the set number of days."""
    lock_idle()


@regular("accounts.sessions", timedelta(hours=24))
def clear_sessions() -> None:
    """Forget sessions that have ended."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()


@regular("accounts.cache", timedelta(minutes=10))
def clear_cache() -> None:
    """Forget what the common cache need not remember any more."""
    shared_cache.forget()
