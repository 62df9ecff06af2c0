"""Pages of findings and hunts; scripts are needed only for files beyond the upload limit."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lamsach.model import IndicatorType, Questioned, Reason
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import ProblemsShown, done, form_page
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import Cell, Link, Listing, Mono, Quiet, machine_cell
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.base.uploads import attachment, download
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.findings import access, hunts, identities, intake
from lamsach.portal.findings.evidence import evidence_changed
from lamsach.portal.findings.forms import BundleForm, HuntForm, ReasonForm
from lamsach.portal.findings.identities import undo_merge
from lamsach.portal.findings.intake import Source, plain_file, store_bundle
from lamsach.portal.findings.models import (
    Bundle,
    BundleKind,
    BundleState,
    Device,
    EvidenceLine,
    Hunt,
    Identity,
    IdentityKind,
    Merge,
    Sighting,
    Way,
)
from lamsach.portal.findings.pieces import add_piece, announce_file, result_page
from lamsach.portal.units.access import get_own_unit, get_unit, own_units
from lamsach.results.labels import product_title

BUNDLES = Listing(
    title="Findings",
    lead="Results of hunts in logs and scans of machines. Each bundle is imported once; the cases follow "
    "from it.",
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
    empty="Nothing has been uploaded yet. Hunt in your log files, or upload the bundle that the program "
    "wrote.",
    export="bundle.exported",
    template="findings/list.html",
)


FOUND = Listing(
    title="Machines",
    cells=(
        machine_cell(
            "machine",
            lambda row: Link(row.device, reverse("findings:device", args=(row.device_id,))),
            "device__name",
        ),
        *(machine_cell(name) for name in ("address", "mac", "user", "department")),
    ),
    template="findings/bundle.html",
)


@rate_limited("findings.upload", 60, 300)
@member(ALL, WRITERS)
def bundles(request: HttpRequest) -> HttpResponse:
    """List the bundles of the user's units; POST uploads one."""
    form = BundleForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        with ProblemsShown(form, "file"):
            bundle, new = _upload(request, form)
            message = (
                _("The bundle is being imported.")
                if new
                else _("This bundle was handed in before; nothing changes.")
            )
            return done(request, message, "findings:bundle", bundle_id=bundle.pk)
    rows = access.readable_bundles(request.user)
    context = {
        "form": form,
        "may_write": bool(request.user.roles & WRITERS),  # type: ignore[union-attr]
        "own_units": access.keyed_units(request.user),
        "addresses": [
            (campaign, absolute("api:api-root") + f"campaigns/{campaign.pk}/findings")
            for campaign in readable_campaigns(request.user)[:5]
        ],
    }
    return BUNDLES.page(request, rows, context)


@member(WRITERS, WRITERS, ("GET",))
def unit_key_file(request: HttpRequest, own_unit_id: int) -> HttpResponse:
    """Download the unit's key, with which hunts mark machines, for the unit's own computers."""
    unit = get_own_unit(request.user, own_unit_id)
    record(request, "unit_key.exported", unit, unit)
    return attachment(identities.unit_key(unit.pk).hex() + "\n", "unit-key")


def _upload(request: HttpRequest, form: BundleForm) -> tuple[Bundle, bool]:
    file, unit = form.cleaned_data["file"], form.cleaned_data["unit"]
    campaign, allowed = form.cleaned_data["campaign"], access.uploading_units(request.user)
    with plain_file(file, file.name, allowed.values_list("pk", flat=True)) as plain:
        if not intake.is_signed(plain):
            return store_bundle(plain, file.name, Source(unit, campaign, Way.UPLOAD, request))
        token, begin = intake.read_signed_head(plain)
        get_unit(request.user, token.unit_id)
        inner = intake.InnerFile(plain, begin)
        return store_bundle(inner, file.name, Source(token.unit, campaign, Way.SIGNED, request, token.name))


