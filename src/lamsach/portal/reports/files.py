"""Filing of reports not written in this portal: signed data unchanged, a form as confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from lamsach.i18n import mark
from lamsach.letters.form import ANNEXES
from lamsach.portal.audit.trail import record
from lamsach.portal.base.errors import Stale
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.exchange.kinds import number, rows, text
from lamsach.portal.reports import drafts
from lamsach.portal.reports.chain import Action, take
from lamsach.portal.reports.content import SCHEMA, digest_of, figures_of, freeze
from lamsach.portal.reports.models import Figure, Report, ReportState
from lamsach.portal.units.models import Unit

NEWER = mark("The unit has sent a newer report.")
_LONGEST = 20_000
_MOST = 5000
_LARGEST = 10**12
_OPEN = (ReportState.DRAFT, ReportState.RETURNED)


def validate(content: Any, unit: Unit) -> dict[str, Any]:
    """Validated content of a report signed by another portal. ValueError for anything else."""
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError("not a report")
    stated: Mapping[str, Any] = content["unit"]
    if text(stated["code"], 60) != unit.code:
        raise ValueError("a report of another unit")
    form: Mapping[str, Any] = content["form"]
    texts = content["texts"]
    if not isinstance(texts, dict) or len(texts) > 60:
        raise ValueError("texts")
    return {
        "schema": SCHEMA,
        "campaign": text(content["campaign"], 200),
        "unit": {"code": unit.code, "name": text(stated["name"], 300)},
        "edition": number(content["edition"], 10_000),
        "as_of": date.fromisoformat(text(content["as_of"], 10)).isoformat(),
        "itself": bool(content["itself"]),
        "form": {"name": text(form["name"], 200), "version": number(form["version"], 10**6)},
        "texts": {text(key, 40): text(value, _LONGEST) for key, value in texts.items()},
        "figures": _figures(content["figures"]),
        "late_reason": text(content["late_reason"], _LONGEST),
        "correction": text(content["correction"], _LONGEST),
        "parts": [_part(part) for part in rows(content["parts"], _MOST)],
        **_annexes(content),
        **_letterhead(content),
    }


def _letterhead(content: Mapping[str, Any]) -> dict[str, Any]:
    """Letterhead of the unit's document; absent in reports of older portals."""
    if "letterhead" not in content:
        return {}
    stated = content["letterhead"]
    copies = stated.get("copies") if isinstance(stated, dict) else None
    if not isinstance(copies, list) or len(copies) > 100:
        raise ValueError("letterhead")
    names = {name: text(stated[name], 300) for name in ("parent", "body")}
    return {"letterhead": {**names, "copies": [text(copy, 2000) for copy in copies]}}


def _annexes(content: Mapping[str, Any]) -> dict[str, Any]:
    """Rows of the annexes, if any: few columns of short texts."""
    if "annexes" not in content:
        return {}
    annexes = content["annexes"]
    if not isinstance(annexes, dict) or not set(annexes) <= set(ANNEXES):
        raise ValueError("annexes")
    return {
        "annexes": {
            name: [[text(cell, 500) for cell in _list(row, 10)] for row in _list(annex, _MOST)]
            for name, annex in annexes.items()
        }
    }


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise ValueError("annexes")
    return value


def _part(part: Any) -> dict[str, Any]:
    return {
        "id": number(part["id"], 2**62),
        "code": text(part["code"], 60),
        "name": text(part["name"], 300),
        "edition": number(part["edition"], 10_000),
        "as_of": date.fromisoformat(text(part["as_of"], 10)).isoformat(),
        "digest": text(part["digest"], 64),
        "figures": _figures(part["figures"]),
    }


def _figures(value: Any) -> list[dict[str, Any]]:
    checked = []
    for figure in rows(value, 60):
        row: dict[str, Any] = {name: text(figure[name], 500) for name in ("key", "label", "source")}
        row |= {
            name: None if figure[name] is None else number(figure[name], _LARGEST)
            for name in ("computed", "stated")
        }
        row |= {name: text(figure[name], 500) for name in ("reason", "note")}
        row["value"] = row["computed"] if row["stated"] is None else row["stated"]
        if figure["value"] != row["value"]:
            raise ValueError("a number that does not follow")
        checked.append(row)
    return checked


