"""Pages of one report: begin, read, edit, steps, correction, origin of figures, documents."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, NamedTuple

from django.contrib import messages
from django.db import transaction
from django.db.models import F, FilteredRelation, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from lamsach.letters.form import SOURCES, Row
from lamsach.portal.audit.trail import record
from lamsach.portal.base import uploads
from lamsach.portal.base.doors import member
from lamsach.portal.base.errors import Stale
from lamsach.portal.base.forms import FileForm, ProblemsShown, done
from lamsach.portal.base.lists import Cell, Listing, Quiet
from lamsach.portal.base.parameters import number
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.campaigns import deadlines
from lamsach.portal.cases.coverage import find_unsearched
from lamsach.portal.cases.tally import case_counts, case_counts_by_child
from lamsach.portal.reports import access, documents, drafts
from lamsach.portal.reports.chain import Action, take
from lamsach.portal.reports.consolidation import is_late
from lamsach.portal.reports.content import figures_of, filled_form, form_of, is_intact, scope_of
from lamsach.portal.reports.figures import Scope, accepted, children, notices_by_unit, stated_values
from lamsach.portal.reports.forms import HEAD, DraftForm, ExtensionForm, SignForm, StepForm
from lamsach.portal.reports.letters import queue_step_letter
from lamsach.portal.reports.models import Extension, Report, ReportState, Step
from lamsach.portal.units.access import may_act
from lamsach.portal.units.models import Unit, UnitLink
from lamsach.portal.units.tree import today, under

_ON_THE_WAY = (
    ReportState.DRAFT,
    ReportState.RETURNED,
    ReportState.SUBMITTED,
    ReportState.APPROVED,
)
"""States of a report not yet sent."""


@member(ALL, WRITERS)
def of_unit(request: HttpRequest, campaign_id: int, unit_id: int) -> HttpResponse:
    """A unit's report: the newest edition, or the page to begin one."""
    campaign, unit = access.get_place(request.user, campaign_id, unit_id, write=request.method == "POST")
    newest = drafts.newest(campaign, unit)
    if newest is None and request.method == "POST":
        newest = drafts.begin(campaign, unit, request)
    if newest is not None:
        return redirect("reports:report", report_id=newest.pk)
    context = {
        "campaign": campaign,
        "unit": unit,
        "dates": deadlines.of_unit(campaign, unit.pk),
        "may_write": may_act(request.user, unit.pk),
    }
    return render(request, "reports/begin.html", context)


@member(ALL, WRITERS, ("GET",))
def report(request: HttpRequest, report_id: int) -> HttpResponse:
    """A report: state, figures with origin, texts, warnings, history, possible actions."""
    report = access.get_report(request.user, report_id)
    filled = filled_form(report)
    dates = deadlines.of_unit(report.campaign, report.unit_id)
    editions = Report.objects.filter(campaign=report.campaign_id, unit=report.unit_id).defer("content")
    context: dict[str, Any] = {
        "report": report,
        "campaign": report.campaign,
        "rows": [(row, filled.figures.get(row.key)) for row in filled.form.rows],
        "texts": [(f.label, filled.texts.get(f.key, "")) for f in filled.form.fields if f.key != "unit"],
        "warned": drafts.warnings_for(report) if report.state in _ON_THE_WAY else [],
        "steps": Step.objects.filter(report=report),
        "editions": editions.order_by("-edition"),
        "difference": documents.difference(report),
        "may_write": may_act(request.user, report.unit_id),
        "may_receive": access.may_receive(request.user, report),
        "is_head": access.is_head(request.user, report.unit_id),
        "is_newest": editions.order_by("-edition").values_list("pk", flat=True).first() == report.pk,
        "is_whole": report.is_open or is_intact(report),
        "dates": dates,
        "late": is_late(report, dates.report.day, today()),
        "step": StepForm(
            initial={"version": report.version, "signer": report.signer, "position": report.position},
            from_paper=not access.is_head(request.user, report.unit_id),
        ),
        "scan": FileForm(),
        "sign": SignForm(),
        "extension": ExtensionForm(),
        "asked": Extension.objects.filter(campaign=report.campaign_id, unit=report.unit_id).first(),
        "kinds": list(uploads.DOCUMENTS),
    }
    return render(request, "reports/report.html", context)


