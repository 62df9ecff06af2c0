"""Report drafts: creation, recomputation, and changes by people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.letters.assessment import inconsistent_pair
from lamsach.letters.checks import warnings
from lamsach.letters.form import Form, parse_form
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.errors import Stale
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.letterheads import heads
from lamsach.portal.reports import content
from lamsach.portal.reports.content import (
    DRAFTED,
    drafted_texts,
    evidence_of,
    figures_of,
    form_of,
    measure,
    measured_of,
    requesting_dispatch,
    scope_of,
    stated_values_of,
    wrong_phrases,
)
from lamsach.portal.reports.figures import compute
from lamsach.portal.reports.models import Figure, Report, ReportState
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today

_SIGNATURE = ("place", "authority", "position", "signer")
"""Columns that a report takes from the unit's letterhead."""
_CARRIED = ("campaign", "unit", "form", "itself", "texts", "symbol", *_SIGNATURE)
"""Columns that a correction takes from the former edition."""


def newest(campaign: Campaign, unit: Unit) -> Report | None:
    """The unit's newest edition."""
    rows = Report.objects.filter(campaign=campaign, unit=unit).select_related(
        "campaign", "unit__parent", "form"
    )
    return rows.order_by("-edition").first()


def begin(campaign: Campaign, unit: Unit, by: Any, day: date | None = None) -> Report:
    """The unit's report, or a new draft filled from known data; simultaneous calls share it."""
    existing = newest(campaign, unit)
    if existing is not None:
        return existing
    letterhead = heads.letterhead_of(unit)
    try:
        with transaction.atomic():
            report = Report.objects.create(
                campaign=campaign,
                unit=unit,
                form=campaign.form,
                as_of=day or today(),
                symbol=heads.symbol(letterhead, heads.REPORT),
                created_by=user_of(by),
                **{name: getattr(letterhead, name) for name in _SIGNATURE},
            )
            _fill(report, texts=True)
            record(by, "report.begun", report, unit)
    except IntegrityError:
        report = Report.objects.get(campaign=campaign, unit=unit, edition=1)
    return report


def correct(report: Report, by: Any, reason: str, day: date | None = None) -> Report:
    """Begin the next edition of a frozen report, with the reason and with numbers as of `day`."""
    if report.state != ReportState.FROZEN:
        raise Stale
    if not reason.strip():
        raise InputError(mark("Say what is corrected, and why."))
    try:
        with transaction.atomic():
            new = Report.objects.create(
                edition=report.edition + 1,
                previous=report,
                correction=reason.strip(),
                as_of=day or today(),
                measured={"drafted": (report.measured or {}).get("drafted", {})},
                created_by=user_of(by),
                **{name: getattr(report, name) for name in _CARRIED},
            )
            figures = [
                Figure(report=new, key=f.key, stated=f.stated, reason=f.reason, note=f.note)
                for f in figures_of(report).values()
            ]
            Figure.objects.bulk_create(figures)
            _fill(new, texts=False)
            record(by, "report.corrected", new, new.unit, edition=new.edition, reason=reason.strip()[:500])
    except IntegrityError as error:
        raise Stale from error
    return new


def refresh(report: Report, by: Any, version: int, *, texts: bool) -> None:
    """Recompute as of today, by the newest form; redraft texts if requested. InputError as in `save`."""
    with transaction.atomic():
        _hold(report, version)
        report.as_of, report.form = today(), report.campaign.form
        Report.objects.filter(pk=report.pk).update(as_of=report.as_of, form=report.form)
        _fill(report, texts=texts)
        _agree(report)
        record(by, "report.refreshed", report, report.unit, texts=texts)


def save(
    report: Report,
    by: Any,
    version: int,
    columns: Mapping[str, Any],
    figures: Mapping[str, Mapping[str, Any]],
) -> None:
    """Save a person's changes; a stated number updates the drafted texts too.

    Stale when not open or changed concurrently. InputError, with nothing saved, when a number differs from
    the computed one without a reason, or when numbers and texts would contradict each other.
    """
    with transaction.atomic():
        _hold(report, version)
        Report.objects.filter(pk=report.pk).update(**columns)
        present = figures_of(report)
        for row in form_of(report).rows:
            if row.key in figures and row.key in present:
                _overrule(present[row.key], report, by, **figures[row.key])
        if columns.get("itself") is not None and columns["itself"] != report.itself:
            report.itself = bool(columns["itself"])
            _fill(report, texts=False)
        _redraft(report, columns.get("texts", report.texts))
        _agree(report)


