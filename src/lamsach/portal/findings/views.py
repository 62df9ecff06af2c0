"""Pages of findings: bundles, devices and their merges."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.model import IndicatorType, Questioned, Reason
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import form_page
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import Cell, Listing, Quiet, paged
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.base.uploads import download
from lamsach.portal.findings import access, present, signed
from lamsach.portal.findings.forms import BundleForm, ReasonForm
from lamsach.portal.findings.identities import part
from lamsach.portal.findings.models import (
    Bundle,
    BundleState,
    Device,
    EvidenceLine,
    Identity,
    IdentityKind,
    Merge,
    Sighting,
    Way,
)
from lamsach.portal.findings.taking import Source, keep, plain_file
from lamsach.portal.findings.writing import evidence_changed

BUNDLES = Listing(
    title="Findings",
    lead="What hunts in logs and scans of machines found. Each bundle is taken in once; the cases follow from it.",
    cells=(
        Cell(
            "Bundle",
            lambda row: (row.name, Quiet(f"{row.get_kind_display()}, {row.get_way_display()}")),
            "name",
            view="findings:bundle",
        ),
        Cell("Unit", "unit__name"),
        Cell("State", "shown_state", "state"),
        Cell(
            "Machines",
            lambda row: row.counts.get("devices", 0) if row.state == BundleState.IMPORTED else None,
            css="number",
        ),
        Cell(
            "Days",
            lambda row: (row.first_day, "–", row.last_day) if row.first_day else None,
            "first_day",
            css="nowrap",
        ),
        Cell("Received", "received"),
    ),
    empty="Nothing has been handed in yet. Hunt in your log files, or hand in the bundle that the program wrote.",
    export="bundle.exported",
    template="findings/list.html",
)


@rate_limited("findings.upload", 60, 300)
@member(ALL, WRITERS)
def bundles(request: HttpRequest) -> HttpResponse:
    """The bundles of the person's units; handing one in."""
    form = BundleForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            bundle, new = _hand_in(request, form)
        except LamsachError as problem:
            form.add_error("file", _(problem.what))
        else:
            told = (
                _("The bundle is being taken in.")
                if new
                else _("This bundle was handed in before; nothing changes.")
            )
            messages.success(request, told)
            return redirect("findings:bundle", bundle_id=bundle.pk)
    rows = access.readable_bundles(request.user)
    context = {
        "form": form,
        "may_write": bool(request.user.roles & WRITERS),  # type: ignore[union-attr]
        "own_units": access.keyed_units(request.user),
        "addresses": [
            (campaign, absolute("api:api-root") + f"campaigns/{campaign.pk}/findings")
            for campaign in access.campaigns(request.user)[:5]
        ],
    }
    return BUNDLES.page(request, rows, context)


@member(WRITERS, WRITERS, ("GET",))
def unit_key_file(request: HttpRequest, own_unit_id: int) -> HttpResponse:
    """The unit's key by which hunts mark machines, as a file for the unit's own computers."""
    unit = access.get_own_unit(request.user, own_unit_id)
    record(request, "unit_key.exported", unit, unit)
    response = HttpResponse(present.unit_key(unit.pk).hex() + "\n", content_type="application/octet-stream")
    response["Content-Disposition"] = 'attachment; filename="unit-key"'
    return response


def _hand_in(request: HttpRequest, form: BundleForm) -> tuple[Bundle, bool]:
    file, unit = form.cleaned_data["file"], form.cleaned_data["unit"]
    campaign, mine = form.cleaned_data["campaign"], access.uploading_units(request.user)
    with plain_file(file, file.name, mine.values_list("pk", flat=True)) as plain:
        if not signed.is_signed(plain):
            return keep(plain, file.name, Source(unit, campaign, Way.UPLOAD, request))
        token, begin = signed.read_head(plain)
        access.get_readable(request.user, token.unit_id)
        inner = signed.Inside(plain, begin)
        return keep(inner, file.name, Source(token.unit, campaign, Way.SIGNED, request, token.name))


