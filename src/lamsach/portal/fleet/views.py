"""Pages of scans: progress of a campaign, scanner downloads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import end, record
from lamsach.portal.base.check import revocation_page
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import done
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import Cell, Link, Listing, table_file
from lamsach.portal.base.once import make_once
from lamsach.portal.base.parameters import number
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, LEADERS, WRITERS
from lamsach.portal.campaigns.access import get_campaign, readable_campaigns
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.cases.coverage import WORDS, find_unsearched, states
from lamsach.portal.fleet import access, scanners
from lamsach.portal.fleet.figures import BASES, DAYS, Basis, Branch, Fleet, by_branch, by_unit, requested_days
from lamsach.portal.fleet.filled_zip import FilledZip
from lamsach.portal.fleet.models import Handout
from lamsach.portal.fleet.scanners import Program, programs
from lamsach.portal.units.access import own_units, readable_above, unit_in_address
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import ancestors, descendants

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
"""Headings of exported files."""
LISTED_AS = {
    "found": "",
    "left": "found",
    "cleaned": "cleaned",
    "doubtful": "doubtful",
    "partial": "partial",
    "missing": "missing",
    "silent": "silent",
}
"""Counts of the page of progress, each with the value of `?show=` that lists its machines."""


def _progress(campaign: Campaign, days: int, own: bool) -> Listing:
    """List of branches; with `own`, the counts of the unit alone link to its machines."""

    def count(name: str, show: str) -> Cell:
        def value(row: Branch) -> Any:
            if not row.fleet.scanned and name not in ("missing", "silent"):
                return "–"
            if not row.fleet.expected and name == "missing":
                return _("not known")
            machines = getattr(row.fleet, name)
            address = f"{reverse('fleet:machines', args=(campaign.pk,))}?unit={row.unit.pk}"
            return (
                Link(machines, f"{address}&show={show}&days={days}")
                if own and row.alone and show
                else machines
            )

        return Cell(HEADS[name], value, f"fleet__{name}", css="number")

    return Listing(
        title="Scans of machines",
        cells=(
            Cell("Unit", template="fleet/branch.html", sort="unit__name"),
            Cell(
                "Machines", lambda row: row.fleet.expected or _("not known"), "fleet__expected", css="number"
            ),
            Cell("Scanned", "fleet__scanned", css="number"),
            Cell("", template="fleet/bar.html"),
            *(count(name, show) for name, show in LISTED_AS.items()),
        ),
        empty="No unit is under this one.",
        css="branches",
        template="fleet/fleet.html",
    )


@member(ALL, WRITERS, ("GET",))
def fleet(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show a campaign's counts of machines by unit and branch."""
    campaign = get_campaign(request.user, campaign_id)
    unit, days = unit_in_address(request, campaign.owner), requested_days(request.GET)
    whole, branches, basis = by_branch(campaign, unit, days, timezone.now())
    own = unit.pk in own_units(request.user)
    context: dict[str, Any] = {
        "campaign": campaign,
        "unit": unit,
        "above": readable_above(request.user, ancestors(unit)),
        "whole": whole,
        "unsearched": find_unsearched(campaign, unit.pk).count,
        "basis": BASES[basis],
        "days": days,
        "choices": DAYS,
        "own": own,
        "hands": bool(access.handing_units(request.user, campaign)),
        "address": f"{absolute('api:api-root')}campaigns/{campaign.pk}/scans",
    }
    return _progress(campaign, days, own).page(request, branches, context)


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


@rate_limited("exports", 60, 300, ("GET",))
@member(ALL, WRITERS, ("GET",))
def export(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Export the counts of every unit under a unit as CSV or, with `?as=json`, JSON."""
    campaign = get_campaign(request.user, campaign_id)
    unit = unit_in_address(request, campaign.owner)
    kind = "json" if request.GET.get("as") == "json" else "csv"
    record(request, "fleet.exported", campaign, unit, kind=kind)
    return _units_file(kind, campaign, unit, requested_days(request.GET))


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
    end(found, request, "fleet.scanner_revoked", "revoked", program=found.program)
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
