"""So many letters a minute, by all workers together: a worker takes a share of what is left of the minute before it sends, and says afterwards what it used.

A share holds for a minute after its last letter went out, so that no minute, wherever it begins, sees more than `LAMSACH_MAIL_PER_MINUTE`. That of a worker that died is free again after
`HELD`.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from lamsach.portal.jobs.models import Clock
from lamsach.portal.mail.models import Share

MINUTE = timedelta(minutes=1)
HELD = timedelta(minutes=2)
_CLOCK = "mail.pace"


@transaction.atomic
def take(most: int) -> Share | None:
    """A share of at most so many letters; None when the minute is full. Workers come one after the other, by the lock of a row."""
    now = timezone.now()
    Clock.objects.get_or_create(name=_CLOCK, defaults={"last": now})
    Clock.objects.select_for_update().get(name=_CLOCK)
    Share.objects.filter(until__lte=now).delete()
    Share.objects.filter(until__gt=now + HELD + MINUTE).delete()  # of a clock that ran ahead
    used = Share.objects.aggregate(sum=Sum("count"))["sum"] or 0
    count = min(settings.MAIL_PER_MINUTE - used, most)
    return Share.objects.create(count=count, until=now + HELD) if count > 0 else None


def settle(share: Share, sent: int) -> None:
    """Say how many letters of the share went out, the last of them just now; the rest is free again."""
    row = Share.objects.filter(pk=share.pk)
    if sent:
        row.update(count=sent, until=timezone.now() + MINUTE)
    else:
        row.delete()
