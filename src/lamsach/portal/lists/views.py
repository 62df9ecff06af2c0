"""Pages: the lists, one list with its documents, sources, versions and outlets, and what a version changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.errors import InputError, LamsachError
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import form_page
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import paged
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.base.uploads import download
from lamsach.portal.lists import access, feedback, keeping, looking, quality, releasing
from lamsach.portal.lists.forms import (
    DocumentForm,
    FeedbackForm,
    ListForm,
    OriginForm,
    OutletForm,
    ReleaseForm,
)
from lamsach.portal.lists.models import Document, Doubt, FeedbackKind, KeptList
from lamsach.portal.units.access import home_units, writable_units


def say(request: HttpRequest, problem: LamsachError) -> None:
    """Show an error of ours as a message."""
    parts = [_(problem.what), problem.where, _(problem.todo) if problem.todo else ""]
    messages.error(request, " ".join(part for part in parts if part))


@member(ALL, WRITERS, ("GET",))
def overview(request: HttpRequest) -> HttpResponse:
    """The lists that the person sees, what waits in them, and which of them name a value (`?q=`)."""
    mine = access.lists(request.user)
    asked = request.GET.get("q", "").strip()[:2000]
    places: list[dict[str, Any]] | None = None
    refused: list[dict[str, Any]] = []
    if asked:
        try:
            places = looking.places(mine, asked, _home(request))
            refused = looking.refused((one for one in mine if access.sees_inside(request.user, one)), asked)
        except InputError as problem:
            say(request, problem)
    page = paged(request, mine)
    newest, waiting = releasing.latest_of(page), _waiting(page)
    rows = [(kept, newest.get(kept.pk), *waiting.get(kept.pk, (0, 0))) for kept in page]
    context = {
        "page": page,
        "rows": rows,
        "q": asked,
        "places": places,
        "refused": refused,
        "may_write": access.writable(request.user).exists(),
    }
    return render(request, "lists/overview.html", context)


def _home(request: HttpRequest) -> Any:
    """The unit whose reach decides about TLP; None for people who see everything of the lists' units."""
    units = home_units(request.user)
    return units[0] if units else None


def _waiting(lists: Iterable[KeptList]) -> dict[int, tuple[int, int]]:
    """Return how many dangerous values, and how many in all, wait for a decision in each list that has some."""
    rows = Doubt.objects.filter(list__in=[kept.pk for kept in lists], decided=None).values("list")
    counted = rows.annotate(dangerous=Count("pk", filter=Q(dangerous=True)), all=Count("pk"))
    return {row["list"]: (row["dangerous"], row["all"]) for row in counted.order_by()}


@member(COORDINATORS, COORDINATORS)
@taken_once
def new(request: HttpRequest) -> HttpResponse:
    """A new list."""
    form = ListForm(request.POST or None, units=access.writable(request.user))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            made = form.save(commit=False)
            made.created_by = request.user
            made.save()
            record(request, "list.made", made, made.unit, name=made.name)
        return redirect("lists:list", kept_list_id=made.pk)
    return form_page(request, form, _("New list"), _("Save the list"), back=reverse("lists:overview"))


