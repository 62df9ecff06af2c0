"""Canonical identifiers of units and documents, to match answers with documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from lamsach.channels.edxml.days import day_of
from lamsach.channels.edxml.model import Answered, Organ, build_id
from lamsach.portal.units.codes import canonical, older_form
from lamsach.portal.units.models import FOREVER, Unit

# 000.00.00.G22,2026/08/23,1298/CATTT-NCSC
_ID = re.compile(r"([^,]{1,60}),\s*([^,]{8,30}),\s*(.{1,200})")


def unit_of(code: str) -> Unit | None:
    """Return the unit of an OrganId in either national form, or None."""
    found = canonical(code)
    return Unit.objects.filter(code=found, valid_until=FOREVER).first() if found else None


def units_of(codes: Iterable[str]) -> list[Unit]:
    """Return the known units of these OrganIds, each once, by code."""
    wanted = sorted({canonical(code) or "" for code in codes} - {""})
    found: list[Unit] = []
    for begin in range(0, len(wanted), 500):
        found += Unit.objects.filter(code__in=wanted[begin : begin + 500], valid_until=FOREVER)
    return found


def organ(unit: Unit, *, older: bool) -> Organ:
    """Return the unit as a sender or recipient."""
    return Organ(
        id=older_form(unit.code) if older else unit.code,
        name=unit.name,
        in_charge=unit.parent.name if unit.parent else "",
        email=unit.email,
        telephone=unit.contact_phone,
    )


def document_key(document_id: str, organ_id: str = "", day: date | None = None, code: str = "") -> str:
    """Canonicalize a document id, built from its parts when missing; empty if nothing is known."""
    text = document_id or build_id(organ_id, day, code, "")
    match = _ID.fullmatch(text.strip())
    if match is None:
        return _bare(text)[:300]
    stated = day_of(match[2])
    body = canonical(match[1]) or _bare(match[1])
    return f"{body},{stated or match[2]},{_bare(match[3])}"[:300]


def answered_key(found: Answered) -> str:
    """Return the document key of an answered document."""
    code = "/".join(filter(None, (found.number, found.notation)))
    return document_key(found.document_id, found.organ_id, found.date, code)


def answered(row: Mapping[str, str]) -> Answered:
    """Read a row of `Message.answers`."""
    return Answered(
        organ_id=row.get("id", ""),
        number=row.get("number", ""),
        notation=row.get("notation", ""),
        date=day_of(row.get("date", "")),
        document_id=row.get("document_id", ""),
    )


def key_of(row: Mapping[str, str]) -> str:
    """Return the key of the document in a row of `Message.answers`."""
    return answered_key(answered(row))


def _bare(text: str) -> str:
    return "".join(text.casefold().split())
