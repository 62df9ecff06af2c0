"""Making a draft, filling it anew from what is known, and keeping what a person changes in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.letters.assessment import Evidence, assessment, proposals
from lamsach.letters.checks import warnings
from lamsach.letters.form import Form, parse_form
from lamsach.portal.audit.trail import record
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.letterheads import heads
from lamsach.portal.reports.chain import Stale
from lamsach.portal.reports.content import figures_of, form_of, scope_of, stated_values_of
from lamsach.portal.reports.deadlines import due_of
from lamsach.portal.reports.figures import accepted, children, compute, known, searched_sources
from lamsach.portal.reports.models import Figure, Report, ReportState
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today


def newest(campaign: Campaign, unit: Unit) -> Report | None:
    """The unit's newest edition."""
    rows = Report.objects.filter(campaign=campaign, unit=unit).select_related(
        "campaign", "unit__parent", "form"
    )
    return rows.order_by("-edition").first()


def begin(campaign: Campaign, unit: Unit, by: Any, day: date | None = None) -> Report:
    """The unit's report: the one that there is, else a new draft filled from what is known. Two who begin at once get the same one."""
    found = newest(campaign, unit)
    if found is not None:
        return found
    kept = heads.letterhead_of(unit)
    try:
        with transaction.atomic():
            made = Report.objects.create(
                campaign=campaign,
                unit=unit,
                form=campaign.form,
                as_of=day or today(),
                due=due_of(campaign, unit),
                symbol=heads.symbol(kept, heads.REPORT),
                place=kept.place,
                authority=kept.authority,
                position=kept.position,
                signer=kept.signer,
                created_by=by.user if hasattr(by, "user") else by,
            )
            _fill(made, texts=True)
            record(by, "report.begun", made, unit)
    except IntegrityError:
        made = Report.objects.get(campaign=campaign, unit=unit, edition=1)
    return made


def correct(report: Report, by: Any, reason: str, day: date | None = None) -> Report:
    """The next edition of a frozen report, with the reason; it begins with what was reported, its computed numbers as they are by now (`day`)."""
    if report.state != ReportState.FROZEN:
        raise Stale
    if not reason.strip():
        raise InputError(mark("Say what is corrected, and why."), "reason")
    try:
        with transaction.atomic():
            made = Report.objects.create(
                campaign=report.campaign,
                unit=report.unit,
                edition=report.edition + 1,
                previous=report,
                correction=reason.strip(),
                form=report.form,
                as_of=day or today(),
                itself=report.itself,
                due=report.due,
                texts=report.texts,
                symbol=report.symbol,
                place=report.place,
                authority=report.authority,
                position=report.position,
                signer=report.signer,
                created_by=by.user if hasattr(by, "user") else by,
            )
            figures = [
                Figure(report=made, key=f.key, stated=f.stated, reason=f.reason, note=f.note)
                for f in figures_of(report).values()
            ]
            Figure.objects.bulk_create(figures)
            _fill(made, texts=False)
            record(by, "report.corrected", made, made.unit, edition=made.edition, reason=reason.strip()[:500])
    except IntegrityError as error:
        raise Stale from error
    return made


def refresh(report: Report, by: Any, version: int, *, texts: bool) -> None:
    """Compute the numbers anew as of today, with the campaign's newest form; draft the texts anew when asked. Stated numbers stay."""
    with transaction.atomic():
        _hold(report, version)
        report.as_of, report.form = today(), report.campaign.form
        Report.objects.filter(pk=report.pk).update(
            as_of=report.as_of, form=report.form, due=due_of(report.campaign, report.unit)
        )
        _fill(report, texts=texts)
        record(by, "report.refreshed", report, report.unit, texts=texts)


