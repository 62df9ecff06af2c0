"""Pages of the review queue, decisions, sources and outlets."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lamsach.documents.spreadsheets import csv_row
from lamsach.indicators.review.decisions import Choice
from lamsach.indicators.review.facts import REASONS, Kind
from lamsach.portal.audit.trail import record
from lamsach.portal.base.check import revocation_page
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import ProblemsShown, done
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import Cell, Filter, Link, Listing, Mono, Quiet, State, Ticks, paged
from lamsach.portal.base.once import make_once
from lamsach.portal.base.parameters import number, numbers
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.templatetags.page_tags import number as figure
from lamsach.portal.base.uploads import attachment
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.lists import access, feedback, origins, outlets
from lamsach.portal.lists import decisions as choices
from lamsach.portal.lists.forms import DecisionForm, OriginForm, OutletForm
from lamsach.portal.lists.models import Decision, Doubt, Origin, Outlet
from lamsach.portal.lists.views import list_form_page

SIZES = (50, 250, 1000)


def _feedback_cell(row: Any) -> str:
    """Format units' feedback on a value, from `feedback.counted`."""
    parts = []
    if row.said["false"]:
        parts.append(_("false alarm: %(count)s") % {"count": row.said["false"]})
    if row.said["seen"] or row.said["sightings"]:
        words = _("seen: %(count)s units, %(events)s events")
        parts.append(words % {"count": row.said["seen"], "events": figure(row.said["sightings"])})
    return " ".join(parts)


QUEUE = Listing(
    title="Look through",
    lead="Dangerous values come first: blocking them would cut the unit off from what it needs. Then the "
    "doubtful ones, which may hit others than are meant.",
    cells=(
        Cell(
            "Value",
            lambda row: (
                Link(
                    Mono(Truncator(row.value).chars(120)), f"{reverse('lists:overview')}?q={quote(row.value)}"
                ),
                State("bad", _("dangerous")) if row.dangerous else "",
            ),
            "value",
        ),
        Cell(
            "What is the matter",
            lambda row: (*(_(REASONS[Kind(one)]) for one in row.kinds), Quiet(row.about)),
        ),
        Cell("Where it is", lambda row: (row.place, Quiet(row.words)), "place"),
        Cell("What units say", _feedback_cell),
    ),
    empty="Nothing waits for review.",
    ticks=Ticks("doubt", Cell("", lambda row: Truncator(row.value).chars(80)), "values"),
    template="lists/review.html",
)


