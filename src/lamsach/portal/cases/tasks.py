"""Tasks of cases: reminders, recomputation as quiet days pass, and waiting work.

The assignees are reminded of due cases, and the unit above once they remain overdue: one letter a day and
recipient, with the numbers of the cases and no machine name. Each case is mentioned once as nearly due, once
as overdue and once to the unit above, until it is reopened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.links import absolute
from lamsach.portal.base.queries import in_parts
from lamsach.portal.base.roles import WRITERS
from lamsach.portal.base.tasks import Counted, Row, Tally, register_count
from lamsach.portal.base.working_time import add_working_hours, is_working_day
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.cases.access import readable_cases
from lamsach.portal.cases.models import Case, CaseState, Cause, Clarification, Reminder
from lamsach.portal.cases.search import group_condition, index
from lamsach.portal.cases.states import OPEN
from lamsach.portal.cases.upkeep import Reason, recompute
from lamsach.portal.findings.contents import learn
from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.units.access import own_units
from lamsach.portal.units.models import UnitName
from lamsach.portal.units.tree import today

SOON_HOURS = 4
"""Working hours before its due time from which a case is nearly due."""
ESCALATED_HOURS = 16
"""Working hours after its due time until the unit above is notified."""
MOST_NAMED = 100


def remind(now: datetime | None = None) -> int:
    """Queue the reminders due now; returns their number. Only on working days."""
    moment = now or timezone.now()
    if not is_working_day(timezone.localdate(moment)):
        return 0
    soon = add_working_hours(moment, SOON_HOURS)
    waiting = _waiting()
    late = _remind_assignees(
        waiting.filter(due__lte=moment, reminded__lt=Reminder.LATE), Reminder.LATE, moment
    )
    near = waiting.filter(due__lte=soon, due__gt=moment, reminded__lt=Reminder.SOON)
    count = late + _remind_assignees(near, Reminder.SOON, moment)
    over = [
        case
        for case in waiting.filter(due__lte=moment, reminded__lt=Reminder.ABOVE)
        if add_working_hours(case.due, ESCALATED_HOURS) <= moment
    ]
    return count + _escalate(over, moment)


def _waiting() -> QuerySet[Case]:
    rows = Case.objects.filter(
        superseded=None, state__in=(*OPEN, CaseState.WORKING), campaign__state=CampaignState.RUNNING
    )
    return rows.select_related("unit__parent", "assignee", "campaign").order_by("severity", "due", "pk")


@transaction.atomic
def _remind_assignees(cases: Iterable[Case], stage: Reminder, now: datetime) -> int:
    by_person: dict[tuple[str, str], list[Case]] = {}
    reminded = []
    for case in cases:
        reminded.append(case.pk)
        assignee = case.assignee if case.assignee is not None and case.assignee.is_active else None
        address = assignee.email if assignee else case.unit.email
        language = (assignee.language if assignee else "") or settings.LANGUAGE_CODE
        if address:
            by_person.setdefault((address, language), []).append(case)
    letters = [
        _letter(
            "case_due",
            address,
            language,
            due,
            now,
            f"case-{stage.name.lower()}",
            late=stage is Reminder.LATE,
        )
        for (address, language), due in by_person.items()
    ]
    queue(letters)
    _mark(reminded, stage)
    return len(letters)


@transaction.atomic
def _escalate(cases: Sequence[Case], now: datetime) -> int:
    by_parent: dict[int, list[Case]] = {}
    for case in cases:
        if case.unit.parent_id and case.unit.parent and case.unit.parent.email:
            by_parent.setdefault(case.unit.parent_id, []).append(case)
    letters = []
    for overdue in by_parent.values():
        parent = overdue[0].unit.parent
        assert parent is not None
        draft = _letter(
            "case_above", parent.email, settings.LANGUAGE_CODE, overdue, now, "case-above", late=True
        )
        draft.unit_id = parent.pk
        letters.append(draft)
    queue(letters)
    _mark([case.pk for case in cases], Reminder.ABOVE)
    return len(letters)


def _letter(
    kind: str, to: str, language: str, cases: Sequence[Case], now: datetime, occasion: str, *, late: bool
) -> Draft:
    numbers = [
        {
            "number": case.number,
            "unit": case.unit.name,
            "due": f"{timezone.localtime(case.due):%H:%M %d/%m/%Y}",
        }
        for case in cases[:MOST_NAMED]
    ]
    context = {
        "cases": numbers,
        "count": len(cases),
        "late": late,
        "address": f"{absolute('cases:list')}?show={'late' if late else 'open'}",
    }
    key = f"{occasion}:{timezone.localtime(now):%Y%m%d%H}:{cases[0].pk}:{to}"[:120]
    return Draft(kind, to, key, context, language, cases[0].unit_id)


def _mark(numbers: Sequence[int], stage: Reminder) -> None:
    for part in in_parts(numbers, 500):
        Case.objects.filter(Q(reminded__lt=stage), pk__in=part).update(reminded=stage)


regular("cases.remind", timedelta(minutes=30))(remind)

BATCH = 200
MOST_INDEXED = 20_000


def _all(campaign_id: int | None, progress: Progress | None) -> int:
    waiting = Q(
        campaign__state=CampaignState.RUNNING,
        state__in=(CaseState.CLEANED, CaseState.BLIND, CaseState.EXCEPTED),
    )
    rows = Case.objects.filter(Q(campaign=campaign_id) if campaign_id else waiting, superseded=None)
    numbers = list(rows.values_list("pk", flat=True))
    changed, reason = 0, Reason(Cause.RULES if campaign_id else Cause.TIME)
    for begin in range(0, len(numbers), BATCH):
        changed += recompute(list(Case.objects.filter(pk__in=numbers[begin : begin + BATCH])), reason)
        if progress is not None:
            progress.step(begin, len(numbers))
    return changed


@regular("cases.recompute", timedelta(hours=1), long=True)
def recompute_waiting() -> int:
    """Recompute cases waiting for quiet days or an exemption's end, and match late lists."""
    for campaign in Campaign.objects.filter(state=CampaignState.RUNNING):
        learn(campaign)
    _reindex()
    return _all(None, None)


