"""Jobs of cases: quiet days pass without anybody pressing anything."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.campaigns.models import CampaignState
from lamsach.portal.cases.models import Case, CaseState, Cause
from lamsach.portal.cases.reminding import remind
from lamsach.portal.cases.spans import Because
from lamsach.portal.cases.upkeep import recompute
from lamsach.portal.jobs.queue import Progress, job, regular

BATCH = 200


def _all(campaign_id: int | None, progress: Progress | None) -> int:
    rows = Case.objects.filter(superseded=None).select_related("campaign", "unit")
    rows = (
        rows.filter(campaign=campaign_id)
        if campaign_id
        else rows.filter(campaign__state=CampaignState.RUNNING)
    )
    if campaign_id is None:
        rows = rows.filter(state__in=(CaseState.CLEANED, CaseState.BLIND, CaseState.EXCEPTED))
    numbers = list(rows.values_list("pk", flat=True))
    changed, because = 0, Because(Cause.RULES if campaign_id else Cause.TIME)
    for begin in range(0, len(numbers), BATCH):
        changed += recompute(
            list(
                Case.objects.filter(pk__in=numbers[begin : begin + BATCH]).select_related("campaign", "unit")
            ),
            because,
        )
        if progress is not None:
            progress.step(begin, len(numbers))
    return changed


@regular("cases.recompute", timedelta(hours=1), long=True)
def recompute_waiting() -> int:
    """Look at what waits for quiet days, and at exceptions that end."""
    return _all(None, None)


@job("cases.recompute")
def recompute_campaign(progress: Progress, campaign_id: int) -> int:
    """Compute all cases of a campaign anew."""
    return _all(campaign_id, progress)


@regular("cases.remind", timedelta(minutes=30))
def remind_handlers() -> int:
    """Remind of what is nearly due or overdue, and tell the units above."""
    return remind()
