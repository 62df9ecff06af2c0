"""Reminders of due cases to their handlers; to the unit above when they stay overdue.

One letter a day and recipient, with the numbers of the cases and no name of a machine. Each case is mentioned
once as nearly due, once as overdue and once to the unit above, until it is opened again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lamsach.portal.base.links import absolute
from lamsach.portal.base.working_time import add_working_hours, is_working_day
from lamsach.portal.campaigns.models import CampaignState
from lamsach.portal.cases.models import Case, CaseState, Reminder
from lamsach.portal.cases.states import OPEN
from lamsach.portal.mail.letters import Draft, queue

SOON_HOURS = 4
"""Working hours before its due time at which a case is nearly due."""
ESCALATED_HOURS = 16
"""Working hours after its due time at which the unit above is told."""
MOST_NAMED = 100


def remind(now: datetime | None = None) -> int:
    """Queue the reminders that are due now; how many letters. Only on working days."""
    moment = now or timezone.now()
    if not is_working_day(timezone.localdate(moment)):
        return 0
    soon = add_working_hours(moment, SOON_HOURS)
    waiting = _waiting()
    late = _told_to_handlers(
        waiting.filter(due__lte=moment, reminded__lt=Reminder.LATE), Reminder.LATE, moment
    )
    near = waiting.filter(due__lte=soon, due__gt=moment, reminded__lt=Reminder.SOON)
    count = late + _told_to_handlers(near, Reminder.SOON, moment)
    over = [
        case
        for case in waiting.filter(due__lte=moment, reminded__lt=Reminder.ABOVE)
        if add_working_hours(case.due, ESCALATED_HOURS) <= moment
    ]
    return count + _told_above(over, moment)


def _waiting() -> QuerySet[Case]:
    rows = Case.objects.filter(
        superseded=None, state__in=(*OPEN, CaseState.WORKING), campaign__state=CampaignState.RUNNING
    )
    return rows.select_related("unit__parent", "assignee", "campaign").order_by("severity", "due", "pk")


@transaction.atomic
def _told_to_handlers(cases: Iterable[Case], stage: Reminder, now: datetime) -> int:
    by_person: dict[tuple[str, str], list[Case]] = {}
    told = []
    for case in cases:
        told.append(case.pk)
        who = case.assignee if case.assignee is not None and case.assignee.is_active else None
        address = who.email if who else case.unit.email
        language = (who.language if who else "") or settings.LANGUAGE_CODE
        if address:
            by_person.setdefault((address, language), []).append(case)
    letters = [
        _letter(
            "case_due",
            address,
            language,
            held,
            now,
            f"case-{stage.name.lower()}",
            late=stage is Reminder.LATE,
        )
        for (address, language), held in by_person.items()
    ]
    queue(letters)
    _mark(told, stage)
    return len(letters)


@transaction.atomic
def _told_above(cases: Sequence[Case], now: datetime) -> int:
    by_parent: dict[int, list[Case]] = {}
    for case in cases:
        if case.unit.parent_id and case.unit.parent and case.unit.parent.email:
            by_parent.setdefault(case.unit.parent_id, []).append(case)
    letters = []
    for held in by_parent.values():
        parent = held[0].unit.parent
        assert parent is not None
        draft = _letter(
            "case_above", parent.email, settings.LANGUAGE_CODE, held, now, "case-above", late=True
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
    for begin in range(0, len(numbers), 500):
        Case.objects.filter(Q(reminded__lt=stage), pk__in=numbers[begin : begin + 500]).update(reminded=stage)
