"""The fleet's numbers by unit, and the own unit's machines, as CSV (formulas disarmed) and JSON. A few rows are in memory at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.documents.spreadsheets import BOM, csv_row
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.unsearched import WORDS, states
from lamsach.portal.fleet.counting import BASES, Fleet, by_unit
from lamsach.portal.fleet.listing import machines as listed
from lamsach.portal.fleet.models import LookState
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import descendants
from lamsach.results.safe_text import visible

_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}


def units(kind: str, campaign: Campaign, unit: Unit, days: int) -> HttpResponse:
    """The numbers of each unit in the subtree, one row a unit, also for units of which nothing is known."""
    found = by_unit(campaign, descendants(unit), days, timezone.now())
    heads = {
        "code": _("Unit code"), "unit": _("Unit"), "basis": _("Basis"), "expected": _("Machines"), "scanned": _("Scanned"), "partial": _("Not examined wholly"),
        "found": _("Malware found"), "left": _("Still there"), "cleaned": _("Found and removed"), "doubtful": _("Suspicious"), "missing": _("Never reported"),
        "silent": _("Silent"), "unlisted": _("Not in the inventory"), "logs": _("Logs"),
    }  # fmt: skip
    words = {basis: str(text) for basis, text in BASES.items()}
    looked, said = states(campaign, unit.pk), {key: str(text) for key, text in WORDS.items()}

    def rows() -> Iterator[dict[str, Any]]:
        for one in descendants(unit).order_by("code").iterator(chunk_size=2000):
            fleet, basis = found.get(one.pk, (Fleet(unknown=1), "unknown"))
            numbers = {name: getattr(fleet, name) for name in list(heads)[3:-1]}
            logs = looked.get(one.pk, "not_searched")
            shown = words.get(basis, "") if kind == "csv" else str(basis)  # type: ignore[call-overload]
            yield {
                "code": one.code,
                "unit": one.name,
                "basis": shown,
                **numbers,
                "logs": said[logs] if kind == "csv" else logs,
            }

    return _answer(kind, heads, rows(), f"scans-{campaign.pk}")


def machines(kind: str, campaign: Campaign, unit: Unit, show: str, days: int) -> HttpResponse:
    """The unit's machines in a state, with their last scan."""
    heads = {
        "name": _("Machine"), "department": _("Department"), "state": _("State"), "received": _("Last report"), "mode": _("Kind of scan"),
        "malicious": _("Malicious"), "left": _("Still there"), "suspicious": _("Suspicious"), "risk": _("Risk"), "skipped": _("Not examined"),
        "version": _("Version of the scanner"), "listed": _("In the inventory"),
    }  # fmt: skip
    words = {state.value: str(state.label) for state in LookState} | {"": _("never reported")}
    yes, no = _("yes"), _("no")

    def rows() -> Iterator[dict[str, Any]]:
        chosen: Any = listed(campaign, unit, show, days, timezone.now())
        for machine in chosen.iterator(chunk_size=2000):
            row = {name: getattr(machine, name) for name in heads}
            row["name"] = str(machine)
            row["received"] = _moment(row["received"])
            if kind == "csv":
                row["state"] = words[row["state"] or ""]
                row["listed"] = yes if row["listed"] else no
            yield row

    return _answer(kind, heads, rows(), f"machines-{campaign.pk}")


def _moment(value: datetime | None) -> str:
    return timezone.localtime(value).isoformat(timespec="seconds") if value else ""


def _answer(kind: str, heads: dict[str, str], rows: Iterable[dict[str, Any]], name: str) -> HttpResponse:
    text = _json(rows) if kind == "json" else _csv(heads, rows)
    response = StreamingHttpResponse(text, content_type=_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response  # type: ignore[return-value]


def _csv(heads: dict[str, str], rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """RFC 4180 with a byte-order mark, so that table programs read Vietnamese."""
    yield BOM + csv_row(heads.values())
    for row in rows:
        yield csv_row(visible(cell) if isinstance(cell, str) else cell for cell in row.values())


def _json(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield "["
    for place, row in enumerate(rows):
        yield (",\n" if place else "\n") + json.dumps(row, ensure_ascii=False)
    yield "\n]\n"
