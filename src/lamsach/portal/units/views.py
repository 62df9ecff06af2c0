"""Views that change units: name and contact, place in the tree, import of a sheet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import ProblemsShown, done, form_page
from lamsach.portal.base.lists import Cell, Listing
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.units import access, imports, tree
from lamsach.portal.units.forms import MOST, NewUnitForm, PlaceForm, SheetForm, UnitForm
from lamsach.portal.units.models import FOREVER, Unit, UnitImport
from lamsach.portal.units.sheet import labelled, template


@member(ALL, ALL, ("GET",))
def names(request: HttpRequest) -> HttpResponse:
    """Suggest units while a name or code is typed; the parameter may have any name."""
    text = request.GET[name].strip() if (name := next(iter(request.GET), None)) is not None else ""
    units = (
        access.readable_units(request.user)
        .filter(access.matching(text), valid_until=FOREVER)
        .order_by("code")
    )
    rows = units[:MOST] if text else ()
    options = ((f"{unit.code} {unit.name}",) for unit in rows)
    return HttpResponse(format_html_join("", '<option value="{}"></option>', options))


@member(ALL, WRITERS)
def unit_edit(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Edit name and contact."""
    found = access.get_unit(request.user, unit_id, write=request.method == "POST")
    name = found.name
    form = UnitForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save_next()
            if found.name != name:
                tree.rename(found, found.name)
            record(request, "unit.changed", found, found, fields=form.changed_data)
        return done(request, _("Saved."), "web:unit", unit_id=unit_id)
    return _form_page(request, form, _("Change name and contact"), _("Save the unit"), found)


