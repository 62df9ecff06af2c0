"""List of the machines to be handled: filters, bulk steps, exemptions, questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import act, done
from lamsach.portal.base.lists import (
    PER_PAGE,
    Cell,
    Link,
    Listing,
    Mono,
    Quiet,
    State,
    Ticks,
    machine_cell,
    paged,
)
from lamsach.portal.base.parameters import number, numbers
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.base.templatetags.page_tags import number as figure
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.cases import access, people
from lamsach.portal.cases.forms import AnswerForm, BulkForm, ViewForm
from lamsach.portal.cases.models import (
    Case,
    CaseSeverity,
    CaseState,
    Clarification,
    Exemption,
    SavedView,
    ThreatKind,
)
from lamsach.portal.cases.people import assign
from lamsach.portal.cases.search import (
    FILTERS,
    SHOWN,
    figures,
    in_group,
    page_of,
    requested_cases,
    requested_day,
)
from lamsach.portal.cases.states import TONES
from lamsach.portal.cases.upkeep import move, recompute_touched
from lamsach.portal.units.access import may_act, own_units, readable_units, writable_units
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today

MOST_AT_ONCE = 1000


class _Counted(Paginator):  # type: ignore[type-arg]
    """Paginator with a known length; pages of the second half are read from the end."""

    def __init__(self, rows: Any, length: int) -> None:
        super().__init__(rows, PER_PAGE)
        self._length = length

    @property
    def count(self) -> int:
        """The known length."""
        return self._length

    def page(self, number: int | str) -> Page[Any]:
        """Return a page."""
        position = self.validate_number(number)
        bottom = (position - 1) * self.per_page
        top = min(bottom + self.per_page, self._length)
        rows: Any = self.object_list
        if bottom <= self._length // 2:
            return Page(rows[bottom:top], position, self)
        return Page(list(rows.reverse()[self._length - top : self._length - bottom])[::-1], position, self)


def _due(row: Case) -> str:
    if row.state in (CaseState.CLEANED, CaseState.BLIND):
        return _("%(days)s quiet days") % {"days": figure(row.quiet)}
    return f"{timezone.localtime(row.due):%H:%M %d/%m/%Y}" if TONES[row.state] in ("bad", "busy") else ""


CASES = Listing(
    title="Machines to be handled",
    cells=(
        machine_cell(
            "machine",
            lambda row: (
                str(row.device) if row.named else row.number,
                Quiet(row.device.ip if row.named else ""),
            ),
            view="cases:case",
        ),
        Cell("Unit", "unit__name"),
        machine_cell("state", lambda row: State(TONES[row.state], row.get_state_display()), "state"),
        machine_cell("severity", lambda row: row.get_severity_display(), "severity"),
        machine_cell("threats", lambda row: row.threat or row.get_kind_display(), "threat"),
        machine_cell("count", "count", css="number"),
        machine_cell("last", "last_seen", css="nowrap"),
        Cell("Due", _due, "due", css="nowrap"),
        Cell("Who handles it", lambda row: row.assignee or "", "assignee__name"),
    ),
    ticks=Ticks("case", Cell("", "number")),
    template="cases/list.html",
)


@member(ALL, WRITERS, ("GET",))
def cases(request: HttpRequest) -> HttpResponse:
    """Machines of the person's units, the most urgent first."""
    rows = requested_cases(request.user, request.GET)
    wanted = request.GET.get("show", "open")
    shown, day = wanted if wanted in SHOWN else "open", requested_day(request.GET)
    counts = figures(rows)
    group = in_group(rows, shown, day)
    length = counts[shown] if shown in counts and day is None else group.order_by().count()
    ordered = CASES.chosen(request.GET, group.select_related(None).order_by("severity", "due", "pk"))
    page = _Counted(ordered.values_list("pk", flat=True), length).get_page(request.GET.get("page"))
    page.object_list = listed = page_of(rows, list(page))
    named = access.seen_by_name(request.user, listed)
    if named:
        record(request, "cases.viewed", cases=sorted(named))
    for case in listed:
        case.named = case.pk in named  # type: ignore[attr-defined]
    user: Any = request.user
    context = {
        "counts": counts,
        "show": shown,
        "beside": shown not in FILTERS,
        "length": length,
        "day": day,
        "campaigns": readable_campaigns(request.user)[:50],
        "severities": CaseSeverity.choices,
        "kinds": ThreatKind.choices,
        "views": saved_views(user),
        "unit": requested_unit(user, request.GET),
        "bulk": BulkForm(),
        "may_tick": bool(user.roles & WRITERS),
        "questions": access.readable_clarifications(user).filter(answered=None).count(),
    }
    return CASES.page(request, page, context)