@member(COORDINATORS, COORDINATORS)
def edit(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Return what holds where documents say nothing."""
    kept = access.get_list(request.user, kept_list_id, write=True)
    form = ListForm(request.POST or None, instance=kept, units=access.writable(request.user))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            record(request, "list.changed", kept, kept.unit, fields=form.changed_data)
        return redirect("lists:list", kept_list_id=kept.pk)
    return list_form_page(request, form, kept.name, _("Save the list"), kept)


def list_form_page(
    request: HttpRequest, form: Any, title: str, button: str, kept: KeptList, **said: Any
) -> HttpResponse:
    """The page of a form that belongs to a list, to which it leads back."""
    back, crumbs = reverse("lists:list", args=(kept.pk,)), "lists/crumbs.html"
    return form_page(request, form, title, button, back=back, crumbs=crumbs, kept=kept, **said)


@member(ALL, WRITERS, ("GET",))
def one(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """One list: what waits, documents, sources, versions, outlets."""
    kept = access.get_list(request.user, kept_list_id)
    inside = access.sees_inside(request.user, kept)
    may_write = access.may_write(request.user, kept)
    dangerous, doubtful = _waiting([kept]).get(kept.pk, (0, 0))
    documents = Document.objects.filter(list=kept, withdrawn=None).select_related("added_by", "origin")
    context = {
        "kept": kept, "inside": inside, "may_write": may_write, "dangerous": dangerous, "doubtful": doubtful,
        "documents": paged(request, documents) if inside else [],
        "origins": kept.origins.all() if inside else [],
        "outlets": kept.outlets.filter(revoked=None) if inside else [],
        "versions": kept.versions.select_related("made_by")[:20],
        "document_form": DocumentForm(), "release_form": ReleaseForm(), "origin_form": OriginForm(auto_id="origin_%s"), "outlet_form": OutletForm(auto_id="outlet_%s"),
        "taxii": absolute("taxii"),
    }  # fmt: skip
    return render(request, "lists/list.html", context)


@rate_limited("lists.file", 60, 300)
@member(COORDINATORS, COORDINATORS, ("POST",))
def add(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Add a document; the worker reads it."""
    kept = access.get_list(request.user, kept_list_id, write=True)
    form = DocumentForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = keeping.add(kept, file, file.name, request.user)
        except LamsachError as problem:
            say(request, problem)
        else:
            record(request, "list.document_added", made, kept.unit, name=made.name, sha256=made.sha256)
            messages.success(request, _("The list is being read."))
    else:
        messages.error(request, _("Choose a file first."))
    return redirect("lists:list", kept_list_id=kept.pk)


@member(COORDINATORS, COORDINATORS)
def document(request: HttpRequest, document_id: int) -> HttpResponse:
    """Return what a document held and what was refused of it. POST withdraws it from the next version."""
    found = access.get_document(request.user, document_id)
    if request.method == "POST":
        with transaction.atomic():
            Document.objects.filter(pk=found.pk, withdrawn=None).update(withdrawn=timezone.now())
            record(request, "list.document_withdrawn", found, found.list.unit, name=found.name)
        messages.success(request, _("The next version will not hold what only this document lists."))
        return redirect("lists:list", kept_list_id=found.list_id)
    return render(request, "lists/document.html", {"document": found, "kept": found.list})


@member(COORDINATORS, COORDINATORS, ("GET",))
def document_file(request: HttpRequest, document_id: int) -> HttpResponse:
    """The document as it came."""
    found = access.get_document(request.user, document_id)
    return download(found.name, found.path)


@member(ALL, WRITERS, ("GET",))
def worth(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Return what each source of the list is worth, and what they share."""
    kept = access.get_list(request.user, kept_list_id)
    if not access.sees_inside(request.user, kept):
        return redirect("lists:list", kept_list_id=kept.pk)
    said = feedback.on_list(kept.unit)
    return render(
        request,
        "lists/quality.html",
        {"kept": kept, "quality": quality.of_list(kept), "said": paged(request, said)},
    )


@rate_limited("lists.feedback", 100, 300)
@member(WRITERS, WRITERS)
@taken_once
def tell(request: HttpRequest) -> HttpResponse:
    """Say that a value was seen, or is a false alarm."""
    units = [
        unit for unit in home_units(request.user) if writable_units(request.user).filter(pk=unit.pk).exists()
    ]
    form = FeedbackForm(request.POST or None, initial={"value": request.GET.get("value", "")[:2000]})
    if request.method == "POST" and form.is_valid() and units:
        said = form.cleaned_data
        try:
            user: Any = request.user
            feedback.say(
                units[0], said["value"], FeedbackKind(said["kind"]), note=said["note"], who=user.email
            )
        except InputError as problem:
            form.add_error("value", _(problem.what))
        else:
            record(request, "list.feedback", None, units[0], value=said["value"][:200], kind=said["kind"])
            messages.success(request, _("Thank you: it is counted on the value."))
            return redirect("lists:overview")
    return form_page(
        request,
        form,
        _("Say something about a value"),
        _("Send the feedback"),
        back=reverse("lists:overview"),
    )
