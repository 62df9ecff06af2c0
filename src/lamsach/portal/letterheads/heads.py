"""A unit's letterhead as parts of a document: head, signature, recipients, symbol; used everywhere."""

from __future__ import annotations

from datetime import date
from typing import Any

from lamsach.letters import fixed_texts
from lamsach.letters.model import Head, Signature
from lamsach.portal.letterheads.models import Letterhead
from lamsach.portal.units.models import Unit

REPORT, MINUTES = "BC", "BB"
"""How the symbol of a document with a type name begins (Decree 30, Appendix III)."""


def letterhead_of(unit: Unit) -> Letterhead:
    """The unit's letterhead; an empty one that is not saved when it has none. One query."""
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
    """The head of a document of the unit. `given`: its letterhead, when it has been read already."""
    kept = given or letterhead_of(unit)
    return Head(
        issuer=kept.body.strip() or unit.name,
        parent=parent_body(unit, kept),
        number=number,
        symbol=symbol,
        place=place or kept.place,
        day=day,
        year=year,
    )


def parent_body(unit: Unit, kept: Letterhead) -> str:
    """The body above: by the letterhead, else by the tree; empty where documents name none."""
    if kept.no_parent:
        return ""
    parent = unit.parent
    return kept.parent_body.strip() or (parent.name if parent else "")


def signature(kept: Letterhead) -> Signature:
    """Return who signs."""
    return Signature(kept.position, kept.signer, kept.authority)


def symbol(kept: Letterhead, kind: str = "") -> str:
    """The symbol: `BC-TTCNTT` with a type name, `TTCNTT-KTHT` of a dispatch; empty without abbreviation."""
    if not kept.abbreviation.strip():
        return ""
    parts = (kind, kept.abbreviation) if kind else (kept.abbreviation, kept.office)
    return "-".join(part for part in map(fixed_texts.line, parts) if part).upper()


def copies(kept: Letterhead) -> tuple[str, ...]:
    """The lines under `Nơi nhận:`, the filed copy last."""
    return fixed_texts.copies(fixed_texts.lines(kept.copies), kept.office)


def kept_parts(kept: Letterhead) -> dict[str, Any]:
    """Letterhead kept with a submitted report, so that its document stays as approved."""
    return {
        "parent": parent_body(kept.unit, kept),
        "body": kept.body.strip() or kept.unit.name,
        "copies": list(copies(kept)),
    }