def _overrule(figure: Figure, report: Report, by: Any, *, stated: int | None, reason: str, note: str) -> None:
    """Save the stated number and its reason; one equal to the computed number is dropped."""
    reason = str(reason).strip()
    if stated is not None and stated == figure.computed:
        stated, reason = None, ""
    if stated is not None and figure.computed is not None and not reason:
        raise InputError(mark("A number that differs from the computed one needs a reason."), figure.key)
    if (stated, reason) != (figure.stated, figure.reason) and stated is not None:
        facts: dict[str, Any] = {"key": figure.key, "computed": figure.computed, "stated": stated}
        record(by, "report.overruled", report, report.unit, **facts)
    figure.stated, figure.reason, figure.note = stated, reason, str(note).strip()
    figure.save()


def _hold(report: Report, version: int) -> None:
    """Claim the row for this change: once for each version seen."""
    open_states = (ReportState.DRAFT, ReportState.RETURNED)
    rows = Report.objects.filter(pk=report.pk, version=version, state__in=open_states)
    if not rows.update(version=F("version") + 1):
        raise Stale
    report.version = version + 1


def _fill(report: Report, *, texts: bool) -> None:
    """Measure, and store computed numbers and, if requested, drafted texts; unchanged drafts follow."""
    form, scope = parse_form(report.form.definition), scope_of(report)
    before = (report.measured or {}).get("drafted", {})
    counted = measure(form, scope)
    computed = compute(form, scope, values=counted["values"])
    present = figures_of(report)
    Figure.objects.filter(report=report).exclude(key__in=list(computed)).delete()
    for key, value in computed.items():
        figure = present.get(key) or Figure(report=report, key=key)
        figure.computed = value
        if figure.stated == value:
            figure.stated, figure.reason = None, ""
        figure.save()
    report.measured = {**counted, "drafted": before}
    Report.objects.filter(pk=report.pk).update(measured=report.measured)
    _redraft(report, {} if texts else report.texts)


def _redraft(report: Report, texts: Mapping[str, str]) -> None:
    """Update drafted texts that are missing or were not changed by hand."""
    before, now = (report.measured or {}).get("drafted", {}), drafted_texts(report)
    report.texts = {**report.texts, **texts}
    for name in DRAFTED:
        if name not in texts or _plain(texts[name]) == _plain(before.get(name)):
            report.texts[name] = now[name]
    report.measured = {**measured_of(report), "drafted": now}
    Report.objects.filter(pk=report.pk).update(texts=report.texts, measured=report.measured)


def _plain(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def _agree(report: Report) -> None:
    """Raise InputError for inconsistent numbers, or a text changed by hand that contradicts them."""
    if (pair := inconsistent_pair(evidence_of(report))) is not None:
        raise InputError(
            mark(
                "The numbers of machines do not fit each other: a part is larger than the "
                "whole. Nothing was changed."
            ),
            f"{pair[0]} > {pair[1]}",
        )
    if phrases := wrong_phrases(report, report.texts):
        raise InputError(OTHERWISE, "; ".join(f"“{phrase}”" for phrase in phrases[:3]))


OTHERWISE = mark(
    "A text that was edited by hand contradicts the figures. Correct these words, or draft the texts "
    "again. Nothing was changed."
)


def freeze(report: Report) -> dict[str, Any]:
    """Columns of the submitted content. InputError when its texts contradict its figures."""
    _agree(report)
    return content.freeze(report)


OLD_DAYS = 7
"""Age of figures that causes a warning before the report is sent."""


def warnings_for(report: Report) -> list[str]:
    """Non-binding warnings for the reader: checks of the numbers, their age, contradicting texts."""
    form: Form = form_of(report)
    values = measured_of(report)["values"]
    shown: dict[str, int | None] = {
        "units": values.get("campaign.units"),
        "informed": values.get("campaign.informed"),
        "deployed": values.get("campaign.deployed"),
        "found": values.get("cases.found"),
        "blind": values.get("cases.blind"),
        **stated_values_of(report),
    }
    found = [_(sentence) for sentence in warnings(form.checks, shown)]
    days = (today() - report.as_of).days
    if days > OLD_DAYS:
        words = _(
            "The figures are as of {day}, {days} days ago. Count them again before the report is sent, "
            "or send them knowing that."
        )
        found.append(words.format(day=f"{report.as_of:%d/%m/%Y}", days=days))
    dispatch = requesting_dispatch(report)
    if dispatch is not None and (report.day or report.as_of) < dispatch.day:
        found.append(
            _("The report is dated before the dispatch that it answers ({day}).").format(
                day=f"{dispatch.day:%d/%m/%Y}"
            )
        )
    if report.is_open and (phrases := wrong_phrases(report, report.texts)):
        found.append(_(OTHERWISE_SHOWN).format(phrases="; ".join(f"“{phrase}”" for phrase in phrases[:3])))
    return found


OTHERWISE_SHOWN = mark("A text contradicts the figures: {phrases}. The report cannot be submitted like this.")