@member(ALL, WRITERS, ("POST",))
def many(request: HttpRequest) -> HttpResponse:
    """One step for many cases, or letters to their users."""
    ticked = numbers(request.POST, "case", MOST_AT_ONCE)
    selected = Case.objects.filter(
        pk__in=ticked, unit__in=writable_units(request.user), superseded=None
    ).select_related("unit", "device", "campaign")
    form = BulkForm(request.POST)
    if form.is_valid() and ticked:
        changed, refused = 0, 0
        for case in selected:
            try:
                _one(request, case, form.cleaned_data)
                changed += 1
            except LamsachError:
                refused += 1
        messages.success(request, _("Done for {count} machines.").format(count=changed))
        if refused:
            messages.warning(
                request,
                _(
                    "{count} machines were left unchanged: the step may not follow their state, a reason "
                    "or e-mail address is missing, or no step of the playbook is done and no reason is "
                    "given."
                ).format(count=refused),
            )
    else:
        messages.error(request, _("Tick the machines and choose a step first. Nothing was changed."))
    address = redirect("cases:list")
    address["Location"] += f"?{request.GET.urlencode()}" if request.GET else ""
    return address


def _one(request: HttpRequest, case: Case, data: Mapping[str, str]) -> None:
    what = data["what"]
    if what == "letter":
        people.send_letter(case, request)
        return
    if what in ("mine", "nobody"):
        assign(case, user_of(request) if what == "mine" else None, request)
        return
    move(case, CaseState(what), request, data["why"], unfollowed=data["unfollowed"])


MOST_VIEWS = 30


_KEPT = frozenset({"show", "campaign", "unit", "severity", "kind", "mine", "free", "q"})


def saved_views(user: Any) -> list[SavedView]:
    """The person's own views."""
    return list(SavedView.objects.filter(user=user)[:MOST_VIEWS])


def requested_unit(user: Any, query: Mapping[str, str]) -> Unit | None:
    """Unit to which the address narrows the list."""
    wanted = number(query, "unit")
    return readable_units(user).filter(pk=wanted).first() if wanted is not None else None


@member(ALL, ALL, ("POST",))
def view_save(request: HttpRequest) -> HttpResponse:
    """Save the current filters of the list under a name, replacing one of the same name."""
    submitted = QueryDict(request.POST.get("query", "")[:500])
    filters = QueryDict(mutable=True)
    for name in sorted(_KEPT & set(submitted)):
        filters[name] = submitted[name]
    form = ViewForm(request.POST)
    user: Any = request.user
    own = SavedView.objects.filter(user=user)
    if form.is_valid() and (own.count() < MOST_VIEWS or own.filter(name=form.cleaned_data["name"]).exists()):
        own.update_or_create(
            user=user, name=form.cleaned_data["name"], defaults={"query": filters.urlencode()[:500]}
        )
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Give the view a name. At most thirty views can be kept."))
    return redirect(f"{reverse('cases:list')}?{filters.urlencode()}")


@member(ALL, ALL, ("POST",))
def view_delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """Delete one of the person's own views."""
    access.get_view(request.user, view_id).delete()
    return done(request, _("The view was deleted."), "cases:list")


