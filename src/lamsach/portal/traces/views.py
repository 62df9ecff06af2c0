"""Pages of traces; scripts are needed only for logs beyond the upload limit."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django import forms
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _

from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import ProblemsShown, text
from lamsach.portal.base.lists import Cell, Listing
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.base.uploads import download
from lamsach.portal.findings.access import open_campaigns, own_uploading_units
from lamsach.portal.findings.pieces import add_piece, announce_file, result_page
from lamsach.portal.traces import access, files, rows, runs
from lamsach.portal.traces.models import FileKind, Trace
from lamsach.portal.units.forms import Offered, UnitField


class TraceForm(Offered):
    """Unit, campaign, and details of the answer letter."""

    offered: ClassVar = {"campaign": open_campaigns, "unit": own_uploading_units}
    campaign: Any = forms.ModelChoiceField(
        None,
        label=_("Campaign"),
        required=False,
        empty_label=_("None: only answer the authority"),
        help_text=_(
            "Each machine that is found gets its case there; what is not explained becomes a question."
        ),
    )
    unit: Any = UnitField()
    answers = text(
        _("Document of the authority"),
        300,
        required=False,
        help_text=_("Its number and date; the answer letter names it. It may be left open."),
    )
    addressee = text(_("Addressee of the answer"), 200, required=False)
    number = text(
        _("Number and symbol of the answer"),
        60,
        required=False,
        help_text=_("Such as 5/TTCNTT-ATTT. It may be left open."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        campaign: Any = self.fields["campaign"]
        campaign.initial = campaign.queryset.first()


_FIELDS = (("lists", FileKind.LIST), ("inventory", FileKind.INVENTORY), ("logs", FileKind.LOG))


TRACES = Listing(
    title="Trace of public addresses",
    cells=(
        Cell("Trace", lambda row: row.answers or row.pk, "answers", view="traces:trace"),
        Cell("Unit", "unit__name"),
        Cell("State", "shown_state"),
        Cell("Named by the authority", "listed", css="number"),
        Cell(
            "Explained", lambda row: None if row.listed is None else row.explained, "explained", css="number"
        ),
        Cell("Begun", "created"),
    ),
    template="traces/traces.html",
)


@rate_limited("traces", 60, 300)
@member(WRITERS, WRITERS)
def traces(request: HttpRequest) -> HttpResponse:
    """List the traces of the user's own units; POST creates one."""
    form = TraceForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        made = Trace.objects.create(user=user_of(request), **form.cleaned_data)
        record(request, "trace.prepared", made, made.unit)
        return redirect("traces:trace", trace_id=made.pk)
    return TRACES.page(request, access.own_traces(request.user), {"form": form})


@member(ALL, WRITERS)
def trace(request: HttpRequest, trace_id: int) -> HttpResponse:
    """Show a trace: files, progress, result. POST adds files, begins, stops, or deletes the result."""
    found = access.get_trace(request.user, trace_id)
    if request.method == "POST":
        with ProblemsShown(request):
            _act(request, found)
        return redirect("traces:trace", trace_id=trace_id)
    stored = list(found.files.all())
    kinds = {file.kind for file in stored}
    job = found.job
    context = {
        "trace": found,
        "files": stored,
        "job": job,
        "running": job is not None and job.state in ("queued", "running"),
        "has_list": FileKind.LIST in kinds,
        "has_logs": FileKind.LOG in kinds,
        "whole": kinds >= {FileKind.LIST, FileKind.LOG}
        and all(file.received == file.size for file in stored),
        "share": int(100 * job.done / job.total) if job and job.total else 0,
        "left": (found.listed or 0) - found.explained,
    }
    if _has_result(found):
        context |= rows.rows_of(request, found)
        record(request, "trace.viewed", found, found.unit)
    partly = request.headers.get("HX-Target") == "state"
    return render(request, "traces/state.html" if partly else "traces/trace.html", context)


def _act(request: HttpRequest, found: Trace) -> None:
    action = request.POST.get("what")
    for field, kind in _FIELDS:
        for upload in request.FILES.getlist(field):
            if upload.size:
                files.add_whole(found, kind, upload)
    if action == "begin":
        runs.begin(found, request)
    elif action == "stop":
        files.FILES.stop(found, request)
    elif action == "delete" and found.listed is not None and found.result_deleted is None:
        files.delete_result(found, request)


@member(ALL, WRITERS, ("POST",))
def file_new(request: HttpRequest, trace_id: int) -> HttpResponse:
    """Register a log (name, size); answer with its number and received bytes."""
    found = access.get_trace(request.user, trace_id)
    return announce_file(request, lambda name, size: files.announce(found, FileKind.LOG, name, size))


@member(ALL, WRITERS, ("POST",))
def file_piece(request: HttpRequest, trace_id: int, trace_file_id: int) -> HttpResponse:
    """Append the body to a log at `?offset=`."""
    found = access.get_trace(request.user, trace_id)
    file = get_object_or_404(found.files, pk=trace_file_id)
    return add_piece(request, partial(files.FILES.add, file))


@member(ALL, WRITERS, ("GET",))
def result(request: HttpRequest, trace_id: int) -> HttpResponse:
    """Serve the result page of the command line, under a policy that runs and loads nothing."""
    found = access.get_trace(request.user, trace_id)
    path = files.result_path(found, "html")
    if not _has_result(found) or not default_storage.exists(path):
        raise Http404
    record(request, "trace.viewed", found, found.unit)
    return result_page(path)


def _has_result(found: Trace) -> bool:
    return found.listed is not None and found.result_deleted is None


@member(ALL, WRITERS, ("GET",))
def document(request: HttpRequest, trace_id: int, document: str) -> HttpResponse:
    """Download the answer letter (`docx`, `pdf`) or the table of the result (`xlsx`)."""
    found = access.get_trace(request.user, trace_id)
    if document not in ("xlsx", "docx", "pdf") or not _has_result(found):
        raise Http404
    answer = download(f"lamsach-trace-{found.pk}.{document}", files.result_path(found, document))
    record(request, "trace.exported", found, found.unit, kind=document)
    return answer
