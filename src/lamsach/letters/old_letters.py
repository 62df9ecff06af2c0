"""Vietnamese typed with the fonts of the time before Unicode.

Of .VnTime and its kin the letters of TCVN 5712:1993 (TCVN3) stand in the places of Western European ones; of
VNI-Times and its kin (VNI for Windows) a letter is followed by its marks, which stand in such places too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from lamsach.letters.lines import Line

_OLD = "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢§£¤¥¦"
_NEW = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ"
_TABLE = str.maketrans(_OLD, _NEW)


def from_tcvn3(text: str) -> str:
    """The text in Unicode; capitals that a capital font made stay small."""
    return text.translate(_TABLE)


# VNI for Windows: the mark behind the letter gives the tone, and for a, e, o the circumflex or breve with it
# ("aá" is ấ)
_GRAVE, _ACUTE, _HOOK, _TILDE, _DOT, _ROOF, _BREVE, _HORN = "\u0300\u0301\u0309\u0303\u0323\u0302\u0306\u031b"
_VNI_MARKS = {
    "ø": _GRAVE,
    "ù": _ACUTE,
    "û": _HOOK,
    "õ": _TILDE,
    "ï": _DOT,
    "â": _ROOF,
    "à": _ROOF + _GRAVE,
    "á": _ROOF + _ACUTE,
    "å": _ROOF + _HOOK,
    "ã": _ROOF + _TILDE,
    "ä": _ROOF + _DOT,
    "ê": _BREVE,
    "è": _BREVE + _GRAVE,
    "é": _BREVE + _ACUTE,
    "ú": _BREVE + _HOOK,
    "ü": _BREVE + _TILDE,
    "ë": _BREVE + _DOT,
}
_VNI_ALONE = {
    "ñ": "đ",
    "ô": f"o{_HORN}",
    "ö": f"u{_HORN}",
    "æ": f"i{_HOOK}",
    "ó": f"i{_TILDE}",
    "ò": f"i{_DOT}",
    "î": f"y{_DOT}",
}
_VNI = re.compile(f"([aeouyôö])([{''.join(_VNI_MARKS)}])|([{''.join(_VNI_ALONE)}])", re.IGNORECASE)


def _vni_letter(letter: str) -> str:
    made = _VNI_ALONE.get(letter.lower(), letter)
    return made.upper() if letter.isupper() else made


def from_vni(text: str) -> str:
    """The text in Unicode."""
    whole = _VNI.sub(lambda f: _vni_letter(f[1] or f[3]) + _VNI_MARKS.get((f[2] or "").lower(), ""), text)
    return unicodedata.normalize("NFC", whole)


OLD_LETTERS: tuple[Callable[[str], str], ...] = (from_tcvn3, from_vni)


def converted(lines: list[Line], change: Callable[[str], str]) -> list[Line]:
    """All lines in Unicode, as if the whole document had been typed in such a font."""
    return [replace(line, cells=tuple(change(cell) for cell in line.cells)) for line in lines]
