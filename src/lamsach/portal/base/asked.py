"""Numbers that an address or a form asks for, as a database can hold them, and words in a field."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q
from django.http import QueryDict

_DIGITS = 17


def whole(text: str) -> int | None:
    """The whole number that is written there, below 10^17; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def number(values: Mapping[str, str], name: str) -> int | None:
    """The number under a name; None without one, or for what is none."""
    return whole(values.get(name, ""))


def numbers(values: QueryDict, name: str, most: int) -> list[int]:
    """The numbers among the first `most` values under a name, such as ticked rows."""
    return [found for text in values.getlist(name)[:most] if (found := whole(text)) is not None]


def contains(field: str, words: str) -> Q:
    """Condition that a field contains words in any case; SQLite itself ignores the case of ASCII alone."""
    found = Q()
    for spelling in {words, words.lower(), words.upper(), words.title(), words.capitalize()}:
        found |= Q(**{f"{field}__icontains": spelling})
    return found
