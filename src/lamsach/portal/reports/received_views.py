"""Filled forms from outside: compared with the file, corrected, filed by the receiver of the reports."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.letters.filled_form import FormValue, read_filled
from lamsach.letters.form import parse_form
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.errors import Stale, conflict
from lamsach.portal.base.forms import FileForm, done, store_upload
from lamsach.portal.base.lists import Cell, Listing, Quiet
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.base.uploads import StoredFile, download
from lamsach.portal.campaigns.access import get_campaign
from lamsach.portal.reports import access, arrivals
from lamsach.portal.reports.content import figures_of, form_of
from lamsach.portal.reports.files import file_confirmed
from lamsach.portal.reports.forms import DraftForm, ReceivedForm
from lamsach.portal.reports.models import Figure, Received, ReceivedState, Report, Way, scan_columns

LARGEST_BYTES = 10_000_000


RECEIVED = Listing(
    title="Reports that came in",
    cells=(
        Cell(
            "Unit",
            lambda row: row.unit.name if row.unit else _("unit not recognised"),
            "unit__name",
            view="reports:received",
        ),
        Cell("Campaign", lambda row: row.campaign.name if row.campaign else "–", "campaign__name"),
        Cell("File", lambda row: (row.name, Quiet(f"{row.get_way_display()} {row.sender}")), "name"),
        Cell("Came", "received"),
        Cell("State", "shown_state", "state"),
    ),
    empty="Nothing here. Forms that units send by e-mail appear by themselves.",
    export="report.exported",
    template="reports/received_list.html",
)


@member(COORDINATORS, COORDINATORS, ("GET",))
def received_list(request: HttpRequest) -> HttpResponse:
    """Received forms, by default the waiting ones."""
    rows = access.readable_received(request.user)
    state = request.GET.get("state", ReceivedState.WAITING)
    waiting = rows.filter(state=ReceivedState.WAITING).count()
    context = {"state": state, "states": ReceivedState.choices, "waiting": waiting}
    return RECEIVED.page(
        request, rows.filter(state=state) if state in ReceivedState.values else rows, context
    )


@member(COORDINATORS, COORDINATORS)
def received(request: HttpRequest, received_id: int) -> HttpResponse:
    """A received form next to its file; filing it creates the unit's sent report, accepted as usual."""
    form_received = access.get_received(request.user, received_id)
    form = ReceivedForm(request.POST or None, received=form_received, user=request.user)
    if request.method == "POST":
        if form_received.state != ReceivedState.WAITING:
            raise Stale
        if "dismiss" in request.POST:
            return _dismiss(request, form_received)
        if form.is_valid():
            return _file(request, form_received, form)
    labels = {field.key: field.label for field in form.definition.fields}
    labels |= {row.key: row.label for row in form.definition.rows}
    read = [
        {**value, "label": labels[value["key"]], "sure": value["sure"] >= 0.85}
        for value in form_received.values
        if value["key"] in labels
    ]
    return render(request, "reports/received.html", {"received": form_received, "form": form, "read": read})


def _dismiss(request: HttpRequest, entry: Received) -> HttpResponse:
    with transaction.atomic():
        if not _decided(request, entry, state=ReceivedState.DISMISSED):
            raise Stale
        record(request, "report.set_aside", entry, entry.unit, name=entry.name)
    return done(request, _("It is set aside; the file is kept."), "reports:received_list")


def _decided(request: HttpRequest, entry: Received, **columns: Any) -> bool:
    """Decide on a waiting form; False if it was decided meanwhile."""
    rows = Received.objects.filter(pk=entry.pk, state=ReceivedState.WAITING)
    return bool(rows.update(decided=timezone.now(), decided_by=request.user.pk, **columns))


def _file(request: HttpRequest, entry: Received, form: ReceivedForm) -> HttpResponse:
    campaign, unit = form.cleaned_data["campaign"], form.cleaned_data["code"]
    if not access.receives(request.user, campaign, unit):
        raise PermissionDenied
    reason = _("From the form that was sent in: {name}").format(name=entry.name)[:500]
    try:
        with transaction.atomic():
            if not _decided(request, entry, state=ReceivedState.FILED, campaign=campaign, unit=unit):
                return conflict(request)
            report = file_confirmed(
                campaign,
                unit,
                form.texts(),
                form.part("value_"),
                by=request.user,
                reason=reason,
                columns=scan_columns(entry),
            )
            Received.objects.filter(pk=entry.pk).update(report=report)
    except Stale:
        messages.error(
            request, _("The unit's report is being written or approved in the portal. Nothing was filed.")
        )
        return redirect("reports:received", received_id=entry.pk)
    messages.success(request, _("The report is filed. Please accept it or return it."))
    return redirect("reports:report", report_id=report.pk)