@member(COORDINATORS, COORDINATORS)
def unit_new(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Create a unit under this one."""
    parent = access.get_unit(request.user, unit_id, write=request.method == "POST", roles=COORDINATORS)
    form = NewUnitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = {name: form.cleaned_data[name] for name in form.Meta.fields}
        with transaction.atomic():
            created = tree.create(data.pop("code"), data.pop("name"), parent, **data)
            record(request, "unit.created", created, created)
        return done(request, _("The unit was added."), "web:unit", unit_id=created.pk)
    return _form_page(request, form, _("Add a unit under it"), _("Add the unit"), parent)


@member(COORDINATORS, COORDINATORS)
def unit_place(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Move or close a unit."""
    found = access.get_unit(request.user, unit_id, write=request.method == "POST", roles=COORDINATORS)
    form = PlaceForm(request.POST or None, user=request.user, initial={"day": tree.today()})
    if request.method == "POST" and form.is_valid():
        day, other = form.cleaned_data["day"], form.cleaned_data["unit"]
        closing = request.POST.get("what") == "close"
        if not closing and other is None:
            form.add_error("unit", _("Say under which unit it moves."))
        elif (problem := _place(request, found, other, day, closing)) is not None:
            form.add_error(None, _(problem.what))
        else:
            return done(request, _("Saved."), "web:unit", unit_id=unit_id)
    lead = _(
        "What was before that day stays in the history. To move: the code of the new parent "
        "unit. To close: the code of the successor, if there is one."
    )
    template = "units/place.html"
    return _form_page(
        request, form, _("Move or close"), _("Move the unit"), found, lead=lead, template=template
    )


def _form_page(
    request: HttpRequest, form: Any, title: str, button: str, unit: Unit, **context: Any
) -> HttpResponse:
    back, crumbs = reverse("web:unit", args=(unit.pk,)), "units/crumbs.html"
    return form_page(
        request, form, title, button, back=back, crumbs=crumbs, unit=unit, parent=unit, **context
    )


def _place(
    request: HttpRequest, found: Unit, other: Unit | None, day: date, closing: bool
) -> LamsachError | None:
    try:
        with transaction.atomic():
            if closing:
                tree.close(found, other, day)
            else:
                tree.move(found, other, day)
            action = "unit.closed" if closing else "unit.moved"
            record(request, action, found, found, other=other.code if other else "", day=day.isoformat())
    except LamsachError as problem:
        return problem
    return None


@member(COORDINATORS, COORDINATORS)
def import_sheet(request: HttpRequest) -> HttpResponse:
    """Upload a sheet for a preview."""
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        with ProblemsShown(form, "file"):
            preview = imports.preview(file, file.name, request.user)
            return redirect("units:import_preview", import_id=preview.pk)
    lead = _("First you see what would change. Nothing is saved before you confirm it.")
    title, sheet = _("Import units from a sheet"), reverse("units:import_template")
    return form_page(request, form, title, _("Show what would change"), lead=lead, empty_sheet=sheet)


@member(COORDINATORS, COORDINATORS, ("GET",))
def import_template(request: HttpRequest) -> HttpResponse:
    """Download an empty sheet of units."""
    headings = [
        "Mã đơn vị",
        "Tên đơn vị",
        "Mã cấp trên",
        "Email",
        "Đầu mối",
        "Điện thoại",
        "Ngày giải thể",
        "Mã đơn vị kế thừa",
    ]
    example = [
        "G06.12",
        "Trung tâm Ví dụ",
        "G06",
        "don-vi@example.vn",
        "Phòng Kỹ thuật",
        "024.1234.5678",
        "",
        "",
    ]
    return template(headings, example, _("units.csv"))


def _import(request: HttpRequest, import_id: int) -> UnitImport:
    found: UnitImport = get_object_or_404(imports.readable_imports(request.user), pk=import_id)
    return found


def _kind(change: dict[str, Any]) -> str:
    return "merged" if change["kind"] == "closed" and change.get("successor") else str(change["kind"])


def _change(row: dict[str, Any]) -> Any:
    """Describe a change of the sheet."""
    kind, parent, before = _kind(row), row.get("parent"), row.get("before")
    if kind == "new":
        return f"{_('new')}, {_('under')} {parent}" if parent else _("new")
    if kind == "renamed":
        return f"{_('until now')}: {before}"
    if kind == "moved":
        return f"{before or '–'} → {parent or '–'}"
    if kind == "merged":
        merged = {"code": row["successor"], "name": row["successor_name"], "day": row["day"]}
        return _("merged into %(code)s %(name)s on %(day)s") % merged
    if kind == "closed":
        return f"{_('closed')} {row['day']}"
    return " ".join(row[name] for name in ("contact_name", "contact_phone", "email") if row.get(name))


CHANGES = Listing(
    title="What the sheet changes",
    cells=(Cell("Unit code", "code"), Cell("Name", "name"), Cell("Change", _change, "kind")),
    export="units.exported",
    per_page=100,
    template="units/preview.html",
)
ERRORS = replace(
    CHANGES,
    cells=(
        Cell("What is wrong", lambda row: _(row["text"]), "text"),
        Cell("Row", "row", css="number"),
        Cell("It says", "value"),
    ),
)


@member(COORDINATORS, COORDINATORS)
def import_preview(request: HttpRequest, import_id: int) -> HttpResponse:
    """Show the changes or errors of a sheet; POST applies it."""
    preview = _import(request, import_id)
    if request.method == "POST":
        try:
            count = imports.apply(preview, request.user)
        except LamsachError as problem:
            messages.error(request, f"{problem.where}: {_(problem.what)} {_('Nothing was changed.')}")
            return redirect("units:import_preview", import_id=import_id)
        if count:
            messages.success(request, _("The units are imported."))
        return redirect("web:units")
    counts: dict[str, int] = {}
    for change in preview.changes:
        counts[_kind(change)] = counts.get(_kind(change), 0) + 1
    kind = request.GET.get("kind", "")
    rows = preview.errors or [c for c in preview.changes if not kind or _kind(c) == kind]
    context = {"kept": preview, "counts": counts, "kind": kind, "headings": labelled(preview.headings)}
    return (ERRORS if preview.errors else CHANGES).page(request, rows, context)
