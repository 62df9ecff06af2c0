"""Texts in two languages: English is written in the code, Vietnamese is in `catalogue_vi`.

A text is a whole sentence with named placeholders; a test checks that every text in the code has a
translation with the same placeholders.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

LANGUAGES = ("vi", "en")
Translate = Callable[[str], str]
_GIGABYTE = 1_000_000_000


def language_from_environment() -> str:
    """The language that `LC_ALL`, `LC_MESSAGES` or `LANG` ask for: `en` for an English locale, else `vi`."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "en" if value.lower().startswith("en") else "vi"
    return "vi"


def translator(language: str) -> Translate:
    """The function that puts an English text into the language (`vi` or `en`); an unknown text stays as it
    is.
    """
    if language == "en":
        return lambda text: text
    said = _vietnamese()
    return lambda text: said.get(text, text)


@cache
def _vietnamese() -> dict[str, str]:
    from lamsach.catalogue_vi import VIETNAMESE  # some thousand texts, which no English run needs

    return VIETNAMESE


def mark(text: str) -> str:
    """The text itself: marks a text that is stored now and translated later, so that the catalogue's test
    finds it.
    """
    return text


def counted(count: int, one: str, many: str, language: str) -> str:
    """The text for one thing or for several, translated, with `{count}` put in as the language writes
    numbers.
    """
    text = translator(language)(one if count == 1 else many)
    return text.format(count=format_number(count, language))


def format_number(value: float, language: str, decimals: int = 0) -> str:
    """A number with the language's separators: 1.234,5 in Vietnamese, 1,234.5 in English."""
    text = f"{value:,.{decimals}f}"
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))


def format_size(size_bytes: int, language: str) -> str:
    """A size in GB (10^9 bytes) with two decimals; `< 0,01 GB` for what is smaller."""
    if 0 < size_bytes < _GIGABYTE // 100:
        return f"< {format_number(0.01, language, 2)} GB"
    return f"{format_number(size_bytes / _GIGABYTE, language, 2)} GB"


def format_date(value: date) -> str:
    """A day as dd/mm/yyyy, in both languages as Vietnamese offices write it."""
    return f"{value.day:02d}/{value.month:02d}/{value.year:04d}"


def format_time(value: datetime, zone: ZoneInfo) -> str:
    """A time as dd/mm/yyyy HH:MM:SS on the clock of the zone."""
    local = value.astimezone(zone)
    return f"{format_date(local)} {local:%H:%M:%S}"