@member(COORDINATORS, COORDINATORS, ("GET",))
def received_file(request: HttpRequest, received_id: int) -> HttpResponse:
    """The file as received."""
    entry = access.get_received(request.user, received_id)
    record(request, "report.received_downloaded", entry, entry.unit)
    return download(entry.name, entry.path)


def _filled(request: HttpRequest, kinds: tuple[str, ...]) -> tuple[StoredFile, bytes] | None:
    """Store a filled form; returns the file and its bytes, or None after an error message."""
    file: Any = request.FILES.get("file")
    if not FileForm(request.POST, request.FILES).is_valid() or file.size > LARGEST_BYTES:
        messages.error(request, _("Choose a filled form as DOCX or XLSX, at most 10 MB."))
        return None
    stored = store_upload(request, kinds)
    if stored is None:
        return None
    file.seek(0)
    return stored, file.read()


@member(COORDINATORS, COORDINATORS, ("POST",))
def take_file(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Accept a filled form (DOCX, XLSX, JSON) received otherwise; it is shown before it is filed."""
    campaign = get_campaign(request.user, campaign_id)
    back = redirect("reports:overview", campaign_id=campaign_id)
    filled = _filled(request, arrivals.ENDINGS)
    if filled is None:
        return back
    stored, content = filled
    read = arrivals.read(stored.name, content, parse_form(campaign.form.definition))
    if not read:
        messages.error(request, _("Nothing of the form was found in this file."))
        return back
    unit, found_by = arrivals.unit_named(read, campaign)
    if unit is not None and not access.receives(request.user, campaign, unit):
        unit, found_by = None, ""
    sender = str(getattr(request.user, "email", ""))
    new = arrivals.store_received(campaign, unit, stored, read, Way.UPLOAD, sender=sender, found_by=found_by)
    record(request, "report.form_read", new, unit, name=stored.name, sha256=stored.sha256)
    return redirect("reports:received", received_id=new.pk)


@member(ALL, WRITERS, ("POST",))
def from_file(request: HttpRequest, report_id: int) -> HttpResponse:
    """Read a filled DOCX or XLSX into the draft's form; the person still has to save it."""
    report = access.get_report(request.user, report_id, write=True)
    if not report.is_open:
        raise Stale
    filled = _filled(request, ("docx", "xlsx"))
    if filled is None:
        return redirect("reports:edit", report_id=report_id)
    stored, content = filled
    form, figures = form_of(report), figures_of(report)
    try:
        read = read_filled(content, form)
    except LamsachError as problem:
        messages.error(request, f"{_(problem.what)} {_(problem.todo)}")
        return redirect("reports:edit", report_id=report_id)
    record(request, "report.form_read", report, report.unit, name=stored.name, sha256=stored.sha256)
    seen = Report.objects.get(pk=report.pk)
    initial = _initial(read, figures, stored.name)
    draft = DraftForm(instance=seen, form=form, figures=figures, overrides=initial)
    context = {
        "report": report,
        "campaign": report.campaign,
        "form": draft,
        "read": _shown(read, form, figures),
        "file": stored.name,
    }
    return render(request, "reports/edit.html", context)


def _initial(read: tuple[FormValue, ...], figures: dict[str, Figure], name: str) -> dict[str, Any]:
    """The file's values, as initial values of the draft's form."""
    values: dict[str, Any] = {}
    for entry in read:
        figure = figures.get(entry.key)
        if figure is None and entry.raw and entry.key != "unit":
            values[f"text_{entry.key}"] = entry.raw
        elif figure is not None and entry.value is not None and entry.value != figure.computed:
            values[f"stated_{entry.key}"] = entry.value
            values[f"reason_{entry.key}"] = _("From the form that was sent in: {name}").format(name=name)[
                :500
            ]
    return values


def _shown(read: tuple[FormValue, ...], form: Any, figures: dict[str, Figure]) -> list[dict[str, Any]]:
    """For the page: label, text in the file, number read, certainty."""
    labels = {item.key: item.label for item in (*form.fields, *form.rows)}
    return [
        {
            "label": labels[entry.key],
            "raw": entry.raw,
            "value": entry.value,
            "is_figure": entry.key in figures,
            "sure": entry.sure >= 0.85 or (entry.key not in figures and bool(entry.raw)),
        }
        for entry in read
    ]
