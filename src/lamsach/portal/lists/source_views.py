"""Pages of sources with their schedules, and of outlets."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record
from lamsach.portal.base.check import unchecked_revocation
from lamsach.portal.base.doors import member
from lamsach.portal.base.links import absolute
from lamsach.portal.base.once import made_once, shows_once, taken_once
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.lists import access, mirrored, outlets
from lamsach.portal.lists.forms import OriginForm, OutletForm
from lamsach.portal.lists.models import Origin
from lamsach.portal.lists.views import list_form_page


@member(COORDINATORS, COORDINATORS, ("POST",))
@taken_once
def origin_add(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """A source with its schedule."""
    kept = access.get_list(request.user, kept_list_id, write=True)
    form = OriginForm(request.POST)
    if form.is_valid() and not kept.origins.filter(name=form.cleaned_data["name"]).exists():
        with transaction.atomic():
            made = form.save(commit=False)
            made.list = kept
            made.save()
            record(request, "list.source_added", made, kept.unit, name=made.name, url=made.url)
        messages.success(request, _("The source is fetched within a minute."))
        return redirect("lists:list", kept_list_id=kept.pk)
    if form.is_valid():
        form.add_error("name", _("The list has a source of this name already."))
    return list_form_page(request, form, _("Add a source"), _("Add the source"), kept)


@member(COORDINATORS, COORDINATORS)
def origin(request: HttpRequest, origin_id: int) -> HttpResponse:
    """Change a source; `fetch` fetches it now, `remove` removes it (its document stays)."""
    found = access.get_origin(request.user, origin_id)
    kept = found.list
    if request.method == "POST" and "fetch" in request.POST:
        enqueue("lists.fetch", request.user, origin_id=found.pk)
        record(request, "list.fetch_asked", found, kept.unit)
        return redirect("lists:list", kept_list_id=kept.pk)
    if request.method == "POST" and "remove" in request.POST:
        with transaction.atomic():
            record(request, "list.source_removed", found, kept.unit, name=found.name, url=found.url)
            Origin.objects.filter(pk=found.pk).delete()
        mirrored.forget(origin_id)
        return redirect("lists:list", kept_list_id=kept.pk)
    had_key = bool(found.locked_key)
    form = OriginForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            record(request, "list.source_changed", found, kept.unit, fields=form.changed_data)
        if form.forgets:
            messages.warning(
                request,
                _(
                    "The address leads to another server now, so the key that was kept is forgotten: enter one for this server."
                ),
            )
        return redirect("lists:list", kept_list_id=kept.pk)
    said = {"template": "lists/origin.html", "origin": found, "had_key": had_key}
    return list_form_page(request, form, found.name, _("Save the source"), kept, **said)


@member(COORDINATORS, COORDINATORS, ("POST",))
@shows_once
def outlet_add(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """A new outlet; its address is shown once."""
    kept = access.get_list(request.user, kept_list_id, write=True)
    form = OutletForm(request.POST)
    if not form.is_valid():
        return list_form_page(request, form, _("New outlet"), _("Make its address"), kept)
    made, word = made_once(request, lambda: outlets.issue(kept, request, **form.cleaned_data))
    address = absolute("lists:outlet_file", token=word)
    return render(request, "lists/outlet.html", {"outlet": made, "kept": kept, "address": address})


@member(COORDINATORS, COORDINATORS, ("POST",))
def outlet_revoke(request: HttpRequest, outlet_id: int) -> HttpResponse:
    """Close an outlet."""
    found = access.get_outlet(request.user, outlet_id)
    effect = _("Devices that fetch the list from this address get nothing from now on.")
    back = reverse("lists:list", args=(found.list_id,))
    page = unchecked_revocation(request, found.name, effect, back)
    if page is not None:
        return page
    with transaction.atomic():
        type(found).objects.filter(pk=found.pk, revoked=None).update(revoked=timezone.now())
        record(request, "list.outlet_closed", found, found.list.unit, name=found.name)
    return redirect("lists:list", kept_list_id=found.list_id)
