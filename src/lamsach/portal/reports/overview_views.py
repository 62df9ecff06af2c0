"""Coordinator's pages: overview, acceptance, reminders, extensions, consolidated report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.letters.form import Figure, Filled, Form, parse_form
from lamsach.portal.audit.trail import record
from lamsach.portal.base import uploads
from lamsach.portal.base.check import MOST_NAMED, Check, confirmation_page
from lamsach.portal.base.doors import member
from lamsach.portal.base.errors import Stale
from lamsach.portal.base.forms import done
from lamsach.portal.base.lists import Below, Cell, Link, Listing, Quiet, State, Ticks, Wrong, paged, streamed
from lamsach.portal.base.parameters import numbers
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.campaigns import deadline_moves, deadlines
from lamsach.portal.campaigns.access import get_campaign, readable_campaigns
from lamsach.portal.campaigns.checks import last_reminded, remind_after_check
from lamsach.portal.campaigns.models import Campaign, CampaignState, DeadlineKind, MoveScope
from lamsach.portal.reports import access, documents, drafts
from lamsach.portal.reports.chain import Action, take
from lamsach.portal.reports.consolidation import (
    Consolidation,
    Line,
    changed_since,
    consolidate,
    is_late,
    received_by_day,
)
from lamsach.portal.reports.content import filled_form, is_intact
from lamsach.portal.reports.documents import zip_reports
from lamsach.portal.reports.figures import Scope
from lamsach.portal.reports.forms import ExtensionForm
from lamsach.portal.reports.letters import queue_step_letter, remind_units
from lamsach.portal.reports.models import DONE, Extension, ReceivedState, Report, ReportState
from lamsach.portal.reports.tasks import to_accept
from lamsach.portal.units.access import get_unit, home_units, may_act, unit_in_address, writable_units
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today
from lamsach.runtime.file_names import safe_name


def _newest(row: Any) -> Any:
    return row.newest.shown_state if row.newest else State("none", _("not begun"))


class _Own(NamedTuple):
    """Report of an own unit in a campaign."""

    campaign: Campaign
    unit: Unit
    newest: Report | None
    due: deadlines.Deadline


def _own(row: _Own) -> Link:
    return Link(row.unit.name, reverse("reports:of_unit", args=(row.campaign.pk, row.unit.pk)))


def _below(row: _Own) -> Link:
    return Link(_("Subordinates' reports"), access.overview_of(row.campaign.pk, row.unit.pk))


MINE = Listing(
    title="Reports",
    cells=(
        Cell("Unit", _own),
        Cell("Campaign", lambda row: row.campaign.name),
        Cell("State", _newest),
        Cell("Deadline", lambda row: row.due.shown),
        Cell("", _below),
    ),
    empty="No campaign is running. Reports are written while one runs.",
)
WAITING = Listing(
    title="Reports",
    cells=(
        Cell("Unit", "unit__name", view="reports:report"),
        Cell("Campaign", "campaign__name"),
        Cell("State", "shown_state", "state"),
        Cell("Deadline", lambda row: row.due.shown),
    ),
    empty="Nothing is waiting for you.",
    template="reports/mine.html",
)


@member(ALL, ALL, ("GET",))
def mine(request: HttpRequest) -> HttpResponse:
    """Reports of the person's own units in running campaigns, and reports awaiting their decision."""
    user: Any = request.user
    running = list(readable_campaigns(user).filter(state=CampaignState.RUNNING)[:10])
    units = home_units(user)[:10]
    dues = deadlines.dates((campaign, unit.pk) for campaign in running for unit in units)
    rows = [
        _Own(campaign, unit, newest, _owed(newest, dues[campaign.pk, unit.pk]))
        for campaign in running
        for unit in units
        for newest in [drafts.newest(campaign, unit)]
    ]
    heads = writable_units(user, COORDINATORS)
    waiting = access.readable_reports(user).filter(
        Q(state=ReportState.SENT, unit__parent__in=heads) | Q(state=ReportState.SUBMITTED, unit__in=heads)
    )
    waiting = waiting.defer("content").order_by("sent", "submitted", "pk")
    page = paged(request, WAITING.chosen(request.GET, waiting))
    dues = deadlines.dates((report.campaign, report.unit_id) for report in page)
    for report in page:
        report.due = _owed(report, dues[report.campaign_id, report.unit_id])
    context = {"own": rows, "mine": MINE, "may_write": bool(user.roles & WRITERS)}
    return WAITING.page(request, page, context)


