"""Numbers as people write them into a form: `05`, `1.204`, `12 đơn vị`, `12 (mười hai) đơn vị`, `mười hai`, `không có`, `01/12`; with how sure the reading is.

Vietnamese number words up to 999 are read with the changes that they go through: mốt, lăm, tư, rưỡi is none; linh and lẻ for an empty ten.
"""

from __future__ import annotations

import re
import unicodedata

_NONE = frozenset(
    {
        "khong",
        "khong co",
        "chua co",
        "chua",
        "khong phat sinh",
        "khong don vi nao",
        "khong co don vi nao",
        "-",
        "–",
        "—",
        "na",
        "n a",
    }
)
_ONES = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_UNITS = {
    **{word: value for value, word in enumerate(_ONES)},
    "mốt": 1,
    "tư": 4,
    "lăm": 5,
    "nhăm": 5,
    "bẩy": 7,
}
_BEFORE = frozenset({"có", "khoảng", "là", "gồm", "tổng", "số", "được"})
_AFTER = frozenset({"đơn", "đv", "cơ", "tổ", "phòng", "máy", "người", "thiết"})
# "1.204", "1,204", "1 204", "05", "12"; not "1,5"
_NUMBER = re.compile(r"(?<![\d.,])(\d{1,3}(?:[.,\u00a0\u202f ]\d{3})+|\d{1,9})(?![\d])(?![.,]\d)")
_SHARE = re.compile(r"\d\s*%|%\s*\d")
_DATE = re.compile(r"(?<!\d)\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?!\d)")


def plain(text: str) -> str:
    """Lower case without accents, dots and numbering, for comparing wordings."""
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", letters).split()) or text.strip()


def number_of(text: str) -> tuple[int | None, float]:
    """The number that a person wrote, and how sure it is. Two different numbers in one cell are a guess; none is None."""
    bare = plain(text)
    if bare in _NONE:
        return 0, 0.8
    shown = _DATE.sub(" ", text)
    found = [int(re.sub(r"\D", "", number)) for number in _NUMBER.findall(shown)]
    spelt = in_words(text)
    if not found:
        return (spelt, 0.85) if spelt is not None else (None, 0.0)
    if _SHARE.search(shown):
        return found[0], 0.2
    if spelt is not None and spelt != found[0] and _spelt_out(text):
        return found[0], 0.3
    if len(found) > 1:
        return found[0], 0.3
    rest = _NUMBER.sub("", shown, count=1).strip(" .")
    return found[0], 1.0 if not rest else 0.9


def _spelt_out(text: str) -> bool:
    """Whether a number stands in words in parentheses, as in `12 (mười hai)`."""
    return "(" in text


def in_words(text: str) -> int | None:
    """The number that a text spells out, up to 999; None for any other text: before it stands at most `có` or the like, behind it what is counted.

    `mười hai` -> 12, `hai mươi mốt đơn vị` -> 21, `một trăm linh năm` -> 105.
    """
    composed = unicodedata.normalize("NFC", text).lower()
    words = re.sub(r"[\d\W_]+", " ", composed).split()
    while words and words[0] in _BEFORE:
        words.pop(0)
    known = {*_UNITS, "mười", "mươi", "trăm", "linh", "lẻ"}
    count = next((place for place, word in enumerate(words) if word not in known), len(words))
    if count < len(words) and words[count] not in _AFTER:
        return None
    return _value(words[:count])


def _value(words: list[str]) -> int | None:
    hundreds, rest = 0, words
    if len(words) > 1 and words[1] == "trăm":
        if words[0] not in _UNITS:
            return None
        hundreds, rest = _UNITS[words[0]] * 100, words[2:]
        if rest and rest[0] in ("linh", "lẻ"):
            return hundreds + _UNITS[rest[1]] if len(rest) == 2 and rest[1] in _UNITS else None
    if not rest:
        return hundreds or None
    if rest[0] == "mười":
        tens, rest = 10, rest[1:]
    elif len(rest) > 1 and rest[1] == "mươi" and rest[0] in _UNITS:
        tens, rest = _UNITS[rest[0]] * 10, rest[2:]
    elif hundreds == 0 and len(rest) == 1:
        return _UNITS.get(rest[0])
    else:
        return None
    if not rest:
        return hundreds + tens
    return hundreds + tens + _UNITS[rest[0]] if len(rest) == 1 and rest[0] in _UNITS else None
