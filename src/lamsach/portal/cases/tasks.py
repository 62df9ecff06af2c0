"""Jobs of cases: quiet days pass without anybody pressing anything."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.cases.models import Case, CaseState, Cause
from lamsach.portal.cases.reminding import remind
from lamsach.portal.cases.searching import index
from lamsach.portal.cases.spans import Because
from lamsach.portal.cases.upkeep import recompute
from lamsach.portal.findings.contents import learn
from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.units.models import UnitName
from lamsach.portal.units.tree import today

BATCH = 200
MOST_INDEXED = 20_000


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
    """Look at what waits for quiet days, and at exceptions that end; before that, at lists that came after the hunts with them."""
    for campaign in Campaign.objects.filter(state=CampaignState.RUNNING):
        learn(campaign)
    _index_what_changed()
    return _all(None, None)


def _index_what_changed() -> None:
    """Cases from before there was a search, and those of units with a new name."""
    renamed = UnitName.objects.filter(valid_from__gte=today() - timedelta(days=1)).values("unit")
    for rows in (Case.objects.filter(text=None), Case.objects.filter(unit__in=renamed)):
        index(rows.only("pk")[:MOST_INDEXED])


@job("cases.recompute")
def recompute_campaign(progress: Progress, campaign_id: int) -> int:
    """Compute all cases of a campaign anew."""
    return _all(campaign_id, progress)


@regular("cases.remind", timedelta(minutes=30))
def remind_handlers() -> int:
    """Remind of what is nearly due or overdue, and tell the units above."""
    return remind()
