"""The one computed object of a report: every number that the portal knew of its scope when its figures were last counted, with the day that they hold for.

It is kept with the report (`Report.measured`), so that table, body, assessment, checks and annexes say the same, also when late logs come meanwhile. Numbers that a person
states instead go into it before a word is drafted; a text that a person wrote and that says otherwise is refused (see `letters.assessment.contradictions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import Max, Min

from lamsach.letters.assessment import Evidence, assessment, contradictions, proposals, with_stated
from lamsach.letters.form import Figure as FormFigure
from lamsach.letters.form import Form, parse_form
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.reports.annexes import rows_of
from lamsach.portal.reports.figures import Scope, accepted, children, known
from lamsach.portal.reports.models import Figure, Report
from lamsach.portal.units.tree import under

DRAFTED = ("assessment", "proposals")
"""The texts that are drafted from it."""


def measure(form: Form, scope: Scope) -> dict[str, Any]:
    """Count everything once."""
    units = under([scope.unit.pk], scope.day).values("descendant")
    days = CoverageDay.objects.filter(campaign=scope.campaign, unit__in=units, day__lte=scope.day)
    span = days.aggregate(first=Min("day"), last=Max("day"))
    below = children(scope).count()
    return {
        "day": scope.day.isoformat(),
        "values": known(scope),
        "sources": days.values("unit", "observer").distinct().count(),
        "first_log": span["first"].isoformat() if span["first"] else None,
        "last_log": span["last"].isoformat() if span["last"] else None,
        "missing_reports": below - len(accepted(scope)) if below else None,
        "annexes": rows_of(form, scope),
    }


def measured_of(report: Report) -> dict[str, Any]:
    """The report's object; counted now for one that an older version began."""
    if report.measured and "values" in report.measured:
        return dict(report.measured)
    return measure(parse_form(report.form.definition), scope_of(report))


def scope_of(report: Report) -> Scope:
    """Return what the report is about."""
    return Scope(report.campaign, report.unit, report.as_of, report.itself)


def evidence_of(report: Report) -> Evidence:
    """Return what the texts rest on: the computed numbers, and in the place of any the one that a person stated."""
    found = measured_of(report)
    values: Mapping[str, int | None] = found["values"]
    nothing = not values.get("cases.found") and not found["sources"]
    computed = Evidence(
        unit=report.unit.name,
        campaign=report.campaign.name,
        day=report.as_of,
        units=values.get("campaign.units"),
        informed=values.get("campaign.informed"),
        deployed=values.get("campaign.deployed"),
        found=None
        if nothing
        else values.get("cases.found"),  # where no log was searched, nothing is said of machines
        cleaned=values.get("cases.cleaned"),
        verified=values.get("cases.verified"),
        blind_machines=values.get("cases.blind"),
        unsearched=values.get("cases.unsearched"),
        people=values.get("people.told"),
        sources=found["sources"],
        first_log=_day(found["first_log"]),
        last_log=_day(found["last_log"]),
        missing_reports=found["missing_reports"],
    )
    form = parse_form(report.form.definition)
    figures = {one.key: FormFigure(one.computed, one.stated) for one in Figure.objects.filter(report=report)}
    return with_stated(computed, form, figures)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def drafted(report: Report) -> dict[str, str]:
    """The texts as the numbers that count draft them."""
    evidence = evidence_of(report)
    return {"assessment": assessment(evidence), "proposals": proposals(evidence)}


def wrong_phrases(report: Report, texts: Mapping[str, str]) -> list[str]:
    """Return what the texts say otherwise than the report's numbers."""
    evidence = evidence_of(report)
    return [
        phrase
        for text in texts.values()
        if isinstance(text, str)
        for phrase in contradictions(text, evidence)
    ]
