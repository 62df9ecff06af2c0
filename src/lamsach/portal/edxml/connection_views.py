"""Pages of connections to document-management systems."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import form_page, tell_wrong
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.edxml import access, secrets
from lamsach.portal.edxml.forms import ConnectionForm, KeyForm
from lamsach.portal.edxml.models import Connection
from lamsach.portal.edxml.views import say
from lamsach.portal.jobs.queue import enqueue


@member(COORDINATORS, COORDINATORS)
@taken_once
def new(request: HttpRequest) -> HttpResponse:
    """Another connection."""
    form = ConnectionForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        made: Connection = form.save(commit=False)
        made.created_by = request.user  # type: ignore[assignment]
        made.save()
        record(request, "edxml.connection_made", made, made.unit, name=made.name)
        messages.success(request, _("The connection is set up. Its folders are watched from now on."))
        return redirect("edxml:connection", connection_id=made.pk)
    return _form_page(request, form, _("Add a connection"))


@member(COORDINATORS, COORDINATORS)
@taken_once
def edit(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Change a connection."""
    found = access.get_connection(request.user, connection_id)
    form = ConnectionForm(request.POST or None, instance=found, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save(commit=False).save()
        record(request, "edxml.connection_changed", found, found.unit, fields=form.changed_data)
        messages.success(request, _("Saved."))
        return redirect("edxml:connection", connection_id=connection_id)
    return _form_page(request, form, found.name, connection=found)


def _form_page(request: HttpRequest, form: ConnectionForm, title: str, **said: Any) -> HttpResponse:
    lead = _(
        "A document-management system puts its edXML files into one folder and fetches ours from another. Fill in the lower fields only when it offers a service instead."
    )
    return form_page(
        request, form, title, _("Save the connection"), lead=lead, crumbs="edxml/crumbs.html", **said
    )


@member(COORDINATORS, COORDINATORS)
@taken_once
def connection(request: HttpRequest, connection_id: int) -> HttpResponse:
    """A connection: its folders, its last run. POST runs it now, sets or forgets its key, or ends it."""
    found = access.get_connection(request.user, connection_id)
    if request.method == "POST":
        return _act(request, found)
    context = {
        "connection": found,
        "key": KeyForm(),
        "queued": found.messages.filter(state="queued").count(),
        "recent": found.messages.select_related("unit")[:20],
    }
    return render(request, "edxml/connection.html", context)


def _act(request: HttpRequest, found: Connection) -> HttpResponse:
    what = request.POST.get("what")
    rows = Connection.objects.filter(pk=found.pk)
    if what == "carry" and found.ended is None:
        enqueue("edxml.carry", request.user, connection_id=found.pk)
        messages.success(request, _("Messages are fetched and sent now."))
    elif what == "key":
        _key(request, found)
    elif what == "forget_key":
        rows.update(locked_key="", signer="")
        record(request, "edxml.key_ended", found, found.unit)
        messages.success(request, _("The key is forgotten. What goes out is not signed any more."))
    elif what == "end":
        rows.update(ended=timezone.now(), locked_key="", locked_headers="")
        record(request, "edxml.connection_ended", found, found.unit)
        messages.success(request, _("The connection is ended. Its key and headers are forgotten."))
        return redirect("edxml:overview")
    return redirect("edxml:connection", connection_id=found.pk)


def _key(request: HttpRequest, found: Connection) -> None:
    form = KeyForm(request.POST, request.FILES)
    if not form.is_valid():
        tell_wrong(request, form)
        return
    try:
        locked, signer = secrets.lock_key(form.cleaned_data["key"].read(), form.cleaned_data["password"])
    except LamsachError as problem:
        say(request, problem)
        return
    Connection.objects.filter(pk=found.pk).update(locked_key=locked, signer=signer[:300])
    record(request, "edxml.key_made", found, found.unit, name=signer[:200])
    messages.success(request, _("What goes out by the connection is signed from now on."))
