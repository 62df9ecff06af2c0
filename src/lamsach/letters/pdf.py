"""PDF by typst, from `templates/letter.typ`: tagged, fonts embedded, no network.

Equal documents give equal bytes.
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
    """Render the document as PDF; for reproducibility its creation date is the document's own day."""
    import typst

    day = document.head.day
    created = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else _EPOCH
    data = json.dumps(_breakable(flat(document)), ensure_ascii=False).encode("utf-8", "replace").decode()
    result = typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        format="pdf",
        sys_inputs={"document": data},
        timestamp=int(created.timestamp()),
    )
    return bytes(result)


def _breakable(value: Any) -> Any:
    """Insert break places into words too long for a line, in all texts."""
    if isinstance(value, str):
        return breakable(value)
    if isinstance(value, list):
        return [_breakable(part) for part in value]
    if isinstance(value, dict):
        return {key: value[key] if key in ("author", "title") else _breakable(value[key]) for key in value}
    return value
