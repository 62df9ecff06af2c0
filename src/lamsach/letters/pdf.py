"""PDF by typst, from `templates/letter.typ`: tagged, fonts embedded, no network.

The same document gives the same bytes.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lamsach.letters.fixed_texts import breakable
from lamsach.letters.flat import flat
from lamsach.letters.model import Document

TEMPLATE = Path(__file__).parent / "templates" / "letter.typ"
_EPOCH = datetime(2020, 3, 5, tzinfo=UTC)


def to_pdf(document: Document) -> bytes:
    """The document as PDF. Its creation date is the document's own day, so that it can be compared."""
    import typst

    day = document.head.day
    made = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else _EPOCH
    data = json.dumps(_broken(flat(document)), ensure_ascii=False).encode("utf-8", "replace").decode()
    result = typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        format="pdf",
        sys_inputs={"document": data},
        timestamp=int(made.timestamp()),
    )
    return bytes(result)


def _broken(value: Any) -> Any:
    """All texts with places to break words that no line can hold."""
    if isinstance(value, str):
        return breakable(value)
    if isinstance(value, list):
        return [_broken(part) for part in value]
    if isinstance(value, dict):
        return {key: value[key] if key in ("author", "title") else _broken(value[key]) for key in value}
    return value
