"""Headings of people's tables: one engine for all readers, ignoring accents, case and decoration.

A reader's words are a `Section`, in `lamsach.documents.vocabulary`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

_EDGES = " \t\r\n\u00a0\ufeff\"'*:.#()[]"
_MAX_LENGTH = 80


def fold(text: str) -> str:
    """Fold to lower case without accents, with single blanks: `Mã  đơn vị` is `ma don vi`."""
    lowered = text.lower().replace("đ", "d")
    if not lowered.isascii():
        decomposed = unicodedata.normalize("NFKD", lowered)
        lowered = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(lowered.split())


def plain_key(text: str) -> str:
    r"""Strip accents, case, line breaks and decoration of a heading: `Địa chỉ\\nIP (*)` is `dia chi ip`.

    Empty for a text too long for one.
    """
    return " ".join(fold(text).strip(_EDGES).split()) if len(text) <= _MAX_LENGTH else ""


def plain_words(text: str) -> str:
    """Return words of letters and digits: `nguoi su dung user` of `Người sử dụng/User`."""
    return " ".join(re.findall(r"[a-z0-9]+", fold(text)))


# PortNumber, remoteIP
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MAX_HUMPED_LENGTH = 40
# IP (IPv4)    Domain/URL    Mã băm [SHA-256]    Loại: tên
# and no value: mail[.]evil.example    data(.)evil.example    url://evil.example
_ADDITION = re.compile(r"\s*(?:[(\[](?!\.|dot\b|:)|/|:(?!//))")
_BRACKET = re.compile(r"\s*[(\[]")


class Spelling(Enum):
    """Spelling of a heading to compare: all of it, the part before a bracket, or with accents."""

    KEY = "key"
    BEGINNING = "beginning"
    ACCENTED = "accented"


class Within(NamedTuple):
    """Rule for a column's name within longer headings, unless they hold something else, too."""

    name: str
    words: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    of: Spelling = Spelling.KEY


def words(group: str) -> re.Pattern[str]:
    """Match any of these words (regular expressions, separated by `|`) between word boundaries."""
    return re.compile(rf"(?<![^\W_])(?:{group})(?![^\W_])")


def whole(group: str) -> re.Pattern[str]:
    """Match any of these as the whole text."""
    return re.compile(rf"\A(?:{group})\Z")


def section(words: Mapping[str, str], key: Callable[[str], str] = str) -> dict[str, str]:
    """Map each of the words, which are separated by `|`, to its name."""
    return {key(" ".join(word.split())): name for name, group in words.items() for word in group.split("|")}


class Section:
    """One reader's names of columns: whole headings, else the first matching row of `within`.

    `key`: the spelling in which headings are compared; `longest`: its maximum length. `loose`: headings with
    underscores, hyphens, humps and additions count as those without.
    """

    def __init__(
        self,
        whole: Mapping[str, str],
        within: Sequence[Within] = (),
        *,
        key: Callable[[str], str] = plain_key,
        longest: int | None = None,
        loose: bool = False,
    ) -> None:
        self.whole = dict(whole)
        self._within = within
        self._key = key
        self._longest = longest
        self._loose = loose
        self.name_of = lru_cache(4096)(self._name_of)
        """Name of a heading's column, or None for an unknown heading."""

    def _name_of(self, heading: str) -> str | None:
        key = self._key(heading)
        if not key or (self._longest is not None and len(key) > self._longest):
            return None
        if key in self.whole:
            return self.whole[key]
        plain = spaced(key) if self._loose else key
        found = self.whole.get(plain) or self._named_within(plain, heading)
        if found is None and self._loose:
            start = _ADDITION.split(key, maxsplit=1)[0]
            found = self.whole.get(start) or self.whole.get(spaced(start))
            if found is None and len(heading) <= _MAX_HUMPED_LENGTH and _HUMP.search(heading):
                return self._name_of(_HUMP.sub(" ", heading))
        return found

    def _named_within(self, key: str, heading: str) -> str | None:
        if not self._within:
            return None
        texts = {
            Spelling.KEY: key,
            Spelling.BEGINNING: _BRACKET.split(key, maxsplit=1)[0],
            Spelling.ACCENTED: unicodedata.normalize("NFC", heading.lower()),
        }
        for row in self._within:
            text = texts[row.of]
            if row.words.search(text) and not (row.unless is not None and row.unless.search(text)):
                return row.name
        return None


def spaced(key: str) -> str:
    """Replace the underscores and hyphens of a key by blanks."""
    return key.replace("_", " ").replace("-", " ")


def columns_of(cells: list[str], section: Section) -> dict[int, str]:
    """Map the 0-based columns that a section knows in a row of headings to their names."""
    names = ((place, section.name_of(cell)) for place, cell in enumerate(cells))
    return {place: name for place, name in names if name is not None}