def save(
    report: Report,
    by: Any,
    version: int,
    columns: Mapping[str, Any],
    figures: Mapping[str, Mapping[str, Any]],
) -> None:
    """Keep what a person changed. Stale when it is not open or somebody else was quicker. InputError when a number differs from the computed one without a reason."""
    with transaction.atomic():
        _hold(report, version)
        Report.objects.filter(pk=report.pk).update(**columns)
        there = figures_of(report)
        for row in form_of(report).rows:
            wanted = figures.get(row.key)
            figure = there.get(row.key)
            if wanted is None or figure is None:
                continue
            stated, reason = wanted["stated"], str(wanted["reason"]).strip()
            if stated is not None and stated == figure.computed:
                stated, reason = None, ""
            if stated is not None and figure.computed is not None and not reason:
                raise InputError(mark("A number that differs from the computed one needs a reason."), row.key)
            if (stated, reason) != (figure.stated, figure.reason) and stated is not None:
                record(
                    by,
                    "report.overruled",
                    report,
                    report.unit,
                    key=row.key,
                    computed=figure.computed,
                    stated=stated,
                )
            figure.stated, figure.reason, figure.note = stated, reason, str(wanted["note"]).strip()
            figure.save()
        if columns.get("itself") is not None and columns["itself"] != report.itself:
            report.itself = bool(columns["itself"])
            _fill(report, texts=False)


def _hold(report: Report, version: int) -> None:
    """Take the row for this person's change: once for each version that somebody has seen."""
    open_states = (ReportState.DRAFT, ReportState.RETURNED)
    rows = Report.objects.filter(pk=report.pk, version=version, state__in=open_states)
    if not rows.update(version=F("version") + 1):
        raise Stale
    report.version = version + 1


def _fill(report: Report, *, texts: bool) -> None:
    """Put in the computed numbers (stated ones stay), and the drafted texts when asked."""
    form, scope = parse_form(report.form.definition), scope_of(report)
    values = known(scope)
    computed = compute(form, scope, values=values)
    there = figures_of(report)
    Figure.objects.filter(report=report).exclude(key__in=list(computed)).delete()
    for key, value in computed.items():
        figure = there.get(key) or Figure(report=report, key=key)
        figure.computed = value
        if figure.stated == value:
            figure.stated, figure.reason = None, ""
        figure.save()
    if texts:
        evidence = evidence_of(report, values)
        report.texts = {**report.texts, "assessment": assessment(evidence), "proposals": proposals(evidence)}
        Report.objects.filter(pk=report.pk).update(texts=report.texts)


def evidence_of(report: Report, values: Mapping[str, int | None]) -> Evidence:
    """What the drafted texts rest on: stated numbers before computed ones, so that text and table agree."""
    form, figures = form_of(report), figures_of(report)
    stated = {row.source: figures[row.key].value for row in form.rows if row.key in figures}
    scope = scope_of(report)
    below = children(scope).count()
    sources = searched_sources(scope)
    found = stated.get("cases.found", values.get("cases.found"))
    return Evidence(
        unit=report.unit.name,
        campaign=report.campaign.name,
        day=report.as_of,
        units=values.get("campaign.units"),
        informed=stated.get("campaign.informed", values.get("campaign.informed")),
        deployed=stated.get("campaign.deployed", values.get("campaign.deployed")),
        found=found if found or sources else None,  # where no log was searched, nothing is said of machines
        sources=sources,
        cleaned=stated.get("cases.cleaned", values.get("cases.cleaned")),
        verified=stated.get("cases.verified", values.get("cases.verified")),
        blind_machines=stated.get("cases.blind", values.get("cases.blind")),
        people=stated.get("people.told", values.get("people.told")),
        missing_reports=below - len(accepted(scope)) if below else None,
    )


def warned(report: Report) -> list[str]:
    """The sentences (English) of the checks that the report's numbers call for. They never forbid."""
    form: Form = form_of(report)
    values = known(scope_of(report))
    shown: dict[str, int | None] = {
        "units": values.get("campaign.units"),
        "informed": values.get("campaign.informed"),
        "deployed": values.get("campaign.deployed"),
        "found": values.get("cases.found"),
        "blind": values.get("cases.blind"),
        **stated_values_of(report),
    }
    return warnings(form.checks, shown)