def _owed(report: Report | None, due: deadlines.UnitDates) -> deadlines.Deadline:
    """Deadline of a report; met once it was sent and not returned."""
    return (due.without(DeadlineKind.REPORT) if report and report.state in DONE else due).report


@member(ALL, ALL, ("GET",))
def overview(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Direct subordinates of a unit (`?unit=`): reports, sums of accepted ones, late and missing."""
    campaign, unit = get_campaign(request.user, campaign_id), unit_in_address(request)
    form = parse_form(campaign.form.definition)
    newest = drafts.newest(campaign, unit)
    result = consolidate(form, Scope(campaign, unit, today()), newest)
    groups = _groups(result)
    state = request.GET.get("state", "")
    page = paged(request, groups.get(state, list(result.lines)))
    reminded = last_reminded(campaign, [line.unit.pk for line in page])
    led_units = {pk for pk in {unit.pk, campaign.owner_id} if may_act(request.user, pk, COORDINATORS)}
    context = {
        "campaign": campaign,
        "unit": unit,
        "sums": [(row.label, result.sums[row.key]) for row in form.rows],
        "taken": result,
        "doubled": ", ".join(moved.name for moved in result.doubled),
        "between": ", ".join(moved.name for moved in result.between),
        "groups": {name: len(lines) for name, lines in groups.items()},
        "unsent": sum(line.state not in DONE for line in result.lines),
        "state": state,
        "received": received_by_day(campaign, result.lines, today()),
        "may_remind": unit.pk in led_units,
        "may_tick": unit.pk in led_units,
        "may_lead": campaign.owner_id in led_units,
        "kinds": ["html", "docx", "pdf", "xlsx", "zip"],
    }
    if unit.pk in led_units:
        requests = Extension.objects.filter(campaign=campaign, granted=None, unit__parent=unit)
        context["asked"] = requests.select_related("unit")
        context["came"] = access.readable_received(request.user).filter(state=ReceivedState.WAITING).count()
    return _lines(campaign, form, reminded).page(request, page, context)


def _lines(campaign: Campaign, form: Form, reminded: Mapping[int, datetime]) -> Listing:
    """List of the subordinates, with a column for each row of the form."""

    def name(line: Line) -> Any:
        own = reverse("reports:of_unit", args=(campaign.pk, line.pk))
        url = reverse("reports:report", args=(line.newest.pk,)) if line.newest else own
        return Link(line.unit.name, url), Quiet(line.unit.code)

    def state(line: Line) -> Any:
        late = _("sent late") if line.newest and line.newest.sent else _("late")
        return (
            _newest(line),
            State("late", late) if line.late else "",
            State("busy", _("changed since our report")) if line.changed else "",
            (Below(_("reminded")), reminded[line.pk]) if line.pk in reminded else "",
        )

    figures = (
        Cell(str(position), partial(_figure, row.key), css="number", full=row.label)
        for position, row in enumerate(form.rows, 1)
    )
    return Listing(
        title="Subordinates' reports",
        cells=(
            Cell("Unit", name),
            Cell("State", state),
            Cell("Deadline", lambda line: line.due),
            *figures,
            Cell("Board: acknowledged", lambda line: line.board.informed, css="number quiet"),
            Cell("Board: deployed", lambda line: line.board.deployed, css="number quiet"),
        ),
        empty="No unit here.",
        crumbs="reports/crumbs.html",
        ticks=Ticks("unit", Cell("", lambda line: line.unit.name)),
        template="reports/overview.html",
    )


def _figure(key: str, line: Line) -> int | None:
    return line.values.get(key)


def _groups(result: Consolidation) -> dict[str, list[Line]]:
    waiting = (ReportState.SUBMITTED, ReportState.APPROVED, ReportState.DRAFT)
    return {
        "accepted": [line for line in result.lines if line.accepted],
        "sent": [line for line in result.lines if line.state == ReportState.SENT],
        "waiting": [line for line in result.lines if line.state in waiting],
        "returned": [line for line in result.lines if line.state == ReportState.RETURNED],
        "missing": [line for line in result.lines if line.newest is None],
        "late": result.late,
        "changed": [line for line in result.lines if line.changed],
        "yesterday": changed_since(result.lines, today() - timedelta(days=1)),
    }


@member(ALL, COORDINATORS, ("POST",))
def remind(request: HttpRequest, campaign_id: int, unit_id: int) -> HttpResponse:
    """Remind direct subordinates whose report is missing: ticked ones, or (`all`) all."""
    campaign, unit = access.get_place(request.user, campaign_id, unit_id)
    get_unit(request.user, unit.pk, write=True, roles=COORDINATORS)
    ticked = set(numbers(request.POST, "unit", 1000))
    result = consolidate(parse_form(campaign.form.definition), Scope(campaign, unit, today()))
    chosen = [
        line
        for line in result.lines
        if (line.newest is None or line.newest.state not in DONE)
        and (line.unit.pk in ticked or request.POST.get("all") == "yes")
    ]

    def send() -> int:
        occasion = timezone.localtime().strftime("%Y%m%d%H%M")
        with transaction.atomic():
            count = remind_units(campaign, [(line.unit, line.due) for line in chosen], occasion)
            record(request, "report.reminded", campaign, unit, units=count)
        return count or len(chosen)

    units = [line.unit for line in chosen]
    return remind_after_check(request, campaign, units, access.overview_of(campaign_id, unit_id), send)


@member(ALL, WRITERS, ("GET",))
def consolidated(request: HttpRequest, campaign_id: int, unit_id: int, document: str) -> HttpResponse:
    """The current consolidated report; `zip`: with all accepted reports of the subordinates."""
    campaign, unit = access.get_place(request.user, campaign_id, unit_id)
    if document not in (*uploads.DOCUMENTS, "zip"):
        raise Http404
    form, scope = parse_form(campaign.form.definition), Scope(campaign, unit, today())
    newest = drafts.newest(campaign, unit)
    result = consolidate(form, scope, newest)
    filled = filled_form(newest) if newest else None
    document_ = documents.consolidated(scope, form, result, filled)
    record(request, "report.consolidated", campaign, unit, kind=document)
    name = f"tong-hop-{unit.code}.{document}"
    if document == "zip":
        return streamed(zip_reports(document_, result), safe_name(name), "zip")
    sums = {row.key: Figure(computed=result.sums[row.key]) for row in form.rows}
    return uploads.document(
        documents.render(document_, Filled(form, {"unit": unit.name}, sums), document), document, name
    )


@member(ALL, WRITERS, ("POST",))
def extension_ask(request: HttpRequest, report_id: int) -> HttpResponse:
    """Ask the parent for a later deadline."""
    report = access.get_report(request.user, report_id, write=True)
    form = ExtensionForm(request.POST)
    if form.is_valid():
        with transaction.atomic():
            entry = form.save(commit=False)
            entry.campaign, entry.unit, entry.asked_by = (report.campaign, report.unit, request.user)
            entry.save()
            record(request, "report.extension_asked", entry, report.unit, until=entry.until.isoformat())
        messages.success(request, _("The parent unit has been asked."))
    else:
        messages.error(request, _("Give a day that has not passed, and the reason."))
    return redirect("reports:report", report_id=report_id)


@member(ALL, COORDINATORS, ("POST",))
def extension_decide(request: HttpRequest, extension_id: int) -> HttpResponse:
    """Grant or refuse a later deadline."""
    asked = access.get_extension(request.user, extension_id)
    granted = request.POST.get("granted") == "yes"
    with transaction.atomic():
        rows = Extension.objects.filter(pk=asked.pk, granted=None)
        if rows.update(granted=granted, decided=timezone.now(), decided_by=request.user.pk):
            if granted:
                days = {DeadlineKind.REPORT: asked.until}
                plan = deadline_moves.Plan(asked.campaign, MoveScope.ONE, days, asked.unit, asked.reason)
                deadline_moves.make(plan, request)
            record(request, "report.extension_decided", asked, asked.unit, granted=granted)
    return done(
        request, _("Noted."), access.overview_of(asked.campaign_id, asked.unit.parent_id or asked.unit_id)
    )


def _unit(row: Any) -> Any:
    wrong = "" if row.whole else _("The content does not fit its digest. Return the report.")
    return Link(row.unit.name, reverse("reports:report", args=(row.pk,))), Wrong(wrong)


TO_ACCEPT = Listing(
    title="Reports to accept",
    cells=(
        Cell("Unit", _unit, "unit__name"),
        Cell("Campaign", "campaign__name"),
        Cell(
            "Sent",
            lambda row: (timezone.localdate(row.sent), State("late", _("sent late")) if row.late else ""),
            "sent",
        ),
        Cell("Deadline", lambda row: row.due.day),
        Cell("Figures", template="reports/figures.html"),
    ),
    empty="No report waits to be accepted.",
    template="reports/accept.html",
    ticks=Ticks("report", Cell("", "unit__name")),
)


@member(COORDINATORS, COORDINATORS)
def accept(request: HttpRequest) -> HttpResponse:
    """Sent reports with their figures; ticked ones are accepted after a confirmation page."""
    rows = to_accept(request.user).order_by("sent", "pk")
    if request.method == "POST":
        chosen = [row for row in rows.filter(pk__in=numbers(request.POST, "report", 500)) if is_intact(row)]
        if not chosen:
            messages.warning(request, _("Nothing was accepted: tick the reports first."))
            return redirect("reports:accept")
        return confirmation_page(request, _check(chosen)) or _accepted(request, chosen)
    page = paged(request, TO_ACCEPT.chosen(request.GET, rows))
    dues = deadlines.dates((row.campaign, row.unit_id) for row in page)
    for row in page:
        row.due = dues[row.campaign_id, row.unit_id].report
        row.late, row.whole = is_late(row, row.due.day, today()), is_intact(row)
        row.stated = _figures(row)
    return TO_ACCEPT.page(request, page)


def _figures(report: Report) -> list[tuple[str, Any]]:
    return [(figure["label"], figure["value"]) for figure in report.submitted_figures]


def _words(report: Report) -> str:
    figures = "; ".join(f"{label}: {'–' if value is None else value}" for label, value in _figures(report))
    return f"{report.digest[:12]} {figures}"


def _check(chosen: list[Report]) -> Check:
    count = len(chosen)
    return Check(
        title=_("Accept {count} reports and freeze their figures?").format(count=count),
        button=_("Accept {count} reports").format(count=count),
        effects=[
            _("Their figures count in the consolidated report and can no longer be changed."),
            _("Each unit gets an e-mail that its report was accepted."),
        ],
        undo=_("A frozen report stays as it is; what is wrong is corrected by the unit's next report."),
        back=reverse("reports:accept"),
        names=[(report.unit.name, _words(report)) for report in chosen[:MOST_NAMED]],
        count=count,
    )


def _accepted(request: HttpRequest, chosen: list[Report]) -> HttpResponse:
    """Accept each report separately; those changed meanwhile are skipped and listed."""
    accepted, skipped = [], []
    for report in chosen:
        try:
            with transaction.atomic():
                queue_step_letter(take(report, Action.ACCEPT, request, version=report.version), Action.ACCEPT)
        except Stale:
            skipped.append(report.unit.name)
        else:
            accepted.append(report.unit.name)
    if accepted:
        words = _("{count} reports were accepted: {names}")
        messages.success(request, words.format(count=len(accepted), names=", ".join(accepted[:20])))
    if skipped:
        words = _("These changed meanwhile and were left: {names}")
        messages.warning(request, words.format(names=", ".join(skipped[:20])))
    return redirect("reports:accept")