@transaction.atomic
def file_signed(
    campaign: Campaign,
    unit: Unit,
    content: Any,
    *,
    by: Any = None,
    who: str = "",
    sent: datetime | None = None,
) -> tuple[Report, bool]:
    """File signed data as the unit's sent report; returns the report, and whether it was filed.

    An existing report with this content is left unchanged; a newer one replaces a waiting one, or corrects a
    frozen one. `sent`: time of sending by the clock of the signing portal; a report sent then and returned
    meanwhile remains returned. ValueError for invalid content, Stale while the unit's report is being written
    here.
    """
    accepted = validate(content, unit)
    digest = digest_of(accepted)
    same = Report.objects.filter(campaign=campaign, unit=unit, digest=digest)
    existing = same.exclude(state__in=_OPEN).first()
    if existing is None and sent is not None:
        existing = same.filter(state=ReportState.RETURNED, sent=sent).first()
    if existing is not None:
        return existing, False
    report = _open_for(campaign, unit, by, who, accepted["correction"])
    columns: dict[str, Any] = {
        "texts": accepted["texts"],
        "as_of": date.fromisoformat(accepted["as_of"]),
        "itself": accepted["itself"],
        "late_reason": accepted["late_reason"],
    }
    _put(report, {f["key"]: f for f in accepted["figures"]})
    take(report, Action.SUBMIT, by, who=who, content=accepted, digest=digest, **columns)
    _send_on(report, by, who)
    if sent is not None:
        Report.objects.filter(pk=report.pk).update(sent=sent)
    record(by, "report.filed", report, unit, who=who, digest=digest)
    report.refresh_from_db()
    return report, True


@transaction.atomic
def file_confirmed(
    campaign: Campaign,
    unit: Unit,
    texts: Mapping[str, str],
    values: Mapping[str, int | None],
    *,
    by: Any,
    reason: str,
    columns: Mapping[str, Any] | None = None,
) -> Report:
    """File a form as confirmed, its numbers with the reason. Stale while the report is being written."""
    report = _open_for(campaign, unit, by, "", reason)
    figures = {}
    for key, figure in figures_of(report).items():
        value = values.get(key)
        differs = value is not None and value != figure.computed
        figures[key] = {"stated": value if differs else None, "reason": reason if differs else "", "note": ""}
    merged = {**report.texts, **{key: text for key, text in texts.items() if text.strip()}}
    drafts.save(report, by, report.version, {"texts": merged, **(columns or {})}, figures)
    report.refresh_from_db()
    take(report, Action.SUBMIT, by, freeze=freeze)
    _send_on(report, by, "")
    record(by, "report.filed", report, unit)
    report.refresh_from_db()
    return report


def _open_for(campaign: Campaign, unit: Unit, by: Any, who: str, correction: str) -> Report:
    """The unit's open report: a draft, a returned one, or the next edition of a frozen one."""
    report = drafts.newest(campaign, unit)
    if report is None:
        report = drafts.begin(campaign, unit, by)
    elif report.state == ReportState.SENT:
        report = take(report, Action.REFUSE, by, reason=NEWER, who=who)
    elif report.state == ReportState.FROZEN:
        report = drafts.correct(report, by, correction.strip() or NEWER)
    if report.state not in _OPEN:
        raise Stale
    return report


def _put(report: Report, figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Store the other portal's figures; those unknown to this portal's form remain in the content only."""
    for figure in Figure.objects.filter(report=report):
        foreign = figures.get(figure.key)
        figure.computed = foreign["computed"] if foreign else None
        figure.stated = foreign["stated"] if foreign else None
        figure.reason, figure.note = (foreign["reason"], foreign["note"]) if foreign else ("", "")
        figure.save()


def _send_on(report: Report, by: Any, who: str) -> None:
    """Approve and send the report, as its unit did."""
    take(report, Action.APPROVE, by, who=who)
    take(report, Action.SEND, by, who=who)