@member(ALL, WRITERS, ("GET",))
def bundle(request: HttpRequest, bundle_id: int) -> HttpResponse:
    """One bundle: how far it is, how much it holds."""
    found = access.get_bundle(request.user, bundle_id)
    own = found.unit_id in access.own_units(request.user)
    context: dict[str, Any] = {"bundle": found, "own": own, "to_look_at": _to_look_at(found)}
    if own:
        record(request, "bundle.viewed", found, found.unit)
        standing = found.appearances.select_related("device__into").order_by("device__name", "pk")
        context["page"] = paged(request, standing)
        context["merges"] = found.merges.filter(undone=None).select_related("kept", "gone")[:50]
    return render(request, "findings/bundle.html", context)


def _to_look_at(found: Bundle) -> list[tuple[dict[str, Any], str]]:
    """The listed values that accuse nobody, each with the reason in the reader's language."""
    from lamsach.results.doubtful_values import why

    language = get_language() or settings.LANGUAGE_CODE
    return [
        (
            said,
            why(
                Questioned(
                    said["indicator"],
                    IndicatorType(said["indicator_type"]),
                    tuple(Reason(reason["code"], reason["values"]) for reason in said["reasons"]),
                    said["machines"],
                    said["count"],
                ),
                language,
            ),
        )
        for said in found.to_look_at
    ]


@member(ALL, WRITERS, ("GET",))
def bundle_file(request: HttpRequest, own_bundle_id: int) -> HttpResponse:
    """The bundle as it came."""
    found = access.get_bundle(request.user, own_bundle_id, own=True)
    record(request, "bundle.exported", found, found.unit)
    name = found.name if found.name.endswith(".zip") else f"{found.name}.zip"
    return download(name, found.path)


@member(ALL, WRITERS, ("GET",))
@taken_once
def device(request: HttpRequest, device_id: int) -> HttpResponse:
    """One device: what it is known by, what was merged into it, what was seen."""
    found = access.get_device(request.user, device_id)
    record(request, "device.viewed", found, found.unit)
    standing: Device = found.into or found
    members = [standing.pk, *standing.parts.values_list("pk", flat=True)]
    context = {
        "device": standing,
        "nobody": standing.key.startswith("unattributed:"),
        "parts": standing.parts.all(),
        "identities": _identities(members),
        "merges": Merge.objects.filter(kept__in=members, gone__in=members, undone=None).select_related(
            "kept", "gone", "bundle"
        ),
        "undone": Merge.objects.filter(kept__in=members, undone__isnull=False).select_related(
            "kept", "gone", "undone_by"
        ),
        "page": paged(request, Sighting.objects.filter(device__in=members).order_by("-day", "indicator")),
        "lines": EvidenceLine.objects.filter(device__in=members)[:50],
        "cases": standing.cases.filter(superseded=None).select_related("campaign"),
        "form": ReasonForm(),
    }
    return render(request, "findings/device.html", context)


def _identities(members: list[int]) -> Any:
    rows = Identity.objects.filter(device__in=members).exclude(kind=IdentityKind.KEY)
    return rows.order_by("kind", "value").values_list("kind", "value").distinct()


@member(WRITERS, WRITERS)
@taken_once
def merge_undo(request: HttpRequest, merge_id: int) -> HttpResponse:
    """Let two devices that were taken for one be two again."""
    found = access.get_merge(request.user, merge_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            values = {
                "undone": timezone.now(),
                "undone_by": request.user,
                "reason": form.cleaned_data["reason"],
            }
            if Merge.objects.filter(pk=found.pk, undone=None).update(**values):
                touched = part(found)
                record(request, "device.parted", found, found.kept.unit, reason=values["reason"])
                campaigns = access.campaigns(request.user).filter(sightings__device__in=touched).distinct()
                for campaign in campaigns:
                    evidence_changed.send(
                        "merge", campaign=campaign, unit=found.kept.unit, devices=touched, number=found.pk
                    )
        messages.success(request, _("They are two machines again."))
        return redirect("findings:device", device_id=found.kept_id)
    record(request, "merge.viewed", found, found.kept.unit)
    lead = _(
        "{kept} and {gone} become two machines again, each with its own sightings and its own case. They are not merged again."
    ).format(kept=found.kept, gone=found.gone)
    back = reverse("findings:device", args=(found.kept_id,))
    return form_page(request, form, _("Not the same machine"), _("Hold them apart"), lead=lead, back=back)
