"""Numbers that an address or a form asks for."""

from __future__ import annotations

from django.http import QueryDict


def number(values: QueryDict, name: str) -> int | None:
    """The number under a name; None without one, or for what is none."""
    text = values.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
