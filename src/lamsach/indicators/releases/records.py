"""Indicators back from the plain mappings that `lamsach.indicators.values.writing` makes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lamsach.model import Indicator, IndicatorType, Reference


def from_mapping(record: Mapping[str, Any]) -> Indicator:
    """The indicator of a mapping. Raises ValueError, KeyError or TypeError for one that is none."""
    confidence = record.get("confidence")
    return Indicator(
        type=IndicatorType(record["type"]),
        value=_text(record["value"]),
        threat=_optional(record.get("threat")),
        source=_optional(record.get("source")),
        reference=None if record.get("reference") is None else _reference(record["reference"]),
        valid_from=_time(record.get("valid_from")),
        valid_until=_time(record.get("valid_until")),
        confidence=None if confidence is None else int(confidence),
        tlp=_optional(record.get("tlp")),
        other_references=tuple(_reference(place) for place in record.get("other_references", ())),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _optional(value: Any) -> str | None:
    return None if value is None else _text(value)


def _reference(record: Any) -> Reference:
    if not isinstance(record, Mapping):
        raise TypeError
    page, row, table = (
        None if record.get(key) is None else int(record[key]) for key in ("page", "row", "table")
    )
    return Reference(_text(record["document"]), page, row, _optional(record.get("words")), table)


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment
