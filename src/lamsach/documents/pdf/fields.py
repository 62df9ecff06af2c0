"""What the fields of a PDF's form show (ISO 32000-1 section 12.7): text that is typed into them is no part of a page's own text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lamsach.documents.pdf.document import PdfLimits
from lamsach.documents.table import Paragraph

if TYPE_CHECKING:
    from pypdf import PageObject

_TYPED = ("/Tx", "/Ch")


def field_texts(data: bytes, limits: PdfLimits) -> Iterator[Paragraph]:
    """The lines of the fields of a PDF's form: `page` is the page, `row` the field's place on it."""
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if "/AcroForm" not in reader.root_object or (reader.is_encrypted and not reader.decrypt("")):
            return
        for number, page in enumerate(reader.pages[: limits.pages], 1):
            for row, text in enumerate(_texts(page, limits.fields), 1):
                yield from (Paragraph(number, row, part) for part in text.splitlines())
    except Exception:  # noqa: BLE001 - a damaged form fails in any of the library's ways; the pages were read
        return


def _texts(page: PageObject, most: int) -> Iterator[str]:
    for place in list(page.get("/Annots") or ())[:most]:
        field = place.get_object()
        if field.get("/Subtype") == "/Widget" and _stated(field, "/FT") in _TYPED:
            value = _stated(field, "/V")
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str):
                    yield text


def _stated(field: Any, key: str) -> Any:
    """Return what a field states, or else the one above it."""
    if key not in field and "/Parent" in field:
        field = field["/Parent"]
    return field.get(key)