@member(ALL, WRITERS)
def edit(request: HttpRequest, report_id: int) -> HttpResponse:
    """Edit a draft, once for each version; on a conflict no input is lost."""
    report = access.get_report(request.user, report_id, write=request.method == "POST")
    if not report.is_open:
        if request.method == "POST":
            raise Stale
        return redirect("reports:report", report_id=report_id)
    seen = Report.objects.get(pk=report.pk)
    form = DraftForm(
        request.POST or None,
        instance=seen,
        form=form_of(report),
        figures=figures_of(report),
    )
    if request.method == "POST" and form.is_valid():
        columns = {name: form.cleaned_data[name] for name in (*HEAD, "itself", "late_reason")}
        columns["texts"] = {**report.texts, **form.texts()}
        with ProblemsShown(form):
            drafts.save(report, request, form.cleaned_data["version"], columns, form.figures())
            return done(request, _("Saved."), "reports:report", report_id=report_id)
    return render(request, "reports/edit.html", {"report": report, "campaign": report.campaign, "form": form})


@member(ALL, WRITERS, ("POST",))
def refresh(request: HttpRequest, report_id: int) -> HttpResponse:
    """Recompute as of today; redraft the texts if requested."""
    report = access.get_report(request.user, report_id, write=True)
    with ProblemsShown(request):
        drafts.refresh(report, request, _version(request), texts=bool(request.POST.get("texts")))
        messages.success(request, _("The figures are as of today."))
    return redirect("reports:report", report_id=report_id)


def _version(request: HttpRequest) -> int:
    value = number(request.POST, "version")
    return -1 if value is None else value


def _step(request: HttpRequest, report: Report, action: Action, **changes: Any) -> HttpResponse:
    """Take a step and notify the units concerned, in one transaction."""
    reason = request.POST.get("reason", "")[:4000]
    with ProblemsShown(request):
        with transaction.atomic():
            changed = take(
                report,
                action,
                request,
                reason=reason,
                who=changes.get("signer", ""),
                version=_version(request),
                freeze=drafts.freeze if action == Action.SUBMIT else None,
                **changes,
            )
            queue_step_letter(changed, action, reason)
        messages.success(request, _("Noted."))
    return redirect("reports:report", report_id=report.pk)


@member(ALL, WRITERS, ("POST",))
def step(request: HttpRequest, report_id: int) -> HttpResponse:
    """Submit, approve, return within the unit, or send to the parent."""
    report = access.get_report(request.user, report_id, write=True)
    wanted = request.POST.get("action", "")
    if wanted not in (Action.SUBMIT, Action.APPROVE, Action.RETURN, Action.SEND):
        return redirect("reports:report", report_id=report_id)
    changes: dict[str, Any] = {}
    if wanted == Action.APPROVE:
        signer = request.POST.get("signer", "").strip()[:200] or report.signer
        if not signer and not access.is_head(request.user, report.unit_id):
            messages.error(request, _("Name the head who approved it on paper."))
            return redirect("reports:report", report_id=report_id)
        position = request.POST.get("position", "").strip()[:200] or report.position
        changes = {"signer": signer or str(request.user), "position": position}
    return _step(request, report, Action(wanted), **changes)


@member(ALL, COORDINATORS, ("POST",))
def receive(request: HttpRequest, report_id: int) -> HttpResponse:
    """Accept (freezing the report) or return it with a reason, as the parent."""
    report = access.get_report(request.user, report_id, receive=True)
    wanted = request.POST.get("action", "")
    if wanted not in (Action.ACCEPT, Action.REFUSE):
        return redirect("reports:report", report_id=report_id)
    if wanted == Action.ACCEPT and report.state == ReportState.SENT and not is_intact(report):
        messages.error(request, _("The content does not fit its digest. Return the report."))
        return redirect("reports:report", report_id=report_id)
    return _step(request, report, Action(wanted))


@member(ALL, WRITERS, ("POST",))
def correct(request: HttpRequest, report_id: int) -> HttpResponse:
    """Begin a correction of a frozen report: the next edition."""
    report = access.get_report(request.user, report_id, write=True)
    with ProblemsShown(request):
        correction = drafts.correct(report, request, request.POST.get("reason", "")[:4000])
        return redirect("reports:edit", report_id=correction.pk)
    return redirect("reports:report", report_id=report_id)


def _behind(counted: Cell) -> Listing:
    cells = (Cell("Unit", itemgetter(1)), Cell("Unit code", itemgetter(0)), counted)
    return Listing("Why this number", cells, "Nothing is behind it yet.", template="reports/why.html")


