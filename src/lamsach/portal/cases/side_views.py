"""Beside the cases: exceptions, questions that findings make, and the numbers of a campaign."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import tell_wrong
from lamsach.portal.base.lists import Cell, Listing, Mono, Quiet, paged
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.campaigns.access import get_campaign
from lamsach.portal.cases import access
from lamsach.portal.cases.counting import case_counts, case_counts_by_child, stated_rows
from lamsach.portal.cases.dashboard_views import place_of
from lamsach.portal.cases.forms import AnswerForm, RulesForm
from lamsach.portal.cases.models import Clarification, Exemption, Rules
from lamsach.portal.cases.unsearched import searching, unsearched_by_child
from lamsach.portal.cases.upkeep import policy, recompute_touched
from lamsach.portal.findings.access import own_units
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.units.access import writable_units
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import today

EXEMPTIONS = Listing(
    title="Exceptions",
    cells=(
        Cell("Indicator", lambda row: Mono(row.indicator), "indicator", view="cases:exemption"),
        Cell(
            "Unit",
            lambda row: (row.unit.name, Quiet(_("one machine") if row.device_id else "")),
            "unit__name",
        ),
        Cell("State", "shown_state"),
        Cell("Valid until before", "expires"),
        Cell("Reason", "reason"),
    ),
    empty="No exception. One is asked for on the page of a machine.",
    crumbs="cases/crumbs.html",
    export="exemption.exported",
)


@member(ALL, WRITERS, ("GET",))
def exemptions(request: HttpRequest) -> HttpResponse:
    """The exceptions of the person's units: asked for, in force, over."""
    rows = access.readable_exemptions(request.user)
    return EXEMPTIONS.page(request, rows)


@member(ALL, WRITERS)
@taken_once
def exemption(request: HttpRequest, exemption_id: int) -> HttpResponse:
    """One exception: approve it (not the one who asked), or end it. What it touches is computed anew."""
    posted = request.method == "POST"
    found = access.get_exemption(request.user, exemption_id, write=posted)
    user: Any = request.user
    may = (
        writable_units(user, COORDINATORS).filter(pk=found.unit_id).exists() and found.asked_by_id != user.pk
    )
    if posted:
        with transaction.atomic():
            changed = _change(request, found, may=may)
            if changed:
                recompute_touched(found)
        if changed:
            messages.success(request, _("Saved. What it touches was computed anew."))
        else:
            messages.error(
                request,
                _("An exception is approved by a coordinator who did not ask for it. Nothing was changed."),
            )
        return redirect("cases:exemption", exemption_id=exemption_id)
    named = found.unit_id in own_units(user)
    if named and found.device_id:
        record(request, "exemption.viewed", found, found.unit)
    return render(
        request,
        "cases/exemption.html",
        {
            "exemption": found,
            "may": may,
            "named": named,
            "today": today(),
            "may_write": writable_units(user).filter(pk=found.unit_id).exists(),
        },
    )


def _change(request: HttpRequest, found: Exemption, *, may: bool) -> bool:
    what = request.POST.get("what")
    rows = Exemption.objects.filter(pk=found.pk, ended_on=None)
    if what == "approve" and may:
        done = rows.filter(approved_on=None).update(approved_by=request.user, approved_on=today())
    elif what == "end":
        done = rows.update(ended_on=today())
    else:
        return False
    record(request, f"exemption.{what}", found, found.unit, indicator=found.indicator)
    return bool(done)


@member(ALL, WRITERS, ("GET",))
def clarifications(request: HttpRequest) -> HttpResponse:
    """Return what nobody can be accused of yet: contacts from outside, and those of which nobody knows whose they were."""
    rows = access.readable_clarifications(request.user)
    if request.GET.get("show") != "all":
        rows = rows.filter(answered=None)
    page = paged(request, rows)
    own = set(own_units(request.user))
    if any(row.unit_id in own for row in page):
        record(request, "clarifications.viewed")
    context = {"page": page, "own": own, "form": AnswerForm(), "show": request.GET.get("show", "")}
    return render(request, "cases/clarifications.html", context)


@member(ALL, WRITERS, ("POST",))
@taken_once
def clarification(request: HttpRequest, question_of_machine: int) -> HttpResponse:
    """Answer a question."""
    found = access.get_clarification(request.user, question_of_machine)
    form = AnswerForm(request.POST)
    if form.is_valid():
        Clarification.objects.filter(pk=found.pk).update(
            answer=form.cleaned_data["answer"], answered=timezone.now(), user=request.user
        )
        record(request, "clarification.answered", found, found.unit)
        messages.success(request, _("Saved."))
    else:
        tell_wrong(request, form)
    return redirect("cases:clarifications")


def _day(text: str) -> date:
    try:
        return min(parse_date(text) or today(), today())
    except ValueError:
        return today()


@member(ALL, WRITERS, ("GET",))
def numbers(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Return how many machines were found, handled, cleaned, verified or blind, for any unit, as of any day."""
    campaign = get_campaign(request.user, campaign_id)
    unit, above = place_of(request, campaign)
    day = _day(request.GET.get("day", ""))
    by_child = case_counts_by_child(campaign, unit.pk, day)
    looked = searching(campaign, unit.pk, day)
    children = paged(request, Unit.objects.filter(parent=unit, valid_until=FOREVER))
    lacking = unsearched_by_child(looked, [child.pk for child in children], day)
    context = {
        "campaign": campaign,
        "unit": unit,
        "above": above,
        "day": day,
        "now": today(),
        "counts": case_counts(campaign, unit.pk, day),
        "stated": stated_rows(campaign, unit.pk, day),
        "page": children,
        "rows": [(child, by_child.get(child.pk), looked.of(child.pk, lacking)) for child in children],
        "unsearched": looked.count,
        "nothing": looked.nothing,
        "policy": policy(campaign),
        "may_lead": writable_units(request.user, COORDINATORS).filter(pk=campaign.owner_id).exists(),
        "form": RulesForm(instance=Rules.objects.filter(campaign=campaign).first()),
    }
    return render(request, "cases/numbers.html", context)


@member(COORDINATORS, COORDINATORS, ("POST",))
@taken_once
def rules(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Change how the campaign verifies; its cases are computed anew."""
    campaign = get_campaign(request.user, campaign_id, write=True)
    form = RulesForm(request.POST)
    if form.is_valid():
        with transaction.atomic():
            Rules.objects.update_or_create(campaign=campaign, defaults=form.cleaned_data)
            record(request, "case_rules.changed", campaign, campaign.owner, **form.cleaned_data)
            enqueue("cases.recompute", request.user, campaign_id=campaign.pk)
        messages.success(request, _("Saved. What it touches was computed anew."))
    else:
        tell_wrong(request, form)
    return redirect("cases:numbers", campaign_id=campaign_id)
