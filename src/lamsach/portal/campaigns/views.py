"""Pages of campaigns: the list, one campaign, its lists of addresses."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.letters.appendix_2022 import APPENDIX_2022, NAME
from lamsach.portal.audit.trail import record
from lamsach.portal.base.check import confirmation_page, revocation_page
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import FileForm, done, form_page, store_upload
from lamsach.portal.base.lists import Cell, Listing, State
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.base.uploads import download
from lamsach.portal.campaigns import access
from lamsach.portal.campaigns.checks import state_check
from lamsach.portal.campaigns.deadlines import COLUMNS, resolve
from lamsach.portal.campaigns.forms import CampaignForm
from lamsach.portal.campaigns.models import (
    Campaign,
    CampaignState,
    DeadlineKind,
    FormDefinition,
    IndicatorList,
)
from lamsach.portal.campaigns.tally import counts
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.units.access import home_units, may_act, writable_units

LIST_KINDS = ("xlsx", "csv", "txt", "pdf", "docx")


def default_form() -> FormDefinition:
    """Newest version of the default form, created on first use as a copy of the form in the law."""
    newest = FormDefinition.objects.filter(name=NAME).order_by("-version").first()
    return newest or FormDefinition.objects.create(name=NAME, version=1, definition=deepcopy(APPENDIX_2022))


CAMPAIGNS = Listing(
    title="Campaigns",
    cells=(
        Cell("Name", "name", view="campaigns:campaign"),
        Cell("Leading unit", "owner__name"),
        Cell("Days", lambda row: (row.starts, "–", row.ends), "starts", css="nowrap"),
        Cell("Reports due on", "report_due"),
        Cell("State", "shown_state", "state"),
    ),
    empty="No campaign yet. It appears here once one is prepared or a dispatch reaches your unit.",
    export="campaign.exported",
    template="campaigns/list.html",
)
DISPATCHES = Listing(
    title="Dispatches",
    cells=(
        Cell("Subject (trích yếu)", "subject", view="campaigns:dispatch"),
        Cell("Number and symbol", lambda row: row.number or "–", "number"),
        Cell("Sender", "issuer__name"),
        Cell("Deadline stated in it", "deadline"),
        Cell(
            "State",
            lambda row: (State("good", _("sent")), row.sent) if row.sent else State("none", _("draft")),
            "sent",
        ),
    ),
    empty="No dispatch yet. Write the first one to launch the campaign.",
    export="dispatch.exported",
    template="campaigns/dispatches.html",
)


campaign_list = CAMPAIGNS.view(access.readable_campaigns, ALL)


@member(COORDINATORS, COORDINATORS)
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Prepare a campaign."""
    form = CampaignForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        campaign: Campaign = form.save(commit=False)
        campaign.form = default_form()
        campaign.save()
        record(request, "campaign.created", campaign, campaign.owner)
        return redirect("campaigns:campaign", campaign_id=campaign.pk)
    return form_page(request, form, _("Prepare a campaign"), _("Save the campaign"))


@member(ALL, WRITERS, ("GET",))
def campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """One campaign: days, lists, and progress of the person's units."""
    campaign = access.get_campaign(request.user, campaign_id)
    homes = home_units(request.user)
    context: dict[str, Any] = {
        "campaign": campaign,
        "mine": [(unit, counts(campaign, unit.pk)) for unit in homes[:10]],
        "dates": resolve(campaign, ()).without(*DeadlineKind),
        "lists": campaign.lists.filter(withdrawn=None),
        "may_lead": may_act(request.user, campaign.owner_id, COORDINATORS),
        "may_issue": writable_units(request.user).filter(pk__in=[unit.pk for unit in homes]).exists(),
        "form": FileForm(),
    }
    return render(request, "campaigns/campaign.html", context)


