"""What one does at a case besides its steps: tick the playbook, say what kind it is and who handles it, print the letter; and views of the list to come back to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record
from lamsach.portal.base.asked import number
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import tell_wrong
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.base.uploads import keep
from lamsach.portal.cases import access, paper, playbooks
from lamsach.portal.cases.assigning import assign
from lamsach.portal.cases.forms import AssignForm, KindForm, TickForm, ViewForm
from lamsach.portal.cases.models import Case, Note, SavedView
from lamsach.portal.cases.searching import index
from lamsach.portal.units.access import readable_units
from lamsach.portal.units.models import Unit

MOST_VIEWS = 30
_KEPT = frozenset({"show", "campaign", "unit", "severity", "kind", "mine", "free", "q"})


def _back(case_id: int, place: str = "") -> HttpResponse:
    return redirect(reverse("cases:case", kwargs={"case_id": case_id}) + (f"#{place}" if place else ""))


@rate_limited("cases.tick", 120, 300)
@member(WRITERS, WRITERS, ("POST",))
@taken_once
def tick(request: HttpRequest, case_id: int) -> HttpResponse:
    """A step of the playbook is done, with a note or a file; or it is not, after all."""
    found = access.get_case(request.user, case_id, write=True)
    form = TickForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            note = _note(request, found, form.cleaned_data)
            playbooks.tick(
                found, form.cleaned_data["step"], request, done=form.cleaned_data["done"], note=note
            )
        except LamsachError as problem:
            messages.error(
                request, f"{problem.where}: {_(problem.what)}" if problem.where else _(problem.what)
            )
    else:
        tell_wrong(request, form)
    return _back(case_id, "playbook")


def _note(request: HttpRequest, case: Case, given: Mapping[str, Any]) -> Note | None:
    text, file = given["text"].strip(), given["file"]
    if not text and not file:
        return None
    values: dict[str, Any] = {}
    if file:
        kept = keep(file)
        values = {
            "file_name": kept.name,
            "file_path": kept.path,
            "file_size": kept.size,
            "file_sha256": kept.sha256,
        }
    user: Any = request.user
    made = Note.objects.create(case=case, user=user, who=user.name or user.email, text=text, **values)
    record(request, "case.noted", made, case.unit, case=case.pk)
    index([case])
    return made


@member(WRITERS, WRITERS, ("POST",))
def kind(request: HttpRequest, case_id: int) -> HttpResponse:
    """Say which kind of threat it is; the playbook follows."""
    found = access.get_case(request.user, case_id, write=True)
    form = KindForm(request.POST)
    if form.is_valid():
        playbooks.choose_kind(found, form.cleaned_data["kind"], request)
        messages.success(request, _("Saved."))
    else:
        tell_wrong(request, form)
    return _back(case_id, "playbook")


@member(WRITERS, WRITERS, ("POST",))
def assignee(request: HttpRequest, case_id: int) -> HttpResponse:
    """Say who handles the case."""
    found = access.get_case(request.user, case_id, write=True)
    form = AssignForm(request.POST, case=found)
    if form.is_valid():
        try:
            assign(found, form.cleaned_data["to"], request)
        except LamsachError as problem:
            messages.error(request, _(problem.what))
        else:
            messages.success(request, _("Saved."))
    else:
        tell_wrong(request, form)
    return _back(case_id)


@rate_limited("cases.letter", 60, 300, ("GET",))
@member(ALL, WRITERS, ("GET",))
def letter(request: HttpRequest, named_case_id: int) -> HttpResponse:
    """The letter to the person who uses the machine, to print."""
    found = access.get_own_case(request.user, named_case_id)
    record(request, "case.letter_printed", found, found.unit)
    response = HttpResponse(paper.sheet(found), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.number}.pdf"'
    return response


def saved_views(user: Any) -> list[SavedView]:
    """The person's own views."""
    return list(SavedView.objects.filter(user=user)[:MOST_VIEWS])


def asked_unit(user: Any, query: Mapping[str, str]) -> Unit | None:
    """The unit to which the address narrows the list."""
    wanted = number(query, "unit")
    return readable_units(user).filter(pk=wanted).first() if wanted is not None else None


@member(ALL, ALL, ("POST",))
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep the filters that the list has now under a name; the same name again replaces."""
    given = QueryDict(request.POST.get("query", "")[:500])
    kept = QueryDict(mutable=True)
    for name in sorted(_KEPT & set(given)):
        kept[name] = given[name]
    form = ViewForm(request.POST)
    user: Any = request.user
    own = SavedView.objects.filter(user=user)
    if form.is_valid() and (own.count() < MOST_VIEWS or own.filter(name=form.cleaned_data["name"]).exists()):
        own.update_or_create(
            user=user, name=form.cleaned_data["name"], defaults={"query": kept.urlencode()[:500]}
        )
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Give the view a name. At most thirty views can be kept."))
    return redirect(f"{reverse('cases:list')}?{kept.urlencode()}")


@member(ALL, ALL, ("POST",))
def view_delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """Drop a view of one's own."""
    access.get_view(request.user, view_id).delete()
    messages.success(request, _("The view was deleted."))
    return redirect("cases:list")
