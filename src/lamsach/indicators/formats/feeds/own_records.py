"""Our own JSON lines, as `lamsach indicators read -o list.jsonl` and signed releases hold them
(`lamsach.indicators.values.records`).

Everything that is known of a value is kept, the document, page and row that it first came from too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats.base import ListFormat, line_by_line
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import canonical_values
from lamsach.indicators.values.records import Entry, from_mapping
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Indicator, IndicatorType, Reference, Refusal

# {"type": "domain", "value": "evil.example", "threat": "Mirai", "reference": {"document": "annex.xlsx",
# "page": 1, "row": 7}}
_LINE = re.compile(
    rf'\ufeff?\{{"type": "(?:{"|".join(IndicatorType)})", "value": "[^\n]*"reference": '
    rf'\{{"document": "[^\n]*\}}\s*(?:\n|\Z)'
)


def _read(source: ListSource) -> Iterator[Entry]:
    """Read line by line; document, page and row are those that the line names."""
    return line_by_line(source, lambda line, place: [_entry(line, place)] if line.strip() else [])


def _entry(line: str, place: Reference) -> Entry:
    try:
        stated = from_mapping(json.loads(line.removeprefix("\ufeff")))
        values = canonical_values(stated.value, stated.type)
    except Refused as refused:
        return Refusal(place, (refused.value or "")[: refusals.VALUE_KEPT], refused.reason, refused.type)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Refusal(place, line[: refusals.VALUE_KEPT], refusals.BAD_RECORD)
    if values != ((stated.type, stated.value),):
        return Refusal(place, stated.value[: refusals.VALUE_KEPT], refusals.WRONG_TYPE, stated.type)
    return _at(stated, place)


def _at(stated: Indicator, place: Reference) -> Indicator:
    """Add the list's name to the places that the line names: `list.zip!annex.pdf`, page 2, row 7."""
    listed = place.document.removesuffix("!indicators.jsonl")
    known = [
        replace(item, document=f"{listed}!{item.document}")
        for item in (stated.reference, *stated.other_references)
        if item is not None
    ]
    return replace(stated, reference=known[0] if known else place, other_references=tuple(known[1:]))


OWN = ListFormat(
    "lamsach",
    "Lamsach's own JSON lines and signed releases",
    lambda source: _LINE.match(source.text_head),
    _read,
    text=True,
)