def _reindex() -> None:
    """Index cases without search text, and those of renamed units."""
    renamed = UnitName.objects.filter(valid_from__gte=today() - timedelta(days=1)).values("unit")
    for rows in (Case.objects.filter(text=None), Case.objects.filter(unit__in=renamed)):
        index(rows.only("pk")[:MOST_INDEXED])


@job("cases.recompute")
def recompute_campaign(progress: Progress, campaign_id: int) -> int:
    """Recompute all cases of a campaign."""
    return _all(campaign_id, progress)


def _to_handle(user: Any) -> Counted:
    rows = readable_cases(user).filter(group_condition("todo"), unit__in=own_units(user))
    return Counted(rows, "due", late=group_condition("late"))


@register_count(gettext_lazy("Machines"), WRITERS, 45, _to_handle)
def machines(tally: Tally) -> Row:
    """Open cases of the person's own units, with the earliest due day."""
    words = _("Machines to be handled: {count}, overdue: {late}").format(count=tally.count, late=tally.late)
    address = reverse("cases:list") + ("?show=late" if tally.late else "?show=todo")
    return Row(words, address, _("See the machines"), tally.day, tally.late > 0, count=tally.count)


@register_count(
    gettext_lazy("Findings that ask a question"),
    WRITERS,
    46,
    lambda user: Counted(Clarification.objects.filter(unit__in=own_units(user), answered=None), "created"),
)
def questions(tally: Tally) -> Row:
    """Unanswered questions at the own units."""
    words = _("Questions about findings to answer: {count}").format(count=tally.count)
    return Row(words, reverse("cases:clarifications"), _("Answer"), tally.day, since=True, count=tally.count)
