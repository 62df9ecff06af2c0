"""A campaign's materials and tools."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record
from lamsach.portal.base.check import Check, confirmation_page
from lamsach.portal.base.doors import anyone, member
from lamsach.portal.base.forms import done, store_field
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.base.uploads import download
from lamsach.portal.campaigns import access
from lamsach.portal.campaigns.forms import MaterialForm, ToolsForm
from lamsach.portal.campaigns.models import CampaignState, Material
from lamsach.portal.units.access import may_act

KINDS = ("pdf", "docx", "xlsx", "zip", "png", "jpg", "jpeg", "txt")
MOST = 50


@member(ALL, COORDINATORS)
def materials(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Files and tools of a campaign, edited by its leaders."""
    campaign = access.get_campaign(request.user, campaign_id, write=request.method == "POST")
    chosen = ToolsForm(request.POST or None, instance=campaign)
    form = MaterialForm()
    if request.method == "POST" and request.POST.get("what") == "tools":
        if chosen.is_valid():
            chosen.save()
            record(request, "campaign.tools", campaign, campaign.owner)
            return done(request, _("Saved."), "campaigns:materials", campaign_id=campaign_id)
    elif request.method == "POST":
        form = MaterialForm(request.POST, request.FILES)
        if form.is_valid() and _add(request, campaign, form):
            return redirect("campaigns:materials", campaign_id=campaign_id)
    context = {
        "campaign": campaign,
        "materials": campaign.materials.filter(withdrawn=None),
        "withdrawn": campaign.materials.exclude(withdrawn=None)[:MOST],
        "tools": campaign.tools.filter(hidden=False),
        "may_lead": may_act(request.user, campaign.owner_id, COORDINATORS),
        "form": form,
        "chosen": chosen,
    }
    return render(request, "campaigns/materials.html", context)


def _add(request: HttpRequest, campaign: Any, form: MaterialForm) -> bool:
    if campaign.materials.filter(withdrawn=None).count() >= MOST:
        form.add_error("file", _("A campaign has at most 50 files. Withdraw one first."))
        return False
    stored = store_field(form, "file", KINDS)
    if stored is None:
        return False
    shown = {name: form.cleaned_data[name] for name in ("title", "public")}
    material = Material.objects.create(campaign=campaign, **shown, **asdict(stored))
    record(request, "material.added", material, campaign.owner, name=stored.name, sha256=stored.sha256)
    messages.success(request, _("Saved."))
    return True


def _material(request: HttpRequest, material_id: int, *, write: bool = False) -> Material:
    readable = Material.objects.filter(campaign__in=access.readable_campaigns(request.user))
    material = get_object_or_404(readable if write else readable.filter(withdrawn=None), pk=material_id)
    access.get_campaign(request.user, material.campaign_id, write=write)
    return material


@member(ALL, WRITERS, ("GET",))
def material_file(request: HttpRequest, material_id: int) -> HttpResponse:
    """File of a campaign, for people who see it."""
    material = _material(request, material_id)
    return download(material.name, material.path)


@member(COORDINATORS, COORDINATORS, ("POST",))
def material_withdraw(request: HttpRequest, material_id: int) -> HttpResponse:
    """Withdraw a file from the campaign without deleting it; `what=back` restores it."""
    material = _material(request, material_id, write=True)
    rows = Material.objects.filter(pk=material.pk)
    if request.POST.get("what") == "back":
        if material.campaign.materials.filter(withdrawn=None).count() >= MOST:
            messages.error(request, _("A campaign has at most 50 files. Withdraw one first."))
        elif rows.exclude(withdrawn=None).update(withdrawn=None):
            record(request, "material.restored", material, material.campaign.owner)
            messages.success(request, _("{name} is offered again.").format(name=material.title))
    elif material.withdrawn is None:
        if page := confirmation_page(request, _withdrawal_check(material)):
            return page
        if rows.filter(withdrawn=None).update(withdrawn=timezone.now()):
            record(request, "material.withdrawn", material, material.campaign.owner)
            words = _('{name} is no longer offered. You can put it back under "Withdrawn files".')
            messages.success(request, words.format(name=material.title))
    return redirect("campaigns:materials", campaign_id=material.campaign_id)


def _withdrawal_check(material: Material) -> Check:
    """Confirmation before a file is withdrawn, with the units concerned."""
    units = material.campaign.participations.values("unit").distinct().count()
    effects = [_("{count} units no longer find it in the campaign.").format(count=units)]
    if material.public and material.campaign.public and material.campaign.state == CampaignState.RUNNING:
        effects.append(_("It is gone from the public page, and its address there leads nowhere."))
    effects.append(_("Those who have downloaded it keep their copy."))
    return Check(
        title=_("Withdraw {name}?").format(name=material.title),
        button=_("Withdraw the file now"),
        effects=effects,
        undo=_("The file is kept: you can put it back at any time."),
        back=reverse("campaigns:materials", args=(material.campaign_id,)),
        facts=[(_("File"), material.name), ("SHA-256", material.sha256)],
        danger=True,
        campaign=material.campaign,
    )


@anyone("GET")
def public_file(request: HttpRequest, material_number: int) -> HttpResponse:
    """Public file of a running campaign."""
    material = get_object_or_404(
        Material,
        pk=material_number,
        public=True,
        withdrawn=None,
        campaign__state=CampaignState.RUNNING,
        campaign__public=True,
    )
    return download(material.name, material.path)
