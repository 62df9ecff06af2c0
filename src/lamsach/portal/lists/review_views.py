"""The review queue: dangerous values first, a thousand at once, by mouse or keyboard; and the decisions that hold."""

from __future__ import annotations

import json
from collections import Counter
from functools import reduce
from operator import or_
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lamsach.documents.spreadsheets import csv_row
from lamsach.errors import InputError
from lamsach.indicators.review.decisions import Choice
from lamsach.indicators.review.facts import REASONS, Kind
from lamsach.portal.audit.trail import record
from lamsach.portal.base.asked import number, numbers
from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import Cell, Filter, Listing, Mono, paged
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.lists import access, deciding, feedback
from lamsach.portal.lists.forms import DecisionForm
from lamsach.portal.lists.models import Decision, Doubt
from lamsach.portal.lists.views import say

SIZES = (50, 250, 1000)


@member(COORDINATORS, COORDINATORS)
def queue(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Return what waits to be looked at. POST decides about what was ticked."""
    kept = access.get_list(request.user, kept_list_id, write=True)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _decided(request, kept, form):
        return redirect(request.get_full_path())
    rows = Doubt.objects.filter(list=kept, decided=None)
    together = _together(rows)
    chosen = request.GET.get("kind", "")
    if chosen in set(Kind):
        with_it = [Q(kinds=kinds) for kinds, _count in together if chosen in kinds]
        rows = rows.filter(reduce(or_, with_it)) if with_it else rows.none()
    if words := request.GET.get("q", "").strip()[:200]:
        rows = rows.filter(value__icontains=words)
    size = (
        int(request.GET.get("size", ""))
        if request.GET.get("size", "") in {str(size) for size in SIZES}
        else SIZES[0]
    )
    page = paged(request, rows, size)
    said = feedback.counted([(row.type, row.value) for row in page], kept.unit)
    context = {
        "kept": kept, "form": form, "page": page, "size": size, "sizes": SIZES, "kinds": _kinds(together), "chosen": chosen, "q": words,
        "rows": [(row, [_(REASONS[Kind(kind)]) for kind in row.kinds], said[row.type, row.value]) for row in page],
    }  # fmt: skip
    return render(request, "lists/review.html", context)


def _together(rows: QuerySet[Doubt]) -> list[tuple[list[str], int]]:
    """Return which kinds of doubt come together, and how often: a handful for any number of rows."""
    found = rows.order_by().values_list("kinds").annotate(Count("pk"))
    return [(list(kinds), count) for kinds, count in found]


def _kinds(together: list[tuple[list[str], int]]) -> list[tuple[str, str, int]]:
    counts: Counter[str] = Counter()
    for kinds, count in together:
        counts.update(dict.fromkeys(kinds, count))
    return [(kind, _(REASONS[Kind(kind)]), count) for kind, count in counts.most_common()]


def _decided(request: HttpRequest, kept: Any, form: DecisionForm) -> bool:
    ticked = numbers(request.POST, "doubt", deciding.MOST_AT_ONCE)
    values = []
    for start in range(0, len(ticked), 500):
        rows = Doubt.objects.filter(list=kept, pk__in=ticked[start : start + 500], decided=None)
        values += list(rows.values_list("type", "value"))
    said = form.cleaned_data
    try:
        count = deciding.decide(
            request, kept, values, Choice(said["choice"]), said["reason"], until=said["until"], to=said["to"]
        )
    except InputError as problem:
        say(request, problem)
        return False
    messages.success(
        request,
        ngettext("Decided about %(count)s value.", "Decided about %(count)s values.", count)
        % {"count": count},
    )
    return True


def _said(row: Decision) -> Any:
    if row.choice == "narrow":
        return _("narrowed"), Mono(Truncator(row.to).chars(200))
    return _("accepted: it blocks") if row.choice == "accept" else _("excepted")


DECISIONS = Listing(
    title="Decisions",
    cells=(
        Cell("Value", lambda row: Mono(Truncator(row.value).chars(120)), "value"),
        Cell("Decision", _said, "choice"),
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
    """The decisions that hold. POST takes one back."""
    kept = access.get_list(request.user, kept_list_id, write=True)
    rows = Decision.objects.filter(list=kept, revoked=None).select_related("by")
    if request.method == "POST":
        found = rows.filter(pk=number(request.POST, "decision") or 0).first()
        if found is None:
            raise Http404
        deciding.take_back(request, found)
        messages.success(request, _("The decision was taken back; the value waits to be looked at."))
        return redirect("lists:decisions", kept_list_id=kept.pk)
    return DECISIONS.page(request, rows, {"kept": kept})


@member(COORDINATORS, COORDINATORS, ("GET",))
def decisions_file(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """The decisions as the file that `lamsach indicators review --decisions` takes."""
    kept = access.get_list(request.user, kept_list_id, write=True)
    lines = [csv_row(("value", "decision", "to", "until", "reason"))]
    for row in Decision.objects.filter(list=kept, revoked=None).order_by("pk").iterator():
        until = row.until.isoformat() if row.until else ""
        lines.append(csv_row((row.value, row.choice, row.to, until, row.reason)))
    record(request, "list.decisions_downloaded", kept, kept.unit)
    name = json.dumps(f"decisions-{kept.pk}.csv")
    return HttpResponse(
        "".join(lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )
