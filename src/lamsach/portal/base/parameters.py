"""Parameters of addresses and forms: numbers within a database's range, and text conditions."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q
from django.http import QueryDict

_DIGITS = 17


def parse_number(text: str) -> int | None:
    """Parse a non-negative integer below 10^17; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def number(values: Mapping[str, str], name: str) -> int | None:
    """The number under a name; None if missing or invalid."""
    return parse_number(values.get(name, ""))


def numbers(values: QueryDict, name: str, most: int) -> list[int]:
    """Valid numbers among the first `most` values under a name, such as ticked rows."""
    return [value for text in values.getlist(name)[:most] if (value := parse_number(text)) is not None]


def contains(field: str, text: str) -> Q:
    """Condition that a field contains a text in any case; SQLite itself folds only ASCII."""
    condition = Q()
    for spelling in {text, text.lower(), text.upper(), text.title(), text.capitalize()}:
        condition |= Q(**{f"{field}__icontains": spelling})
    return condition
