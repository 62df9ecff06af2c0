"""Filled form as JSON for other programs, with a schema number (`docs/report-schema.json`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lamsach.letters.form import Filled

SCHEMA = "lamsach-report-1"


def record(filled: Filled, about: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return texts and figures by key; `about` states unit, campaign, edition and day (see the schema).

    Figures have the computed number, the number stated instead with its reason, and the valid one.
    """
    return {
        "schema": SCHEMA,
        "about": dict(about or {}),
        "form": filled.form.title,
        "texts": {field.key: filled.texts.get(field.key, "") for field in filled.form.fields},
        "figures": [
            {
                "key": row.key,
                "label": row.label,
                "source": row.source,
                "computed": figure.computed if figure else None,
                "stated": figure.stated if figure else None,
                "reason": figure.reason if figure else "",
                "note": figure.note if figure else "",
                "value": figure.value if figure else None,
            }
            for row in filled.form.rows
            for figure in (filled.figures.get(row.key),)
        ],
    }


def to_json(filled: Filled, about: Mapping[str, Any] | None = None) -> bytes:
    """Encode the record as UTF-8, its keys in a fixed order."""
    return json.dumps(record(filled, about), ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n"
