"""Plain mappings of entries for JSON and CSV: absent values left out, times in ISO 8601 UTC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from lamsach.model import Indicator, IndicatorType, Reference, Refusal

_T = TypeVar("_T")

COLUMNS = (
    "type", "value", "threat", "source", "document", "page", "row", "valid_from", "valid_until", "confidence",
    "tlp", "other_references", "table", "words",
)  # fmt: skip
"""Columns of the CSV form, in order."""


_KEYS = (
    "type", "value", "threat", "source", "reference", "valid_from", "valid_until", "confidence", "tlp",
    "other_references",
)  # fmt: skip
_REFUSAL_KEYS = ("type", "value", "reference", "reason")
_PLACE_KEYS = ("document", "page", "table", "row", "words")


def as_mapping(item: Indicator | Refusal) -> dict[str, Any]:
    """Return the keys of the command-line contract, in a fixed order."""
    return _stated(item, _REFUSAL_KEYS if isinstance(item, Refusal) else _KEYS)


def _stated(record: object, names: Iterable[str]) -> dict[str, Any]:
    pairs = ((name, _plain(getattr(record, name))) for name in names)
    return {name: value for name, value in pairs if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, Reference):
        return _stated(value, _PLACE_KEYS)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        return [*map(_plain, value)] or None
    return value


def as_row(item: Indicator) -> list[str]:
    """Return the cells of `COLUMNS`."""
    mapping = as_mapping(item)
    mapping.update(mapping.pop("reference", {}))
    others = mapping.pop("other_references", [])
    mapping["other_references"] = " ".join(
        ":".join(str(place[key]) for key in ("document", "page", "row") if key in place) for place in others
    )
    return [str(mapping.get(column, "")) for column in COLUMNS]


def from_mapping(record: Mapping[str, Any]) -> Indicator:
    """Return the indicator of a mapping. Raises ValueError, KeyError or TypeError for a malformed one."""
    return Indicator(
        type=IndicatorType(record["type"]),
        value=_text(record["value"]),
        threat=_read(record, "threat", _text),
        source=_read(record, "source", _text),
        reference=_read(record, "reference", _read_reference),
        valid_from=_read(record, "valid_from", _read_time),
        valid_until=_read(record, "valid_until", _read_time),
        confidence=_read(record, "confidence", int),
        tlp=_read(record, "tlp", _text),
        other_references=tuple(map(_read_reference, record.get("other_references", ()))),
    )


def _read(record: Mapping[str, Any], name: str, read: Callable[[Any], _T]) -> _T | None:
    value = record.get(name)
    return None if value is None else read(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _read_reference(record: Any) -> Reference:
    if not isinstance(record, Mapping):
        raise TypeError
    page, row, table = (_read(record, name, int) for name in ("page", "row", "table"))
    return Reference(_text(record["document"]), page, row, _read(record, "words", _text), table)


def _read_time(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment
