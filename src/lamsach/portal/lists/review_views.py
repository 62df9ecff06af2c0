"""The review queue: dangerous values first, a thousand at once, by mouse or keyboard; and the decisions that hold."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lamsach.errors import InputError
from lamsach.indicators.review.concerns import REASONS, Kind
from lamsach.indicators.review.decisions import Choice
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.paging import paged
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.lists import access, deciding, feedback
from lamsach.portal.lists.forms import DecisionForm
from lamsach.portal.lists.models import Decision, Doubt
from lamsach.portal.lists.views import say

SIZES = (50, 250, 1000)


@member(COORDINATORS, COORDINATORS)
def queue(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """What waits to be looked at. POST decides about what was ticked."""
    kept = access.get_list(request.user, kept_list_id, write=True)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _decided(request, kept, form):
        return redirect(request.get_full_path())
    rows = Doubt.objects.filter(list=kept, decided=None)
    kinds = _kinds(rows)
    chosen = request.GET.get("kind", "")
    if chosen in set(Kind):
        rows = rows.filter(
            pk__in=[row.pk for row in rows.only("pk", "kinds").iterator() if chosen in row.kinds]
        )
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
        "kept": kept, "form": form, "page": page, "size": size, "sizes": SIZES, "kinds": kinds, "chosen": chosen, "q": words,
        "rows": [(row, [_(REASONS[Kind(kind)]) for kind in row.kinds], said[row.type, row.value]) for row in page],
    }  # fmt: skip
    return render(request, "lists/review.html", context)


def _kinds(rows: Any) -> list[tuple[str, str, int]]:
    counts: dict[str, int] = {}
    for kinds in rows.values_list("kinds", flat=True).iterator():
        for kind in kinds:
            counts[kind] = counts.get(kind, 0) + 1
    return [
        (kind, _(REASONS[Kind(kind)]), count)
        for kind, count in sorted(counts.items(), key=lambda pair: -pair[1])
    ]


def _decided(request: HttpRequest, kept: Any, form: DecisionForm) -> bool:
    ticked = [
        int(text)
        for text in request.POST.getlist("doubt")[: deciding.MOST_AT_ONCE]
        if text.isdecimal() and len(text) < 19
    ]
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


@member(COORDINATORS, COORDINATORS)
def decisions(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """The decisions that hold. POST takes one back."""
    kept = access.get_list(request.user, kept_list_id, write=True)
    rows = Decision.objects.filter(list=kept, revoked=None).select_related("by")
    if request.method == "POST":
        number = request.POST.get("decision", "")
        found = rows.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 19 else None
        if found is None:
            raise Http404
        deciding.take_back(request, found)
        messages.success(request, _("The decision was taken back; the value waits to be looked at."))
        return redirect("lists:decisions", kept_list_id=kept.pk)
    return render(request, "lists/decisions.html", {"kept": kept, "page": paged(request, rows)})


@member(COORDINATORS, COORDINATORS, ("GET",))
def decisions_file(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """The decisions as the file that `lamsach indicators review --decisions` takes."""
    import csv
    import io

    kept = access.get_list(request.user, kept_list_id, write=True)
    stream = io.StringIO()
    table = csv.writer(stream)
    table.writerow(("value", "decision", "to", "until", "reason"))
    for row in Decision.objects.filter(list=kept, revoked=None).order_by("pk").iterator():
        table.writerow(
            (row.value, row.choice, row.to, row.until.isoformat() if row.until else "", row.reason)
        )
    record(request, "list.decisions_downloaded", kept, kept.unit)
    name = json.dumps(f"decisions-{kept.pk}.csv")
    return HttpResponse(
        stream.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )
