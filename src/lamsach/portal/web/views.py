"""The first page of the work area: what is waiting for the person, each figure a link to what it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.i18n import set_language

from lamsach.portal.base.doors import anyone, member
from lamsach.portal.base.roles import ALL, COORDINATORS, HELPERS, WRITERS, Role
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.campaigns.deadlines import dates
from lamsach.portal.campaigns.models import CampaignState, Recipient
from lamsach.portal.cases.access import readable_cases
from lamsach.portal.cases.listing import figures
from lamsach.portal.reports.waiting import due_reports, to_decide
from lamsach.portal.support.access import readable_questions
from lamsach.portal.support.models import QuestionState
from lamsach.portal.units.access import memberships
from lamsach.portal.units.models import Unit
from lamsach.portal.web.bars import standings


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits: words, view with its arguments, query, whether it presses."""

    words: str
    view: str
    arguments: tuple[int, ...] = ()
    query: str = ""
    late: bool = False


def _answers(user: Any) -> list[Task]:
    """Dispatches to the person's own units without an answer."""
    own = [m.unit_id for m in memberships(user) if m.role in WRITERS]
    waiting = Recipient.objects.filter(
        unit__in=own,
        deployed=None,
        dispatch__sent__isnull=False,
        dispatch__campaign__state=CampaignState.RUNNING,
    ).select_related("dispatch__campaign", "unit")
    rows = list(waiting.order_by("dispatch__campaign__report_due", "pk")[:20])
    dues = dates((recipient.dispatch.campaign, recipient.unit_id) for recipient in rows)
    tasks = []
    for recipient in rows:
        due = dues[recipient.dispatch.campaign_id, recipient.unit_id].answer(recipient.acknowledged)
        words = (
            _("State deployment by {day}: {subject}")
            if recipient.acknowledged
            else _("Acknowledge by {day}: {subject}")
        )
        tasks.append(
            Task(
                words.format(day=f"{due.day:%d/%m/%Y}", subject=recipient.dispatch.subject),
                "campaigns:dispatch",
                (recipient.dispatch_id,),
                late=due.late,
            )
        )
    return tasks


def _questions(user: Any) -> list[Task]:
    if not user.roles & HELPERS:
        return []
    open_ones = readable_questions(user).filter(state=QuestionState.OPEN)
    late = open_ones.filter(first_answer=None, due__lt=timezone.now()).count()
    count = open_ones.count()
    if not count:
        return []
    words = _("Questions that wait for an answer: {count}, late: {late}")
    return [Task(words.format(count=count, late=late), "support:list", late=late > 0)]


def _machines(user: Any) -> list[Task]:
    """Cases of the person's own units that are open."""
    if not user.roles & WRITERS:
        return []
    own = [m.unit_id for m in memberships(user) if m.role in WRITERS]
    found = figures(readable_cases(user).filter(unit__in=own))
    count, late = found["open"] + found["working"], found["late"]
    if not count:
        return []
    words = _("Machines to be handled: {count}, overdue: {late}")
    return [Task(words.format(count=count, late=late), "cases:list", late=late > 0)]


def _reports(user: Any) -> list[Task]:
    """Own units' reports that are due, and subordinates' reports to accept."""
    words = _("Report by {day}: {campaign}, {unit}")
    tasks = [
        Task(
            words.format(day=f"{entry.due:%d/%m/%Y}", campaign=entry.campaign.name, unit=entry.unit.name),
            "reports:mine",
            late=entry.late,
        )
        for entry in due_reports(user)
    ]
    count = to_decide(user)
    if count:
        tasks.append(Task(_("Reports to accept: {count}").format(count=count), "reports:mine"))
    return tasks


def _first_steps(user: Any) -> list[Task]:
    """What a fresh portal needs."""
    if Role.ADMINISTRATOR not in user.roles or Unit.objects.count() > 1:
        return []
    return [
        Task(_("Import the units from a sheet"), "units:import"),
        Task(_("Invite people"), "accounts:invite"),
    ]


@member(ALL, ALL, ("GET",))
def home(request: HttpRequest) -> HttpResponse:
    """What is waiting for the person, and how the running campaigns stand."""
    user: Any = request.user
    context = {
        "memberships": memberships(user),
        "tasks": [*_first_steps(user), *_answers(user), *_reports(user), *_machines(user), *_questions(user)],
        "standings": standings(user),
        "may_lead": bool(user.roles & COORDINATORS),
        "running": readable_campaigns(user).filter(state=CampaignState.RUNNING).exists(),
    }
    return render(request, "web/home.html", context)


@anyone("GET")
def alive(request: HttpRequest) -> HttpResponse:
    """`ok` while web and database answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


language = anyone("POST")(set_language)