@member(ALL, WRITERS, ("GET",))
def bundle(request: HttpRequest, bundle_id: int) -> HttpResponse:
    """Show a bundle's state, counts and machines."""
    found = access.get_bundle(request.user, bundle_id)
    own = found.unit_id in own_units(request.user)
    context: dict[str, Any] = {"bundle": found, "own": own, "to_look_at": _to_look_at(found)}
    if not own:
        return render(request, "findings/bundle.html", context)
    record(request, "bundle.viewed", found, found.unit)
    context |= {"merges": found.merges.filter(undone=None).select_related("kept", "gone")[:50]}
    context["empty"] = _none_found(found)
    rows = found.appearances.select_related("device__into").order_by("device__name", "pk")
    return FOUND.page(request, rows, context)


def _none_found(found: Bundle) -> str:
    """Explain a bundle without machines."""
    if found.kind == BundleKind.SCAN:
        return _("The scan names no machine with a case.")
    if found.partial or not found.counts.get("covered_days"):
        return _(
            "No machine, but no day of a log was searched whole either: that says nothing about the machines."
        )
    if found.to_look_at:
        return _("No machine: only listed values that accuse nobody were seen.")
    return _("No machine: nothing listed was seen in the days that were searched.")


def _to_look_at(found: Bundle) -> list[tuple[dict[str, Any], str]]:
    """Return the values attributed to nobody, each with the translated reason."""
    from lamsach.results.doubtful_values import explain

    language = get_language() or settings.LANGUAGE_CODE
    return [
        (
            entry,
            explain(
                Questioned(
                    entry["indicator"],
                    IndicatorType(entry["indicator_type"]),
                    tuple(Reason(reason["code"], reason["values"]) for reason in entry["reasons"]),
                    entry["machines"],
                    entry["count"],
                ),
                language,
            ),
        )
        for entry in found.to_look_at
    ]


@member(ALL, WRITERS, ("GET",))
def bundle_file(request: HttpRequest, own_bundle_id: int) -> HttpResponse:
    """Download a bundle unchanged."""
    found = access.get_bundle(request.user, own_bundle_id, own=True)
    record(request, "bundle.exported", found, found.unit)
    name = found.name if found.name.endswith(".zip") else f"{found.name}.zip"
    return download(name, found.path)


@member(ALL, WRITERS, ("GET",))
def device(request: HttpRequest, device_id: int) -> HttpResponse:
    """Show a device: identities, merges, sightings."""
    found = access.get_device(request.user, device_id)
    record(request, "device.viewed", found, found.unit)
    target: Device = found.into or found
    members = [target.pk, *target.parts.values_list("pk", flat=True)]
    context = {
        "device": target,
        "nobody": target.key.startswith("unattributed:"),
        "parts": target.parts.all(),
        "identities": _identities(members),
        "merges": Merge.objects.filter(kept__in=members, gone__in=members, undone=None).select_related(
            "kept", "gone", "bundle"
        ),
        "undone": Merge.objects.filter(kept__in=members, undone__isnull=False).select_related(
            "kept", "gone", "undone_by"
        ),
        "lines": EvidenceLine.objects.filter(device__in=members)[:50],
        "cases": target.cases.filter(superseded=None).select_related("campaign"),
        "form": ReasonForm(),
    }
    rows = Sighting.objects.filter(device__in=members).order_by("-day", "indicator")
    return SIGHTINGS.page(request, rows, context)


def _identities(members: list[int]) -> Any:
    rows = Identity.objects.filter(device__in=members).exclude(kind=IdentityKind.KEY)
    return rows.order_by("kind", "value").values_list("kind", "value").distinct()


@member(WRITERS, WRITERS)
def merge_undo(request: HttpRequest, merge_id: int) -> HttpResponse:
    """Undo the merge of two devices."""
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
                touched = undo_merge(found)
                record(request, "device.parted", found, found.kept.unit, reason=values["reason"])
                campaigns = readable_campaigns(request.user).filter(sightings__device__in=touched).distinct()
                for campaign in campaigns:
                    evidence_changed.send(
                        "merge", campaign=campaign, unit=found.kept.unit, devices=touched, number=found.pk
                    )
        return done(request, _("They are two machines again."), "findings:device", device_id=found.kept_id)
    record(request, "merge.viewed", found, found.kept.unit)
    lead = _(
        "{kept} and {gone} become two machines again, each with its own sightings and its own "
        "case. They are not merged again."
    ).format(kept=found.kept, gone=found.gone)
    back = reverse("findings:device", args=(found.kept_id,))
    return form_page(request, form, _("Not the same machine"), _("Hold them apart"), lead=lead, back=back)


