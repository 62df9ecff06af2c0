"""Tasks of cases: jobs, since quiet days pass by themselves, and what waits for people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import WRITERS
from lamsach.portal.base.tasks import Counted, Row, Tally, waits_counted
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.campaigns.tasks import own_units
from lamsach.portal.cases.access import readable_cases
from lamsach.portal.cases.models import Case, CaseState, Cause, Clarification
from lamsach.portal.cases.reminders import remind
from lamsach.portal.cases.search import group_condition, index
from lamsach.portal.cases.upkeep import Because, recompute
from lamsach.portal.findings.contents import learn
from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.units.models import UnitName
from lamsach.portal.units.tree import today

regular("cases.remind", timedelta(minutes=30))(remind)

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
    """Recompute what waits for quiet days or an exception's end, after lists that came after hunts."""
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


def _to_handle(user: Any) -> Counted:
    rows = readable_cases(user).filter(group_condition("todo"), unit__in=own_units(user))
    return Counted(rows, "due", late=group_condition("late"))


@waits_counted(gettext_lazy("Machines"), WRITERS, 45, _to_handle)
def machines(found: Tally) -> Row:
    """The open cases of the person's own units, with the day of the first that is due."""
    words = _("Machines to be handled: {count}, overdue: {late}").format(count=found.count, late=found.late)
    address = reverse("cases:list") + ("?show=late" if found.late else "?show=todo")
    return Row(words, address, _("See the machines"), found.day, found.late > 0, count=found.count)


def _unanswered(user: Any) -> Counted:
    return Counted(Clarification.objects.filter(unit__in=own_units(user), answered=None), "created")


@waits_counted(gettext_lazy("Findings that ask a question"), WRITERS, 46, _unanswered)
def questions(found: Tally) -> Row:
    """Questions of findings at the own units that nobody answered."""
    words = _("Questions about findings to answer: {count}").format(count=found.count)
    return Row(words, reverse("cases:clarifications"), _("Answer"), found.day, since=True, count=found.count)