@member(COORDINATORS, COORDINATORS)
def queue(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """List the values to review. POST decides on the ticked ones."""
    kept_list = access.get_list(request.user, kept_list_id, write=True)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _decide(request, kept_list, form):
        return redirect(request.get_full_path())
    rows = Doubt.objects.filter(list=kept_list, decided=None)
    combinations = _combinations(rows)
    chosen = request.GET.get("kind", "")
    if chosen in set(Kind):
        matching = [Q(kinds=kinds) for kinds, _count in combinations if chosen in kinds]
        rows = rows.filter(reduce(or_, matching)) if matching else rows.none()
    if search := request.GET.get("q", "").strip()[:200]:
        rows = rows.filter(value__icontains=search)
    size = next((size for size in SIZES if str(size) == request.GET.get("size")), SIZES[0])
    page = paged(request, QUEUE.chosen(request.GET, rows), size)
    reports = feedback.counted([(row.type, row.value) for row in page], kept_list.unit)
    for row in page:
        row.said = reports[row.type, row.value]
    context = {"kept": kept_list, "form": form, "size": size, "sizes": SIZES, "kinds": _kinds(combinations)}
    return QUEUE.page(request, page, {**context, "chosen": chosen, "q": search})


def _combinations(rows: QuerySet[Doubt]) -> list[tuple[list[str], int]]:
    """Count the combinations of kinds of doubt: a handful for any number of rows."""
    found = rows.order_by().values_list("kinds").annotate(Count("pk"))
    return [(list(kinds), count) for kinds, count in found]


def _kinds(combinations: list[tuple[list[str], int]]) -> list[tuple[str, str, int]]:
    counts: Counter[str] = Counter()
    for kinds, count in combinations:
        counts.update(dict.fromkeys(kinds, count))
    return [(kind, _(REASONS[Kind(kind)]), count) for kind, count in counts.most_common()]


def _decide(request: HttpRequest, kept_list: Any, form: DecisionForm) -> bool:
    ticked = numbers(request.POST, "doubt", choices.MOST_AT_ONCE)
    values = []
    for start in range(0, len(ticked), 500):
        rows = Doubt.objects.filter(list=kept_list, pk__in=ticked[start : start + 500], decided=None)
        values += list(rows.values_list("type", "value"))
    data = form.cleaned_data
    with ProblemsShown(request):
        count = choices.decide(
            request,
            kept_list,
            values,
            Choice(data["choice"]),
            data["reason"],
            until=data["until"],
            to=data["to"],
        )
        words = ngettext("Decided about %(count)s value.", "Decided about %(count)s values.", count)
        messages.success(request, words % {"count": count})
        return True
    return False


def _decision_cell(row: Decision) -> Any:
    if row.choice == "narrow":
        return _("narrowed"), Mono(Truncator(row.to).chars(200))
    return _("accepted: it blocks") if row.choice == "accept" else _("excepted")


DECISIONS = Listing(
    title="Decisions",
    cells=(
        Cell("Value", lambda row: Mono(Truncator(row.value).chars(120)), "value"),
        Cell("Decision", _decision_cell, "choice"),
        Cell("Until", "until", css="nowrap"),
        Cell("Reason", "reason"),
        Cell("By", lambda row: (row.by, row.at), "at"),
        Cell("", template="lists/decision_actions.html"),
    ),
    filters=(Filter("q", "Value", "value__icontains"),),
    empty="Nothing was decided yet.",
    crumbs="lists/crumbs.html",
    template="lists/decisions.html",
)


@member(COORDINATORS, COORDINATORS)
def decisions(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """List the decisions in force. POST revokes one."""
    kept_list = access.get_list(request.user, kept_list_id, write=True)
    rows = Decision.objects.filter(list=kept_list, revoked=None).select_related("by")
    if request.method == "POST":
        found = get_object_or_404(rows, pk=number(request.POST, "decision") or 0)
        choices.revoke(request, found)
        messages.success(request, _("The decision was withdrawn; the value waits for review."))
        return redirect("lists:decisions", kept_list_id=kept_list.pk)
    return DECISIONS.page(request, rows, {"kept": kept_list})


@member(COORDINATORS, COORDINATORS, ("GET",))
def decisions_file(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Download the decisions as a file for `lamsach indicators review --decisions`."""
    kept_list = access.get_list(request.user, kept_list_id, write=True)
    lines = [csv_row(("value", "decision", "to", "until", "reason"))]
    for row in Decision.objects.filter(list=kept_list, revoked=None).order_by("pk").iterator():
        until = row.until.isoformat() if row.until else ""
        lines.append(csv_row((row.value, row.choice, row.to, until, row.reason)))
    record(request, "list.decisions_downloaded", kept_list, kept_list.unit)
    return attachment("".join(lines), f"decisions-{kept_list.pk}.csv", "text/csv; charset=utf-8")


@member(COORDINATORS, COORDINATORS, ("POST",))
def origin_add(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Add a source with its schedule."""
    kept_list = access.get_list(request.user, kept_list_id, write=True)
    form = OriginForm(request.POST)
    if form.is_valid() and not kept_list.origins.filter(name=form.cleaned_data["name"]).exists():
        with transaction.atomic():
            made = form.save(commit=False)
            made.list = kept_list
            made.save()
            record(request, "list.source_added", made, kept_list.unit, name=made.name, url=made.url)
        return done(
            request, _("The source is fetched within a minute."), "lists:list", kept_list_id=kept_list.pk
        )
    if form.is_valid():
        form.add_error("name", _("The list has a source of this name already."))
    return list_form_page(request, form, _("Add a source"), _("Add the source"), kept_list)


@member(COORDINATORS, COORDINATORS)
def origin(request: HttpRequest, origin_id: int) -> HttpResponse:
    """Change a source; `fetch` fetches it now, `remove` removes it but not its document."""
    found = access.get_part(request.user, Origin, origin_id)
    kept_list = found.list
    if request.method == "POST" and "fetch" in request.POST:
        enqueue("lists.fetch", request.user, origin_id=found.pk)
        record(request, "list.fetch_asked", found, kept_list.unit)
        return redirect("lists:list", kept_list_id=kept_list.pk)
    if request.method == "POST" and "remove" in request.POST:
        with transaction.atomic():
            record(request, "list.source_removed", found, kept_list.unit, name=found.name, url=found.url)
            Origin.objects.filter(pk=found.pk).delete()
        origins.forget_mirror(origin_id)
        return redirect("lists:list", kept_list_id=kept_list.pk)
    had_key = bool(found.locked_key)
    form = OriginForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            record(request, "list.source_changed", found, kept_list.unit, fields=form.changed_data)
        if form.forgets:
            messages.warning(
                request,
                _(
                    "The address is of another server now, so the stored key was removed: enter one for "
                    "this server."
                ),
            )
        return redirect("lists:list", kept_list_id=kept_list.pk)
    context = {"template": "lists/origin.html", "origin": found, "had_key": had_key}
    return list_form_page(request, form, found.name, _("Save the source"), kept_list, **context)


@member(COORDINATORS, COORDINATORS, ("POST",))
def outlet_add(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Add an outlet, and show its address once."""
    kept_list = access.get_list(request.user, kept_list_id, write=True)
    form = OutletForm(request.POST)
    if not form.is_valid():
        return list_form_page(request, form, _("New outlet"), _("Make its address"), kept_list)
    made, token = make_once(request, lambda: outlets.issue(kept_list, request, **form.cleaned_data))
    address = absolute("lists:outlet_file", token=token)
    return render(request, "lists/outlet.html", {"outlet": made, "kept": kept_list, "address": address})


@member(COORDINATORS, COORDINATORS, ("POST",))
def outlet_revoke(request: HttpRequest, outlet_id: int) -> HttpResponse:
    """Close an outlet."""
    found = access.get_part(request.user, Outlet, outlet_id)
    effect = _("Devices that fetch the list from this address get nothing from now on.")
    back = reverse("lists:list", args=(found.list_id,))
    page = revocation_page(request, found.name, effect, back)
    if page is not None:
        return page
    with transaction.atomic():
        type(found).objects.filter(pk=found.pk, revoked=None).update(revoked=timezone.now())
        record(request, "list.outlet_closed", found, found.list.unit, name=found.name)
    return redirect("lists:list", kept_list_id=found.list_id)
