"""Regular tasks of campaigns: reminders by schedule, reading uploaded lists."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from lamsach.portal.campaigns.deadlines import DAYS_BEFORE
from lamsach.portal.campaigns.lists import read_list
from lamsach.portal.campaigns.models import CampaignState, Recipient
from lamsach.portal.campaigns.sending import remind
from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.units.tree import today

EARLIEST_HOUR, LATEST_HOUR = 7, 18


@regular("campaigns.remind", timedelta(minutes=30))
def remind_by_schedule() -> int:
    """Remind units that have not deployed, 7, 3 and 1 days before their deadline, on it, and 1, 3 and 7 days after; by day, and once for each occasion."""
    if not EARLIEST_HOUR <= timezone.localtime().hour < LATEST_HOUR:
        return 0
    days = [today() + timedelta(days=days) for days in DAYS_BEFORE]
    own = "unit__participations__"
    waiting = Recipient.objects.filter(
        Q(acknowledged=None, **{f"{own}acknowledge_due__in": days}) | Q(**{f"{own}deploy_due__in": days}),
        **{f"{own}campaign": F("dispatch__campaign")},
        deployed=None,
        dispatch__sent__isnull=False,
        dispatch__sent__date__lt=today(),
        dispatch__campaign__state=CampaignState.RUNNING,
    ).select_related("unit", "dispatch__issuer", "dispatch__campaign")
    by_dispatch: dict[int, list[Recipient]] = {}
    for recipient in waiting.exclude(unit__email="").iterator(chunk_size=1000):
        by_dispatch.setdefault(recipient.dispatch_id, []).append(recipient)
    return sum(_once(group) for group in by_dispatch.values())


def _once(group: list[Recipient]) -> int:
    from lamsach.portal.mail.models import Letter

    occasion = f"schedule-{today():%Y%m%d}"
    keys = {f"remind:{recipient.pk}:{occasion}": recipient for recipient in group}
    known: set[str] = set()
    wanted = list(keys)
    for begin in range(0, len(wanted), 500):
        known |= set(Letter.objects.filter(key__in=wanted[begin : begin + 500]).values_list("key", flat=True))
    return remind([recipient for key, recipient in keys.items() if key not in known], None, occasion)


@job("campaigns.read_list")
def read_uploaded_list(progress: Progress, list_id: int) -> int:
    """Read an uploaded list of addresses for the public check."""
    return read_list(list_id, progress.step)
