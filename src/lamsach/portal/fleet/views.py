"""Pages of scans: progress of a campaign, the own unit's machines and inventory, scanner downloads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record
from lamsach.portal.base.check import revocation_page
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import ProblemsShown, done
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import Cell, Listing, Quiet, State, machine_cell, paged, table_file
from lamsach.portal.base.once import make_once, shows_once
from lamsach.portal.base.parameters import number
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, LEADERS, WRITERS
from lamsach.portal.campaigns.access import get_campaign, readable_campaigns
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.cases.coverage import WORDS, find_unsearched, states
from lamsach.portal.fleet import access, scanners
from lamsach.portal.fleet.figures import (
    BASES,
    DAYS,
    SHOWN,
    TONES,
    USUAL_DAYS,
    Basis,
    Fleet,
    by_branch,
    by_unit,
)
from lamsach.portal.fleet.figures import machines as listed
from lamsach.portal.fleet.filled_zip import FilledZip
from lamsach.portal.fleet.forms import InventoryForm
from lamsach.portal.fleet.inventory import import_inventory, state_size
from lamsach.portal.fleet.models import Handout, LookState, Machine, Size
from lamsach.portal.fleet.scanners import Program, programs
from lamsach.portal.units.access import own_units, readable_above, unit_in_address
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import ancestors, descendants
from lamsach.results.machines import columns


def _days(request: HttpRequest) -> int:
    days = number(request.GET, "days")
    return days if days in DAYS else USUAL_DAYS


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
    """List the campaigns that scans may belong to, or redirect to the only one."""
    rows = readable_campaigns(request.user).exclude(state=CampaignState.DRAFT).order_by("-starts", "-pk")
    if len(first := list(rows[:2])) == 1:
        return redirect("fleet:fleet", campaign_id=first[0].pk)
    return CAMPAIGNS.page(request, rows)


@member(ALL, WRITERS, ("GET",))
def fleet(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show a campaign's counts of machines by unit and branch."""
    campaign = get_campaign(request.user, campaign_id)
    unit, days = unit_in_address(request, campaign.owner), _days(request)
    whole, branches, basis = by_branch(campaign, unit, days, timezone.now())
    context: dict[str, Any] = {
        "campaign": campaign,
        "unit": unit,
        "above": readable_above(request.user, ancestors(unit)),
        "whole": whole,
        "unsearched": find_unsearched(campaign, unit.pk).count,
        "page": paged(request, branches),
        "basis": BASES[basis],
        "days": days,
        "choices": DAYS,
        "own": unit.pk in own_units(request.user),
        "hands": bool(access.handing_units(request.user, campaign)),
        "address": f"{absolute('api:api-root')}campaigns/{campaign.pk}/scans",
    }
    return render(request, "fleet/fleet.html", context)


HEADS = {
    "code": gettext_noop("Unit code"),
    "unit": gettext_noop("Unit"),
    "basis": gettext_noop("Basis"),
    "expected": gettext_noop("Machines"),
    "scanned": gettext_noop("Scanned"),
    "partial": gettext_noop("Not examined wholly"),
    "found": gettext_noop("Malware found"),
    "left": gettext_noop("Still there"),
    "cleaned": gettext_noop("Found and removed"),
    "doubtful": gettext_noop("Suspicious"),
    "missing": gettext_noop("Never reported"),
    "silent": gettext_noop("Silent"),
    "unlisted": gettext_noop("Not in the inventory"),
    "logs": gettext_noop("Logs"),
}
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


def _units_file(kind: str, campaign: Campaign, unit: Unit, days: int) -> HttpResponse:
    """Export the counts of every unit in the subtree, known or not, a row per unit."""
    found = by_unit(campaign, descendants(unit), days, timezone.now())
    log_states = states(campaign, unit.pk)

    def rows() -> Iterator[dict[str, Any]]:
        for inner in descendants(unit).order_by("code").iterator(chunk_size=2000):
            fleet, basis = found.get(inner.pk, (Fleet(unknown=1), Basis.UNKNOWN))
            numbers = {name: getattr(fleet, name) for name in HEADS if hasattr(fleet, name)}
            logs = log_states.get(inner.pk, "not_searched")
            yield {"code": inner.code, "unit": inner.name, "basis": str(basis), **numbers, "logs": logs}

    words = {
        name: {str(key): str(text) for key, text in of.items()}
        for name, of in (("basis", BASES), ("logs", WORDS))
    }
    heads = {name: _(text) for name, text in HEADS.items()}
    return table_file(kind, f"scans-{campaign.pk}", heads, rows(), words)


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


