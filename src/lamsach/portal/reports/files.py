"""Reports not written in this portal, filed at their unit: signed data as is, a form as confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from lamsach.i18n import mark
from lamsach.letters.form import ANNEXES
from lamsach.portal.audit.trail import record
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.exchange.kinds import number, rows, text
from lamsach.portal.reports import drafts
from lamsach.portal.reports.chain import Action, Stale, take
from lamsach.portal.reports.content import SCHEMA, digest_of, figures_of, freeze
from lamsach.portal.reports.models import Figure, Report, ReportState
from lamsach.portal.units.models import Unit

NEWER = mark("The unit has sent a newer report.")
_LONGEST = 20_000
_MOST = 5000
_LARGEST = 10**12
_OPEN = (ReportState.DRAFT, ReportState.RETURNED)


def checked(content: Any, unit: Unit) -> dict[str, Any]:
    """Content of a report as another portal signed it, and nothing else. ValueError for anything else."""
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
    """Letterhead of the unit's document; reports of an older portal have none."""
    if "letterhead" not in content:
        return {}
    told = content["letterhead"]
    copies = told.get("copies") if isinstance(told, dict) else None
    if not isinstance(copies, list) or len(copies) > 100:
        raise ValueError("letterhead")
    names = {name: text(told[name], 300) for name in ("parent", "body")}
    return {"letterhead": {**names, "copies": [text(copy, 2000) for copy in copies]}}


def _annexes(content: Mapping[str, Any]) -> dict[str, Any]:
    """The annexes' rows, when there are any: few columns of short texts."""
    if "annexes" not in content:
        return {}
    annexes = content["annexes"]
    if not isinstance(annexes, dict) or not set(annexes) <= set(ANNEXES):
        raise ValueError("annexes")
    return {
        "annexes": {
            name: [[text(cell, 500) for cell in _list(row, 10)] for row in _list(one, _MOST)]
            for name, one in annexes.items()
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
    found = []
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
        found.append(row)
    return found


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
    """File signed data as the unit's sent report; the report, and whether something was done.

    What is there already is left alone; a newer one takes the place of one that waits, and is a correction of
    one that is frozen. `sent`: when it was sent, by the clock of the portal that signed it; one that was sent
    just then and returned meanwhile stays returned. Raises ValueError for what is no report, Stale when
    people here are at work on the unit's report.
    """
    wanted = checked(content, unit)
    digest = digest_of(wanted)
    same = Report.objects.filter(campaign=campaign, unit=unit, digest=digest)
    held = same.exclude(state__in=_OPEN).first()
    if held is None and sent is not None:
        held = same.filter(state=ReportState.RETURNED, sent=sent).first()
    if held is not None:
        return held, False
    found = _open_for(campaign, unit, by, who, wanted["correction"])
    columns: dict[str, Any] = {
        "texts": wanted["texts"],
        "as_of": date.fromisoformat(wanted["as_of"]),
        "itself": wanted["itself"],
        "late_reason": wanted["late_reason"],
    }
    _put(found, {f["key"]: f for f in wanted["figures"]})
    take(found, Action.SUBMIT, by, who=who, content=wanted, digest=digest, **columns)
    _on(found, by, who)
    if sent is not None:
        Report.objects.filter(pk=found.pk).update(sent=sent)
    record(by, "report.filed", found, unit, who=who, digest=digest)
    found.refresh_from_db()
    return found, True


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
    """File a form as confirmed, its numbers with the reason. Stale while people are at work on the report."""
    found = _open_for(campaign, unit, by, "", reason)
    figures = {}
    for key, figure in figures_of(found).items():
        value = values.get(key)
        differs = value is not None and value != figure.computed
        figures[key] = {"stated": value if differs else None, "reason": reason if differs else "", "note": ""}
    kept = {**found.texts, **{key: text for key, text in texts.items() if text.strip()}}
    drafts.save(found, by, found.version, {"texts": kept, **(columns or {})}, figures)
    found.refresh_from_db()
    take(found, Action.SUBMIT, by, freeze=freeze)
    _on(found, by, "")
    record(by, "report.filed", found, unit)
    found.refresh_from_db()
    return found


def _open_for(campaign: Campaign, unit: Unit, by: Any, who: str, correction: str) -> Report:
    """The unit's report, open for what came: a draft, a returned one, or the next edition of a frozen one."""
    found = drafts.newest(campaign, unit)
    if found is None:
        found = drafts.begin(campaign, unit, by)
    elif found.state == ReportState.SENT:
        found = take(found, Action.REFUSE, by, reason=NEWER, who=who)
    elif found.state == ReportState.FROZEN:
        found = drafts.correct(found, by, correction.strip() or NEWER)
    if found.state not in _OPEN:
        raise Stale
    return found


def _put(report: Report, figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Store the figures of the other portal; those unknown to this portal's form stay in the content."""
    for figure in Figure.objects.filter(report=report):
        told = figures.get(figure.key)
        figure.computed = told["computed"] if told else None
        figure.stated = told["stated"] if told else None
        figure.reason, figure.note = (told["reason"], told["note"]) if told else ("", "")
        figure.save()


def _on(report: Report, by: Any, who: str) -> None:
    """Approve and send the report, as its unit did itself."""
    take(report, Action.APPROVE, by, who=who)
    take(report, Action.SEND, by, who=who)
