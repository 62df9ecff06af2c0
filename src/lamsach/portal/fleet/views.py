"""Pages: how far the scans of a campaign have come, by unit; the own unit's machines by name; its inventory."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record
from lamsach.portal.base.asked import number
from lamsach.portal.base.doors import member
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import Cell, Listing, paged
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.campaigns.access import get_campaign, readable_campaigns
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.cases.unsearched import searching
from lamsach.portal.findings.access import own_units
from lamsach.portal.fleet import access, exporting
from lamsach.portal.fleet.counting import BASES, DAYS, USUAL_DAYS, by_branch
from lamsach.portal.fleet.forms import InventoryForm
from lamsach.portal.fleet.inventory import state_size, take_inventory
from lamsach.portal.fleet.listing import SHOWN, TONES
from lamsach.portal.fleet.listing import machines as listed
from lamsach.portal.fleet.models import LookState, Machine, Size
from lamsach.portal.units.access import get_unit, home_units, readable_above
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import ancestors


def _days(request: HttpRequest) -> int:
    days = number(request.GET, "days")
    return days if days in DAYS else USUAL_DAYS


def _unit(request: HttpRequest, campaign: Campaign) -> Unit:
    """The unit that the address names, else the person's own."""
    wanted = number(request.GET, "unit")
    if wanted is not None:
        return get_unit(request.user, wanted)
    mine = home_units(request.user)
    return mine[0] if mine else campaign.owner


CAMPAIGNS = Listing(
    title="Scans of machines",
    lead="How many machines were scanned in each campaign, what was found, and who has not reported.",
    cells=(
        Cell("Campaign", "name", view="fleet:fleet"),
        Cell("Leading unit", "owner__name"),
        Cell("Days", lambda row: (row.starts, "–", row.ends), "starts", css="nowrap"),
    ),
    empty="No campaign yet. It appears here once one is prepared or a dispatch reaches your unit.",
)


@member(ALL, WRITERS, ("GET",))
def campaigns(request: HttpRequest) -> HttpResponse:
    """The campaigns that scans may belong to; straight to the only one."""
    rows = readable_campaigns(request.user).exclude(state=CampaignState.DRAFT).order_by("-starts", "-pk")
    if len(first := list(rows[:2])) == 1:
        return redirect("fleet:fleet", campaign_id=first[0].pk)
    return CAMPAIGNS.page(request, rows)


@member(ALL, WRITERS, ("GET",))
def fleet(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Return how many machines of a unit and of each branch under it were scanned, what was found, who did not report."""
    campaign = get_campaign(request.user, campaign_id)
    unit, days = _unit(request, campaign), _days(request)
    whole, branches, basis = by_branch(campaign, unit, days, timezone.now())
    context: dict[str, Any] = {
        "campaign": campaign,
        "unit": unit,
        "above": readable_above(request.user, ancestors(unit)),
        "whole": whole,
        "unsearched": searching(campaign, unit.pk).count,
        "page": paged(request, branches),
        "basis": BASES[basis],
        "days": days,
        "choices": DAYS,
        "own": unit.pk in own_units(request.user),
        "hands": bool(access.handing_units(request.user, campaign)),
        "address": f"{absolute('api:api-root')}campaigns/{campaign.pk}/scans",
    }
    return render(request, "fleet/fleet.html", context)


@rate_limited("exports", 60, 300, ("GET",))
@member(ALL, WRITERS, ("GET",))
def export(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The numbers of every unit under a unit as CSV or, with `?as=json`, JSON."""
    campaign = get_campaign(request.user, campaign_id)
    unit = _unit(request, campaign)
    kind = "json" if request.GET.get("as") == "json" else "csv"
    record(request, "fleet.exported", campaign, unit, kind=kind)
    return exporting.units(kind, campaign, unit, _days(request))


@member(WRITERS, WRITERS, ("GET",))
def machines(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The own unit's machines by name, in one state."""
    campaign = get_campaign(request.user, campaign_id)
    unit = access.get_own_unit(request.user, number(request.GET, "unit"))
    show = request.GET.get("show", "all")
    show, days = show if show in SHOWN else "all", _days(request)
    record(request, "fleet.viewed", campaign, unit, show=show)
    page = paged(request, listed(campaign, unit, show, days, timezone.now()))
    context = {
        "campaign": campaign,
        "unit": unit,
        "page": page,
        "rows": [(row, *_state(row)) for row in page],
        "show": show,
        "shown": SHOWN,
        "days": days,
        "choices": DAYS,
    }
    return render(request, "fleet/machines.html", context)


def _state(row: Machine) -> tuple[str, Any]:
    state: str | None = row.state  # type: ignore[attr-defined]
    return (TONES[state], LookState(state).label) if state else ("none", SHOWN["missing"])


@rate_limited("exports", 60, 300, ("GET",))
@member(WRITERS, WRITERS, ("GET",))
def machines_export(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The same machines as CSV or, with `?as=json`, JSON."""
    campaign = get_campaign(request.user, campaign_id)
    unit = access.get_own_unit(request.user, number(request.GET, "unit"))
    show = request.GET.get("show", "all")
    kind = "json" if request.GET.get("as") == "json" else "csv"
    record(request, "fleet.machines_exported", campaign, unit, kind=kind, show=show[:20])
    return exporting.machines(kind, campaign, unit, show, _days(request))


@rate_limited("fleet.inventory", 30, 300)
@member(WRITERS, WRITERS)
def inventory(request: HttpRequest, fleet_unit_id: int) -> HttpResponse:
    """Return which machines the own unit has: a sheet, or their number."""
    unit = access.get_own_unit(request.user, fleet_unit_id)
    size = Size.objects.filter(unit=unit).first()
    form = InventoryForm(
        request.POST or None, request.FILES or None, initial={"machines": size.machines if size else None}
    )
    if request.method == "POST" and form.is_valid():
        try:
            _keep(request, unit, form)
        except LamsachError as problem:
            form.add_error("file", _(problem.what))
        else:
            return redirect("fleet:inventory", fleet_unit_id=unit.pk)
    context = {
        "unit": unit,
        "form": form,
        "count": Machine.objects.filter(unit=unit, listed=True).count(),
        "size": size,
    }
    return render(request, "fleet/inventory.html", context)


def _keep(request: HttpRequest, unit: Unit, form: InventoryForm) -> None:
    if file := form.cleaned_data.get("file"):
        taken = take_inventory(unit, file, request)
        told = _(
            "The inventory names {machines} machines; {nameless} rows without a name or MAC address were left out."
        )
        messages.success(request, told.format(machines=taken.machines, nameless=taken.nameless))
    if form.cleaned_data.get("machines") is not None:
        state_size(unit, form.cleaned_data["machines"], request)
        messages.success(request, _("The number of machines is kept."))