@member(ALL, WRITERS, ("GET",))
def dispatches(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Dispatches of a campaign visible to the person, the newest first."""
    campaign = access.get_campaign(request.user, campaign_id)
    homes = [unit.pk for unit in home_units(request.user)]
    may_issue = writable_units(request.user).filter(pk__in=homes).exists()
    rows = access.readable_dispatches(request.user).filter(campaign=campaign)
    return DISPATCHES.page(request, rows, {"campaign": campaign, "may_issue": may_issue})


@member(COORDINATORS, COORDINATORS)
def campaign_edit(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Edit a campaign, once for each version."""
    campaign = access.get_campaign(request.user, campaign_id, write=request.method == "POST")
    form = CampaignForm(request.POST or None, instance=campaign, user=request.user)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
            moved = form.moved if campaign.participations.exists() else {}
            for name in COLUMNS if moved else ():
                setattr(campaign, name, getattr(locked, name))
            form.save_next(locked)
            record(request, "campaign.changed", campaign, campaign.owner, fields=form.changed_data)
        if days := {kind: day.isoformat() for kind, day in moved.items() if day}:
            messages.warning(
                request, _("Saved, but for the deadlines: say for whom the new days hold, and why.")
            )
            response = redirect("campaigns:deadlines", campaign_id=campaign_id)
            response["Location"] += "?" + urlencode({**days, "scope": "all"})
            return response
        return done(request, _("Saved."), "campaigns:campaign", campaign_id=campaign_id)
    return form_page(request, form, _("Change the campaign"), _("Save the campaign"), campaign=campaign)


@member(COORDINATORS, COORDINATORS, ("POST",))
def campaign_state(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Start a campaign (which shows its public page) or close it."""
    campaign = access.get_campaign(request.user, campaign_id, write=True)
    wanted = request.POST.get("state")
    allowed = {CampaignState.RUNNING: CampaignState.CLOSED}.get(
        CampaignState(campaign.state), CampaignState.RUNNING
    )
    if wanted == allowed:
        if page := confirmation_page(request, state_check(campaign, CampaignState(allowed))):
            return page
        Campaign.objects.filter(pk=campaign.pk, state=campaign.state).update(state=wanted)
        record(request, f"campaign.{wanted}", campaign, campaign.owner)
        messages.success(request, _("Saved."))
    return redirect("campaigns:campaign", campaign_id=campaign_id)


@member(COORDINATORS, COORDINATORS, ("POST",))
def list_add(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Upload a list of addresses; the worker reads it."""
    campaign = access.get_campaign(request.user, campaign_id, write=True)
    if stored := store_upload(request, LIST_KINDS):
        if campaign.lists.filter(sha256=stored.sha256, withdrawn=None).exists():
            messages.error(request, _("The campaign has this list already."))
        else:
            with transaction.atomic():
                added = IndicatorList.objects.create(campaign=campaign, **asdict(stored))
                enqueue("campaigns.read_list", request.user, list_id=added.pk)
                record(request, "list.added", added, campaign.owner, name=stored.name, sha256=stored.sha256)
            messages.success(request, _("The list is being read."))
    return redirect("campaigns:campaign", campaign_id=campaign_id)


def _list(request: HttpRequest, list_id: int, *, write: bool = False) -> IndicatorList:
    entry = get_object_or_404(
        IndicatorList, pk=list_id, campaign__in=access.readable_campaigns(request.user), withdrawn=None
    )
    access.get_campaign(request.user, entry.campaign_id, write=write)
    return entry


@member(ALL, WRITERS, ("GET",))
def list_file(request: HttpRequest, list_id: int) -> HttpResponse:
    """The list as uploaded."""
    entry = _list(request, list_id)
    return download(entry.name, entry.path)


@member(COORDINATORS, COORDINATORS, ("POST",))
def list_withdraw(request: HttpRequest, list_id: int) -> HttpResponse:
    """Withdraw a list from the campaign; its file is retained."""
    entry = _list(request, list_id, write=True)
    effect = _(
        "The campaign no longer searches for its {count} values; hunts that were made stay as they are."
    )
    back = reverse("campaigns:campaign", args=(entry.campaign_id,))
    if page := revocation_page(request, entry.name, effect.format(count=entry.count), back):
        return page
    IndicatorList.objects.filter(pk=entry.pk).update(withdrawn=timezone.now())
    record(request, "list.withdrawn", entry, entry.campaign.owner)
    return done(request, _("The list was withdrawn."), "campaigns:campaign", campaign_id=entry.campaign_id)
