"""Visible lines of a DOCX or XLSX: paragraphs, and table rows with grid columns.

DOCX (ECMA-376, WordprocessingML): includes tracked insertions, but no deletions, hidden or struck text; reads
content controls, text boxes and nested tables; a merged cell counts in each row that it spans. Nothing in the
file is executed; formulas of an XLSX have their stored result, percentages their display form (`100%`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from lamsach.documents.archive import SUBMITTED, Package
from lamsach.documents.table import Block, Paragraph, Row, Table
from lamsach.documents.word import Word
from lamsach.documents.workbook import Workbook
from lamsach.errors import LimitError, UnreadableError
from lamsach.i18n import format_date, mark

_OLD = "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢§£¤¥¦"
_NEW = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ"
_TABLE = str.maketrans(_OLD, _NEW)


def from_tcvn3(text: str) -> str:
    """Convert TCVN3 text to Unicode; capitals of a capital font remain lower case."""
    return text.translate(_TABLE)


# VNI for Windows: the mark after the letter gives the tone, and for a, e, o also the circumflex or breve
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
    plain = _VNI_ALONE.get(letter.lower(), letter)
    return plain.upper() if letter.isupper() else plain


def from_vni(text: str) -> str:
    """Convert VNI text to Unicode."""
    whole = _VNI.sub(lambda f: _vni_letter(f[1] or f[3]) + _VNI_MARKS.get((f[2] or "").lower(), ""), text)
    return unicodedata.normalize("NFC", whole)


OLD_LETTERS: tuple[Callable[[str], str], ...] = (from_tcvn3, from_vni)


def convert_lines(lines: list[Line], change: Callable[[str], str]) -> list[Line]:
    """Convert all lines to Unicode, as if the whole document had been typed in such a font."""
    return [replace(line, cells=tuple(change(cell) for cell in line.cells)) for line in lines]


MOST_LINES = 5000
MOST_COLUMNS = 40
LIMITS = replace(SUBMITTED, part_bytes=30_000_000, total_bytes=90_000_000)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class Line:
    """Paragraph (one cell, `table` 0) or table row, with the first grid column of each cell."""

    cells: tuple[str, ...]
    columns: tuple[int, ...]
    table: int = 0

    def at(self, column: int) -> int | None:
        """Return the cell that covers a grid column."""
        found = [place for place, begin in enumerate(self.columns) if begin <= column]
        return found[-1] if found else None


def lines_of(content: bytes) -> list[Line]:
    """Read the document's lines, at most MOST_LINES.

    Raises UnreadableError for a file that is no DOCX or XLSX, and LimitError for one that unpacks to more
    than allowed.
    """
    if content.startswith(_OLE):
        raise _old(content)
    try:
        names = Package(content, "", LIMITS).names
        return list(_docx(content) if any(name.startswith("word/") for name in names) else _xlsx(content))
    except LimitError:
        raise
    except Exception as error:
        raise _unreadable() from error


def _unreadable() -> UnreadableError:
    return UnreadableError(
        mark("The file is no DOCX or XLSX that can be read."),
        "",
        mark("Ask for the form as DOCX or XLSX, or type it in."),
    )


def _old(content: bytes) -> UnreadableError:
    if _LOCKED in content:
        return UnreadableError(
            mark("The file is locked by a password."), "", mark("Ask for it without a password.")
        )
    return UnreadableError(
        mark("The file is in the old format of Word or Excel (.doc, .xls), in spite of its name."),
        "",
        mark("Open it, save it as DOCX or XLSX, and hand that in."),
    )


def _docx(content: bytes) -> Iterator[Line]:
    return islice(_Reader().lines(Word(content, "", LIMITS, shown=True).blocks()), MOST_LINES)


class _Reader:
    def __init__(self) -> None:
        self.tables = 0

    def lines(self, blocks: Iterable[Block]) -> Iterator[Line]:
        for block in blocks:
            if isinstance(block, Paragraph):
                yield Line((block.text,), (0,))
            elif isinstance(block, Table):
                self.tables += 1
                number = self.tables
                for row in block.rows:
                    texts = row.filled()
                    if row.columns:
                        yield Line(tuple(texts[column] for column in row.columns), row.columns, number)
                    yield from self.lines(row.inner)


def _xlsx(content: bytes) -> Iterator[Line]:
    book = Workbook(content, "", LIMITS, shown=True)
    before = 0
    for number, sheet in enumerate(sorted(book.sheets(), key=lambda sheet: not sheet.visible), 1):
        last = 0
        for row in book.rows(sheet.part) if sheet.part else ():
            last = row.number
            if before + last > MOST_LINES:
                return
            filled = [place for place, text in enumerate(row.cells[:MOST_COLUMNS]) if text]
            if filled:
                yield Line(tuple(_cell(row, place) for place in filled), tuple(filled), number)
        before += last


def _cell(row: Row, place: int) -> str:
    if place in row.struck:
        return ""
    if place in row.dates:  # "5/12" becomes a day when it is typed in
        return format_date(row.dates[place])
    return row.cells[place]