SIGHTINGS = Listing(
    title="Sightings",
    cells=(
        Cell("Day", "day", css="nowrap"),
        Cell("Listed address", lambda row: (Mono(row.indicator), Quiet(row.threat)), "indicator"),
        Cell("Log of", lambda row: product_title(row.source) or "–", "source"),
        machine_cell("count", "count", css="number"),
        Cell("Not blocked", "passed", css="number"),
    ),
    template="findings/device.html",
)
HUNTS = Listing(
    title="Hunt in log files",
    cells=(
        Cell("Hunt", "campaign__name", view="findings:hunt"),
        Cell("Unit", "unit__name"),
        Cell("State", "shown_state"),
        Cell("Machines", "devices", css="number"),
        Cell("Begun", "created"),
    ),
    template="findings/hunts.html",
)


@rate_limited("hunts", 60, 300)
@member(WRITERS, WRITERS)
def hunt_new(request: HttpRequest) -> HttpResponse:
    """List the hunts of the user's own units; POST creates one."""
    form = HuntForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        hunt = Hunt.objects.create(user=user_of(request), **form.cleaned_data)
        record(request, "hunt.prepared", hunt, hunt.unit)
        return redirect("findings:hunt", hunt_id=hunt.pk)
    return HUNTS.page(request, access.own_hunts(request.user), {"form": form})


@member(ALL, WRITERS)
def hunt(request: HttpRequest, hunt_id: int) -> HttpResponse:
    """Show a hunt: logs, progress, result. POST adds logs, begins, stops, or deletes the logs."""
    found = access.get_hunt(request.user, hunt_id)
    if request.method == "POST":
        with ProblemsShown(request):
            _act_on_hunt(request, found)
        return redirect("findings:hunt", hunt_id=hunt_id)
    files = list(found.files.all())
    context = {
        "hunt": found,
        "files": files,
        "job": found.job,
        "running": found.job is not None and found.job.state in ("queued", "running"),
        "lists": found.campaign.lists.filter(withdrawn=None),
        "whole": not all(file.nat for file in files) and all(file.received == file.size for file in files),
        "has_nat": any(file.nat for file in files),
        "share": int(100 * found.job.done / found.job.total) if found.job and found.job.total else 0,
    }
    template = (
        "findings/hunt_state.html" if request.headers.get("HX-Target") == "state" else "findings/hunt.html"
    )
    return render(request, template, context)


def _act_on_hunt(request: HttpRequest, found: Hunt) -> None:
    action, nat = request.POST.get("what"), bool(request.POST.get("nat"))
    for upload in request.FILES.getlist("logs"):
        if upload.size:
            file = hunts.LOGS.announce(found, upload.name or "", upload.size, nat=nat)
            hunts.LOGS.add_whole(file, upload)
    if action == "begin":
        hunts.begin(found, request)
    elif action == "stop":
        hunts.LOGS.stop(found, request)
    elif action == "delete" and found.job is not None and found.logs_deleted is None:
        hunts.delete_logs(found)


@member(ALL, WRITERS, ("POST",))
def file_new(request: HttpRequest, hunt_id: int) -> HttpResponse:
    """Register a log (name, size; `nat` for a gateway's); answer with its number and received bytes."""
    found = access.get_hunt(request.user, hunt_id)
    return announce_file(request, partial(hunts.LOGS.announce, found, nat=bool(request.POST.get("nat"))))


@member(ALL, WRITERS, ("POST",))
def file_piece(request: HttpRequest, hunt_id: int, hunt_file_id: int) -> HttpResponse:
    """Append the body to a log at `?offset=`."""
    found = access.get_hunt(request.user, hunt_id)
    file = get_object_or_404(found.files, pk=hunt_file_id)
    return add_piece(request, partial(hunts.LOGS.add, file))


@member(ALL, WRITERS, ("GET",))
def hunt_page(request: HttpRequest, hunt_id: int) -> HttpResponse:
    """Serve the result page of the command line, under a policy that runs and loads nothing."""
    found = access.get_hunt(request.user, hunt_id)
    if not found.page or not default_storage.exists(found.page):
        raise Http404
    record(request, "hunt.viewed", found, found.unit)
    return result_page(found.page)
