"""Pages of versions: asking for one, what it changed, its signed file, its use in a campaign."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from lamsach.errors import InputError
from lamsach.portal.audit.trail import record
from lamsach.portal.base.asked import number
from lamsach.portal.base.check import MOST_NAMED, Check, unchecked
from lamsach.portal.base.doors import member
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.base.uploads import download
from lamsach.portal.campaigns.access import get_campaign, readable_campaigns
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.lists import access, changes, releasing, using
from lamsach.portal.lists.forms import ReleaseForm
from lamsach.portal.lists.models import KeptList
from lamsach.portal.lists.views import say
from lamsach.portal.units.access import readable_units, writable_units
from lamsach.portal.units.tree import descendants


@member(COORDINATORS, COORDINATORS, ("POST",))
@taken_once
def release(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Ask for a new signed version."""
    kept = access.get_list(request.user, kept_list_id, write=True)
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write what is new, and why."))
        return redirect("lists:list", kept_list_id=kept.pk)
    try:
        releasing.ready(kept)
        page = unchecked(request, _release_check(kept, form.cleaned_data["note"]))
        if page is not None:
            return page
        with transaction.atomic():
            releasing.ask(kept, form.cleaned_data["note"], request)
    except InputError as problem:
        say(request, problem)
    else:
        messages.success(request, _("The version is being made; it stands here in a moment."))
    return redirect("lists:list", kept_list_id=kept.pk)


def _release_check(kept: KeptList, note: str) -> Check:
    """Before a version is made: from what, who takes it, what stays out."""
    newest = releasing.latest(kept)
    documents = kept.documents.filter(withdrawn=None).exclude(read=None).count()
    outlets = kept.outlets.filter(revoked=None)
    waiting = kept.doubts.filter(decided=None).count()
    effects = [
        _("A version is made from {count} documents and signed with the unit's key.").format(count=documents),
        _("{count} addresses give it to the programs that fetch from them.").format(count=outlets.count()),
        _("Programs with a token of the unit (TAXII) and partners who take the list get it too."),
        _("A campaign goes on searching for the version that it was given, until you give it this one."),
    ]
    left = _("{count} values wait for a decision and stay out of it.").format(count=waiting)
    return Check(
        title=_("Make a new version of {name}?").format(name=kept.name),
        button=_("Make and sign the version now"),
        effects=effects,
        undo=_(
            "What programs have fetched cannot be called back. To undo a change, withdraw the document or decide otherwise, and make the next version."
        ),
        back=reverse("lists:list", args=(kept.pk,)),
        facts=[
            (_("Version before this"), newest.number if newest else "–"),
            (_("What is new, and why"), note),
        ],
        names=[(one.name, one.title) for one in outlets[:MOST_NAMED]],
        count=outlets.count(),
        warnings=[left] if waiting else [],
    )


@member(ALL, WRITERS, ("GET",))
def version(request: HttpRequest, version_id: int) -> HttpResponse:
    """A version: what it changed, from which documents, and which hunts used it."""
    found = access.get_version(request.user, version_id)
    used = using.of(found).filter(unit__in=readable_units(request.user)).select_related("unit")
    inside = access.sees_inside(request.user, found.list)
    context = {
        "found": found,
        "kept": found.list,
        "used": used[:50],
        "used_count": used.count(),
        "changes": changes.of(found) if inside else None,
        "inside": inside,
        "campaigns": _campaigns(request) if request.user.roles & COORDINATORS else [],  # type: ignore[union-attr]
    }
    return render(request, "lists/version.html", context)


@member(ALL, WRITERS, ("GET",))
def version_file(request: HttpRequest, version_id: int) -> HttpResponse:
    """The signed release."""
    found = access.get_version(request.user, version_id)
    if not access.sees_inside(request.user, found.list) and not releasing.may_have(
        found, access.SHARED_TLP.value
    ):
        messages.error(request, _("The version holds values that may not leave the unit (TLP)."))
        return redirect("lists:version", version_id=found.pk)
    record(request, "list.downloaded", found, found.list.unit, number=found.number)
    return download(f"{found.list.name}-{found.number}.zip", found.path)


def _campaigns(request: HttpRequest) -> list[Campaign]:
    """The running and coming campaigns that the person leads."""
    mine = readable_campaigns(request.user).filter(owner__in=writable_units(request.user, COORDINATORS))
    return list(mine.exclude(state=CampaignState.CLOSED).order_by("name")[:100])


def _stays(unit_id: int, campaign: Campaign) -> bool:
    """Return whether a campaign's lists stay within a unit: it is the unit's own, and there are none below that would search for them."""
    return campaign.owner_id == unit_id and descendants(campaign.owner).count() == 1


@member(COORDINATORS, COORDINATORS, ("POST",))
@taken_once
def use(request: HttpRequest, version_id: int) -> HttpResponse:
    """Give a version to a campaign as its list; hunts of the campaign state its digest."""
    found = access.get_version(request.user, version_id)
    wanted = number(request.POST, "campaign")
    if wanted is None:
        messages.error(request, _("Choose a campaign first."))
        return redirect("lists:version", version_id=found.pk)
    campaign = get_campaign(request.user, wanted, write=True)
    if not _stays(found.list.unit_id, campaign) and not releasing.may_have(found, access.SHARED_TLP.value):
        messages.error(request, _("The version holds values that may not leave the unit (TLP)."))
        return redirect("lists:version", version_id=found.pk)
    using.give(found, campaign, request)
    messages.success(request, _("The campaign searches for this version now."))
    return redirect("campaigns:campaign", campaign_id=campaign.pk)
