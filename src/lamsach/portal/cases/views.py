"""The list of machines to be handled: filters, many at once, export."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.paging import paged
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.cases import access, people
from lamsach.portal.cases.forms import BulkForm
from lamsach.portal.cases.listing import FILTERS, chosen, figures, group_condition
from lamsach.portal.cases.models import Case, CaseSeverity, CaseState
from lamsach.portal.cases.states import TONES, move
from lamsach.portal.units.access import writable_units

MOST_AT_ONCE = 1000


@member(ALL, WRITERS, ("GET",))
def cases(request: HttpRequest) -> HttpResponse:
    """The machines of the person's units, the most pressing first."""
    rows = chosen(request.user, request.GET)
    wanted = request.GET.get("show", "open")
    shown = wanted if wanted in FILTERS else "open"
    page = paged(request, rows.filter(group_condition(shown)))
    named = access.seen_by_name(request.user, page)
    if named:
        record(request, "cases.viewed", cases=sorted(named))
    context = {
        "page": page,
        "rows": [(case, case.pk in named, TONES[case.state]) for case in page],
        "counts": figures(rows),
        "show": shown,
        "campaigns": readable_campaigns(request.user)[:50],
        "severities": CaseSeverity.choices,
        "bulk": BulkForm(),
        "may_write": bool(request.user.roles & WRITERS),  # type: ignore[union-attr]
        "questions": access.readable_clarifications(request.user).filter(answered=None).count(),
    }
    return render(request, "cases/list.html", context)


@member(ALL, WRITERS, ("POST",))
def many(request: HttpRequest) -> HttpResponse:
    """One step for many cases, or telling their people."""
    numbers = [int(text) for text in request.POST.getlist("case") if text.isascii() and text.isdigit()]
    found = Case.objects.filter(
        pk__in=numbers[:MOST_AT_ONCE], unit__in=writable_units(request.user), superseded=None
    ).select_related("unit", "device", "campaign")
    form = BulkForm(request.POST)
    if form.is_valid() and numbers:
        done, left = 0, 0
        for case in found:
            try:
                _one(request, case, form.cleaned_data["what"], form.cleaned_data["why"])
                done += 1
            except LamsachError:
                left += 1
        messages.success(request, _("Done for {count} machines.").format(count=done))
        if left:
            messages.warning(
                request,
                _(
                    "{count} machines were left as they are: the step may not follow their state, or a reason or e-mail address is missing."
                ).format(count=left),
            )
    else:
        messages.error(request, _("Tick the machines and choose a step first. Nothing was changed."))
    address = redirect("cases:list")
    address["Location"] += f"?{request.GET.urlencode()}" if request.GET else ""
    return address


def _one(request: HttpRequest, case: Case, what: str, why: str) -> None:
    if what == "letter":
        people.tell(case, request)
        return
    move(case, CaseState(what), request, why)


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        """The text."""
        return text


@member(ALL, WRITERS, ("GET",))
def export(request: HttpRequest) -> HttpResponse:
    """The chosen cases as CSV. Names only where the person may see them."""
    shown = request.GET.get("show", "all")
    rows = chosen(request.user, request.GET).filter(group_condition(shown))
    record(request, "cases.exported", query=request.GET.urlencode()[:500])
    writer = csv.writer(_Echo())
    titles = [
        _("Number"),
        _("Unit"),
        _("Machine"),
        _("IP address"),
        _("State"),
        _("Since"),
        _("Severity"),
        _("Threat"),
        _("Events"),
        _("First seen"),
        _("Last seen"),
        _("Quiet days"),
    ]

    def lines() -> Iterator[str]:
        yield "\ufeff" + str(writer.writerow(titles))
        batch: list[Case] = []
        for case in rows.iterator(chunk_size=500):
            batch.append(case)
            if len(batch) == 500:
                yield from _lines(request.user, batch, writer)
                batch = []
        yield from _lines(request.user, batch, writer)

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="machines.csv"'
    return response  # type: ignore[return-value]


def _lines(user: Any, batch: list[Case], writer: Any) -> Iterator[str]:
    named = access.seen_by_name(user, batch)
    for case in batch:
        seen = case.pk in named
        row = [
            case.number,
            case.unit.name,
            str(case.device) if seen else "",
            case.device.ip if seen else "",
            case.get_state_display(),
            case.since.isoformat(),
            case.get_severity_display(),
            case.threat,
            case.count,
            case.first_seen or "",
            case.last_seen or "",
            case.quiet,
        ]
        yield str(writer.writerow([_inert(value) for value in row]))


def _inert(value: Any) -> Any:
    """A text that no table program takes for a formula (OWASP CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
