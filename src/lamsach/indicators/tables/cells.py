"""Values of one cell of a table, or of the cells of one row together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from lamsach.documents.headings import plain_key
from lamsach.indicators.judge.references import is_cited
from lamsach.indicators.judge.stated import in_cell
from lamsach.indicators.tables.fields import (
    Field,
    field_of,
    is_no_text_value,
    read_confidence,
    read_date,
    read_tlp,
)
from lamsach.indicators.text.extract import Found, scan
from lamsach.indicators.values import refusals
from lamsach.indicators.values.domains import ends_as_a_file
from lamsach.indicators.values.normalise import Refused, canonical_values
from lamsach.indicators.values.records import Facts, read_text, several_values, shortened, whole_value
from lamsach.indicators.values.urls import split_url
from lamsach.model import IndicatorType

_NOTHING = re.compile(r"[\s\-–—_=:*.|?/]*|n/?a|none|null|unknown|không|-+", re.IGNORECASE)
_PARTED = re.compile(r"[\w.\[\](){}-]{4,253}")
_MOST_NAMES = 16
_SOURCE_LINE = re.compile(
    r"\W{0,4}(?:source|references?|report|blog(?: post)?|more info(?:rmation)?|nguồn(?: tin)?"
    r"|tham khảo|xem thêm|báo cáo)\s{0,3}[:=-]\s{0,3}https?://",
    re.IGNORECASE,
)
"""A row that says where the list comes from."""


def filled_cells(cells: Iterable[str]) -> dict[int, str]:
    """The cells of a row that say something, by their places."""
    return {
        place: text
        for place, cell in enumerate(cells)
        if (text := cell.strip()) and not _NOTHING.fullmatch(text)
    }


def value_cell(cell: str, kind: IndicatorType | None, *, unsupported: bool) -> list[Found]:
    """Values of a cell that promises some. `unsupported`: the row says it is of a kind that no log shows."""
    if unsupported:
        return [Refused(refusals.UNSUPPORTED_TYPE, shortened(cell, refusals.VALUE_KEPT))]
    if kind is IndicatorType.DOMAIN and "/" in cell and (names := _parted_names(cell)):
        return names
    found = read_text(cell, kind)
    return in_cell(found, in_sentence=True) if " " in cell.strip() else found


def _parted_names(cell: str) -> list[Found]:
    """The names of a cell for names that a slash parts (`evil-a.site/evil-b.site`), or an empty list."""
    parts = [part.strip() for part in cell.split("/")]
    if not 1 < len(parts) <= _MOST_NAMES or not all(map(_PARTED.fullmatch, parts)):
        return []
    found = [item for part in parts for item in whole_value(part)]
    names = [item for item in found if not isinstance(item, Refused) and item[0] is IndicatorType.DOMAIN]
    files = any(map(ends_as_a_file, (part.rpartition(".")[2].lower() for part in parts[1:])))
    return found if len(names) == len(parts) and not files else []


def scattered(filled: Mapping[int, str], fields: Mapping[int, Field]) -> list[Found]:
    """The values in the text of the cells, for a row of which no cell is a value."""
    read = (None, Field.NOTE) if Field.VALUE in fields.values() else (None, Field.NOTE, Field.THREAT)
    text = " ; ".join(cell for place, cell in filled.items() if fields.get(place) in read)
    if _SOURCE_LINE.match(text):
        return in_cell(scan(text), of_source=True)
    whole = shortened(" ; ".join(filled.values()), refusals.VALUE_KEPT)
    return in_cell(read_text(text), in_sentence=True) if text else [Refused(refusals.NOT_A_VALUE, whole)]


def holds_value(cell: str) -> bool:
    """Return whether a cell holds a value, also behind a label (`MD5: 0f4c..`), so that it is no heading."""
    return bool(whole_value(cell)) or any(
        not isinstance(item, Refused) or item.type is not None or item.reason == refusals.EMAIL
        for item in scan(cell)
    )


def is_aside(label: str) -> bool:
    """Return whether the first of two cells (`imphash`, `company`) says that the second is no value.

    Advisories list the thumbprints of certificates that sign malware among their values.
    """
    key = plain_key(label)
    described = field_of(label) is Field.CONTEXT or key == "description" or is_no_text_value(label)
    return described and not key.startswith("thumbprint")


def host_as_promised(found: Found) -> list[Found]:
    """The name in a URL, for a column that promises names; none of a site that many share."""
    if isinstance(found, Refused) or found[0] is not IndicatorType.URL:
        return []
    try:
        (name,) = canonical_values(split_url(found[1])[1])
    except (Refused, ValueError):
        return []
    return [name] if name[0] is IndicatorType.DOMAIN and not is_cited(name[1]) else []


def victim(cell: str) -> list[Found]:
    """The values of a cell as refused ones: they name the reported machine."""
    return in_cell(whole_value(cell) or several_values(cell), field=Field.VICTIM)


def facts_of(said: Mapping[Field, str], threat: str | None) -> Facts:
    """The facts that the texts of a record's fields state."""
    return Facts.of(
        threat,
        said.get(Field.SOURCE),
        valid_from=read_date(said.get(Field.VALID_FROM, "")),
        valid_until=read_date(said.get(Field.VALID_UNTIL, "")),
        confidence=read_confidence(said.get(Field.CONFIDENCE, "")),
        tlp=read_tlp(said.get(Field.TLP, "")),
    )
