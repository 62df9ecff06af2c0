"""The lines of a DOCX or XLSX as a person sees them: paragraphs, and rows of tables with the grid column of
each cell.

Of a DOCX (ECMA-376, WordprocessingML): tracked insertions are there and deletions gone, so is what is hidden
or struck out; content controls, text boxes and nested tables are read, merged cells count in each row that
they reach. Nothing in the file is run; formulas of an XLSX count as what the file says their result is,
shares as the sheet shows them (`100%`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from lamsach.documents.archive import HANDED_IN, Package
from lamsach.documents.table import Block, Paragraph, Row, Table
from lamsach.documents.word import Word
from lamsach.documents.workbook import Workbook
from lamsach.errors import LimitError, UnreadableError
from lamsach.i18n import format_date, mark

MOST_LINES = 5000
MOST_COLUMNS = 40
LIMITS = replace(HANDED_IN, part_bytes=30_000_000, total_bytes=90_000_000)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph (one cell, `table` 0) or a row of a table, with the first grid column of each cell."""

    cells: tuple[str, ...]
    columns: tuple[int, ...]
    table: int = 0

    def at(self, column: int) -> int | None:
        """Return which cell covers a grid column."""
        found = [place for place, begin in enumerate(self.columns) if begin <= column]
        return found[-1] if found else None


def lines_of(content: bytes) -> list[Line]:
    """The document's lines, at most MOST_LINES.

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
        mark("The file is in the old format of Word or Excel (.doc, .xls), whatever its name says."),
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
