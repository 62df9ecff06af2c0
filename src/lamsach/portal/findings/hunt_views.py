"""Pages of hunts in the portal. Everything works without scripts for files within the upload limit; with them, files of any size in pieces."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import Cell, Listing
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.findings import access, hunting
from lamsach.portal.findings.forms import HuntForm
from lamsach.portal.findings.models import Hunt, HuntFile
from lamsach.portal.findings.uploading import added, announced, result_page

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
@taken_once
def hunt_new(request: HttpRequest) -> HttpResponse:
    """The hunts of the person's own units; beginning one."""
    form = HuntForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        user: Any = request.user
        hunt = Hunt.objects.create(user=user, **form.cleaned_data)
        record(request, "hunt.prepared", hunt, hunt.unit)
        return redirect("findings:hunt", hunt_id=hunt.pk)
    return HUNTS.page(request, access.own_hunts(request.user), {"form": form})


@member(ALL, WRITERS)
def hunt(request: HttpRequest, hunt_id: int) -> HttpResponse:
    """One hunt: its logs, how far it is, its result. POST adds logs, begins, stops or deletes the logs."""
    found = access.get_hunt(request.user, hunt_id)
    if request.method == "POST":
        try:
            _act(request, found)
        except LamsachError as problem:
            messages.error(request, f"{problem.where} {_(problem.what)}".strip())
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


def _act(request: HttpRequest, found: Hunt) -> None:
    what, nat = request.POST.get("what"), bool(request.POST.get("nat"))
    for upload in request.FILES.getlist("logs"):
        if upload.size:
            file = hunting.LOGS.announce(found, upload.name or "", upload.size, nat=nat)
            hunting.LOGS.take_whole(file, upload)
    if what == "begin":
        hunting.begin(found, request)
    elif what == "stop":
        hunting.LOGS.stop(found, request)
    elif what == "delete" and found.job is not None and found.logs_deleted is None:
        hunting.delete_logs(found)


@member(ALL, WRITERS, ("POST",))
def file_new(request: HttpRequest, hunt_id: int) -> HttpResponse:
    """Announce a log (name, size; `nat` when it is a gateway's NAT log): its number, and how much of it is there already."""
    found = access.get_hunt(request.user, hunt_id)
    return announced(request, partial(hunting.LOGS.announce, found, nat=bool(request.POST.get("nat"))))


@member(ALL, WRITERS, ("POST",))
def file_piece(request: HttpRequest, hunt_id: int, hunt_file_id: int) -> HttpResponse:
    """A piece of a log: the body's bytes, at `?offset=`."""
    found = access.get_hunt(request.user, hunt_id)
    file: HuntFile | None = found.files.filter(pk=hunt_file_id).first()
    if file is None:
        raise Http404
    return added(request, partial(hunting.LOGS.add, file))


@member(ALL, WRITERS, ("GET",))
def hunt_page(request: HttpRequest, hunt_id: int) -> HttpResponse:
    """The result, as the command line writes it, under a policy that lets nothing run or load but its own style."""
    found = access.get_hunt(request.user, hunt_id)
    if not found.page or not default_storage.exists(found.page):
        raise Http404
    record(request, "hunt.viewed", found, found.unit)
    return result_page(found.page)
