"""Document parts from a unit's letterhead: head, signature, recipients, symbol."""

from __future__ import annotations

from datetime import date
from typing import Any

from lamsach.letters import fixed_texts
from lamsach.letters.model import Head, Signature
from lamsach.portal.letterheads.models import Letterhead
from lamsach.portal.units.models import Unit

REPORT, MINUTES = "BC", "BB"
"""Type prefixes of symbols (Decree 30, Appendix III)."""


def letterhead_of(unit: Unit) -> Letterhead:
    """Return the unit's letterhead, or an unsaved empty one; one query."""
    return Letterhead.objects.filter(unit=unit).first() or Letterhead(unit=unit)


def head(
    unit: Unit,
    *,
    number: int | None = None,
    symbol: str = "",
    place: str = "",
    day: date | None = None,
    year: int | None = None,
    given: Letterhead | None = None,
) -> Head:
    """Build the head of a document. `given`: the unit's letterhead, to save a query."""
    used = given or letterhead_of(unit)
    return Head(
        issuer=used.body.strip() or unit.name,
        parent=parent_body(unit, used),
        number=number,
        symbol=symbol,
        place=place or used.place,
        day=day,
        year=year,
    )


def parent_body(unit: Unit, letterhead: Letterhead) -> str:
    """Return the body above by the letterhead, else by the tree; empty if documents name none."""
    if letterhead.no_parent:
        return ""
    parent = unit.parent
    return letterhead.parent_body.strip() or (parent.name if parent else "")


def signature(letterhead: Letterhead) -> Signature:
    """Return position, name and authority of the signer."""
    return Signature(letterhead.position, letterhead.signer, letterhead.authority)


def symbol(letterhead: Letterhead, kind: str = "") -> str:
    """Build a symbol: `BC-TTCNTT` with a type, `TTCNTT-KTHT` of a dispatch; empty without abbreviation."""
    if not letterhead.abbreviation.strip():
        return ""
    parts = (kind, letterhead.abbreviation) if kind else (letterhead.abbreviation, letterhead.office)
    return "-".join(part for part in map(fixed_texts.line, parts) if part).upper()


def copies(letterhead: Letterhead) -> tuple[str, ...]:
    """Return the lines under `Nơi nhận:`, the filed copy last."""
    return fixed_texts.copies(fixed_texts.lines(letterhead.copies), letterhead.office)


def snapshot(letterhead: Letterhead) -> dict[str, Any]:
    """Return letterhead parts to store with a submitted report, whose document then stays as approved."""
    return {
        "parent": parent_body(letterhead.unit, letterhead),
        "body": letterhead.body.strip() or letterhead.unit.name,
        "copies": list(copies(letterhead)),
    }
