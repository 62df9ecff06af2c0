"""Vietnamese typed with the fonts of the time before Unicode (.VnTime and its kin): the letters of TCVN 5712:1993 (TCVN3) stand in the places of Western European ones."""

from __future__ import annotations

from dataclasses import replace

from lamsach.letters.lines import Line

_OLD = "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢§£¤¥¦"
_NEW = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ"
_TABLE = str.maketrans(_OLD, _NEW)


def from_tcvn3(text: str) -> str:
    """The text in Unicode; capitals that a capital font made stay small."""
    return text.translate(_TABLE)


def converted(lines: list[Line]) -> list[Line]:
    """All lines in Unicode, as if the whole document had been typed in such a font."""
    return [replace(line, cells=tuple(from_tcvn3(cell) for cell in line.cells)) for line in lines]
