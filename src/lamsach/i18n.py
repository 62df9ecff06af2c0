"""Texts in several languages: English is written in the code, each other language has a catalogue.

A text is a whole sentence with named placeholders; a test checks that every text in the code has a
translation with the same placeholders.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class Language(NamedTuple):
    """A language: its own name, thousands and decimal marks, and its catalogues (`module:NAME`).

    The first catalogue is for commands and results, the second for the portal; without one the code's texts
    are used.
    """

    name: str
    marks: str
    catalogue: str = ""
    portal: str = ""


LANGUAGES: Mapping[str, Language] = {
    "vi": Language(
        "Tiếng Việt", ".,", "lamsach.catalogue_vi:VIETNAMESE", "lamsach.portal.catalogue_vi:VIETNAMESE"
    ),
    "en": Language("English", ",.", portal="lamsach.portal.catalogue_vi.libraries:ENGLISH"),
}
"""The languages by code; the first is the default."""
LANGUAGE_CODES = "|".join(LANGUAGES)
"""Codes for the help of `--language`."""
Translate = Callable[[str], str]
_GIGABYTE = 1_000_000_000


def language_from_environment() -> str:
    """Return the language of `LC_ALL`, `LC_MESSAGES` or `LANG`, if known, else `vi`."""
    stated = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    code = next(filter(None, stated), "")[:2].lower()
    return code if code in LANGUAGES else "vi"


def translator(language: str) -> Translate:
    """Return the function that translates English texts into a language; unknown texts stay unchanged."""
    texts = _texts(language)
    return lambda text: texts.get(text, text)


@cache
def _texts(language: str) -> dict[str, str]:
    """Return the catalogue of a language, the default for an unknown one; imported on first use."""
    return texts_at(LANGUAGES.get(language, LANGUAGES["vi"]).catalogue)


def texts_at(place: str) -> dict[str, str]:
    """Load a catalogue at `module:NAME`; empty for an empty place."""
    module, _, name = place.partition(":")
    return dict(getattr(import_module(module), name)) if module else {}


def language_choices() -> list[tuple[str, str]]:
    """Return code and own name of each language."""
    return [(code, language.name) for code, language in LANGUAGES.items()]


def mark(text: str) -> str:
    """Return the text, marked for translation later, so that the catalogue's test finds it."""
    return text


def counted(count: int, one: str, many: str, language: str) -> str:
    """Return the translated text for one or several, with `{count}` in the language's notation."""
    text = translator(language)(one if count == 1 else many)
    return text.format(count=format_number(count, language))


def format_number(value: float, language: str, decimals: int = 0) -> str:
    """Format a number with the language's marks: 1.234,5 in Vietnamese, 1,234.5 in English."""
    marks = LANGUAGES.get(language, LANGUAGES["vi"]).marks
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", marks))


def format_size(size_bytes: int, language: str) -> str:
    """Format a size in GB (10^9 bytes) with two decimals; `< 0,01 GB` for smaller ones."""
    if 0 < size_bytes < _GIGABYTE // 100:
        return f"< {format_number(0.01, language, 2)} GB"
    return f"{format_number(size_bytes / _GIGABYTE, language, 2)} GB"


def format_date(value: date) -> str:
    """Format a day as dd/mm/yyyy, the style of Vietnamese offices, in both languages."""
    return f"{value.day:02d}/{value.month:02d}/{value.year:04d}"


def format_time(value: datetime, zone: ZoneInfo) -> str:
    """Format a time as dd/mm/yyyy HH:MM:SS in the zone."""
    local = value.astimezone(zone)
    return f"{format_date(local)} {local:%H:%M:%S}"