BEHIND = {
    "amount": _behind(Cell("Number", lambda row: _amount(row[2]), css="number")),
    "day": _behind(Cell("Counts from", itemgetter(2), css="number")),
}
"""Rows behind a number, by the kind of their column."""


def _amount(value: int | None) -> Any:
    return Quiet(_("no accepted report")) if value is None else value


@member(ALL, WRITERS, ("GET",))
def why(request: HttpRequest, report_id: int, figure: str) -> HttpResponse:
    """The list behind a number."""
    report = access.get_report(request.user, report_id)
    filled = filled_form(report)
    row = next((row for row in filled.form.rows if row.key == figure), None)
    if row is None:
        raise Http404
    number = filled.figures.get(figure)
    origin = explain(report, row)
    context = {
        "report": report,
        "campaign": report.campaign,
        "row": row,
        "number": number,
        "why": origin.words,
    }
    return BEHIND[origin.column].page(request, origin.rows, context)


@member(ALL, WRITERS, ("GET",))
def file(request: HttpRequest, report_id: int, document: str) -> HttpResponse:
    """The report as a document."""
    report = access.get_report(request.user, report_id)
    if document not in uploads.DOCUMENTS:
        raise Http404
    content = documents.render(
        documents.document_of(report), filled_form(report), document, documents.report_facts(report)
    )
    record(request, "report.downloaded", report, report.unit, kind=document)
    return uploads.document(content, document, f"bao-cao-{report.unit.code}-lan-{report.edition}.{document}")


class Origin(NamedTuple):
    """Origin of a number: source as text, kind of `column`, rows (code, name, amount or day)."""

    words: str
    column: str
    rows: Any


_REACHED = {"campaign.informed": "informed_on", "campaign.deployed": "deployed_on", "campaign.units": None}


def explain(report: Report, row: Row) -> Origin:
    """Origin of a row's number, as of the report's day."""
    scope = scope_of(report)
    words = _(SOURCES[row.source])
    if row.basis == "reports" or row.source == "manual":
        return Origin(words, "amount", _from_reports(scope, row.key))
    if row.source in _REACHED:
        return Origin(words, "day", units_behind(scope, row.source))
    if row.source == "people.told":
        people = [(r["unit__code"], r["unit__name"], r["count"]) for r in notices_by_unit(scope)]
        return Origin(words, "amount", people)
    return Origin(words, "amount", _cases(scope, row.source))


def units_behind(scope: Scope, source: str) -> QuerySet[UnitLink, Any]:
    """Units behind a campaign's number: code, name, the relevant day."""
    links = under([scope.unit.pk], scope.day)
    if not scope.itself:
        links = links.filter(distance__gt=0)
    links = links.annotate(
        p=FilteredRelation(
            "descendant__participations", condition=Q(descendant__participations__campaign=scope.campaign)
        )
    )
    column = _REACHED[source]
    if column is not None:
        links = links.filter(**{f"p__{column}__lte": scope.day})
    day = F(f"p__{column}") if column else F("descendant__valid_from")
    return (
        links.annotate(counted=day)
        .order_by("descendant__code")
        .values_list("descendant__code", "descendant__name", "counted")
    )


def _from_reports(scope: Scope, key: str) -> list[tuple[str, str, int | None]]:
    parts = accepted(scope)
    listed = []
    for unit in children(scope):
        part = parts.get(unit.pk)
        listed.append((unit.code, unit.name, stated_values(part).get(key) if part else None))
    return listed


def _cases(scope: Scope, source: str) -> list[tuple[str, str, int]]:
    name = source.partition(".")[2]
    if name == "unsearched":
        tops = find_unsearched(scope.campaign, scope.unit.pk, scope.day).tops
        rows = Unit.objects.filter(pk__in=tops).order_by("code").values_list("code", "name")
        return [(code, title, 1) for code, title in rows]
    below = case_counts_by_child(scope.campaign, scope.unit.pk, scope.day)
    listed = [
        (unit.code, unit.name, getattr(below[unit.pk], name)) for unit in children(scope) if unit.pk in below
    ]
    whole = getattr(case_counts(scope.campaign, scope.unit.pk, scope.day), name)
    alone = whole - sum(row[2] for row in listed)
    return [(scope.unit.code, scope.unit.name, alone), *listed]
