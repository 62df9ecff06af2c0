"""Pages of the own unit's machines: list by state, export, inventory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import ProblemsShown, form_page
from lamsach.portal.base.lists import Cell, Listing, Quiet, State, machine_cell, table_file
from lamsach.portal.base.parameters import number
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import WRITERS
from lamsach.portal.campaigns.access import get_campaign
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.fleet import access
from lamsach.portal.fleet.figures import DAYS, SHOWN, TONES, requested_days
from lamsach.portal.fleet.figures import machines as listed
from lamsach.portal.fleet.forms import InventoryForm
from lamsach.portal.fleet.inventory import import_inventory, state_size
from lamsach.portal.fleet.models import LookState, Machine, Size
from lamsach.portal.units.models import Unit
from lamsach.results.machines import columns

MACHINE_HEADS = {
    **{column.attribute: column.heading for column in columns("machine", "department", "state")},
    "received": gettext_noop("Last report"),
    "mode": gettext_noop("Kind of scan"),
    "malicious": gettext_noop("Malicious"),
    "left": gettext_noop("Still there"),
    "suspicious": gettext_noop("Suspicious"),
    "risk": gettext_noop("Risk"),
    "skipped": gettext_noop("Not examined"),
    "version": gettext_noop("Version of the scanner"),
    "listed": gettext_noop("In the inventory"),
}
"""Headings of exported files."""


def _machines_file(kind: str, campaign: Campaign, unit: Unit, show: str, days: int) -> HttpResponse:
    """Export the unit's machines in a state, with their last scan."""

    def rows() -> Iterator[dict[str, Any]]:
        chosen: Any = listed(campaign, unit, show, days, timezone.now())
        for machine in chosen.iterator(chunk_size=2000):
            row = {name: getattr(machine, name) for name in MACHINE_HEADS}
            at = row["received"]
            yield row | {
                "name": str(machine),
                "received": timezone.localtime(at).isoformat(timespec="seconds") if at else "",
            }

    words: dict[str, dict[Any, str]] = {
        "state": {state.value: str(state.label) for state in LookState} | {None: _("never reported")},
        "listed": {True: _("yes"), False: _("no")},
    }
    heads = {name: _(text) for name, text in MACHINE_HEADS.items()}
    return table_file(kind, f"machines-{campaign.pk}", heads, rows(), words)


MODES = {"full": gettext_lazy("full"), "": ""}
MACHINES = Listing(
    title="Scanned machines",
    cells=(
        machine_cell("machine", lambda row: (str(row), Quiet(row.department)), "name"),
        machine_cell("state", lambda row: _state(row), "rank"),
        Cell("Last report", "received"),
        Cell("Kind of scan", lambda row: MODES.get(row.mode or "", _("quick")), "mode"),
        *(
            Cell(label, name, css="number")
            for label, name in (
                ("Malicious", "malicious"),
                ("Still there", "left"),
                ("Suspicious", "suspicious"),
                ("Risk", "risk"),
                ("Not examined", "skipped"),
            )
        ),
        Cell("Inventory", lambda row: _("yes") if row.listed else _("no"), "listed"),
    ),
    empty="No machine in this state.",
    template="fleet/machines.html",
)


@member(WRITERS, WRITERS, ("GET",))
def machines(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """List the own unit's machines by name, in a state."""
    campaign = get_campaign(request.user, campaign_id)
    unit = access.get_own_unit(request.user, number(request.GET, "unit"))
    show = request.GET.get("show", "all")
    show, days = show if show in SHOWN else "all", requested_days(request.GET)
    record(request, "fleet.viewed", campaign, unit, show=show)
    rows = listed(campaign, unit, show, days, timezone.now())
    context = {
        "campaign": campaign,
        "unit": unit,
        "show": show,
        "shown": SHOWN,
        "days": days,
        "choices": DAYS,
    }
    return MACHINES.page(request, rows, context)


def _state(row: Machine) -> State:
    state: str | None = row.state  # type: ignore[attr-defined]
    return State(TONES[state], LookState(state).label) if state else State("none", SHOWN["missing"])


@rate_limited("exports", 60, 300, ("GET",))
@member(WRITERS, WRITERS, ("GET",))
def export(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Export these machines as CSV or, with `?as=json`, JSON."""
    campaign = get_campaign(request.user, campaign_id)
    unit = access.get_own_unit(request.user, number(request.GET, "unit"))
    show = request.GET.get("show", "all")
    kind = "json" if request.GET.get("as") == "json" else "csv"
    record(request, "fleet.machines_exported", campaign, unit, kind=kind, show=show[:20])
    return _machines_file(kind, campaign, unit, show, requested_days(request.GET))


@rate_limited("fleet.inventory", 30, 300)
@member(WRITERS, WRITERS)
def inventory(request: HttpRequest, fleet_unit_id: int) -> HttpResponse:
    """Show the own unit's inventory. POST uploads a sheet, or states the number of machines."""
    unit = access.get_own_unit(request.user, fleet_unit_id)
    size = Size.objects.filter(unit=unit).first()
    form = InventoryForm(
        request.POST or None, request.FILES or None, initial={"machines": size.machines if size else None}
    )
    if request.method == "POST" and form.is_valid():
        with ProblemsShown(form, "file"):
            _keep(request, unit, form)
            return redirect("fleet:inventory", fleet_unit_id=unit.pk)
    context: Any = {
        "template": "fleet/inventory.html",
        "unit": unit,
        "count": Machine.objects.filter(unit=unit, listed=True).count(),
        "size": size,
    }
    title = _("Inventory: %(name)s") % {"name": unit.name}
    return form_page(request, form, title, _("Keep the inventory"), **context)


def _keep(request: HttpRequest, unit: Unit, form: InventoryForm) -> None:
    if file := form.cleaned_data.get("file"):
        imported = import_inventory(unit, file, request)
        message = _(
            "The inventory names {machines} machines; {nameless} rows without a name or MAC "
            "address were left out."
        )
        messages.success(request, message.format(machines=imported.machines, nameless=imported.nameless))
    if form.cleaned_data.get("machines") is not None:
        state_size(unit, form.cleaned_data["machines"], request)
        messages.success(request, _("The number of machines is kept."))
