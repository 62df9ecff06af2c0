"""The list of machines to be handled: filters, many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record
from lamsach.portal.base.asked import numbers
from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import PER_PAGE
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.cases import access, people
from lamsach.portal.cases.assigning import assign
from lamsach.portal.cases.desk_views import asked_unit, saved_views
from lamsach.portal.cases.forms import BulkForm
from lamsach.portal.cases.listing import FILTERS, SHOWN, asked_day, chosen, figures, of_group, page_of
from lamsach.portal.cases.models import Case, CaseSeverity, CaseState, ThreatKind
from lamsach.portal.cases.states import TONES, move
from lamsach.portal.units.access import writable_units

MOST_AT_ONCE = 1000


class _Counted(Paginator):  # type: ignore[type-arg]
    """Pages of a list whose length is known already; those of its second half are read from the end."""

    def __init__(self, rows: Any, length: int) -> None:
        super().__init__(rows, PER_PAGE)
        self._length = length

    @property
    def count(self) -> int:
        """The length that is known."""
        return self._length

    def page(self, number: int | str) -> Page[Any]:
        """One page."""
        place = self.validate_number(number)
        bottom = (place - 1) * self.per_page
        top = min(bottom + self.per_page, self._length)
        rows: Any = self.object_list
        if bottom <= self._length // 2:
            return Page(rows[bottom:top], place, self)
        return Page(list(rows.reverse()[self._length - top : self._length - bottom])[::-1], place, self)


@member(ALL, WRITERS, ("GET",))
def cases(request: HttpRequest) -> HttpResponse:
    """The machines of the person's units, the most pressing first."""
    rows = chosen(request.user, request.GET)
    wanted = request.GET.get("show", "open")
    shown, day = wanted if wanted in SHOWN else "open", asked_day(request.GET)
    counts = figures(rows)
    group = of_group(rows, shown, day)
    length = counts[shown] if shown in counts and day is None else group.order_by().count()
    numbers = group.select_related(None).order_by("severity", "due", "pk").values_list("pk", flat=True)
    page = _Counted(numbers, length).get_page(request.GET.get("page"))
    held = page_of(rows, list(page))
    named = access.seen_by_name(request.user, held)
    if named:
        record(request, "cases.viewed", cases=sorted(named))
    user: Any = request.user
    context = {
        "page": page,
        "rows": [(case, case.pk in named, TONES[case.state]) for case in held],
        "counts": counts,
        "show": shown,
        "beside": shown not in FILTERS,
        "length": length,
        "day": day,
        "campaigns": readable_campaigns(request.user)[:50],
        "severities": CaseSeverity.choices,
        "kinds": ThreatKind.choices,
        "views": saved_views(user),
        "unit": asked_unit(user, request.GET),
        "bulk": BulkForm(),
        "may_write": bool(user.roles & WRITERS),
        "questions": access.readable_clarifications(user).filter(answered=None).count(),
    }
    return render(request, "cases/list.html", context)


@member(ALL, WRITERS, ("POST",))
@taken_once
def many(request: HttpRequest) -> HttpResponse:
    """One step for many cases, or telling their people."""
    ticked = numbers(request.POST, "case", MOST_AT_ONCE)
    found = Case.objects.filter(
        pk__in=ticked, unit__in=writable_units(request.user), superseded=None
    ).select_related("unit", "device", "campaign")
    form = BulkForm(request.POST)
    if form.is_valid() and ticked:
        done, left = 0, 0
        for case in found:
            try:
                _one(request, case, form.cleaned_data)
                done += 1
            except LamsachError:
                left += 1
        messages.success(request, _("Done for {count} machines.").format(count=done))
        if left:
            messages.warning(
                request,
                _(
                    "{count} machines were left as they are: the step may not follow their state, or a reason or e-mail address is missing, or no step of the playbook is done and nobody said why."
                ).format(count=left),
            )
    else:
        messages.error(request, _("Tick the machines and choose a step first. Nothing was changed."))
    address = redirect("cases:list")
    address["Location"] += f"?{request.GET.urlencode()}" if request.GET else ""
    return address


def _one(request: HttpRequest, case: Case, given: Mapping[str, str]) -> None:
    what = given["what"]
    if what == "letter":
        people.tell(case, request)
        return
    if what in ("mine", "nobody"):
        user: Any = request.user
        assign(case, user if what == "mine" else None, request)
        return
    move(case, CaseState(what), request, given["why"], unfollowed=given["unfollowed"])