EXEMPTIONS = Listing(
    title="Exceptions",
    cells=(
        Cell("Indicator", lambda row: Mono(row.indicator), "indicator", view="cases:exemption"),
        Cell(
            "Unit",
            lambda row: (row.unit.name, Quiet(_("one machine") if row.device_id else "")),
            "unit__name",
        ),
        Cell("State", "shown_state"),
        Cell("Valid until before", "expires"),
        Cell("Reason", "reason"),
    ),
    empty="No exception. Request one on the page of a machine.",
    crumbs="cases/crumbs.html",
    export="exemption.exported",
)


exemptions = EXEMPTIONS.view(access.readable_exemptions, ALL)


@member(ALL, WRITERS)
def exemption(request: HttpRequest, exemption_id: int) -> HttpResponse:
    """One exemption: approve (not by its requester) or end it. Affected cases are recomputed."""
    posted = request.method == "POST"
    entry = access.get_exemption(request.user, exemption_id, write=posted)
    user: Any = request.user
    may = may_act(user, entry.unit_id, COORDINATORS) and entry.asked_by_id != user.pk
    if posted:
        with transaction.atomic():
            changed = _change(request, entry, may=may)
            if changed:
                recompute_touched(entry)
        if changed:
            messages.success(request, _("Saved. All that depends on it was recomputed."))
        else:
            messages.error(
                request,
                _("An exception is approved by a coordinator who did not ask for it. Nothing was changed."),
            )
        return redirect("cases:exemption", exemption_id=exemption_id)
    named = entry.unit_id in own_units(user)
    if named and entry.device_id:
        record(request, "exemption.viewed", entry, entry.unit)
    return render(
        request,
        "cases/exemption.html",
        {
            "exemption": entry,
            "may": may,
            "named": named,
            "today": today(),
            "may_write": may_act(user, entry.unit_id),
        },
    )


def _change(request: HttpRequest, entry: Exemption, *, may: bool) -> bool:
    what = request.POST.get("what")
    rows = Exemption.objects.filter(pk=entry.pk, ended_on=None)
    if what == "approve" and may:
        done = rows.filter(approved_on=None).update(approved_by=request.user, approved_on=today())
    elif what == "end":
        done = rows.update(ended_on=today())
    else:
        return False
    record(request, f"exemption.{what}", entry, entry.unit, indicator=entry.indicator)
    return bool(done)


QUESTIONS = Listing(
    title="Findings that make a question",
    lead="They accuse no machine: find out what is behind them, for instance the log of the DNS "
    "server itself.",
    cells=(
        Cell("Why", lambda row: row.get_kind_display(), "kind"),
        machine_cell(
            "machine",
            lambda row: (
                Link(row.device, reverse("findings:device", args=(row.device_id,)))
                if row.named
                else Quiet(_("seen by the unit itself only"))
            ),
        ),
        Cell("Unit", "unit__name"),
        machine_cell("count", "count", css="number"),
        machine_cell("last", "last_seen", css="nowrap"),
        Cell("Answer", template="cases/question_answer.html"),
    ),
    empty="No question is open.",
    crumbs="cases/crumbs.html",
    template="cases/clarifications.html",
)


@member(ALL, WRITERS, ("GET",))
def clarifications(request: HttpRequest) -> HttpResponse:
    """Questions: contacts from outside, and unattributed ones. They accuse no machine."""
    rows = access.readable_clarifications(request.user)
    if request.GET.get("show") != "all":
        rows = rows.filter(answered=None)
    page = paged(request, QUESTIONS.chosen(request.GET, rows))
    own = set(own_units(request.user))
    for row in page:
        row.named = row.unit_id in own
    if any(row.named for row in page):
        record(request, "clarifications.viewed")
    return QUESTIONS.page(request, page, {"show": request.GET.get("show", "")})


@member(ALL, WRITERS, ("POST",))
def clarification(request: HttpRequest, question_of_machine: int) -> HttpResponse:
    """Answer a question."""
    question = access.get_clarification(request.user, question_of_machine)

    def step(data: Mapping[str, Any]) -> None:
        Clarification.objects.filter(pk=question.pk).update(
            answer=data["answer"], answered=timezone.now(), user=request.user
        )
        record(request, "clarification.answered", question, question.unit)

    act(request, AnswerForm(request.POST), step, _("Saved."))
    return redirect("cases:clarifications")
