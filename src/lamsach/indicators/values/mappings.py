"""Indicators and refusals as plain mappings, for JSON and CSV: absent values left out, times in ISO
8601 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lamsach.model import Indicator, IndicatorType, Reference, Refusal

COLUMNS = (
    "type", "value", "threat", "source", "document", "page", "row", "valid_from", "valid_until", "confidence",
    "tlp", "other_references", "table", "words",
)  # fmt: skip
"""The columns of the CSV form, in order."""


def as_mapping(item: Indicator | Refusal) -> dict[str, Any]:
    """The keys of the command-line contract, in a fixed order."""
    if isinstance(item, Refusal):
        pairs: dict[str, Any] = {
            "type": item.type,
            "value": item.value,
            "reference": _reference(item.reference),
            "reason": item.reason,
        }
        return {key: value for key, value in pairs.items() if value is not None}
    pairs = {
        "type": item.type,
        "value": item.value,
        "threat": item.threat,
        "source": item.source,
        "reference": _reference(item.reference) if item.reference else None,
        "valid_from": _time(item.valid_from),
        "valid_until": _time(item.valid_until),
        "confidence": item.confidence,
        "tlp": item.tlp,
        "other_references": [_reference(place) for place in item.other_references] or None,
    }
    return {key: value for key, value in pairs.items() if value is not None}


def as_row(item: Indicator) -> list[str]:
    """The cells of `COLUMNS`."""
    mapping = as_mapping(item)
    mapping.update(mapping.pop("reference", {}))
    others = mapping.pop("other_references", [])
    mapping["other_references"] = " ".join(_short(place) for place in others)
    return [str(mapping.get(column, "")) for column in COLUMNS]


def _short(place: dict[str, Any]) -> str:
    return ":".join(str(place[key]) for key in ("document", "page", "row") if key in place)


def _reference(place: Reference) -> dict[str, Any]:
    pairs = {
        "document": place.document,
        "page": place.page,
        "table": place.table,
        "row": place.row,
        "words": place.words,
    }
    return {key: value for key, value in pairs.items() if value is not None}


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def from_mapping(record: Mapping[str, Any]) -> Indicator:
    """The indicator of a mapping. Raises ValueError, KeyError or TypeError for one that is none."""
    confidence = record.get("confidence")
    return Indicator(
        type=IndicatorType(record["type"]),
        value=_text(record["value"]),
        threat=_optional(record.get("threat")),
        source=_optional(record.get("source")),
        reference=None if record.get("reference") is None else _read_reference(record["reference"]),
        valid_from=_read_time(record.get("valid_from")),
        valid_until=_read_time(record.get("valid_until")),
        confidence=None if confidence is None else int(confidence),
        tlp=_optional(record.get("tlp")),
        other_references=tuple(_read_reference(place) for place in record.get("other_references", ())),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _optional(value: Any) -> str | None:
    return None if value is None else _text(value)


def _read_reference(record: Any) -> Reference:
    if not isinstance(record, Mapping):
        raise TypeError
    page, row, table = (
        None if record.get(key) is None else int(record[key]) for key in ("page", "row", "table")
    )
    return Reference(_text(record["document"]), page, row, _optional(record.get("words")), table)


def _read_time(value: Any) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment
