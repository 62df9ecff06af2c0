"""Plain mappings of entries for JSON and CSV: absent values left out, times in ISO 8601 UTC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from lamsach.model import Indicator, IndicatorType, Reference, Refusal

_Readers = Mapping[str, Callable[[Any], Any]]
"""Keys of a mapping in order, each with the reader of its value."""

COLUMNS = (
    "type", "value", "threat", "source", "document", "page", "row", "valid_from", "valid_until", "confidence",
    "tlp", "other_references", "table", "words",
)  # fmt: skip
"""Columns of the CSV form, in order."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _time(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _reference(record: Any) -> Reference:
    if not isinstance(record, Mapping):
        raise TypeError
    return Reference(**_read(record, _PLACE))


_PLACE: _Readers = {"document": _text, "page": int, "table": int, "row": int, "words": _text}
_INDICATOR: _Readers = {
    "type": IndicatorType, "value": _text, "threat": _text, "source": _text, "reference": _reference,
    "valid_from": _time, "valid_until": _time, "confidence": int, "tlp": _text,
    "other_references": lambda places: tuple(map(_reference, places)),
}  # fmt: skip
_REFUSAL = ("type", "value", "reference", "reason")


def as_mapping(item: Indicator | Refusal) -> dict[str, Any]:
    """Return the keys of the command-line contract, in a fixed order."""
    return _stated(item, _REFUSAL if isinstance(item, Refusal) else _INDICATOR)


def _stated(record: object, names: Iterable[str]) -> dict[str, Any]:
    pairs = ((name, _plain(getattr(record, name))) for name in names)
    return {name: value for name, value in pairs if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, Reference):
        return _stated(value, _PLACE)
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
    """Return the indicator of a mapping. Raises ValueError or TypeError for a malformed one."""
    return Indicator(**_read(record, _INDICATOR))


def _read(record: Mapping[str, Any], readers: _Readers) -> dict[str, Any]:
    return {name: read(record[name]) for name, read in readers.items() if record.get(name) is not None}
