"""Content of a report: its measured numbers, the submitted snapshot with its digest, the filled form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import Max, Min

from lamsach.letters.assessment import Evidence, assessment, contradictions, proposals, with_stated
from lamsach.letters.form import Figure as FormFigure
from lamsach.letters.form import Filled, Form, parse_form
from lamsach.portal.campaigns.models import Dispatch
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.letterheads import heads
from lamsach.portal.reports.figures import Rows, Scope, accepted, children, computed_values, rows_of
from lamsach.portal.reports.models import Figure, Report
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import under

SCHEMA = "lamsach-report-1"


def form_of(report: Report) -> Form:
    """The form in the version of the report."""
    return parse_form(report.form.definition)


def figures_of(report: Report) -> dict[str, Figure]:
    """The report's figures by key."""
    return {figure.key: figure for figure in Figure.objects.filter(report=report)}


def snapshot(report: Report) -> dict[str, Any]:
    """Everything approved and accepted: texts, figures with both values, the reports below."""
    form, figures = form_of(report), figures_of(report)
    annexes = measured_of(report)["annexes"]
    parts = accepted(scope_of(report))
    units = Unit.objects.in_bulk(list(parts))
    return {
        "schema": SCHEMA,
        "campaign": report.campaign.name,
        "unit": {"code": report.unit.code, "name": report.unit.name},
        "edition": report.edition,
        "as_of": report.as_of.isoformat(),
        "itself": report.itself,
        "form": {"name": report.form.name, "version": report.form.version},
        "texts": {
            field.key: report.unit.name if field.key == "unit" else report.texts.get(field.key, "")
            for field in form.fields
        },
        "figures": [
            _figure(row.key, row.label, row.source, figures.get(row.key, Figure())) for row in form.rows
        ],
        "late_reason": report.late_reason,
        "correction": report.correction,
        "parts": [
            {
                "id": part.pk,
                "code": units[part.unit_id].code,
                "name": units[part.unit_id].name,
                "edition": part.edition,
                "as_of": part.as_of.isoformat(),
                "digest": part.digest,
                "figures": part.submitted_figures,
            }
            for part in sorted(parts.values(), key=lambda part: units[part.unit_id].code)
        ],
        **({"annexes": annexes} if annexes else {}),
        "letterhead": heads.snapshot(heads.letterhead_of(report.unit)),
    }


def _figure(key: str, label: str, source: str, figure: Figure) -> dict[str, Any]:
    return {
        "key": key,
        "label": label,
        "source": source,
        **{name: getattr(figure, name) for name in ("computed", "stated", "reason", "note", "value")},
    }


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content as canonical JSON: keys sorted, no blanks, UTF-8."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def freeze(report: Report) -> dict[str, Any]:
    """Columns of the submitted content."""
    content = snapshot(report)
    return {"content": content, "digest": digest_of(content)}


def is_intact(report: Report) -> bool:
    """Return whether the content matches its digest."""
    return report.content is not None and digest_of(report.content) == report.digest


def filled_form(report: Report) -> Filled:
    """The report in its form: as submitted, or the current draft."""
    form = form_of(report)
    if content := report.as_submitted:
        texts = content["texts"]
        figures = {
            f["key"]: FormFigure(f["computed"], f["stated"], f["reason"], f["note"])
            for f in content["figures"]
        }
    else:
        texts = report.texts
        figures = {
            key: FormFigure(f.computed, f.stated, f.reason, f.note) for key, f in figures_of(report).items()
        }
    dispatch = requesting_dispatch(report)
    receiver = report.unit.parent
    return Filled(
        form,
        {"unit": report.unit.name, **texts},
        figures,
        receiver=receiver.name if receiver else "",
        email=receiver.email if receiver else "",
        number=(dispatch.number if dispatch else "") or "        ",
        day=f"{dispatch.day:%d/%m/%Y}" if dispatch else "      /     /        ",
        issuer=dispatch.issuer.name if dispatch else "",
        as_of=report.as_of,
    )


def annexes_of(report: Report) -> dict[str, Rows]:
    """Rows of the report's annexes: as submitted, or current."""
    submitted = report.as_submitted
    annexes: dict[str, Rows] = submitted.get("annexes", {}) if submitted else measured_of(report)["annexes"]
    return annexes


def requesting_dispatch(report: Report) -> Dispatch | None:
    """The campaign's newest dispatch to the unit, which requests the report."""
    found = Dispatch.objects.filter(
        campaign=report.campaign_id, sent__isnull=False, recipients__unit=report.unit_id
    )
    return found.select_related("issuer").order_by("-pk").first()


def stated_values_of(report: Report) -> dict[str, int | None]:
    """The valid numbers of a draft or submitted report, by key."""
    if content := report.as_submitted:
        return {figure["key"]: figure["value"] for figure in content["figures"]}
    return {key: figure.value for key, figure in figures_of(report).items()}


DRAFTED = ("assessment", "proposals")
"""Texts drafted from the evidence."""


def measure(form: Form, scope: Scope) -> dict[str, Any]:
    """Measure everything once."""
    units = under([scope.unit.pk], scope.day).values("descendant")
    days = CoverageDay.objects.filter(campaign=scope.campaign, unit__in=units, day__lte=scope.day)
    span = days.aggregate(first=Min("day"), last=Max("day"))
    below = children(scope).count()
    return {
        "day": scope.day.isoformat(),
        "values": computed_values(scope),
        "sources": days.values("unit", "observer").distinct().count(),
        "first_log": span["first"].isoformat() if span["first"] else None,
        "last_log": span["last"].isoformat() if span["last"] else None,
        "missing_reports": below - len(accepted(scope)) if below else None,
        "annexes": rows_of(form, scope),
    }


def measured_of(report: Report) -> dict[str, Any]:
    """The report's measured numbers; measured now for a report begun by an older version."""
    if report.measured and "values" in report.measured:
        return dict(report.measured)
    return measure(parse_form(report.form.definition), scope_of(report))


def scope_of(report: Report) -> Scope:
    """Scope of the report."""
    return Scope(report.campaign, report.unit, report.as_of, report.itself)


def evidence_of(report: Report) -> Evidence:
    """Evidence for the texts: computed numbers, overridden by stated ones."""
    measured = measured_of(report)
    values: Mapping[str, int | None] = measured["values"]
    nothing = not values.get("cases.found") and not measured["sources"]
    computed = Evidence(
        unit=report.unit.name,
        campaign=report.campaign.name,
        day=report.as_of,
        units=values.get("campaign.units"),
        informed=values.get("campaign.informed"),
        deployed=values.get("campaign.deployed"),
        found=None
        if nothing
        else values.get("cases.found"),  # without searched logs, the texts omit machines
        cleaned=values.get("cases.cleaned"),
        verified=values.get("cases.verified"),
        blind_machines=values.get("cases.blind"),
        unsearched=values.get("cases.unsearched"),
        people=values.get("people.told"),
        sources=measured["sources"],
        first_log=_day(measured["first_log"]),
        last_log=_day(measured["last_log"]),
        missing_reports=measured["missing_reports"],
    )
    form = parse_form(report.form.definition)
    figures = {row.key: FormFigure(row.computed, row.stated) for row in Figure.objects.filter(report=report)}
    return with_stated(computed, form, figures)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def drafted_texts(report: Report) -> dict[str, str]:
    """Texts drafted from the valid numbers."""
    evidence = evidence_of(report)
    return {"assessment": assessment(evidence), "proposals": proposals(evidence)}


def wrong_phrases(report: Report, texts: Mapping[str, str]) -> list[str]:
    """Phrases of the texts that contradict the report's numbers."""
    evidence = evidence_of(report)
    return [
        phrase
        for text in texts.values()
        if isinstance(text, str)
        for phrase in contradictions(text, evidence)
    ]