@rate_limited("exports", 60, 300, ("GET",))
@member(ALL, WRITERS, ("GET",))
def export(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Export the counts of every unit under a unit as CSV or, with `?as=json`, JSON."""
    campaign = get_campaign(request.user, campaign_id)
    unit = unit_in_address(request, campaign.owner)
    kind = "json" if request.GET.get("as") == "json" else "csv"
    record(request, "fleet.exported", campaign, unit, kind=kind)
    return _units_file(kind, campaign, unit, _days(request))


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
    show, days = show if show in SHOWN else "all", _days(request)
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
def machines_export(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Export these machines as CSV or, with `?as=json`, JSON."""
    campaign = get_campaign(request.user, campaign_id)
    unit = access.get_own_unit(request.user, number(request.GET, "unit"))
    show = request.GET.get("show", "all")
    kind = "json" if request.GET.get("as") == "json" else "csv"
    record(request, "fleet.machines_exported", campaign, unit, kind=kind, show=show[:20])
    return _machines_file(kind, campaign, unit, show, _days(request))


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
    context = {
        "unit": unit,
        "form": form,
        "count": Machine.objects.filter(unit=unit, listed=True).count(),
        "size": size,
    }
    return render(request, "fleet/inventory.html", context)


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


HANDOUTS = Listing(
    title="Scanner for the unit's machines",
    cells=(
        Cell("Program", "name", "program"),
        Cell("Time of download", "made"),
        Cell("Downloaded by", lambda row: row.user.name if row.user and row.user.name else "–", "user__name"),
        Cell("Last report", "last_used"),
        Cell("", template="base/revoke.html"),
    ),
    empty="None yet.",
    template="fleet/scanner.html",
)


@rate_limited("fleet.scanner", 30, 300)
@member(WRITERS, WRITERS)
@shows_once
def scanner(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show scanners to download for a unit, and issued ones. POST issues or revokes one."""
    campaign = get_campaign(request.user, campaign_id)
    unit = access.get_handing_unit(request.user, campaign, number(request.GET, "unit"))
    if request.method == "POST" and "revoke" in request.POST:
        return _revoke(request, campaign, unit)
    if request.method == "POST":
        return _download(request, campaign, unit)
    key = scanners.signing_key(campaign, unit)
    context: dict[str, Any] = {
        "campaign": campaign,
        "unit": unit,
        "units": access.handing_units(request.user, campaign),
        "programs": [(program, scanners.accepts(program, key)) for program in programs()],
        "lists": scanners.lists_of(campaign),
        "reports": scanners.reporting_address(campaign),
        "signer": key.fingerprint if key else "",
        "until": campaign.ends,
        "leads": bool(request.user.roles & LEADERS),  # type: ignore[union-attr]
    }
    return HANDOUTS.page(request, _issued(campaign, unit).select_related("user"), context)


def _issued(campaign: Campaign, unit: Unit) -> Any:
    return Handout.objects.filter(campaign=campaign, unit=unit)


def _revoke(request: HttpRequest, campaign: Campaign, unit: Unit) -> HttpResponse:
    found = get_object_or_404(_issued(campaign, unit), pk=number(request.POST, "revoke") or 0)
    effect = _("Nothing more is accepted from it; what it found before stays.")
    page = revocation_page(request, found.program, effect, request.get_full_path())
    if page is not None:
        return page
    scanners.revoke(found, request)
    return done(
        request, _("The scanner is revoked: nothing more is accepted from it."), request.get_full_path()
    )


def _filled(request: HttpRequest, program: Program, campaign: Campaign, unit: Unit) -> FilledZip:
    """Issue a scanner; a repeated request gets the first one again."""
    first: list[FilledZip] = []

    def issue() -> scanners.IssuedScanner:
        issued, filled = scanners.issue(program, campaign, unit, request)
        first.append(filled)
        return issued

    issued = make_once(request, issue)
    return first[0] if first else scanners.content_of(issued)


def _download(request: HttpRequest, campaign: Campaign, unit: Unit) -> HttpResponse:
    wanted = number(request.POST, "program")
    program = next((program for program in programs() if program.tool.pk == wanted), None)
    if program is None:
        raise Http404
    try:
        filled = _filled(request, program, campaign, unit)
    except LamsachError as problem:
        messages.error(request, _(problem.what))
        return redirect(request.get_full_path())
    response = StreamingHttpResponse(filled.pieces(), content_type="application/octet-stream")
    response["Content-Length"] = str(filled.size)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=scanners.name_of(program, campaign, unit)
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]
