"""Accepting several reports at once, their figures in sight."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from lamsach.portal.base.asked import numbers
from lamsach.portal.base.check import MOST_NAMED, Check, unchecked
from lamsach.portal.base.doors import member
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.paging import paged
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.campaigns import deadlines
from lamsach.portal.reports.chain import Action, Stale, take
from lamsach.portal.reports.consolidation import is_late
from lamsach.portal.reports.content import is_whole
from lamsach.portal.reports.models import Report
from lamsach.portal.reports.telling import told_of_step
from lamsach.portal.reports.waiting import to_accept
from lamsach.portal.units.tree import today


@member(COORDINATORS, COORDINATORS)
@taken_once
def accept(request: HttpRequest) -> HttpResponse:
    """The sent reports with their figures; those ticked are accepted after a last look."""
    rows = to_accept(request.user).order_by("sent", "pk")
    if request.method == "POST":
        chosen = [one for one in rows.filter(pk__in=numbers(request.POST, "report", 500)) if is_whole(one)]
        if not chosen:
            messages.warning(request, _("Nothing was accepted: tick the reports first."))
            return redirect("reports:accept")
        return unchecked(request, _check(chosen)) or _accepted(request, chosen)
    page = paged(request, rows)
    dues = deadlines.dates((one.campaign, one.unit_id) for one in page)
    shown = []
    for one in page:
        due = dues[one.campaign_id, one.unit_id].report
        late = is_late(one, due.day, today())
        shown.append((one, due, late, is_whole(one), _figures(one)))
    return render(request, "reports/accept.html", {"page": page, "shown": shown})


def _figures(report: Report) -> list[tuple[str, Any]]:
    return [(figure["label"], figure["value"]) for figure in report.submitted_figures]


def _words(report: Report) -> str:
    figures = "; ".join(f"{label}: {'–' if value is None else value}" for label, value in _figures(report))
    return f"{report.digest[:12]} {figures}"


def _check(chosen: list[Report]) -> Check:
    count = len(chosen)
    return Check(
        title=_("Accept {count} reports and freeze their figures?").format(count=count),
        button=_("Accept {count} reports").format(count=count),
        effects=[
            _("Their figures count in the consolidated report and can no longer be changed."),
            _("Each unit is told by e-mail that its report was accepted."),
        ],
        undo=_("A frozen report stays as it is; what is wrong is corrected by the unit's next report."),
        back=reverse("reports:accept"),
        names=[(one.unit.name, _words(one)) for one in chosen[:MOST_NAMED]],
        count=count,
    )


def _accepted(request: HttpRequest, chosen: list[Report]) -> HttpResponse:
    """Accept each by itself: one that changed meanwhile is left and named."""
    done, left = [], []
    for one in chosen:
        try:
            with transaction.atomic():
                told_of_step(take(one, Action.ACCEPT, request, version=one.version), Action.ACCEPT)
        except Stale:
            left.append(one.unit.name)
        else:
            done.append(one.unit.name)
    if done:
        words = _("{count} reports were accepted: {names}")
        messages.success(request, words.format(count=len(done), names=", ".join(done[:20])))
    if left:
        words = _("These changed meanwhile and were left: {names}")
        messages.warning(request, words.format(names=", ".join(left[:20])))
    return redirect("reports:accept")
