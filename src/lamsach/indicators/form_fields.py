"""What the fields of a PDF's form show (ISO 32000-1 section 12.7): text that is typed into them is no part of a page's own text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.text.flowing import Line, defangs, read_lines
from lamsach.indicators.values.records import Entry

if TYPE_CHECKING:
    from pypdf import PageObject

MAX_PAGES = 5000
MAX_FIELDS = 5000
"""How many fields of a page are read."""
_TYPED = ("/Tx", "/Ch")


def field_entries(data: bytes, document: str) -> Iterator[Entry]:
    """Whatever has a value's shape in the fields of a PDF's form, taken or refused: `page` is the page, `row` the field's place on it."""
    lines = list(_lines(data))
    prose = Prose(advisory=True, defangs=defangs(line.text for line in lines))
    for line in lines:  # fields are no lines of one text: nothing goes on in the next one
        yield from read_lines(document, [line], prose=prose)


def _lines(data: bytes) -> Iterator[Line]:
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if "/AcroForm" not in reader.root_object or (reader.is_encrypted and not reader.decrypt("")):
            return
        for number, page in enumerate(reader.pages[:MAX_PAGES], 1):
            for row, text in enumerate(_texts(page), 1):
                yield from (Line(number, row, part) for part in text.splitlines())
    except Exception:  # noqa: BLE001 - a damaged form fails in any of the library's ways; the pages were read
        return


def _texts(page: PageObject) -> Iterator[str]:
    for place in list(page.get("/Annots") or ())[:MAX_FIELDS]:
        field = place.get_object()
        if field.get("/Subtype") == "/Widget" and _stated(field, "/FT") in _TYPED:
            value = _stated(field, "/V")
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str):
                    yield text


def _stated(field: Any, key: str) -> Any:
    """What a field states, or else the one above it."""
    if key not in field and "/Parent" in field:
        field = field["/Parent"]
    return field.get(key)
