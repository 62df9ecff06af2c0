"""The page where an officer takes a filled scanner for the unit's machines, sees which were taken, and revokes one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.base.asked import number
from lamsach.portal.base.check import unchecked_revocation
from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import paged
from lamsach.portal.base.once import made_once, shows_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import LEADERS, WRITERS
from lamsach.portal.campaigns.access import get_campaign
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.fleet import access, handing
from lamsach.portal.fleet.filling import Filled
from lamsach.portal.fleet.models import Handout
from lamsach.portal.fleet.programs import Program, programs
from lamsach.portal.units.models import Unit


@rate_limited("fleet.scanner", 30, 300)
@member(WRITERS, WRITERS)
@shows_once
def scanner(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The scanners that can be taken for a unit, and those that were."""
    campaign = get_campaign(request.user, campaign_id)
    unit = access.get_handing_unit(request.user, campaign, number(request.GET, "unit"))
    if request.method == "POST" and "revoke" in request.POST:
        return _revoke(request, campaign, unit)
    if request.method == "POST":
        return _taken(request, campaign, unit)
    key = handing.signing_key(campaign, unit)
    context: dict[str, Any] = {
        "campaign": campaign,
        "unit": unit,
        "units": access.handing_units(request.user, campaign),
        "programs": [(program, handing.takes(program, key)) for program in programs()],
        "lists": handing.lists_of(campaign),
        "reports": handing.reporting_address(campaign),
        "signer": key.fingerprint if key else "",
        "until": campaign.ends,
        "page": paged(request, _handed_out(campaign, unit).select_related("user")),
        "leads": bool(request.user.roles & LEADERS),  # type: ignore[union-attr]
    }
    return render(request, "fleet/scanner.html", context)


def _handed_out(campaign: Campaign, unit: Unit) -> Any:
    return Handout.objects.filter(campaign=campaign, unit=unit)


def _revoke(request: HttpRequest, campaign: Campaign, unit: Unit) -> HttpResponse:
    found = _handed_out(campaign, unit).filter(pk=number(request.POST, "revoke") or 0).first()
    if found is None:
        raise Http404
    effect = _("Nothing more is taken from it; what it found before stays.")
    page = unchecked_revocation(request, found.program, effect, request.get_full_path())
    if page is not None:
        return page
    handing.revoke(found, request)
    messages.success(request, _("The scanner is revoked: nothing more is taken from it."))
    return redirect(request.get_full_path())


def _filled(request: HttpRequest, program: Program, campaign: Campaign, unit: Unit) -> Filled:
    """A new scanner; for a second press the one of the first."""
    first: list[Filled] = []

    def hand_out() -> handing.Noted:
        noted, filled = handing.hand_out(program, campaign, unit, request)
        first.append(filled)
        return noted

    noted = made_once(request, hand_out)
    return first[0] if first else handing.bytes_of(noted)


def _taken(request: HttpRequest, campaign: Campaign, unit: Unit) -> HttpResponse:
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
        as_attachment=True, filename=handing.name_of(program, campaign, unit)
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]
